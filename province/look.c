#include "province/look.h"

#include <string.h>

#include "common/text.h"
#include "province/hubs.h"

/* Whose membership was removed is shown no more: its figures would be counted beside those of whoever took its place.
 */
static err_t show_members(struct look *look)
{
    int64_t hubs[HUBS_MAX];
    size_t count = 0;
    err_t err = hubs_numbers(look->home, hubs, &count);
    if (err == ERR_OK) {
        replica_set_members(look->replica, hubs, count);
    }
    return err;
}

bool look_open(const struct home *home, struct look *ret_look)
{
    char reason[512];
    memset(ret_look, 0, sizeof *ret_look);
    ret_look->home = home;
    ret_look->out = stdout;
    if (settings_load(home, &ret_look->settings, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    log_set_level(ret_look->settings.log_level);
    if (!home_has(home, REPLICA_FILE)) {
        complain(tr("%s holds no figures yet: join a hub (agn-province join LINK) and start agn-province run",
                    "%s 中还没有数据：请先加入枢纽（agn-province join LINK），再启动 agn-province run"),
                 home->path);
    }
    if (replica_open(home, false, &ret_look->replica, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    ret_look->db = replica_db(ret_look->replica);
    if (show_members(ret_look) != ERR_OK) {
        complain(tr("the folder %s/hubs cannot be used", "文件夹 %s/hubs 不可用"), home->path);
        look_close(ret_look);
        return false;
    }
    return true;
}

void look_close(struct look *look)
{
    replica_close(look->replica);
    look->replica = NULL;
}

int look_failed(err_t err)
{
    complain(tr("the replica could not be read: %s", "无法读取本地副本：%s"), err_text(err));
    return EXIT_REFUSED;
}
