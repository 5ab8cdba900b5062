/* province/hubs.h - the hubs this province has joined: one membership file each, hubs/N.zpl. N names the hub in the
 * replica and is never given to another one. */
#ifndef PROVINCE_HUBS_H
#define PROVINCE_HUBS_H

#include "common/membership.h"

enum { HUBS_MAX = 1000 };

#define RUN_LOCK "run.lock"

struct hub_member {
    int64_t hub; /* N */
    struct membership membership;
};

/* The members in order of N; the caller frees *ret_members. A damaged file is reported through WARN (may be NULL) and
 * left out. */
MUST_CHECK err_t hubs_load(const struct home *home, struct hub_member **ret_members, size_t *ret_count,
                           void (*warn)(const char *reason));
/* N of every file there is, damaged ones too, in order. */
MUST_CHECK err_t hubs_numbers(const struct home *home, int64_t ret_numbers[HUBS_MAX], size_t *ret_count);
MUST_CHECK err_t hubs_save(const struct home *home, int64_t hub, const struct membership *membership,
                           char reterr_reason[256]);

/* membership_update() of the hub's file. */
MUST_CHECK err_t hubs_update(const struct home *home, int64_t hub, const struct membership *former,
                             const struct membership *membership);

/* Tells a running `run` to look again, at the folder, at the outbox or at the witness; false when none runs. */
enum wake { WAKE_HUBS = 'w', WAKE_OUTBOX = 'o', WAKE_WITNESS = 'e' };
bool hubs_wake(const struct home *home, enum wake what);
/* The FIFO behind it, made where absent, open for reading and writing; -1 when it cannot be made. */
int hubs_open_wake(const struct home *home);
/* Whether a `run` holds this home. */
bool hubs_is_running(const struct home *home);

#endif
