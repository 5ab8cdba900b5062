#include "agent/courier_proofs.h"

#include <inttypes.h>
#include <string.h>

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
    prover->is_able = prover->is_busy = prover->is_comparing = is_able;
    prover->has_known = prover->may_answer_late = false;
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

static void tell_not_noted(struct prover *prover, uint64_t number, err_t err)
{
    log_error("proof-not-noted", "number=%" PRIu64 " err=\"%s\" retry_ms=%d", number, err_name(err), AGAIN_MS);
    put_off(prover, AGAIN_MS);
}

/* False where there is nothing to compare, and what is unplaced may be asked for. */
static bool ask_for_ledger(struct prover *prover, struct link *link)
{
    if (!prover->has_known) {
        err_t err = prover->may_answer_late ? ERR_NOT_FOUND
                                            : spool_next_head(prover->spool, &prover->known_row, &prover->known);
        if (err != ERR_OK && err != ERR_NOT_FOUND) {
            log_warn("spool-unreadable", "err=\"%s\" retry_ms=%d", err_name(err), AGAIN_MS);
            put_off(prover, AGAIN_MS);
            return true;
        }
        prover->has_known = prover->is_comparing = err == ERR_OK;
    }
    if (!prover->is_comparing) {
        return false;
    }
    prover->asked_ms = clock_monotonic_ms();
    prover->waiting += link_prove(link, 0, 0, prover->known.size) == ERR_OK;
    return true;
}

static bool goes_on(const struct prover *prover, const struct ledger_proof *proof, const struct tree_head *head)
{
    const struct tree_head *known = &prover->known;
    if (head->size == known->size) {
        return memcmp(head->root, known->root, MERKLE_HASH_SIZE) == 0;
    }
    return head->size > known->size &&
           merkle_check_consistency(signing_key_suite(prover->key), known->size, known->root, head->size, head->root,
                                    proof->consistency);
}

/* There may be another. */
static void close_known(struct prover *prover)
{
    err_t err = spool_close_head(prover->spool, prover->known_row);
    prover->has_known = err != ERR_OK;
    if (err != ERR_OK) {
        tell_not_noted(prover, 0, err);
    }
}

/* True: it does not go on. */
static bool compare(struct prover *prover, const struct ledger_proof *proof, const struct tree_head *head)
{
    const struct tree_head *known = &prover->known;
    uint64_t count = 0;
    if (!prover->has_known) {
        return false;
    }
    if (memcmp(head->epoch, known->epoch, EPOCH_SIZE) != 0) {
        log_error("proof-unfit",
                  "number=0 ledger=%" PRIu64
                  " text=\"what the hub shows is the ledger of another store than its session's\" "
                  "retry_ms=%d",
                  head->size, LOOK_EVERY_MS);
        put_off(prover, LOOK_EVERY_MS);
        return false;
    }
    if (goes_on(prover, proof, head)) {
        close_known(prover);
        return false;
    }
    err_t err = spool_send_all_again(prover->spool, &count);
    log_error("hub-behind",
              "known=%" PRIu64 " ledger=%" PRIu64 " sent_again=%" PRIu64
              " noted=\"%s\" text=\"the hub's ledger does not go on from what it has confirmed: a backup was put back? "
              "all that it confirmed is sent again\"",
              known->size, head->size, count, err_name(err));
    prover->has_known = prover->is_comparing = err != ERR_OK;
    if (err != ERR_OK) {
        put_off(prover, AGAIN_MS);
    }
    return err == ERR_OK;
}

static void ask(struct prover *prover, struct link *link)
{
    if (prover->is_comparing && ask_for_ledger(prover, link)) {
        return;
    }
    uint64_t numbers[QUESTIONS];
    size_t count = 0;
    err_t err = spool_unplaced(prover->spool, prover->after, numbers, QUESTIONS, &count);
    if (err != ERR_OK) {
        log_warn("spool-unreadable", "err=\"%s\" retry_ms=%d", err_name(err), AGAIN_MS);
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
        prover->may_answer_late = prover->may_answer_late || prover->is_comparing;
        put_off(prover, LOOK_EVERY_MS);
    }
    if (prover->is_able && prover->waiting == 0 && now >= prover->due_ms) {
        ask(prover, link);
    }
}

static void take_place(struct prover *prover, const struct ledger_proof *proof, const struct tree_head *head)
{
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
        tell_not_noted(prover, proof->number, err);
    }
}

bool prover_take(struct prover *prover, struct link *link, const struct ledger_proof *proof,
                 const struct tree_head *head)
{
    bool has_more = false;
    prover->waiting -= prover->waiting > 0; /* one that was given up may answer late */
    if (proof->number == 0) {
        has_more = compare(prover, proof, head);
    } else {
        take_place(prover, proof, head);
    }
    prover_tick(prover, link);
    return has_more;
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
