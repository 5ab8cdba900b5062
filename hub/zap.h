/* hub/zap.h - ZeroMQ authentication (RFC 27/ZAP), answered from memory: 200, 300 (not now) or 400. */
#ifndef HUB_ZAP_H
#define HUB_ZAP_H

#include "hub/gate.h"

#define ZAP_DOMAIN_SESSIONS "agn"
#define ZAP_DOMAIN_ENROL    "agn-enrol"

/* Whether a party's new connections are to be turned away for now. */
struct bar {
    bool (*is_barred)(void *self, int64_t party);
    void *self;
};

/* Answers every request that waits on the REP socket. The user id is PARTY/KEY, the rows of both, for sessions, the key
 * in hex for enrolment. */
void zap_answer(void *rep, struct gate *gate, const struct bar *bar);

#endif
