#include "proto/record.h"
#include "proto/check.h"
#include "proto/kinds.h"
#include "proto/rules.h"

/* Kind and id are found before the walk: the kind chooses the table, and the id is wanted whatever the rest is like.
 * They stand first in what AGN writes. */
const struct kind *check_peek(struct view bytes, struct value *ret_id)
{
    struct reader reader = reader_over(bytes.at, bytes.size);
    const struct kind *kind = NULL;
    uint32_t pairs = 0;
    *ret_id = (struct value){.is_present = false};
    if (reader_map(&reader, &pairs) != ERR_OK) {
        return NULL;
    }
    for (uint32_t i = 0; i < pairs && (kind == NULL || !ret_id->is_present); i++) {
        struct view key;
        struct view value;
        if (reader_str(&reader, &key) != ERR_OK) {
            break;
        }
        struct reader at_value = reader;
        if (reader_skip(&reader, NULL) != ERR_OK) {
            break;
        }
        if (kind == NULL && view_is(key, "kind") && reader_str(&at_value, &value) == ERR_OK) {
            kind = kind_find(value);
        } else if (!ret_id->is_present && view_is(key, "id") && reader_bin(&at_value, &value) == ERR_OK &&
                   value.size == RECORD_ID_SIZE) {
            *ret_id = (struct value){.is_present = true, .view = value};
        }
    }
    return kind;
}

/* What the rows of the common fields cannot say. */
static void check_common(const struct record *record, const struct record_context *context, struct faults *faults)
{
    const struct value *kind = &record->values[COMMON_KIND];
    const struct value *schema = &record->values[COMMON_SCHEMA];
    const struct value *entity = &record->values[COMMON_ENTITY];
    if (kind->is_present && kind_find(kind->view) == NULL) {
        fault_add(faults, "unknown_kind", "kind", "this version knows no such kind");
    }
    if (schema->is_present && schema->number != SCHEMA_VERSION) {
        fault_add(faults, "unknown_schema", "schema", "this version knows schema %d", SCHEMA_VERSION);
    }
    if (entity->is_present && context->party != NULL && !view_is(entity->view, context->party)) {
        fault_add(faults, "entity_mismatch", "entity", "the record was sent with the key of %s", context->party);
    }
}

err_t record_check(struct view bytes, const struct record_context *context, struct record *ret_record,
                   struct faults *ret_faults)
{
    *ret_record = (struct record){.bytes = bytes};
    ret_faults->count = 0;
    ret_record->kind = check_peek(bytes, &ret_record->values[COMMON_ID]);
    if (bytes.size > RECORD_SIZE_MAX) {
        fault_add(ret_faults, "too_large", "", "%zu bytes; at most %d", bytes.size, RECORD_SIZE_MAX);
        return ERR_INVALID;
    }
    const struct kind *kind = ret_record->kind;
    struct check check = {.reader = reader_over(bytes.at, bytes.size), .faults = ret_faults};
    struct rows rows = {.fields = kind != NULL ? kind->fields : common_fields,
                        .count = kind != NULL ? kind->field_count : COMMON_FIELDS,
                        .values = ret_record->values};
    struct token token;
    if (check_next(&check, NULL, &token) != ERR_OK) {
        return ERR_INVALID;
    }
    if (token.type != TOKEN_MAP) {
        return check_malformed(&check, NULL, "not a map");
    }
    if (check_pairs(&check, &rows, NULL, 1, token.count) != ERR_OK) {
        return ERR_INVALID;
    }
    if (check.reader.at != check.reader.end) {
        return check_malformed(&check, NULL, "bytes after the record");
    }
    check_common(ret_record, context, ret_faults);
    if (kind != NULL) {
        rules_check(ret_record, rows.seen, context, false, ret_faults);
    }
    return ret_faults->count == 0 ? ERR_OK : ERR_INVALID;
}

void record_advice(const struct record *record, const struct record_context *context, struct faults *ret_faults)
{
    uint64_t seen = 0;
    ret_faults->count = 0;
    for (size_t i = 0; i < record->kind->field_count; i++) {
        seen |= (uint64_t)record->values[i].is_present << i;
    }
    rules_check(record, seen, context, true, ret_faults);
}

const struct value *record_get(const struct record *record, const char *key)
{
    int index = record->kind == NULL ? -1 : kind_field(record->kind, key);
    return index >= 0 && record->values[index].is_present ? &record->values[index] : NULL;
}
