#include "hub/health.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#include "common/log.h"
#include "hub/store_health.h"

enum { BETTER_MS = 60 * 1000 };

static const char *const words[ROOM_STATES] = {"ok", "low", "full"};

uint64_t disk_free(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

enum room room_judge(enum room was, uint64_t free, uint64_t reserve)
{
    const uint64_t needed[ROOM_STATES] = {[ROOM_OK] = 2 * reserve, [ROOM_LOW] = reserve};
    enum room state = ROOM_OK;
    while (state < ROOM_FULL && free < needed[state] + (state < was ? needed[state] / 10 : 0)) {
        state++;
    }
    return state;
}

static void tell_log(const struct health *health, const struct rooms *was, const struct rooms *is)
{
    if (is->disk != was->disk) {
        log_event(is->disk == ROOM_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "disk-state",
                  "state=%s free_mib=%" PRIu64 " reserve_mib=%" PRIu64 " path=%s", words[is->disk], is->disk_free >> 20,
                  health->reserve >> 20, health->path);
    }
    if (is->connections != was->connections) {
        log_event(is->connections == ROOM_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "connections-state",
                  "state=%s free=%" PRIu64 " most=%" PRIu64, words[is->connections], is->connections_free,
                  health->connections_most);
    }
}

static err_t tell(struct store *store, const struct rooms *rooms, int64_t now)
{
    err_t err = store_begin(store);
    err = err == ERR_OK ? store_put_rooms(store, rooms, words[rooms->disk], words[rooms->connections], now) : err;
    err = err == ERR_OK ? store_settle(store) : err;
    err = err == ERR_OK ? store_commit(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
    }
    return err;
}

/* Better news of the connections wait: a flood comes and goes. */
static enum room judge_connections(const struct health *health, enum room was, int64_t now)
{
    bool is_soon = health->told_at > 0 && now >= health->told_at && now - health->told_at < BETTER_MS;
    enum room is =
        health->connections_most > 0 ? room_judge(was, health->connections_free, health->connections_most / 10) : was;
    return is < was && is_soon ? was : is;
}

err_t health_look(struct store *store, struct health *health, int64_t now, bool *ret_is_news)
{
    struct rooms was;
    struct rooms is = {.disk_free = disk_free(health->path), .connections_free = health->connections_free};
    *ret_is_news = false;
    err_t err = store_get_rooms(store, &was);
    is.disk = room_judge(was.disk, is.disk_free, health->reserve);
    is.connections = judge_connections(health, was.connections, now);
    if (err != ERR_OK || (is.disk == was.disk && is.connections == was.connections)) {
        return err;
    }
    err = tell(store, &is, now);
    if (err == ERR_OK) {
        health->told_at = now;
        *ret_is_news = true;
        tell_log(health, &was, &is);
    }
    return err;
}
