/* common/passphrase.h - where the passphrase of sealed keys comes from: the file that the command line names, else
 * systemd's credential `passphrase`, else the terminal, without echo. */
#ifndef COMMON_PASSPHRASE_H
#define COMMON_PASSPHRASE_H

#include <stddef.h>

#include "proto/reader.h"

enum { PASSPHRASE_MIN = 8, PASSPHRASE_MAX = 1024 };

struct passphrase {
    char text[PASSPHRASE_MAX + 2];
    size_t size;
};

/* FILE, which may be a descriptor's /dev/fd/N, is asked before all else; NULL: there is none. Of this process. */
void passphrase_from(const char *file);

/* The first line of its source. ERR_NOT_FOUND when there is none and no terminal. */
MUST_CHECK err_t passphrase_get(struct passphrase *ret_passphrase, char reterr_reason[256]);
/* One to seal with: of at least PASSPHRASE_MIN bytes; a terminal is asked twice. */
MUST_CHECK err_t passphrase_choose(struct passphrase *ret_passphrase, char reterr_reason[256]);
struct view passphrase_view(const struct passphrase *passphrase);
void passphrase_done(struct passphrase *passphrase);

#endif
