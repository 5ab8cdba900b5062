/* common/keyring.h - a peer's own keys as its `run` has them: the current ones and, while a change is under way, the
 * next. What `key rotate` does to the files is seen by keyring_refresh(). */
#ifndef COMMON_KEYRING_H
#define COMMON_KEYRING_H

#include "common/identity.h"

struct keyring {
    const struct home *home;
    struct identity current;
    bool has_next;
    struct identity next;
    struct file_mark {
        uint64_t device, inode;
        int64_t changed_ns;
    } marks[2]; /* of the files, as they were read */
};

MUST_CHECK err_t keyring_open(const struct home *home, struct keyring *ret_keyring, char reterr_reason[256]);
/* Reads the files anew when they are other ones than were read. True when the current keys are other ones: new sessions
 * are due. Keys that cannot be read change nothing. */
bool keyring_refresh(struct keyring *keyring);
void keyring_done(struct keyring *keyring);

#endif
