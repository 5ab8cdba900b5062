#include "common/succession.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

enum { KEYS_MAX = FORMER_HUB_KEYS_MAX + 2 };

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

/* The newest first; the one that was named last is not in use yet. */
static size_t line_of(const struct membership *membership, struct signing_key ret_line[KEYS_MAX])
{
    const char *at = membership->former_hub_keys;
    char hex[2 * SIGNING_KEY_MAX + 1];
    size_t count = 0;
    if (membership_has_successor(membership)) {
        ret_line[count++] = membership->next_hub_signing_key;
    }
    ret_line[count++] = membership->hub_signing_key;
    while (*at && count < KEYS_MAX) {
        size_t size = strcspn(at, ",");
        snprintf(hex, sizeof hex, "%.*s", (int)size, at);
        count += signing_key_parse(hex, &ret_line[count]) == ERR_OK;
        at += size + (at[size] == ',');
    }
    return count;
}

bool membership_trusts(const struct membership *membership, const struct signing_key *key)
{
    struct signing_key line[KEYS_MAX];
    size_t count = line_of(membership, line);
    for (size_t i = membership_has_successor(membership); i < count; i++) {
        if (signing_key_equal(key, &line[i])) {
            return true;
        }
    }
    return false;
}

/* ---- leaks ---- */

size_t leaks_encode(const struct leak *leaks, size_t count, uint8_t ret_bytes[LEAKS_SIZE_MAX])
{
    size_t size = 0;
    for (size_t i = 0; i < count && i < LEAKS_TOLD_MAX; i++) {
        for (int shift = 56; shift >= 0; shift -= 8) {
            ret_bytes[size++] = (uint8_t)((uint64_t)leaks[i].at >> shift);
        }
        memcpy(ret_bytes + size, leaks[i].key.bytes, leaks[i].key.size);
        size += leaks[i].key.size;
    }
    return size;
}

size_t leaks_decode(struct view bytes, size_t key_size, struct leak ret_leaks[LEAKS_TOLD_MAX])
{
    size_t size = 8 + key_size;
    size_t count = bytes.size / size;
    if (bytes.size % size != 0 || count > LEAKS_TOLD_MAX) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = bytes.at + i * size;
        uint64_t time = 0;
        for (int b = 0; b < 8; b++) {
            time = time << 8 | at[b];
        }
        ret_leaks[i].at = ret_leaks[i].since = (int64_t)time;
        if (time == 0 || time > INT64_MAX ||
            signing_key_take((struct view){at + 8, size - 8}, &ret_leaks[i].key) != ERR_OK) {
            return 0;
        }
    }
    return count;
}

static const struct leak *find_leak(const struct membership *membership, const struct signing_key *key)
{
    for (size_t i = 0; i < membership->leak_count; i++) {
        if (signing_key_equal(&membership->leaks[i].key, key)) {
            return &membership->leaks[i];
        }
    }
    return NULL;
}

bool membership_note_leaks(const struct membership *former, struct membership *membership)
{
    struct signing_key line[KEYS_MAX];
    const struct leak *leak = NULL;
    size_t count = line_of(former, line);
    bool has_leaked = false;
    for (size_t i = count; i-- > 0;) { /* from the oldest on */
        const struct leak *told = find_leak(membership, &line[i]);
        leak = told ? told : leak;
        has_leaked = has_leaked || told;
        bool is_hubs = told || signing_key_equal(&line[i], &membership->hub_signing_key);
        if (leak && !is_hubs && membership->leak_count < LEAKS_MAX) {
            membership->leaks[membership->leak_count++] = (struct leak){line[i], leak->at, LEAKED_EVER};
        }
    }
    return has_leaked;
}
