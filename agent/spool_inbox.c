/* The inbox: events and the cursor behind them in one transaction. */
#include <string.h>

#include "agent/spool_db.h"
#include "agent/spool_hub.h"
#include "common/mem.h"

err_t spool_inbox_position(struct spool *spool, uint8_t ret_epoch[EPOCH_SIZE], bool *ret_has_epoch,
                           uint64_t *ret_cursor)
{
    err_t err = meta_epoch(spool, "inbox_epoch", ret_epoch);
    *ret_has_epoch = err == ERR_OK;
    *ret_cursor = 0;
    if (err == ERR_OK) {
        err = meta_number(spool, "inbox_cursor", ret_cursor);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t save_position(struct spool *spool, const uint8_t epoch[EPOCH_SIZE], uint64_t cursor)
{
    err_t err = meta_set_epoch(spool, "inbox_epoch", epoch);
    return err == ERR_OK ? meta_set_number(spool, "inbox_cursor", cursor) : err;
}

static err_t add_events(struct spool *spool, const struct events *events, int64_t now_ms, uint64_t *cursor,
                        uint32_t *ret_added)
{
    struct reader list = events->list;
    for (uint32_t i = 0; i < events->count; i++) {
        uint64_t at = 0;
        struct view event;
        if (events_next(&list, &at, &event) != ERR_OK || at > INT64_MAX) {
            return ERR_INVALID;
        }
        if (at <= *cursor) {
            continue;
        }
        db_bind_view(spool->add_inbox, 1, events->epoch);
        sqlite3_bind_int64(spool->add_inbox, 2, (sqlite3_int64)at);
        sqlite3_bind_int64(spool->add_inbox, 3, now_ms);
        db_bind_view(spool->add_inbox, 4, event);
        err_t err = db_run(spool->add_inbox);
        if (err != ERR_OK) {
            return err;
        }
        *ret_added += (uint32_t)sqlite3_changes(spool->db);
        *cursor = at;
    }
    return ERR_OK;
}

err_t spool_take_events(struct spool *spool, const struct events *events, int64_t now_ms, uint64_t *ret_cursor,
                        uint32_t *ret_added)
{
    uint8_t epoch[EPOCH_SIZE];
    bool has_epoch = false;
    *ret_added = 0;
    err_t err = spool_inbox_position(spool, epoch, &has_epoch, ret_cursor);
    if (err != ERR_OK) {
        return err;
    }
    if (events->epoch.size != EPOCH_SIZE || (has_epoch && memcmp(epoch, events->epoch.at, EPOCH_SIZE) != 0)) {
        return ERR_INVALID;
    }
    if (events->count == 0 && has_epoch) {
        return ERR_OK;
    }
    err = spool_begin(spool);
    if (err != ERR_OK) {
        return err;
    }
    err = add_events(spool, events, now_ms, ret_cursor, ret_added);
    err = err == ERR_OK ? save_position(spool, events->epoch.at, *ret_cursor) : err;
    return spool_end(spool, err);
}

err_t spool_restart_inbox(struct spool *spool, const uint8_t epoch[EPOCH_SIZE])
{
    err_t err = spool_begin(spool);
    if (err != ERR_OK) {
        return err;
    }
    return spool_end(spool, save_position(spool, epoch, 0));
}

err_t spool_next_event(struct spool *spool, int64_t after_row, struct inbox_entry *ret_entry)
{
    memset(ret_entry, 0, sizeof *ret_entry);
    sqlite3_bind_int64(spool->list_inbox, 1, after_row);
    err_t err = db_step(spool->list_inbox);
    if (err == ERR_OK) {
        struct view event = db_column_view(spool->list_inbox, 2);
        ret_entry->row = sqlite3_column_int64(spool->list_inbox, 0);
        ret_entry->taken_at = sqlite3_column_int64(spool->list_inbox, 1);
        ret_entry->bytes = (uint8_t *)mem_copy(event.at, event.size);
        ret_entry->event = (struct view){ret_entry->bytes, event.size};
    }
    sqlite3_reset(spool->list_inbox);
    return err;
}
