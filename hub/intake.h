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

/* What stands at one position of a batch that was stored before. */
struct kept_item {
    size_t offset, size; /* in its bytes; of no size: the record is gone, or was not stored */
    bool has_number;
    uint8_t hash[RECORD_HASH_SIZE]; /* as it was signed */
};
struct kept_batch {
    int64_t id, at;
    struct view bytes;
    uint32_t count;
    struct kept_item items[BATCH_ITEMS_MAX];
};

/* For storing it anew, where it lay: what its records were taken for then is not asked again, only what they say. The
 * bytes are copied. */
struct batch *intake_again(const struct intake *intake, const struct party *party, const struct kept_batch *kept);

#endif
