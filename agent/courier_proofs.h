/* agent/courier_proofs.h - asks the hub where records stand in its ledger whose receipt does not prove it: those that
 * it had stored before, so that the first receipt was lost (PROTOCOL.md §10).
 *
 * First of all in a session it asks whether the hub's ledger goes on from the last head that came with a receipt
 * before, and from those of earlier sessions that ended without an answer. It does not where the hub was put back from
 * an older copy, or lost records in another way: then all that it had confirmed goes again.
 *
 * All of them are gone through once in each session, whenever a new one comes, and every few minutes; a few questions
 * are under way at a time. An answer that does not hold changes nothing: the record is asked for again the next time.
 */
#ifndef AGENT_COURIER_PROOFS_H
#define AGENT_COURIER_PROOFS_H

#include "agent/spool.h"
#include "common/link.h"

struct prover {
    struct spool *spool;
    const struct signing_key *key; /* the hub's */
    bool is_able;                  /* there is a session, and its hub answers such questions */
    bool is_busy;                  /* there may be records that were not asked for yet */
    uint32_t waiting;              /* questions without an answer */
    bool is_comparing;             /* whether the ledger goes on is not known yet */
    bool has_known;                /* `known` is read */
    bool may_answer_late;          /* whether it goes on from `known`: then it is asked of no other in this session */
    int64_t known_row;             /* for spool_close_head() */
    struct tree_head known;        /* from which it must go on */
    uint64_t after;                /* the records up to this number have been asked for */
    int64_t asked_ms;              /* monotonic, as below */
    int64_t due_ms;                /* not before */
};

/* SPOOL and KEY are borrowed for the prover's life. */
void prover_init(struct prover *prover, struct spool *spool, const struct signing_key *key);
/* A new session, whose WELCOME the spool has taken, or none. */
void prover_reset(struct prover *prover, bool is_able);
/* There is a new record to ask for. */
void prover_look(struct prover *prover);
/* For every 250 ms of a session: asks where something is due. */
void prover_tick(struct prover *prover, struct link *link);
/* HEAD's signature has been verified. True: there are records to send again. */
bool prover_take(struct prover *prover, struct link *link, const struct ledger_proof *proof,
                 const struct tree_head *head);
/* A REFUSE without a batch, which may be the answer to a question. */
void prover_refused(struct prover *prover, const struct refuse *refusal);
bool prover_is_busy(const struct prover *prover);

#endif
