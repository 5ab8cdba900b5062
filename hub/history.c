#include "hub/history.h"

#include <string.h>

#include "common/mem.h"
#include "proto/kinds.h"
#include "proto/life.h"

static int64_t number_or(const struct record *record, const char *key, int64_t otherwise)
{
    const struct value *value = record_get(record, key);
    return value ? value->number : otherwise;
}

static void keep_content(struct history *history, const struct record_row *row, const struct record_context *context)
{
    struct faults ignored = {0};
    free(history->bytes);
    history->bytes = (uint8_t *)mem_copy(row->bytes.at, row->bytes.size);
    err_t checked = record_check((struct view){history->bytes, row->bytes.size}, context, &history->content, &ignored);
    (void)checked; /* checked when it was stored */
}

static void reach(struct history *history, int state, int64_t at)
{
    history->facts.state = state;
    if (history->facts.reached_at[state] == 0) {
        history->facts.reached_at[state] = at;
    }
}

static void note_content(struct history *history, const struct record *record, const struct record_row *row,
                         const struct record_context *context)
{
    int64_t level = number_or(record, "level", 0);
    if (level != history->level) {
        history->facts.graded_at = row->at;
        history->level = level;
    }
    if (record_get(record, "registered_platform_no") && history->facts.event_at[EVENT_REGISTERED] == 0) {
        history->facts.event_at[EVENT_REGISTERED] = row->at;
    }
    keep_content(history, row, context);
}

static void add_record(void *self, const struct record_row *row)
{
    struct history *history = self;
    struct record record;
    struct faults ignored = {0};
    struct record_context context = {.now_ms = row->at, .utc_offset_minutes = history->utc_offset_minutes};
    err_t checked = record_check(row->bytes, &context, &record, &ignored);
    (void)checked; /* checked when it was stored */
    if (!record.kind) {
        return;
    }
    int action = (int)number_or(&record, "action", NO_ACTION);
    bool begins = memcmp(row->id, row->root, RECORD_ID_SIZE) == 0;
    if (begins) {
        history->kind = record.kind;
        history->number = row->number;
        history->facts.received_at = history->facts.graded_at = row->at;
        history->level = number_or(&record, "level", 0);
    }
    const struct transition *step = !history->kind ? NULL
                                    : begins       ? life_beginning(record.kind, action)
                                                   : life_step(history->kind, record.kind, action);
    if (step) {
        reach(history, step->to == STATE_STAYS ? history->facts.state : step->to, row->at);
        if (step->is_content) {
            note_content(history, &record, row, &context);
        }
    }
}

err_t history_read(struct store *store, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                   int utc_offset_minutes, struct history *ret_history)
{
    *ret_history = (struct history){.utc_offset_minutes = utc_offset_minutes};
    ret_history->facts.owner = (enum role)role_find(owner->role);
    err_t err = store_each_in_thread(store, owner->party, root, add_record, ret_history);
    if (err == ERR_OK && ret_history->kind) {
        ret_history->facts.is_emergency = number_or(&ret_history->content, "is_emergency", 0) == 1 ||
                                          number_or(&ret_history->content, "procedure", -1) == PROCEDURE_EMERGENCY;
    }
    return err;
}

void history_done(struct history *history)
{
    free(history->bytes);
    history->bytes = NULL;
}
