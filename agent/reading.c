#include "agent/reading.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/filing.h"
#include "agent/spool_hub.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/text.h"
#include "proto/kinds.h"

/* What of an event matters here; views into it. */
struct received {
    struct view owner, record;
};

static void read_event(struct view event, struct received *ret_received)
{
    struct reader reader = reader_over(event.at, event.size);
    uint32_t pairs = 0;
    memset(ret_received, 0, sizeof *ret_received);
    err_t err = reader_map(&reader, &pairs);
    while (err == ERR_OK && pairs-- > 0) {
        struct view key;
        err = reader_str(&reader, &key);
        if (err == ERR_OK && view_is(key, "owner")) {
            err = reader_str(&reader, &ret_received->owner);
        } else if (err == ERR_OK && view_is(key, "record")) {
            err = reader_bin(&reader, &ret_received->record);
        } else if (err == ERR_OK) {
            err = reader_skip(&reader, NULL);
        }
    }
}

/* The record to file, as JSON; NULL where none is wanted. */
static json_t *answer_to(struct view event, int64_t now_ms)
{
    struct received received;
    char at[25];
    read_event(event, &received);
    json_t *record = received.record.size > 0 && received.owner.size > 0 ? record_to_json(received.record) : NULL;
    const char *name = json_string_value(json_object_get(record, "kind"));
    bool is_wanted = name && (strcmp(name, "notice") == 0 || strcmp(name, "shared_warning") == 0);
    json_t *answer = NULL;
    if (is_wanted && kind_by_number(KIND_NOTICE_READ)) {
        time_text(now_ms, at);
        answer = json_pack("{ss ss# ss}", "kind", "notice_read", "addressee", (const char *)received.owner.at,
                           received.owner.size, "read_at", at);
        json_object_set(answer, "refers_to", json_object_get(record, "id"));
    }
    json_decref(record);
    return answer;
}

struct note {
    int64_t row, at;
};

static err_t note_row(void *self, const struct filing *filing)
{
    const struct note *note = self;
    return spool_mark_read(filing->spool, note->row, note->at);
}

static err_t file_answer(const struct reader_desk *desk, const json_t *answer, struct note *note)
{
    char *text = json_dumps(answer, JSON_COMPACT);
    struct filing filing = {.home = desk->home,
                            .spool = desk->spool,
                            .party = desk->membership->party,
                            .utc_offset_minutes = (int)desk->settings->utc_offset_minutes,
                            .on_commit = note_row,
                            .self = note};
    err_t err = filing_take(&filing, (struct view){(const uint8_t *)text, text ? strlen(text) : 0});
    if (err == ERR_OK && filing.accepted.accepted == 0) {
        /* Not the reader's fault: what was read is read. */
        log_warn("read-not-filed", "cursor=%" PRId64 " code=%s", note->row,
                 filing.lines[0].faults ? filing.lines[0].faults->list[0].code : "-");
        err = spool_mark_read(desk->spool, note->row, note->at);
    } else if (err == ERR_OK) {
        wake_poke(desk->home);
    }
    filing_done(&filing);
    free(text);
    return err;
}

err_t reading_note(const struct reader_desk *desk, int64_t row, int64_t *ret_at)
{
    struct inbox_entry entry;
    struct note note = {.row = row, .at = clock_ms()};
    err_t err = spool_read_at(desk->spool, row, ret_at);
    if (err != ERR_OK || *ret_at) {
        return err;
    }
    err = row > 0 ? spool_next_event(desk->spool, row - 1, &entry) : ERR_NOT_FOUND;
    if (err != ERR_OK) {
        return err;
    }
    json_t *answer = entry.row == row ? answer_to(entry.event, note.at) : NULL;
    if (entry.row != row) {
        err = ERR_NOT_FOUND;
    } else {
        err = answer ? file_answer(desk, answer, &note) : spool_mark_read(desk->spool, row, note.at);
    }
    *ret_at = note.at;
    json_decref(answer);
    free(entry.bytes);
    return err;
}
