#include "hub/store_health.h"

#include <string.h>

#include "hub/store_clock.h"
#include "hub/store_sqlite.h"

static err_t get_room(struct store *store, const char *key, enum room *ret_room)
{
    sqlite3_stmt *get = store_statement(store, GET_META);
    db_bind_str(get, 1, key);
    err_t err = db_step(get);
    int64_t value = err == ERR_OK ? sqlite3_column_int64(get, 0) : ROOM_OK;
    sqlite3_reset(get);
    *ret_room = value >= ROOM_OK && value < ROOM_STATES ? (enum room)value : ROOM_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t put_room(struct store *store, const char *key, enum room room)
{
    sqlite3_stmt *put = store_statement(store, PUT_META);
    db_bind_str(put, 1, key);
    sqlite3_bind_int64(put, 2, room);
    return db_run(put);
}

err_t store_get_rooms(struct store *store, struct rooms *ret_rooms)
{
    *ret_rooms = (struct rooms){.disk = ROOM_OK};
    err_t err = get_room(store, "disk", &ret_rooms->disk);
    return err == ERR_OK ? get_room(store, "connections", &ret_rooms->connections) : err;
}

err_t store_put_rooms(struct store *store, const struct rooms *rooms, const char *disk, const char *connections,
                      int64_t now)
{
    struct event event = {.type = EVENT_HUB_HEALTH};
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    event.health = (struct health_event){.at = now,
                                         .disk = {(const uint8_t *)disk, strlen(disk)},
                                         .free_mib = rooms->disk_free >> 20,
                                         .connections = {(const uint8_t *)connections, strlen(connections)},
                                         .connections_free = rooms->connections_free};
    event_encode(&event, &buffer);
    err_t err = store_put_uplink_event(store, (struct view){(const uint8_t *)buffer.data, buffer.size});
    msgpack_sbuffer_destroy(&buffer);
    err = err == ERR_OK ? put_room(store, "disk", rooms->disk) : err;
    return err == ERR_OK ? put_room(store, "connections", rooms->connections) : err;
}
