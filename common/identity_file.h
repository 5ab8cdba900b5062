/* common/identity_file.h - identity.zpl, read and written: for identity.c and a fuzz target alone. */
#ifndef COMMON_IDENTITY_FILE_H
#define COMMON_IDENTITY_FILE_H

#include "common/identity.h"
#include "common/seal.h"

#define IDENTITY_FILE       "identity.zpl"
#define IDENTITY_NEXT_FILE  "identity-next.zpl"
#define IDENTITY_FRESH_FILE "identity-fresh.zpl"

/* What the file says, before any passphrase. */
struct kept {
    struct identity identity; /* the secrets are zeros where they are sealed */
    bool is_sealed;
    struct seal seal;
};

/* Of the file NAME. ERR_NOT_FOUND when there is none. */
MUST_CHECK err_t kept_read(const struct home *home, const char *name, struct kept *ret_kept, char reterr_reason[256]);
/* Where it is sealed the seal holds the secrets, and they are not written. */
MUST_CHECK err_t kept_write(const struct home *home, const char *name, const struct kept *kept,
                            char reterr_reason[256]);

#endif
