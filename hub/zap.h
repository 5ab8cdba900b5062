/* hub/zap.h - ZeroMQ authentication (RFC 27/ZAP), answered from memory. Only 200 or 400. */
#ifndef HUB_ZAP_H
#define HUB_ZAP_H

#include "hub/gate.h"

#define ZAP_DOMAIN_SESSIONS "agn"
#define ZAP_DOMAIN_ENROL    "agn-enrol"

/* Answers every request that waits on the REP socket. The user id is PARTY/KEY, the rows of both, for sessions, the key
 * in hex for enrolment. */
void zap_answer(void *rep, struct gate *gate);

#endif
