/* proto/kind_rows.h - how a kind is written down; for proto/kind_*.c alone.
 *
 * A row is a field: key, type, presence, bounds, [codes, inner rows, confidential,] labels, source. The macros lay out
 * rows and do nothing else. Bounds are code points for text, bytes for ids and hashes, days since 1970 for dates, UTC
 * milliseconds for times, elements for lists. A new field: its index and its row in the kind's file, and the rules that
 * join it to others below the rows. A new kind: its file, its number in proto/kinds.h, its line in proto/kinds.c. */
#ifndef PROTO_KIND_ROWS_H
#define PROTO_KIND_ROWS_H

#include "proto/kinds.h"
#include "proto/life.h"
#include "proto/period.h"
#include "proto/project.h"
#include "proto/rules.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define ROW(key, type, presence, low, high, ...)                                                                       \
    {                                                                                                                  \
        key, type, presence, low, high, NULL, NULL, 0, false, __VA_ARGS__                                              \
    }
#define ROW_SECRET(key, type, presence, low, high, ...)                                                                \
    {                                                                                                                  \
        key, type, presence, low, high, NULL, NULL, 0, true, __VA_ARGS__                                               \
    }
#define ROW_CODE(key, presence, codes, ...)                                                                            \
    {                                                                                                                  \
        key, FIELD_ENUM, presence, 0, 0, &(codes), NULL, 0, false, __VA_ARGS__                                         \
    }
#define ROW_INNER(key, type, presence, low, high, codes, rows, ...)                                                    \
    {                                                                                                                  \
        key, type, presence, low, high, codes, rows, COUNT(rows), __VA_ARGS__                                          \
    }

#define DATE_FIRST 10957LL         /* 2000-01-01 */
#define DATE_LAST  47481LL         /* 2099-12-31 */
#define TIME_LAST  4102444799999LL /* 2099-12-31T23:59:59.999Z */
#define COUNT_LAST 10000000000LL   /* more people than there are */
#define BLOB_LAST  67108864LL      /* PROTOCOL §2, BLOB_OFFER */
#define YEAR_FIRST 2000
#define YEAR_LAST  2099

#define BIT(code) (UINT64_C(1) << (code))
#define BUT(code) (~BIT(code))
#define IS_TRUE   BIT(1)
#define IS_FALSE  BIT(0)
#define PRESENT(field_)                                                                                                \
    {                                                                                                                  \
        CONDITION_PRESENT, field_, 0                                                                                   \
    }
#define ABSENT(field_)                                                                                                 \
    {                                                                                                                  \
        CONDITION_ABSENT, field_, 0                                                                                    \
    }
#define IS(field_, set)                                                                                                \
    {                                                                                                                  \
        CONDITION_IS, field_, set                                                                                      \
    }

/* Whether a person stands behind every record of the kind: a file says OPTIONAL before it includes the common rows
 * where a program files. */
#define SUBMITTER_PRESENCE REQUIRED

/* The list is in proto/kinds.c. */
extern const struct kind kind_review_report, kind_risk_warning, kind_entity_registration, kind_committee_registration,
    kind_zero_report, kind_annual_report, kind_withdrawal, kind_acceptance, kind_return_for_correction,
    kind_rereview_request, kind_rereview_decision, kind_notice, kind_notice_answer, kind_notice_read,
    kind_shared_warning, kind_city_plan, kind_plan_progress, kind_administrative_act;

/* The families that a record names: proto/project.c. */
extern const struct family review_family, warning_family, rereview_family, record_family;

/* Rows that several kinds have within theirs: proto/kind_inner.c. */
extern const struct field submitter_fields[4], attachment_row[1], harm_kind_row[1], sector_row[1], entity_type_row[1],
    district_row[1], party_row[1], audience_fields[4];

#define SECTORS_ROW(presence)                                                                                          \
    ROW_INNER("sectors", FIELD_LIST, presence, 1, 10, NULL, sector_row, false, "Sectors", "领域", "PLAN")
#define ENTITY_TYPES_ROW(presence)                                                                                     \
    ROW_INNER("entity_types", FIELD_LIST, presence, 1, 5, NULL, entity_type_row, false, "Kinds of institution",        \
              "主体类型", "PLAN")
#define ATTACHMENTS_ROW                                                                                                \
    ROW_INNER("attachments", FIELD_LIST, OPTIONAL, 0, 20, NULL, attachment_row, false, "Attachments", "附件", "PLAN")
#define AUDIENCE_ROW                                                                                                   \
    ROW_INNER("audience", FIELD_MAP, OPTIONAL, 0, 0, NULL, audience_fields, false, "Audience", "发送范围", "PLAN")

#endif
