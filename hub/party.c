#include "hub/party.h"

enum key_state party_key_state(const struct party_key *key, int64_t now_ms)
{
    if (key->revoked_at) {
        return KEY_REVOKED;
    }
    if (key->until && key->until <= key->since) {
        return KEY_RETIRED; /* another was announced in its place */
    }
    if (now_ms < key->since) {
        return KEY_COMING;
    }
    if (!key->until) {
        return KEY_CURRENT;
    }
    return now_ms < key->until ? KEY_RETIRING : KEY_RETIRED;
}

bool party_key_is_good(const struct party_key *key, int64_t now_ms)
{
    enum key_state state = party_key_state(key, now_ms);
    return state == KEY_CURRENT || state == KEY_RETIRING;
}

bool party_key_lets_in(const struct party_key *key, int64_t now_ms)
{
    return party_key_is_good(key, now_ms > key->since ? now_ms : key->since);
}

const struct party_key *party_keys_find(const struct party_keys *keys, int64_t row)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->list[i].row == row) {
            return &keys->list[i];
        }
    }
    return NULL;
}
