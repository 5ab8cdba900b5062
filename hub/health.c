#include "hub/health.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#include "common/log.h"
#include "hub/store_health.h"

uint64_t disk_free(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

enum disk_state disk_judge(enum disk_state was, uint64_t free, uint64_t reserve)
{
    const uint64_t needed[DISK_STATES] = {[DISK_OK] = 2 * reserve, [DISK_LOW] = reserve};
    enum disk_state state = DISK_OK;
    while (state < DISK_FULL && free < needed[state] + (state < was ? needed[state] / 10 : 0)) {
        state++;
    }
    return state;
}

err_t health_look(struct store *store, const char *path, uint64_t reserve, int64_t now, bool *ret_is_news)
{
    static const char *const words[DISK_STATES] = {"ok", "low", "full"};
    uint64_t free = disk_free(path);
    enum disk_state was = DISK_OK;
    *ret_is_news = false;
    err_t err = store_disk_state(store, &was);
    enum disk_state state = disk_judge(was, free, reserve);
    if (err != ERR_OK || state == was) {
        return err;
    }
    err = store_begin(store);
    err = err == ERR_OK ? store_put_disk_state(store, state, words[state], free >> 20, now) : err;
    err = err == ERR_OK ? store_settle(store) : err;
    err = err == ERR_OK ? store_commit(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
        return err;
    }
    *ret_is_news = true;
    log_event(state == DISK_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "disk-state",
              "state=%s free_mib=%" PRIu64 " reserve_mib=%" PRIu64 " path=%s", words[state], free >> 20, reserve >> 20,
              path);
    return ERR_OK;
}
