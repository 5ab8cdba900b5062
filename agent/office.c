#include "agent/office.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("agn-agent: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void complain_spool(const struct office *office, const char *what, err_t err)
{
    const char *path = office->home->path;
    if (err == ERR_FULL) {
        complain(tr("%s: the disk that holds %s/%s is full; nothing was changed. Make room and do it again",
                    "%s：%s/%s 所在磁盘已满，未作任何更改。请清理空间后重试"),
                 what, path, SPOOL_FILE);
    } else if (err == ERR_BUSY) {
        complain(tr("%s: another process has been writing to %s/%s for too long; nothing was changed. Do it again",
                    "%s：其他进程占用 %s/%s 过久，未作任何更改。请重试"),
                 what, path, SPOOL_FILE);
    } else {
        complain(tr("%s: %s/%s cannot be used (%s); nothing was changed. Check the disk and its permissions",
                    "%s：%s/%s 不可用（%s），未作任何更改。请检查磁盘及其权限"),
                 what, path, SPOOL_FILE, err_text(err));
    }
}

bool office_open(const struct home *home, int busy_ms, struct office *ret_office)
{
    char reason[512];
    memset(ret_office, 0, sizeof *ret_office);
    ret_office->home = home;
    if (settings_load(home, &ret_office->settings, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    err_t err = membership_load(home, MEMBERSHIP_FILE, &ret_office->membership, reason);
    if (err == ERR_NOT_FOUND) {
        complain(tr("%s\n  first: agn-agent join LINK, with the link from the city's operator",
                    "%s\n  请先执行：agn-agent join LINK（链接由市级管理员提供）"),
                 reason);
        return false;
    }
    if (err != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    busy_ms = busy_ms > 0 ? busy_ms : (int)ret_office->settings.write_wait_s * 1000;
    err = spool_open(home, membership_suite(&ret_office->membership), busy_ms, &ret_office->spool, reason);
    if (err == ERR_INVALID) {
        complain("%s", reason);
    } else if (err != ERR_OK) {
        complain_spool(ret_office, reason, err);
    }
    return err == ERR_OK;
}

void office_close(struct office *office)
{
    spool_close(office->spool);
    office->spool = NULL;
}
