#include "hub/signal_rows.h"

#include <czmq.h>

#include "proto/kinds.h"
#include "proto/life.h"

struct collecting {
    struct signal_set *set;
    zhashx_t *seen; /* threads whose newest content has passed */
    int utc_offset_minutes;
    int64_t first, last;
    err_t err;
};

/* Whether this record says what counts of its thread, and no newer one did. */
static bool is_newest(struct collecting *collecting, const struct record_row *row, const struct record *record)
{
    char key[RECORD_PARTY_SIZE + 40];
    char root[37];
    const struct value *action = record_get(record, "action");
    const struct transition *step = NULL;
    if (action && row->thread_kind) {
        step = action->number == ACTION_RAISE ? life_beginning(row->thread_kind, ACTION_RAISE)
                                              : life_step(row->thread_kind, row->kind, (int)action->number);
    }
    if (!step || !step->is_content) {
        return false;
    }
    record_id_text(row->root, root);
    snprintf(key, sizeof key, "%s/%s", row->owner, root);
    return zhashx_insert(collecting->seen, key, collecting) == 0;
}

static void collect(void *self, const struct record_row *row)
{
    struct collecting *collecting = self;
    struct faults ignored = {0};
    struct record record;
    struct signal_row found;
    struct record_context context = {.now_ms = row->at, .utc_offset_minutes = collecting->utc_offset_minutes};
    if (collecting->err != ERR_OK || record_check(row->bytes, &context, &record, &ignored) != ERR_OK ||
        !is_newest(collecting, row, &record)) {
        return;
    }
    int state = enumeration_index(&enum_warning_state, (struct view){(const uint8_t *)row->state, strlen(row->state)});
    struct view owner = {(const uint8_t *)row->owner, strlen(row->owner)};
    if (signal_row_of(&record, row->root, owner, (enum role)role_find(row->owner_role), state,
                      collecting->utc_offset_minutes, &found) &&
        found.day >= collecting->first && found.day <= collecting->last) {
        collecting->err = signal_set_add(collecting->set, &found);
    }
}

err_t signal_rows_add(struct store *store, int utc_offset_minutes, int64_t first, int64_t last, struct signal_set *set)
{
    struct record_filter filter = {
        .kind = kind_by_number(KIND_RISK_WARNING), .sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    struct collecting collecting = {set, zhashx_new(), utc_offset_minutes, first, last, ERR_OK};
    err_t err = store_each_record(store, &filter, collect, &collecting);
    zhashx_destroy(&collecting.seen);
    return err == ERR_OK ? collecting.err : err;
}
