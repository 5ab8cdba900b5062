#include "province/look.h"

#include <string.h>

#include "common/text.h"

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
