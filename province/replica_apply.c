/* One EVENTS, one transaction. What cannot be read is counted, logged and passed over: one event of a newer or a
 * broken hub must not stop a whole city, and every value is absolute, so that the next change repairs it. */
#include "province/replica_db.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "proto/project.h"
#include "proto/record.h"

#define FIGURE_MAX (INT64_C(1) << 43)

bool replica_is_code(struct view text, size_t size_max)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (text.size == 0 || text.size > size_max) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '\0' || !strchr(letters, text.at[i])) {
            return false;
        }
    }
    return true;
}

static bool join_dims(const struct cell_event *event, char ret_dims[DIMS_SIZE])
{
    size_t used = 0;
    ret_dims[0] = '\0';
    for (uint32_t i = 0; i < event->dim_count; i++) {
        struct view dim = event->dims[i];
        /* Empty where there is nothing to say: the entity type of what a city or a province filed. */
        if ((dim.size > 0 && !replica_is_code(dim, DIMS_SIZE - 2)) || used + dim.size + 2 > DIMS_SIZE) {
            return false;
        }
        if (i > 0) {
            ret_dims[used++] = '|';
        }
        memcpy(ret_dims + used, dim.at, dim.size);
        used += dim.size;
        ret_dims[used] = '\0';
    }
    return event->dim_count > 0;
}

void replica_bind_text(sqlite3_stmt *stmt, int index, struct view text)
{
    if (text.size > 0) {
        sqlite3_bind_text(stmt, index, (const char *)text.at, (int)text.size, SQLITE_TRANSIENT);
    } else {
        sqlite3_bind_null(stmt, index);
    }
}

/* What a cell was before; found is false for a new one. */
struct before {
    bool is_found;
    int64_t count, sum, revision, changed_at;
};

static err_t get_cell(struct apply *apply, const struct cell_event *event, int64_t day, const char *dims,
                      struct before *ret_before)
{
    memset(ret_before, 0, sizeof *ret_before);
    sqlite3_stmt *stmt = replica_statement(apply->replica, GET_CELL, apply->hub);
    sqlite3_bind_int64(stmt, 2, apply->position.generation);
    replica_bind_text(stmt, 3, event->family);
    sqlite3_bind_int64(stmt, 4, day);
    db_bind_str(stmt, 5, dims);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        *ret_before = (struct before){.is_found = true,
                                      .count = sqlite3_column_int64(stmt, 0),
                                      .sum = sqlite3_column_int64(stmt, 1),
                                      .revision = sqlite3_column_int64(stmt, 2),
                                      .changed_at = sqlite3_column_int64(stmt, 3)};
    }
    sqlite3_reset(stmt);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* A snapshot is no news, so only what comes after the head was reached is in the journal. */
static err_t put_change(struct apply *apply, const struct cell_event *event, int64_t day, const char *dims,
                        int64_t delta)
{
    const struct standing *standing = &apply->position.standing;
    if (delta == 0 || !standing->is_synced || standing->is_resyncing) {
        return ERR_OK;
    }
    sqlite3_stmt *stmt = replica_statement(apply->replica, PUT_CHANGE, apply->hub);
    replica_bind_text(stmt, 2, event->family);
    sqlite3_bind_int64(stmt, 3, day);
    db_bind_str(stmt, 4, dims);
    sqlite3_bind_int64(stmt, 5, apply->now / HOUR_MS);
    sqlite3_bind_int64(stmt, 6, delta);
    return db_run(stmt);
}

/* ERR_INVALID: unreadable. The bounds are far beyond any figure, and a million such can still be added up. */
static err_t apply_cell(struct apply *apply, const struct cell_event *event)
{
    char dims[DIMS_SIZE];
    int64_t day = 0;
    struct before before;
    if (!replica_is_code(event->family, 32) || !join_dims(event, dims) || date_parse(event->day, &day) != ERR_OK ||
        event->count < 0 || event->count > FIGURE_MAX || event->sum > FIGURE_MAX || event->sum < -FIGURE_MAX ||
        event->revision > INT64_MAX || event->size > INT64_MAX) {
        return ERR_INVALID;
    }
    err_t err = get_cell(apply, event, day, dims, &before);
    if (err != ERR_OK || (before.is_found && (int64_t)event->revision <= before.revision)) {
        return err;
    }
    bool is_same = before.is_found && before.count == event->count && before.sum == event->sum;
    sqlite3_stmt *stmt = replica_statement(apply->replica, PUT_CELL, apply->hub);
    sqlite3_bind_int64(stmt, 2, apply->position.generation);
    replica_bind_text(stmt, 3, event->family);
    sqlite3_bind_int64(stmt, 4, day);
    db_bind_str(stmt, 5, dims);
    sqlite3_bind_int64(stmt, 6, event->count);
    sqlite3_bind_int64(stmt, 7, event->sum);
    sqlite3_bind_int64(stmt, 8, (int64_t)event->revision);
    sqlite3_bind_int64(stmt, 9, is_same ? before.changed_at : apply->now);
    sqlite3_bind_int64(stmt, 10, (int64_t)event->size);
    err = db_run(stmt);
    apply->applied->cells++;
    return err == ERR_OK ? put_change(apply, event, day, dims, event->count - before.count) : err;
}

static err_t apply_health(const struct apply *apply, const struct health_event *event)
{
    bool has_connections = event->connections.size > 0; /* an older hub says nothing of them */
    if (!replica_is_code(event->disk, 32) || event->free_mib > INT64_MAX || event->connections_free > INT64_MAX ||
        (has_connections && !replica_is_code(event->connections, 32))) {
        return ERR_INVALID;
    }
    sqlite3_stmt *stmt = replica_statement(apply->replica, SET_HEALTH, apply->hub);
    replica_bind_text(stmt, 2, event->disk);
    sqlite3_bind_int64(stmt, 3, (int64_t)event->free_mib);
    sqlite3_bind_int64(stmt, 4, event->at);
    replica_bind_text(stmt, 5, event->connections);
    sqlite3_bind_int64(stmt, 6, (int64_t)event->connections_free);
    log_warn("hub-room", "hub=%" PRId64 " disk=%.*s free_mib=%" PRIu64 " connections=%.*s free=%" PRIu64, apply->hub,
             (int)event->disk.size, (const char *)event->disk.at, event->free_mib, (int)event->connections.size,
             has_connections ? (const char *)event->connections.at : "", event->connections_free);
    return db_run(stmt);
}

static err_t apply_event(struct apply *apply, uint64_t cursor, struct view bytes)
{
    struct event event;
    err_t err = event_decode(bytes, &event);
    if (err == ERR_NOT_FOUND) {
        return ERR_OK; /* of a later version */
    }
    if (err == ERR_OK && event.type == EVENT_CELL) {
        err = apply_cell(apply, &event.cell);
    } else if (err == ERR_OK && event.type == EVENT_RECORD) {
        err = apply_record(apply, &event.record, cursor);
    } else if (err == ERR_OK && event.type == EVENT_CLOCK) {
        err = apply_alert(apply, &event.clock, cursor);
    } else if (err == ERR_OK && event.type == EVENT_HUB_HEALTH) {
        err = apply_health(apply, &event.health);
    } else {
        return err == ERR_OK ? ERR_OK : ERR_INVALID;
    }
    return err;
}

static err_t apply_list(struct apply *apply, const struct events *events)
{
    struct reader list = events->list;
    for (uint32_t i = 0; i < events->count; i++) {
        uint64_t cursor = 0;
        struct view bytes;
        if (events_next(&list, &cursor, &bytes) != ERR_OK || cursor > INT64_MAX) {
            return ERR_INVALID; /* the message itself: nothing of it is believed */
        }
        if (cursor <= apply->applied->cursor) {
            continue;
        }
        err_t err = apply_event(apply, cursor, bytes);
        if (err == ERR_INVALID || err == ERR_TRUNCATED || err == ERR_TOO_LARGE) {
            apply->applied->skipped++;
            log_error("event-unreadable", "hub=%" PRId64 " cursor=%" PRIu64 " passing over it", apply->hub, cursor);
        } else if (err != ERR_OK) {
            return err;
        }
        apply->applied->cursor = cursor;
    }
    return ERR_OK;
}

/* A statement that moves from the shown generation to the new one, with what it uses of ?2 to ?6. */
static sqlite3_stmt *moving(struct apply *apply, enum statement which)
{
    sqlite3_stmt *stmt = replica_statement(apply->replica, which, apply->hub);
    const struct hub_position *position = &apply->position;
    const int64_t values[] = {position->generation, position->shown, position->is_other_life, apply->now,
                              apply->arrival};
    for (int i = 2; i <= sqlite3_bind_parameter_count(stmt); i++) {
        sqlite3_bind_int64(stmt, i, values[i - 2]);
    }
    return stmt;
}

static err_t finish_resync(struct apply *apply)
{
    static const enum statement steps[] = {KEEP_TIMES,       KEEP_FIRST_RECORDS, KEEP_FIRST_ALERTS,
                                           CARRY_RECORDS,    CARRY_ALERTS,       DROP_OLD_CELLS,
                                           DROP_OLD_RECORDS, DROP_OLD_ALERTS,    SHOW_GENERATION};
    sqlite3_stmt *count = moving(apply, COUNT_GONE);
    err_t err = db_step(count);
    apply->applied->cells_gone = err == ERR_OK ? (uint32_t)sqlite3_column_int64(count, 0) : 0;
    sqlite3_reset(count);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && err == ERR_OK; i++) {
        err = db_run(moving(apply, steps[i]));
    }
    apply->applied->is_resynced = err == ERR_OK;
    return err;
}

static err_t set_position(struct apply *apply, const struct events *events)
{
    sqlite3_stmt *stmt = replica_statement(apply->replica, SET_POSITION, apply->hub);
    db_bind_view(stmt, 2, events->epoch);
    sqlite3_bind_int64(stmt, 3, (int64_t)apply->applied->cursor);
    sqlite3_bind_int64(stmt, 4, (int64_t)apply->applied->head);
    if (events->count > 0) {
        sqlite3_bind_int64(stmt, 5, apply->now);
    } else {
        sqlite3_bind_null(stmt, 5);
    }
    sqlite3_bind_int64(stmt, 6, apply->applied->skipped);
    return db_run(stmt);
}

static err_t take_arrival(struct apply *apply)
{
    sqlite3_stmt *stmt = replica_statement(apply->replica, NEXT_ARRIVAL, apply->hub);
    sqlite3_bind_int64(stmt, 2, apply->now);
    err_t err = db_step(stmt);
    apply->arrival = err == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return err;
}

static err_t apply_events(struct apply *apply, const struct events *events)
{
    struct applied *applied = apply->applied;
    err_t err = take_arrival(apply);
    err = err == ERR_OK ? apply_list(apply, events) : err;
    if (err != ERR_OK) {
        return err;
    }
    /* An empty EVENTS says that nothing stands between the cursor and the head. */
    if (events->count == 0 && events->head > applied->cursor) {
        applied->cursor = events->head;
    }
    applied->is_caught_up = applied->cursor >= events->head;
    if (applied->is_caught_up && apply->position.standing.is_resyncing) {
        err = finish_resync(apply);
    }
    if (err == ERR_OK && applied->is_caught_up && !apply->position.standing.is_synced) {
        err = db_run(replica_statement(apply->replica, SET_SYNCED, apply->hub));
    }
    return err == ERR_OK ? set_position(apply, events) : err;
}

err_t replica_apply(struct replica *replica, int64_t hub, const struct events *events, bool is_first, int64_t now,
                    struct applied *ret_applied)
{
    struct apply apply = {.replica = replica, .hub = hub, .now = now, .applied = ret_applied};
    memset(ret_applied, 0, sizeof *ret_applied);
    if (events->epoch.size != EPOCH_SIZE || events->head > INT64_MAX) {
        return ERR_INVALID;
    }
    err_t err = replica_begin(replica);
    if (err != ERR_OK) {
        return err;
    }
    err = replica_position(replica, hub, &apply.position);
    const struct standing *standing = &apply.position.standing;
    ret_applied->cursor = standing->cursor;
    ret_applied->head = events->head;
    ret_applied->is_other_epoch =
        err == ERR_OK && standing->has_epoch && memcmp(standing->epoch, events->epoch.at, EPOCH_SIZE) != 0;
    ret_applied->is_behind_us =
        err == ERR_OK && is_first && !ret_applied->is_other_epoch && events->head < standing->cursor;
    if (err == ERR_OK && !ret_applied->is_other_epoch && !ret_applied->is_behind_us) {
        err = apply_events(&apply, events);
    }
    return replica_end(replica, err);
}
