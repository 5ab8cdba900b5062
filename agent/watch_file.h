/* agent/watch_file.h - one file of the watched folder: accepted or refused, then moved. No thread, no clock of its own.
 */
#ifndef AGENT_WATCH_FILE_H
#define AGENT_WATCH_FILE_H

#include <sys/stat.h>

#include "agent/spool.h"

#define WATCH_DONE   "done"
#define WATCH_FAILED "failed"

struct watched {
    const struct home *home;
    const char *folder;
    struct spool *spool;
    const char *party;
    int utc_offset_minutes;
};

enum watch_outcome {
    WATCH_ACCEPTED,  /* and moved */
    WATCH_ALREADY,   /* the same bytes were accepted before: moved, with a note */
    WATCH_REFUSED,   /* moved, with the faults */
    WATCH_LATER,     /* a full disk, a busy spool, or it changed meanwhile: nothing was done */
    WATCH_STUCK,     /* its fate is decided, but it cannot be moved; it will not be filed twice */
    WATCH_MISPLACED, /* another file was moved in its stead, and cannot be put back */
    WATCH_GONE,
};

struct watch_report {
    enum watch_outcome outcome;
    /* When it was to be moved, its name was another file's, which was put back into the folder: under its name, or with
     * a number where that is taken. Nobody knows whether that one is complete. */
    bool is_replaced;
    size_t accepted, refused;
    uint64_t first_seq;
    err_t err; /* why later or stuck */
};

/* NAME is a regular file in the folder that looked like SEEN. */
void watch_take(const struct watched *watched, const char *name, const struct stat *seen,
                struct watch_report *ret_report);

/* done/ and failed/, with the folder's own permissions. False with errno set. */
bool watch_make_folders(const char *folder);

#endif
