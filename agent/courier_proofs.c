#include "agent/courier_proofs.h"

#include <inttypes.h>

#include "agent/spool_hub.h"
#include "common/log.h"
#include "common/text.h"

/* Half of what the hub allows to be under way, since answers may come late. */
enum { QUESTIONS = 8, ANSWER_MS = 30000, AGAIN_MS = 5000, AGAIN_MOST_MS = 3600000, LOOK_EVERY_MS = 300000 };

void prover_init(struct prover *prover, struct spool *spool, const struct signing_key *key)
{
    *prover = (struct prover){.spool = spool, .key = key};
}

void prover_reset(struct prover *prover, bool is_able)
{
    prover->is_able = prover->is_busy = is_able;
    prover->waiting = 0;
    prover->after = 0;
    prover->due_ms = 0;
}

void prover_look(struct prover *prover)
{
    prover->is_busy = prover->is_able;
    prover->after = 0;
    prover->due_ms = 0;
}

/* From the beginning, after a while. */
static void put_off(struct prover *prover, int64_t wait_ms)
{
    prover->waiting = 0;
    prover->after = 0;
    prover->due_ms = clock_monotonic_ms() + wait_ms;
}

static void ask(struct prover *prover, struct link *link)
{
    uint64_t numbers[QUESTIONS];
    size_t count = 0;
    err_t err = spool_unplaced(prover->spool, prover->after, numbers, QUESTIONS, &count);
    if (err != ERR_OK) {
        log_warn("spool-unreadable", "err=\"%s\" retry_ms=%d", err_text(err), AGAIN_MS);
        put_off(prover, AGAIN_MS);
        return;
    }
    if (count == 0) {
        prover->is_busy = false;
        put_off(prover, LOOK_EVERY_MS);
        return;
    }
    prover->is_busy = true;
    prover->asked_ms = clock_monotonic_ms();
    for (size_t i = 0; i < count && link_prove(link, numbers[i], 0, 0) == ERR_OK; i++) {
        prover->after = numbers[i];
        prover->waiting++;
    }
}

void prover_tick(struct prover *prover, struct link *link)
{
    int64_t now = clock_monotonic_ms();
    if (prover->waiting > 0 && now - prover->asked_ms > ANSWER_MS) {
        log_warn("proof-unanswered", "questions=%" PRIu32 " retry_ms=%d", prover->waiting, LOOK_EVERY_MS);
        put_off(prover, LOOK_EVERY_MS);
    }
    if (prover->is_able && prover->waiting == 0 && now >= prover->due_ms) {
        ask(prover, link);
    }
}

void prover_take(struct prover *prover, struct link *link, const struct ledger_proof *proof,
                 const struct tree_head *head)
{
    prover->waiting -= prover->waiting > 0; /* one that was given up may answer late */
    err_t err = spool_take_proof(prover->spool, proof, head, prover->key);
    if (err == ERR_OK) {
        log_info("proof", "number=%" PRIu64 " ledger=%" PRIu64, proof->number, head->size);
    } else if (err == ERR_INVALID) {
        log_error("proof-unfit",
                  "number=%" PRIu64 " ledger=%" PRIu64
                  " text=\"what the hub shows of its ledger does not hold our record under its number\" ignoring it",
                  proof->number, head->size);
    } else if (err == ERR_NOT_FOUND) {
        log_debug("proof-late", "number=%" PRIu64 " it is not waited for any more; ignoring it", proof->number);
    } else {
        log_error("proof-not-noted", "number=%" PRIu64 " err=\"%s\" retry_ms=%d", proof->number, err_text(err),
                  AGAIN_MS);
        put_off(prover, AGAIN_MS);
    }
    prover_tick(prover, link);
}

void prover_refused(struct prover *prover, const struct refuse *refusal)
{
    if (prover->waiting > 0) {
        int64_t wait = refusal->after_ms < AGAIN_MOST_MS ? (int64_t)refusal->after_ms : AGAIN_MOST_MS;
        put_off(prover, wait > AGAIN_MS ? wait : AGAIN_MS);
    }
}

bool prover_is_busy(const struct prover *prover)
{
    return prover->is_busy;
}
