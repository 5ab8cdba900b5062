/* agent/stage.h - sound records on their way into the spool.
 *
 * Checking a long file takes long, and the spool may be held for a moment only; so records wait in an unnamed file in
 * the home until the whole input is read. They are complete but for the sequence number, which is given out in the
 * spool's transaction. */
#ifndef AGENT_STAGE_H
#define AGENT_STAGE_H

#include <stdio.h>

#include "agent/spool.h"

struct stage {
    FILE *file;
    char title[TITLE_SIZE];
    msgpack_sbuffer bytes; /* of the record that was read last */
};

/* An unnamed file in HOME, open for writing and reading; NULL with errno set where there is none. */
FILE *stage_file(const struct home *home);

MUST_CHECK err_t stage_open(const struct home *home, struct stage *ret_stage);
void stage_close(struct stage *stage);

/* RECORD has passed record_check() with any sequence number. */
MUST_CHECK err_t stage_put(struct stage *stage, const struct record *record);
/* All were put: reading begins. ERR_FULL where they did not reach the disk. */
MUST_CHECK err_t stage_rewind(struct stage *stage);
/* The next record, with SEQ in its place. Valid until the next call. ERR_NOT_FOUND at the end. */
MUST_CHECK err_t stage_next(struct stage *stage, uint64_t seq, struct acceptance *ret_acceptance);

/* What a person calls the record: its title or headline, else the kind. Returns OUT. */
const char *stage_title(const struct record *record, char out[TITLE_SIZE]);

#endif
