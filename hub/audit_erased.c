/* Whether a record whose bytes have changed was erased, and by whose act. */
#include "hub/audit_parts.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "hub/store_clock.h"
#include "proto/check.h"
#include "proto/kinds.h"
#include "proto/rights.h"

static const char act_sql[] =
    "select r.batch, r.offset, r.size, (select count(*) from erased o where o.act = e.act), b.at, r.number from erased "
    "e "
    "join record r on r.id = e.act and r.kind = ?3 join batch b on b.id = r.batch join party p on p.row = r.party and "
    "p.role = 'city' where e.party = ?1 and e.id = ?2";

/* An act of the hub's, as its row has it. */
struct erasing {
    struct record act;
    int64_t count, at; /* how many records say that it erased them; when it was filed */
    uint64_t number;
    int offset; /* of the site's zone, in minutes */
};

/* "COUNT; MONTHS months; HASH": so many went at most, and what was taken after the term had begun did not. */
static bool is_term_over(const struct erasing *erasing, const struct logged *logged, const char *detail)
{
    char *rest = NULL;
    bool has_room = strtoll(detail, &rest, 10) >= erasing->count;
    long months = *rest == ';' ? strtol(rest + 1, NULL, 10) : 0;
    return has_room && months > 0 && months <= INT_MAX &&
           logged->at < day_start(date_add_months(day_of(erasing->at, erasing->offset), (int)-months), erasing->offset);
}

/* "KIND PARTY HASH", of before there was one without it: audit_follow_act() looks at that. */
static bool names_filer(const char *detail, const struct kind *kind, const struct logged *logged)
{
    char words[RECORD_PARTY_SIZE + 64];
    size_t size = (size_t)snprintf(words, sizeof words, "%s %s", kind->name, logged->party.party);
    return strncmp(detail, words, size) == 0 && (detail[size] == '\0' || detail[size] == ' ');
}

/* One erasing names the record; the end of a term names the kind. */
static bool is_of(const struct erasing *erasing, const struct logged *logged, const struct kind *kind)
{
    const struct record *act = &erasing->act;
    char name[64];
    char said[256];
    uint8_t id[RECORD_ID_SIZE];
    const struct value *code = record_get(act, "act");
    const struct value *subject = record_get(act, "subject");
    const struct value *detail = record_get(act, "detail");
    if (!code || !subject || !detail || !detail->is_present || erasing->number <= logged->number) {
        return false;
    }
    snprintf(said, sizeof said, "%.*s", (int)detail->view.size, (const char *)detail->view.at);
    if (code->number == ACT_ERASE) {
        snprintf(name, sizeof name, "%.*s", (int)subject->view.size, (const char *)subject->view.at);
        return record_id_parse(name, id) == ERR_OK && memcmp(id, logged->id, RECORD_ID_SIZE) == 0 &&
               names_filer(said, kind, logged);
    }
    return code->number == ACT_RETENTION && view_is(subject->view, kind->name) && is_term_over(erasing, logged, said);
}

static err_t find_act(struct audit *audit, const struct logged *logged, const struct kind *kind, bool *ret_is_by_act)
{
    struct view bytes;
    struct erasing erasing = {.offset = audit->seen->settings.utc_offset_minutes};
    struct faults ignored = {0};
    struct record_context context = {.now_ms = clock_ms(),
                                     .utc_offset_minutes = audit->seen->settings.utc_offset_minutes};
    sqlite3_stmt *get = store_borrow(audit->seen, act_sql);
    sqlite3_bind_int64(get, 1, logged->party.row);
    db_bind_view(get, 2, (struct view){logged->id, RECORD_ID_SIZE});
    sqlite3_bind_int(get, 3, KIND_ADMINISTRATIVE_ACT);
    err_t err = db_step(get);
    if (err == ERR_OK) {
        erasing.count = sqlite3_column_int64(get, 3);
        erasing.at = sqlite3_column_int64(get, 4);
        erasing.number = (uint64_t)sqlite3_column_int64(get, 5);
        err = store_get_item(audit->seen, sqlite3_column_int64(get, 0), sqlite3_column_int64(get, 1),
                             sqlite3_column_int64(get, 2), &bytes);
        *ret_is_by_act = err == ERR_OK && record_check(bytes, &context, &erasing.act, &ignored) == ERR_OK &&
                         is_of(&erasing, logged, kind);
    }
    store_return(audit->seen, get);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t audit_is_erased(struct audit *audit, const struct logged *logged, bool *ret_is)
{
    msgpack_sbuffer left;
    struct value id;
    const struct kind *kind = check_peek(logged->bytes, &id);
    *ret_is = false;
    err_t err = kind ? find_act(audit, logged, kind, ret_is) : ERR_OK;
    if (err != ERR_OK || !*ret_is) {
        return err;
    }
    msgpack_sbuffer_init(&left);
    *ret_is = rights_remnant(logged->bytes, &left) == ERR_OK && left.size == logged->bytes.size &&
              memcmp(left.data, logged->bytes.at, left.size) == 0;
    msgpack_sbuffer_destroy(&left);
    return ERR_OK;
}
