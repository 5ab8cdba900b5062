/* hub/intake.h - from a decoded SUBMIT to a batch that the writer can store: hashes, the signature, each item's check
 * and projection. Pure. */
#ifndef HUB_INTAKE_H
#define HUB_INTAKE_H

#include "hub/mail.h"

struct intake {
    uint8_t hub_key[KEY_SIZE];
    const struct suite *suite; /* of the hub and its peers */
    int utc_offset_minutes;
};

/* NULL when the signature does not fit KEY, the party's for this session. Takes over FRAME's content (which SUBMIT
 * points into) on success. */
struct batch *intake_batch(const struct intake *intake, const struct party *party, const struct party_key *key,
                           const struct submit *submit, zmq_msg_t *frame, int64_t now_ms);

/* A batch of records that were stored before, for storing them anew: what they were taken for then is not asked again,
 * only what they say. ITEMS are copied. */
struct batch *intake_again(const struct intake *intake, const struct party *party, const struct view *items,
                           uint32_t count, int64_t at);

#endif
