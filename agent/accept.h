/* agent/accept.h - from what a person wrote to what is in the spool.
 *
 * A file is taken whole or not at all, unless its good records are wanted anyway; a record gets its id and its number
 * here, once. */
#ifndef AGENT_ACCEPT_H
#define AGENT_ACCEPT_H

#include "agent/blobs.h"
#include "agent/input.h"
#include "agent/spool.h"

/* After so many refused records a file that is not to keep going is given up; what comes next is named as one more. */
enum { ACCEPT_REFUSED_MAX = 1000 };

struct accept_order {
    const struct home *home; /* where records wait while the rest is checked */
    struct spool *spool;
    int utc_offset_minutes;
    const char *party;
    bool keep_going;
    struct blob_source files; /* from where `attachments[].file` may be taken; none where it is left out */
    const uint8_t *corrects;  /* the id of a rejected item, or NULL */
    /* Called for each refused record, in order. */
    void (*on_refused)(void *self, size_t line, const struct faults *faults);
    void *self;
};

struct accept_result {
    size_t accepted; /* stored, and numbered from first_seq on */
    size_t refused;  /* named to on_refused */
    size_t good;     /* sound records, stored or not */
    uint64_t first_seq;
};

/* ERR_OK: the file was read, and what *ret_result counts as accepted is on disk. ERR_NOT_FOUND: no rejected item has
 * the id `corrects`. ERR_INVALID: `corrects` was given, and the file holds not just one record. Anything but ERR_OK:
 * nothing was stored. ERR_BUSY may also mean
 * that a file was gone again before the commit. */
MUST_CHECK err_t accept_input(const struct accept_order *order, struct input *input, struct accept_result *ret_result);

#endif
