#include "province/inquiry.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"

/* A hub that cannot read its ledger answers nothing. What others were shown is two questions each, and a hub refuses
 * more than 1,200 a minute (hub/rates.c). */
enum { ANSWER_MS = 30000, UNWRITTEN_MS = 5000, GRACE_MS = 5000, EVASIONS_MAX = 3, TOLD_MS = 110 };

static const uint64_t BEYOND = UINT64_C(1) << 62;

void inquiry_init(struct inquiry *inquiry, const struct inquiry_config *config)
{
    *inquiry = (struct inquiry){.config = *config};
}

static void tell_silent(struct inquiry *inquiry, int64_t now)
{
    int64_t since = clock_ms() - (now - inquiry->owed_since);
    inquiry->is_silent_told = inquiry->config.on_silent(inquiry->config.self, since) == ERR_OK;
    inquiry->is_shown_told = false;
}

static void tell_shown(struct inquiry *inquiry)
{
    inquiry->is_shown_told = inquiry->config.on_silent(inquiry->config.self, 0) == ERR_OK;
    inquiry->is_silent_told = false;
}

void inquiry_ready(struct inquiry *inquiry, const struct welcome *welcome)
{
    inquiry->ready_at = clock_monotonic_ms();
    inquiry->evasions += inquiry->asked_at > 0;
    inquiry->asked_at = 0;
    inquiry->is_first = true;
    inquiry->is_open = welcome->has_proofs && welcome->epoch.size == EPOCH_SIZE;
    if (inquiry->is_open) {
        memcpy(inquiry->epoch, welcome->epoch.at, EPOCH_SIZE);
    } else {
        log_warn("witness-blind", "hub=%" PRId64 " this hub proves nothing of its ledger: it needs an update",
                 inquiry->config.hub);
        inquiry->owed_since = inquiry->owed_since > 0 ? inquiry->owed_since : inquiry->ready_at;
        tell_silent(inquiry, inquiry->ready_at);
    }
    if (!inquiry->is_silent_told && inquiry->evasions >= EVASIONS_MAX) {
        tell_silent(inquiry, inquiry->ready_at);
    }
    inquiry_urge(inquiry);
}

void inquiry_stir(struct inquiry *inquiry)
{
    inquiry->is_due = true;
}

void inquiry_urge(struct inquiry *inquiry)
{
    inquiry->is_due = true;
    inquiry->due_at = 0;
}

/* Nothing is believed or lost: the question is put again later. */
static void postpone(struct inquiry *inquiry, err_t err)
{
    log_error("witness-unwritten", "hub=%" PRId64 " text=\"%s\" trying again", inquiry->config.hub, err_name(err));
    inquiry->asked_at = 0;
    inquiry->is_due = true;
    inquiry->due_at = clock_monotonic_ms() + UNWRITTEN_MS;
}

/* The number lies beyond every ledger, so that nothing is proved of it: it tells a late answer from the one that is
 * waited for. */
static void ask(struct inquiry *inquiry, struct link *link, uint64_t size, uint64_t from)
{
    inquiry->asked = inquiry->asked < BEYOND ? BEYOND : inquiry->asked + 1;
    inquiry->is_due = link_prove(link, inquiry->asked, size, from) != ERR_OK;
    inquiry->asked_at = inquiry->is_due ? 0 : clock_monotonic_ms();
    inquiry->owed_since = inquiry->owed_since > 0 ? inquiry->owed_since : inquiry->asked_at;
}

static err_t look_up(struct inquiry *inquiry)
{
    err_t err = witness_last(inquiry->config.witness, inquiry->config.hub, inquiry->epoch, &inquiry->last);
    inquiry->has_last = err == ERR_OK;
    if (err == ERR_OK || err == ERR_NOT_FOUND) {
        err = witness_next_told(inquiry->config.witness, inquiry->config.hub, inquiry->epoch, &inquiry->told);
    }
    inquiry->told.id = err == ERR_OK ? inquiry->told.id : 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

void inquiry_pump(struct inquiry *inquiry, struct link *link, int64_t interval_ms)
{
    int64_t now = clock_monotonic_ms();
    /* Not by the time that it was away, and not by a session that ended before the answer was due: of such only many
     * one after the other say something. */
    if (!inquiry->is_silent_told && inquiry->owed_since > 0 && now - inquiry->owed_since > ANSWER_MS &&
        now - inquiry->ready_at > GRACE_MS) {
        tell_silent(inquiry, now);
    }
    if (inquiry->asked_at > 0 && now - inquiry->asked_at > ANSWER_MS) {
        log_error("witness-unanswered", "hub=%" PRId64 " the hub does not show its ledger; asking again",
                  inquiry->config.hub);
        inquiry->asked_at = 0;
        inquiry->is_due = true;
        inquiry->due_at = now + interval_ms;
    }
    if (!inquiry->is_open || inquiry->asked_at > 0 || !inquiry->is_due || now < inquiry->due_at) {
        return;
    }
    err_t err = look_up(inquiry);
    if (err != ERR_OK) {
        postpone(inquiry, err);
        return;
    }
    inquiry->is_about_told = false;
    ask(inquiry, link, 0, inquiry->has_last ? inquiry->last.head.size : 0);
}

static err_t raise_alarm(struct inquiry *inquiry, enum heads heads, const struct kept_head *known, const char *told_by,
                         const struct kept_head *later)
{
    const struct contradiction contradiction = {.heads = heads, .known = known, .later = later, .told_by = told_by};
    bool is_new = false;
    bool stands = false;
    /* Another epoch the follower and the outbox see for themselves. */
    bool is_ours = heads != HEADS_OTHER_STORE && (!told_by || strcmp(told_by, TOLD_BY_RECEIPT) == 0);
    err_t err = witness_stands(inquiry->config.witness, inquiry->config.hub, &contradiction, &stands);
    if (err == ERR_OK && !stands && is_ours) {
        err = inquiry->config.on_lost(inquiry->config.self, inquiry->epoch);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = witness_raise(inquiry->config.witness, inquiry->config.hub, &contradiction, clock_ms(), &is_new);
    if (err == ERR_OK && is_new) {
        log_error("ledger-alarm",
                  "hub=%" PRId64 " kind=%s known_size=%" PRIu64 " size=%" PRIu64
                  " two heads that the hub's keys have signed cannot both be true; both are kept: agn-province heads",
                  inquiry->config.hub, alarm_code(heads), known->head.size, later->head.size);
    }
    return err;
}

/* An alarm was cleared while the answer was under way: it was asked for the line before. */
static bool is_still_last(struct inquiry *inquiry)
{
    struct kept_head last;
    err_t err = witness_last(inquiry->config.witness, inquiry->config.hub, inquiry->epoch, &last);
    return inquiry->has_last ? err == ERR_OK && memcmp(last.bytes, inquiry->last.bytes, HEAD_SIZE) == 0
                             : err == ERR_NOT_FOUND;
}

/* What the old key showed here, of which no alarm has told; or HEAD itself, by a key that had leaked: of that each
 * session tells, for a hub that stays with it is held to less. */
static err_t look_for_old_key(struct inquiry *inquiry, const struct kept_head *head, bool is_doubtful)
{
    struct kept_head doubtful = *head;
    const struct kept_head *sound = is_doubtful && inquiry->has_last ? &inquiry->last : head;
    err_t err = is_doubtful ? ERR_OK : witness_doubtful(inquiry->config.witness, inquiry->config.hub, &doubtful);
    err = err == ERR_OK ? raise_alarm(inquiry, HEADS_OLD_KEY, &doubtful, NULL, sound) : err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The key that the hub signs with now is its own, by its own word, the signed head; and another one, that it signed
 * with before, is so no more. A key that has leaked can say neither. */
static err_t look_at_keys(struct inquiry *inquiry, const struct kept_head *head)
{
    struct witness *witness = inquiry->config.witness;
    int64_t hub = inquiry->config.hub;
    const struct kept_head *last = &inquiry->last;
    bool is_doubtful = false;
    err_t err = inquiry->is_first ? witness_reinstate(witness, hub, &head->key) : ERR_OK;
    err = err == ERR_OK ? witness_doubts(witness, hub, head, &is_doubtful) : err;
    if (err == ERR_OK && !is_doubtful && inquiry->has_last && !signing_key_equal(&last->key, &head->key)) {
        int64_t at = head->head.at > last->head.at ? head->head.at : last->head.at;
        err = witness_retire(witness, hub, &last->key, at, false);
    }
    if (err == ERR_OK && inquiry->is_first) {
        err = look_for_old_key(inquiry, head, is_doubtful);
        inquiry->is_first = err != ERR_OK;
    }
    return err;
}

static err_t hold_to_last(struct inquiry *inquiry, const struct kept_head *head, struct view consistency)
{
    enum heads heads = inquiry->has_last ? heads_compare(signing_key_suite(inquiry->config.key), &inquiry->last.head,
                                                         &head->head, consistency)
                                         : HEADS_AGREE;
    if (heads != HEADS_AGREE) {
        return raise_alarm(inquiry, heads, &inquiry->last, NULL, head);
    }
    err_t err = witness_keep(inquiry->config.witness, inquiry->config.hub, head, clock_ms());
    if (err == ERR_OK && (!inquiry->has_last || head->head.size > inquiry->last.head.size)) {
        inquiry->last = *head;
        inquiry->has_last = true;
    }
    return err;
}

/* The answer is the tree that was shown, with the proof from the told one to it: so it must agree with both. What
 * contradicts the last head has its alarm already. */
static err_t hold_to_told(struct inquiry *inquiry, const struct kept_head *head, struct view consistency)
{
    const struct suite *suite = signing_key_suite(inquiry->config.key);
    const struct told_head *told = &inquiry->told;
    enum heads with_shown = heads_compare(suite, &inquiry->shown.head, &head->head, (struct view){0});
    bool is_doubtful = false;
    err_t err = witness_doubts(inquiry->config.witness, inquiry->config.hub, &told->head, &is_doubtful);
    enum heads with_told =
        is_doubtful ? HEADS_OLD_KEY : heads_compare(suite, &told->head.head, &head->head, consistency);
    if (err == ERR_OK && with_shown != HEADS_AGREE) {
        err = raise_alarm(inquiry, with_shown, &inquiry->shown, NULL, head);
    }
    if (err == ERR_OK && with_told != HEADS_AGREE) {
        err = raise_alarm(inquiry, with_told, &told->head, told->told_by, head);
    }
    err = err == ERR_OK ? witness_settle_told(inquiry->config.witness, told->id, with_told, clock_ms()) : err;
    if (err == ERR_OK) {
        log_info("ledger-compared", "hub=%" PRId64 " size=%" PRIu64 " with=%" PRIu64 " agree=%s", inquiry->config.hub,
                 head->head.size, told->head.head.size, with_told == HEADS_AGREE ? "yes" : "no");
        inquiry->is_due = true; /* more may wait */
        inquiry->due_at = clock_monotonic_ms() + TOLD_MS;
    }
    return err;
}

void inquiry_answer(struct inquiry *inquiry, struct link *link, const struct ledger_proof *proof, int64_t interval_ms)
{
    struct kept_head head;
    if (inquiry->asked_at == 0 || proof->number != inquiry->asked ||
        kept_head_take(proof->head, proof->signature, signing_key_view(inquiry->config.key), &head) != ERR_OK ||
        memcmp(head.head.epoch, inquiry->epoch, EPOCH_SIZE) != 0) {
        log_error("witness-unfit", "hub=%" PRId64 " the answer is not to the question; ignoring it",
                  inquiry->config.hub);
        return;
    }
    inquiry->asked_at = 0;
    inquiry->owed_since = 0;
    inquiry->evasions = 0;
    if (!inquiry->is_shown_told) {
        tell_shown(inquiry); /* an earlier run may have told otherwise */
    }
    inquiry->due_at = clock_monotonic_ms() + interval_ms;
    if (!is_still_last(inquiry)) {
        inquiry_urge(inquiry);
        return;
    }
    err_t err = look_at_keys(inquiry, &head);
    if (err == ERR_OK) {
        err = inquiry->is_about_told ? hold_to_told(inquiry, &head, proof->consistency)
                                     : hold_to_last(inquiry, &head, proof->consistency);
    }
    if (err != ERR_OK) {
        postpone(inquiry, err);
    } else if (!inquiry->is_about_told && inquiry->told.id > 0) {
        inquiry->shown = head;
        inquiry->is_about_told = true;
        ask(inquiry, link, head.head.size, inquiry->told.head.head.size);
    }
}
