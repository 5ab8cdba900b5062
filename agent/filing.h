/* agent/filing.h - records that a program hands over as text, for the local endpoint and for libagn.
 *
 * They are accepted as `submit` accepts a file; beside that, what becomes of each line is told, and the caller may keep
 * something of its own in the same transaction. */
#ifndef AGENT_FILING_H
#define AGENT_FILING_H

#include "agent/accept.h"

enum { FILING_SIZE_MAX = 1024 * 1024, FILING_LINES_MAX = 500 };

struct filing_line {
    size_t line;
    struct faults *faults; /* NULL: accepted */
};

struct filing {
    const struct home *home;
    struct spool *spool; /* borrowed, as are all of these */
    const char *party;
    int utc_offset_minutes;
    struct blob_source files; /* as in agent/accept.h */
    bool is_lines;            /* a record a line, each taken or refused by itself; else one record */
    const uint8_t *corrects;  /* as in agent/accept.h */
    /* Called inside the transaction that stores the records, or never; where it fails, nothing is stored. The accepted
     * lines have the numbers from accepted.first_seq on, in order. */
    err_t (*on_commit)(void *self, const struct filing *filing);
    void *self;

    struct accept_result accepted; /* filled by filing_take() */
    size_t count;
    struct filing_line *lines;
};

/* ERR_OK: what accepted.accepted counts is on disk, the rest is named in lines. ERR_INVALID: not just one record where
 * one was wanted, or none at all. ERR_TOO_LARGE: over FILING_SIZE_MAX bytes or FILING_LINES_MAX lines. Else as
 * accept_input(), or what on_commit said. Always to be followed by filing_done(). */
MUST_CHECK err_t filing_take(struct filing *filing, struct view text);
void filing_done(struct filing *filing);

#endif
