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
    struct history_content *content = mem_alloc(sizeof *content);
    content->bytes = (uint8_t *)mem_copy(row->bytes.at, row->bytes.size);
    err_t checked = record_check((struct view){content->bytes, row->bytes.size}, context, &content->record, &ignored);
    (void)checked; /* checked when it was stored */
    if (history->content_count == history->content_room) {
        history->content_room = history->content_room ? history->content_room * 2 : 4;
        history->contents = mem_grow(history->contents, history->content_room, sizeof(struct history_content *));
    }
    history->contents[history->content_count++] = content;
    history->content = content->record;
}

static void keep_step(struct history *history, int64_t at)
{
    if (history->content_count == 0) {
        return;
    }
    if (history->step_count == history->step_room) {
        history->step_room = history->step_room ? history->step_room * 2 : 4;
        history->steps = mem_grow(history->steps, history->step_room, sizeof *history->steps);
    }
    history->steps[history->step_count++] =
        (struct history_step){at, history->facts, history->contents[history->content_count - 1]};
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
    history->facts.is_emergency =
        number_or(record, "is_emergency", 0) == 1 || number_or(record, "procedure", -1) == PROCEDURE_EMERGENCY;
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
        keep_step(history, row->at);
    }
}

err_t history_read(struct store *store, const struct party *owner, const uint8_t root[RECORD_ID_SIZE],
                   int utc_offset_minutes, struct history *ret_history)
{
    *ret_history = (struct history){.utc_offset_minutes = utc_offset_minutes};
    ret_history->facts.owner = (enum role)role_find(owner->role);
    return store_each_in_thread(store, owner->party, root, add_record, ret_history);
}

void history_done(struct history *history)
{
    for (size_t i = 0; i < history->content_count; i++) {
        free(history->contents[i]->bytes);
        free(history->contents[i]);
    }
    free(history->contents);
    free(history->steps);
    *history = (struct history){0};
}
