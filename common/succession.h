/* common/succession.h - a pair of keys names the one that takes its place (PROTOCOL.md §11). */
#ifndef COMMON_SUCCESSION_H
#define COMMON_SUCCESSION_H

#include "common/membership.h"
#include "proto/message.h"

/* SINCE: UTC ms; 0: at once. */
void successor_sign(const struct identity *former, const struct identity *next, int64_t since,
                    uint8_t ret_proof[SIGNATURE_SIZE]);
/* Whether the former pair has named this one, of the same suite. Every byte of SUCCESSOR may be hostile. */
bool successor_is_proved(const struct successor *successor, const uint8_t former_key[KEY_SIZE],
                         const struct signing_key *former_signing_key);

/* ---- the hub's keys that have leaked, as ENROLLED lists them ---- */

enum { LEAKS_SIZE_MAX = LEAKS_TOLD_MAX * (8 + SIGNING_KEY_MAX) };
size_t leaks_encode(const struct leak *leaks, size_t count, uint8_t ret_bytes[LEAKS_SIZE_MAX]);
/* Their number, of keys of this size; 0 where the bytes are no list of such. */
size_t leaks_decode(struct view bytes, size_t key_size, struct leak ret_leaks[LEAKS_TOLD_MAX]);

/* ---- a peer follows its hub ---- */

/* Notes the pair that WELCOME names, if the hub's own vouches for it. True when that was not known: save it. */
bool membership_note_successor(struct membership *membership, const struct successor *successor);
bool membership_has_successor(const struct membership *membership);
/* The hub has begun to use it. */
void membership_take_successor(struct membership *membership);
/* MEMBERSHIP is of a new join: where its hub is that of FORMER, by the pair in use or the announced one, it goes on
 * from there with all the keys that are known of it. False: it is another hub, or one whose keys nobody here vouches
 * for. */
bool membership_go_on(const struct membership *former, struct membership *membership);
/* MEMBERSHIP is of a new join, and FORMER of the one before: where a key that has leaked was the hub's in that, true;
 * and whatever stands behind it there is a leak too, for the leaked key alone has named it, unless the hub's grant has.
 */
bool membership_note_leaks(const struct membership *former, struct membership *membership);
/* Whether KEY is the hub's signing key, or was before one that it named itself. */
bool membership_trusts(const struct membership *membership, const struct signing_key *key);

#endif
