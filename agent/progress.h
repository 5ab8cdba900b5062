/* agent/progress.h - how far each matter has come, in one vocabulary for every screen.
 *
 * accepted here → received by the city → filed → read → decided (and rejected, corrected, discarded, of what the city
 * did not take). Each word stands for evidence: the spool, the hub's receipt, and then the records of an authority that
 * the inbox holds. A receipt alone is never more than `received`. A word is passed over where no record says it. */
#ifndef AGENT_PROGRESS_H
#define AGENT_PROGRESS_H

#include "agent/spool.h"

struct progress;

/* A record of this institution, within its matter. */
struct matter_record {
    uint8_t id[RECORD_ID_SIZE];
    uint8_t root[RECORD_ID_SIZE]; /* the first record of the matter */
    uint8_t parent[RECORD_ID_SIZE];
    bool has_parent;
    uint64_t seq, number; /* number 0: no receipt yet */
    enum item_state state;
    uint64_t next; /* number of the next record with content in the matter: what is said from then on is said of that */
    bool is_withdrawn;
    const struct kind *kind;
};

/* What an authority said of a matter. */
struct matter_event {
    uint8_t id[RECORD_ID_SIZE];
    uint8_t root[RECORD_ID_SIZE];
    uint64_t number;
    int64_t row;      /* in the inbox */
    int stage;        /* enum progress_stage */
    char outcome[32]; /* the state of the matter after it, as its life names it */
    const struct kind *kind;
};

enum progress_stage { STAGE_NONE, STAGE_FILED, STAGE_READ, STAGE_DECIDED, STAGES };

struct progress_word {
    const char *code, *label;
    const char *outcome, *outcome_label; /* NULL: nothing is known */
};

/* Reads the inbox, and, where it holds an authority's word or ALWAYS, every record of the spool. The caller closes it.
 */
MUST_CHECK err_t progress_open(struct spool *spool, bool always, struct progress **ret_progress);
void progress_close(struct progress *progress); /* takes NULL */

void progress_of(const struct progress *progress, const struct item *item, struct progress_word *ret_word);
/* How many received records have come to each stage beyond `received`. */
void progress_counts(const struct progress *progress, uint64_t ret_counts[STAGES]);
/* NULL for STAGE_NONE. */
const char *stage_code(int stage);
const char *stage_label(int stage);
/* Which stage a record of an authority brings the matter to. */
int stage_of(const struct kind *kind, const char *action);
/* -1: no such code. */
int stage_of_code(const char *code);

/* NULL: none such. */
const struct matter_record *progress_find(const struct progress *progress, const uint8_t id[RECORD_ID_SIZE]);
/* The newest record of the matter that carries content and was not rejected. */
const struct matter_record *progress_newest(const struct progress *progress, const uint8_t root[RECORD_ID_SIZE]);
/* Also by a withdrawal that still waits for its receipt. */
bool progress_is_withdrawn(const struct progress *progress, const uint8_t root[RECORD_ID_SIZE]);
/* The newest event of this kind in the matter, or by its own id where ROOT is that. */
const struct matter_event *progress_event(const struct progress *progress, const uint8_t root[RECORD_ID_SIZE],
                                          int kind_number);

#endif
