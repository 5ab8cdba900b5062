#include "common/succession.h"

#include <string.h>

#include "common/text.h"

void successor_sign(const struct identity *former, const struct identity *next, int64_t since,
                    uint8_t ret_proof[SIGNATURE_SIZE])
{
    msgpack_sbuffer covered;
    msgpack_sbuffer_init(&covered);
    successor_signed_bytes(former->curve_public, next->curve_public, since, signing_key_view(&next->signing.key),
                           &covered);
    identity_sign(former, (struct view){(const uint8_t *)covered.data, covered.size}, ret_proof);
    msgpack_sbuffer_destroy(&covered);
}

bool successor_is_proved(const struct successor *successor, const uint8_t former_key[KEY_SIZE],
                         const struct signing_key *former_signing_key)
{
    struct signing_key key;
    const struct suite *suite = signing_key_suite(former_signing_key);
    if (successor->curve_key.size != KEY_SIZE || signing_key_take(successor->signing_key, &key) != ERR_OK ||
        signing_key_suite(&key) != suite || successor->since > INT64_MAX) {
        return false;
    }
    msgpack_sbuffer covered;
    msgpack_sbuffer_init(&covered);
    successor_signed_bytes(former_key, successor->curve_key.at, (int64_t)successor->since, successor->signing_key,
                           &covered);
    bool is_good = signature_check(former_signing_key, suite_label(suite),
                                   (struct view){(const uint8_t *)covered.data, covered.size}, successor->proof);
    msgpack_sbuffer_destroy(&covered);
    return is_good;
}

/* ---- a peer follows its hub ---- */

bool membership_has_successor(const struct membership *membership)
{
    return membership->next_hub_signing_key.size > 0;
}

bool membership_note_successor(struct membership *membership, const struct successor *successor)
{
    struct signing_key key;
    if (!successor_is_proved(successor, membership->hub_key, &membership->hub_signing_key) ||
        signing_key_take(successor->signing_key, &key) != ERR_OK) {
        return false;
    }
    bool is_known = signing_key_equal(&key, &membership->next_hub_signing_key) &&
                    memcmp(successor->curve_key.at, membership->next_hub_key, KEY_SIZE) == 0;
    memcpy(membership->next_hub_key, successor->curve_key.at, KEY_SIZE);
    membership->next_hub_signing_key = key;
    return !is_known;
}

void membership_take_successor(struct membership *membership)
{
    char *former = membership->former_hub_keys;
    char hex[2 * SIGNING_KEY_MAX + 1];
    hex_text(membership->hub_signing_key.bytes, membership->hub_signing_key.size, hex);
    size_t size = strlen(hex);
    while (size + 1 + strlen(former) >= FORMER_HUB_KEYS_SIZE) { /* the oldest goes */
        char *last = strrchr(former, ',');
        *(last ? last : former) = '\0';
    }
    memmove(former + size + 1, former, strlen(former) + 1);
    memcpy(former, hex, size);
    former[size] = former[size + 1] ? ',' : '\0';
    memcpy(membership->hub_key, membership->next_hub_key, KEY_SIZE);
    membership->hub_signing_key = membership->next_hub_signing_key;
    memset(membership->next_hub_key, 0, KEY_SIZE);
    membership->next_hub_signing_key = (struct signing_key){0};
}

bool membership_go_on(const struct membership *former, struct membership *membership)
{
    struct membership last = *former;
    if (!membership_has_same_keys(&last, membership) && membership_has_successor(&last)) {
        membership_take_successor(&last);
    }
    if (!membership_has_same_keys(&last, membership)) {
        return false;
    }
    membership_copy_hub_keys(&last, membership);
    return true;
}

bool membership_trusts(const struct membership *membership, const struct signing_key *key)
{
    char hex[2 * SIGNING_KEY_MAX + 1];
    hex_text(key->bytes, key->size, hex);
    const char *at = membership->former_hub_keys;
    bool is_former = false;
    while (*at && !is_former) {
        size_t size = strcspn(at, ",");
        is_former = size == strlen(hex) && memcmp(at, hex, size) == 0;
        at += size + (at[size] == ',');
    }
    return is_former || signing_key_equal(key, &membership->hub_signing_key);
}
