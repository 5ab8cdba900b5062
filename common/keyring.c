#include "common/keyring.h"

#include <string.h>
#include <sys/stat.h>

#include "common/identity_file.h"
#include "common/log.h"

static void mark_files(const struct home *home, struct file_mark ret_marks[2])
{
    static const char *const names[] = {IDENTITY_FILE, IDENTITY_NEXT_FILE};
    memset(ret_marks, 0, 2 * sizeof *ret_marks);
    for (int i = 0; i < 2; i++) {
        char path[PATH_SIZE];
        struct stat info;
        home_file(home, names[i], path);
        if (stat(path, &info) == 0) {
            ret_marks[i].device = info.st_dev;
            ret_marks[i].inode = info.st_ino;
            ret_marks[i].changed_ns = (int64_t)info.st_ctim.tv_sec * 1000000000 + info.st_ctim.tv_nsec;
        }
    }
}

err_t keyring_open(const struct home *home, struct keyring *ret_keyring, char reterr_reason[256])
{
    memset(ret_keyring, 0, sizeof *ret_keyring);
    ret_keyring->home = home;
    /* The marks first: a change in between is seen as one. */
    mark_files(home, ret_keyring->marks);
    err_t err = identity_load(home, &ret_keyring->current, reterr_reason);
    if (err != ERR_OK) {
        return err;
    }
    err = identity_load_next(home, &ret_keyring->next, reterr_reason);
    ret_keyring->has_next = err == ERR_OK;
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        keyring_done(ret_keyring);
        return err;
    }
    return ERR_OK;
}

bool keyring_refresh(struct keyring *keyring)
{
    struct file_mark marks[2];
    struct keyring fresh;
    char reason[256];
    mark_files(keyring->home, marks);
    if (memcmp(marks, keyring->marks, sizeof marks) == 0) {
        return false;
    }
    if (keyring_open(keyring->home, &fresh, reason) != ERR_OK) {
        log_error("keys-unread", "reason=\"%s\" going on with the former", reason);
        return false;
    }
    bool is_other = memcmp(fresh.current.curve_public, keyring->current.curve_public, KEY_SIZE) != 0;
    *keyring = fresh;
    keyring_done(&fresh);
    return is_other;
}

void keyring_done(struct keyring *keyring)
{
    identity_done(&keyring->current);
    identity_done(&keyring->next);
    keyring->has_next = false;
}
