/* proto/record.h - one record: checked, read, and turned into JSON and back.
 *
 * record_check() is the only way in: after ERR_OK every value is within the bounds of its row in proto/schema.h. A
 * record borrows the bytes it was read from. */
#ifndef PROTO_RECORD_H
#define PROTO_RECORD_H

#include <jansson.h>
#include <msgpack.h>

#include "proto/fault.h"
#include "proto/schema.h"

enum { RECORD_ID_SIZE = 16, RECORD_HASH_SIZE = 32, RECORD_SIZE_MAX = 262144, RECORD_PARTY_SIZE = 32 };

/* `number` is: enum, the code's index; number, time (UTC ms): itself; flag: 0 or 1; date: days since 1970-01-01.
 * `view` is the text or bytes; for maps and lists, the encoded value. */
struct value {
    bool is_present;
    int64_t number;
    struct view view;
};

struct record {
    const struct kind *kind;
    struct value values[KIND_FIELDS_MAX]; /* by index in kind->fields */
    struct view bytes;
};

/* Against what a record is checked. */
struct record_context {
    int64_t now_ms;
    int utc_offset_minutes; /* the site's zone: 480 for Asia/Shanghai; "today" follows from it */
    const char *party;      /* the speaker's identifier; NULL: not compared */
};

/* Checks BYTES as a whole record. ERR_INVALID with every fault found, in ret_faults, otherwise. *ret_record is filled
 * as far as it could be read: ret_record->values[COMMON_ID] is present whenever the id was readable. */
MUST_CHECK err_t record_check(struct view bytes, const struct record_context *context, struct record *ret_record,
                              struct faults *ret_faults);

/* What a regulation advises and the record, which has passed record_check(), does not keep: for the operator to see. It
 * refuses nothing. */
void record_advice(const struct record *record, const struct record_context *context, struct faults *ret_faults);

/* NULL when the field is absent or the kind has none of that name. */
const struct value *record_get(const struct record *record, const char *key);

/* A new UUIDv7 (RFC 9562) from the clock and the system's random source. */
void record_make_id(int64_t now_ms, uint8_t ret_id[RECORD_ID_SIZE]);
void record_id_text(const uint8_t id[RECORD_ID_SIZE], char ret_text[37]);
MUST_CHECK err_t record_id_parse(const char *text, uint8_t ret_id[RECORD_ID_SIZE]);

/* Encodes a JSON object as a record. Conversion is by the kind's table: dates, times, ids and hashes from their JSON
 * forms; texts are put into NFC; keys unknown to the table are packed as they are. Type mismatches are packed as they
 * are too, so that record_check() names them in one place. Only what has no encoding at all (a float, not an object, a
 * depth over 8) fails, with the fault. The caller frees the buffer's content. */
MUST_CHECK err_t record_from_json(const json_t *object, msgpack_sbuffer *buffer, struct faults *ret_faults);

/* As record_from_json, with the fields the agent assigns put first: id, kind, schema, seq, created_at; any of them in
 * OBJECT are ignored, but kind. */
MUST_CHECK err_t record_accept_json(const json_t *object, const uint8_t id[RECORD_ID_SIZE], uint64_t seq,
                                    int64_t created_at, msgpack_sbuffer *buffer, struct faults *ret_faults);

/* The record as a JSON object (new reference), from any well-formed map, checked or not; NULL when the bytes are
 * malformed. */
json_t *record_to_json(struct view bytes);

/* A draft 2020-12 JSON Schema of the kind (new reference), with both labels and the clause at each field. */
json_t *kind_json_schema(const struct kind *kind);

/* Dates and times as in §7 of PROTOCOL.md. */
MUST_CHECK err_t date_parse(struct view text, int64_t *ret_days);
#define TIME_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
/* "?" outside of the years 0000 to 9999. */
void date_text(int64_t days, char ret_text[11]);
MUST_CHECK err_t time_parse(const char *text, int64_t *ret_ms);
void time_text(int64_t ms, char ret_text[25]);
int64_t day_of(int64_t ms, int utc_offset_minutes);
/* The same day of the month N months on, or that month's last. */
int64_t date_add_months(int64_t days, int months);

bool uscc_check(struct view code);
bool district_check(struct view code);

#endif
