/* hub/intake.h - from a decoded SUBMIT to a batch that the writer can store: hashes, the signature, each item's check
 * and projection. Pure, and the intake itself is only read: more than one thread may check. */
#ifndef HUB_INTAKE_H
#define HUB_INTAKE_H

#include "hub/mail.h"

struct intake {
    uint8_t hub_key[KEY_SIZE];
    const struct suite *suite; /* of the hub and its peers */
    int utc_offset_minutes;
};

/* What a SUBMIT says, as nobody has checked it, at next to no cost. Takes over FRAME's content (which SUBMIT points
 * into). NULL where no signature of that size fits any batch; then FRAME is as it was. */
struct batch *intake_take(const struct party *party, const struct party_key *key, const struct submit *submit,
                          zmq_msg_t *frame, int64_t now_ms);
/* The hashes, the signature by the key that the batch was taken with, and each item: a tenth of a millisecond, and some
 * microseconds for each item and KiB. False: the signature does not fit, and the batch is good for nothing. */
bool intake_check(const struct intake *intake, struct batch *batch);
/* Both; NULL when the signature does not fit. */
struct batch *intake_batch(const struct intake *intake, const struct party *party, const struct party_key *key,
                           const struct submit *submit, zmq_msg_t *frame, int64_t now_ms);

/* A batch of records that were stored before, for storing them anew: what they were taken for then is not asked again,
 * only what they say. ITEMS are copied. */
struct batch *intake_again(const struct intake *intake, const struct party *party, const struct view *items,
                           uint32_t count, int64_t at);

#endif
