/* hub/gate.h - who may come in: the registry in memory and the addresses that are locked out. Pure: no socket, the
 * clock is an argument.
 *
 * The store is the truth; the front loads it at start and is told of each change by the writer. */
#ifndef HUB_GATE_H
#define HUB_GATE_H

#include <openssl/evp.h>

#include "hub/mail.h"

enum { WRONG_CODES_MAX = 5, LOCK_OUT_MS = 60000, LOCK_ADDRESSES_MAX = 10000 };

struct gate;

struct gate *gate_open(void);
/* Takes NULL. */
void gate_close(struct gate *gate);

/* Takes in or replaces one party with its keys; the city speaks from within, and never comes in. */
void gate_put(struct gate *gate, const struct registrant *registrant);

/* Whose key it is. */
struct pass {
    int64_t party; /* row */
    bool is_active;
    struct party_key key;
};
/* NULL: nobody's. NOW_MS, the wall clock: also where the party is not active or the key is not good then. */
const struct pass *gate_find(struct gate *gate, const uint8_t curve_key[KEY_SIZE], int64_t now_ms);
/* Good or not. */
const struct pass *gate_known(struct gate *gate, const uint8_t curve_key[KEY_SIZE]);

/* Milliseconds until the address may try again; 0: it may. */
int64_t gate_locked_ms(struct gate *gate, const char *address, int64_t now_ms);
/* Counts a wrong code; the fifth locks the address out. */
void gate_wrong_code(struct gate *gate, const char *address, int64_t now_ms);
void gate_right_code(struct gate *gate, const char *address);

#endif
