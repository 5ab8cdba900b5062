/* agent/courier_note.h - what `status` and the log are told of the connection. The work does not depend on it. */
#ifndef AGENT_COURIER_NOTE_H
#define AGENT_COURIER_NOTE_H

#include "agent/spool_hub.h"
#include "proto/message.h"

struct notice {
    struct spool *spool; /* borrowed */
    struct connection connection;
    int64_t slowed_ms; /* monotonic: until when the hub asked to wait last; 0: it does not */
};

/* NEXT_TRY_MS as in struct connection. */
void notice_set(struct notice *notice, bool is_ready, const char *reason, int64_t next_try_ms);
/* Nothing is sent although the connection is up. */
void notice_refuse(struct notice *notice, const char *reason);
/* The hub takes what is sent, but not so fast. Told once, until a while has passed without it. */
void notice_slow(struct notice *notice, const struct refuse *refusal, int64_t wait_ms);
void notice_tick(struct notice *notice, int64_t now_monotonic);

/* What a WELCOME of the hub at ENDPOINT has changed, into the log. */
void note_welcome(const struct welcome_effect *effect, const char *endpoint);

#endif
