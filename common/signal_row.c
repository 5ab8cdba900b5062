/* Risk warnings as the rows that signals are looked for in. */
#include <stdio.h>
#include <string.h>

#include "common/signal.h"
#include "proto/kinds.h"
#include "proto/project.h"

static int number_or_none(const struct record *record, const char *key)
{
    const struct value *value = record_get(record, key);
    return value ? (int)value->number : -1;
}

static struct view text_or_none(const struct record *record, const char *key)
{
    const struct value *value = record_get(record, key);
    return value ? value->view : (struct view){0};
}

/* The kinds of harm as bits. The list has been checked. */
static unsigned harm_bits(const struct record *record)
{
    struct view list = text_or_none(record, "harm_kind");
    struct reader reader = reader_over(list.at, list.size);
    uint32_t count = 0;
    unsigned bits = 0;
    err_t err = reader_array(&reader, &count);
    for (uint32_t i = 0; i < count && err == ERR_OK; i++) {
        struct view code;
        err = reader_str(&reader, &code);
        int harm = err == ERR_OK && !view_is(code, "none") ? enumeration_index(&enum_harm_kind, code) : -1;
        bits |= harm >= 0 ? 1U << harm : 0;
    }
    return bits;
}

bool signal_row_of(const struct record *record, const uint8_t id[RECORD_ID_SIZE], struct view party, enum role owner,
                   int state, int utc_offset_minutes, struct signal_row *ret_row)
{
    const struct value *discovered = record_get(record, "discovered_at");
    if (!discovered) {
        return false;
    }
    int64_t at = discovered->number;
    *ret_row = (struct signal_row){
        .party = party,
        .day = day_of(at, utc_offset_minutes),
        .at = at,
        .model = text_or_none(record, "model_name"),
        .vendor = text_or_none(record, "model_vendor"),
        .sector = number_or_none(record, "sector"),
        .domain = number_or_none(record, "risk_domain"),
        .subdomain = number_or_none(record, "risk_subdomain"),
        .harm_kinds = harm_bits(record),
        .level = number_or_none(record, "level"),
        .status = number_or_none(record, "status"),
        .state = state,
    };
    memcpy(ret_row->id, id, RECORD_ID_SIZE);
    return number_or_none(record, "rehearsal") != 1 && !signal_is_composite(record, owner);
}

void signal_party(const char *city, struct view entity, char ret_party[SIGNAL_PARTY_SIZE])
{
    snprintf(ret_party, SIGNAL_PARTY_SIZE, "%.40s/%.*s", city, (int)(entity.size < 36 ? entity.size : 36),
             entity.size > 0 ? (const char *)entity.at : "");
}
