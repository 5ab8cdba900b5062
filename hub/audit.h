/* hub/audit.h - whether a store is what its records make it.
 *
 * Every batch is read in commit order: its bytes against the hashes, the institution's signature over the hashes, the
 * hashes against the ledger. Its records are then stored anew in a store of the audit's own, where they lay and under
 * the times that they were taken at; at each head of the ledger both trees must have one root, and at the end both
 * stores must say the same of every record, every thread, what the province and the institutions are shown of them, and
 * every figure. What is gone or cannot be read is named, and the audit goes on to the end. The registry's rows and
 * those of clocks and deliveries are no records: they are copied, and the families `clock`, `completeness`, `notice`
 * and `issued` counted from them.
 *
 * Takes as much disk as the store, and memory that does not grow with it. */
#ifndef HUB_AUDIT_H
#define HUB_AUDIT_H

#include <signal.h>

#include "hub/store.h"

struct finding {
    const char *code;  /* record_changed, batch_unsigned, key_ended, head_differs, replay_differs, … */
    char subject[160]; /* what it is about */
    char detail[320];
};

struct audit_sums {
    uint64_t records, batches, heads, erased, findings;
    uint64_t unbound; /* of those erased: by an act that does not say what it left */
    uint64_t rows;    /* compared */
};

struct audit_order {
    const struct home *home;    /* of the hub */
    const struct home *scratch; /* an empty folder */
    const struct store_settings *settings;
    void (*on_finding)(void *self, const struct finding *finding);
    void *self;
    const volatile sig_atomic_t *is_ended; /* NULL: nobody ends it; otherwise set by a signal, and it ends early */
};

/* Err speaks of reading and of the scratch store alone: what is wrong with the audited one is found. */
MUST_CHECK err_t audit_run(const struct audit_order *order, struct audit_sums *ret_sums, char reterr_reason[256]);

#endif
