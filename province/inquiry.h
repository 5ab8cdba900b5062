/* province/inquiry.h - one hub asked for the heads of its ledger, and what it answers held to what it signed before.
 *
 *   On each new session, when the events have caught up, and every `witness_ms` while events come, PROVE asks for the
 *   newest head and for the proof that it goes on with the last one kept, by whichever of the hub's keys that is. After
 *   an answer, heads that somebody else was shown, and that of the last receipt, are held to the ledger that it shows,
 *   be that the last one's or not. An answer that does not hold is an alarm (province/witness.h). One question is under
 * way at a time. */
#ifndef PROVINCE_INQUIRY_H
#define PROVINCE_INQUIRY_H

#include "common/link.h"
#include "province/witness.h"

/* The hub has another ledger than it showed or confirmed to this province, in the same epoch: it was put back, or
 * changed. What was read from it, and sent to it, is to be done again. Called before the alarm is raised, so that a
 * crash between repeats it, and again where it fails. */
typedef err_t inquiry_lost_fn(void *self, const uint8_t epoch[EPOCH_SIZE]);

/* The hub has shown no head SINCE then although it was asked; 0: it does. Called again where it fails. */
typedef err_t inquiry_silent_fn(void *self, int64_t since);

struct inquiry_config {
    struct witness *witness;
    int64_t hub;
    const struct signing_key *key; /* the hub's */
    inquiry_lost_fn *on_lost;
    inquiry_silent_fn *on_silent;
    void *self; /* for both */
};

struct inquiry {
    struct inquiry_config config;
    bool is_open;  /* the session's hub has a ledger to ask for */
    bool is_first; /* the next answer is the session's first */
    uint8_t epoch[EPOCH_SIZE];
    int64_t ready_at;    /* monotonic: this session's beginning */
    int64_t owed_since;  /* monotonic; 0: what was asked for has come, in whichever session */
    uint32_t evasions;   /* sessions one after the other that ended before the answer came */
    bool is_silent_told; /* by on_silent, as is the next */
    bool is_shown_told;
    bool is_due;
    int64_t due_at;   /* monotonic, where due: not before */
    int64_t asked_at; /* monotonic; 0: nothing is under way */
    uint64_t asked;   /* the number that the answer repeats */
    bool has_last;
    struct kept_head last;  /* as it was when the question was put */
    struct kept_head shown; /* the newest, by the answer: it need not go on with the last */
    struct told_head told;  /* waited before the newest head was asked for, which is thus no older; id 0: none did */
    bool is_about_told;     /* the question that is under way */
};

/* What CONFIG points to is borrowed for the inquiry's life. */
void inquiry_init(struct inquiry *inquiry, const struct inquiry_config *config);
/* A new session: what was asked in the old one is not answered any more. */
void inquiry_ready(struct inquiry *inquiry, const struct welcome *welcome);
/* The ledger may have grown. */
void inquiry_stir(struct inquiry *inquiry);
/* ... and the answer is wanted now. */
void inquiry_urge(struct inquiry *inquiry);
/* Asks where it is due. */
void inquiry_pump(struct inquiry *inquiry, struct link *link, int64_t interval_ms);
void inquiry_answer(struct inquiry *inquiry, struct link *link, const struct ledger_proof *proof, int64_t interval_ms);

#endif
