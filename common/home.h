/* common/home.h - the folder that holds one program's configuration, keys and data. */
#ifndef COMMON_HOME_H
#define COMMON_HOME_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/err.h"

enum { PATH_SIZE = 4096 };

struct home {
    char path[PATH_SIZE - 256];
};

/* --home, else $AGN_HOME, else ~/.PROGRAM. */
void home_resolve(const char *option, const char *program, struct home *ret_home);
/* Creates it with mode 0700 where absent. */
MUST_CHECK err_t home_create(const struct home *home, char reterr_reason[256]);
bool home_has(const struct home *home, const char *name);
void home_file(const struct home *home, const char *name, char ret_path[PATH_SIZE]);

/* Takes the lock file NAME for the life of the process; ERR_BUSY when another process has it. *ret_fd stays open. */
MUST_CHECK err_t home_lock(const struct home *home, const char *name, int *ret_fd);
/* The same, waiting for whoever has it: for what takes a moment and closes it again. */
MUST_CHECK err_t home_lock_wait(const struct home *home, const char *name, int *ret_fd);

/* Writes a file whole or not at all: temporary name, fsync, rename, fsync of the folder. Mode 0600, and the home's
 * owner's, as the lock files are, where root does it for him. */
MUST_CHECK err_t home_write(const struct home *home, const char *name, const void *bytes, size_t size);

/* The beginning of a file with a secret, at most SIZE bytes of it. ERR_INVALID, with the chmod to type, when others
 * than its owner may read or change it; ERR_NOT_FOUND when there is none. */
MUST_CHECK err_t file_read_private(const char *path, void *ret_bytes, size_t size, size_t *ret_size,
                                   char reterr_reason[256]);

/* Puts FROM in the place of TO, durably: TO is the one or the other, whatever happens. */
MUST_CHECK err_t home_rename(const struct home *home, const char *from, const char *to);

#endif
