#include "hub/store_health.h"

#include <string.h>

#include "hub/store_clock.h"
#include "hub/store_sqlite.h"

static const char key[] = "disk";

err_t store_disk_state(struct store *store, enum disk_state *ret_state)
{
    sqlite3_stmt *get = store_statement(store, GET_META);
    db_bind_str(get, 1, key);
    err_t err = db_step(get);
    int64_t value = err == ERR_OK ? sqlite3_column_int64(get, 0) : DISK_OK;
    sqlite3_reset(get);
    *ret_state = value >= DISK_OK && value < DISK_STATES ? (enum disk_state)value : DISK_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t store_put_disk_state(struct store *store, enum disk_state state, const char *word, uint64_t free_mib, int64_t now)
{
    struct event event = {.type = EVENT_HUB_HEALTH};
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    event.health =
        (struct health_event){.at = now, .disk = {(const uint8_t *)word, strlen(word)}, .free_mib = free_mib};
    event_encode(&event, &buffer);
    err_t err = store_put_uplink_event(store, (struct view){(const uint8_t *)buffer.data, buffer.size});
    msgpack_sbuffer_destroy(&buffer);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *put = store_statement(store, PUT_META);
    db_bind_str(put, 1, key);
    sqlite3_bind_int64(put, 2, state);
    return db_run(put);
}
