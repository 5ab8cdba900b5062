#include "hub/own_keys.h"

#include <stdio.h>
#include <string.h>

#include "common/succession.h"
#include "common/text.h"
#include "hub/city.h"
#include "hub/store_clock.h"

struct looking {
    const struct identity *identity;
    struct announced *found;
};

static void look_at(void *self, const struct party_key *key, const char *reason, struct view proof)
{
    (void)reason;
    const struct looking *looking = self;
    const struct identity *identity = looking->identity;
    const struct successor successor = {.curve_key = {key->curve_key, KEY_SIZE},
                                        .signing_key = signing_key_view(&key->signing_key),
                                        .since = (uint64_t)key->since,
                                        .proof = proof};
    if (!looking->found->key.row && !key->revoked_at && !key->until && proof.size == SIGNATURE_SIZE &&
        successor_is_proved(&successor, identity->curve_public, &identity->signing.key)) {
        looking->found->key = *key;
        memcpy(looking->found->proof, proof.at, SIGNATURE_SIZE);
    }
}

err_t announced_find(struct store *store, const struct identity *identity, struct announced *ret_announced)
{
    int64_t party = 0;
    struct party_key own;
    struct looking looking = {identity, ret_announced};
    *ret_announced = (struct announced){0};
    err_t err = store_find_key(store, identity->curve_public, &party, &own);
    err = err == ERR_OK ? store_each_key(store, party, look_at, &looking) : err;
    return err == ERR_OK && !ret_announced->key.row ? ERR_NOT_FOUND : err;
}

err_t announced_load(const struct home *home, const struct announced *announced, int64_t now_ms,
                     struct identity *ret_next, char reterr_reason[256])
{
    if (now_ms < announced->key.since) {
        return ERR_BUSY;
    }
    err_t err = identity_load_next(home, ret_next, reterr_reason);
    if (err == ERR_OK && memcmp(ret_next->curve_public, announced->key.curve_key, KEY_SIZE) != 0) {
        identity_done(ret_next);
        err = ERR_NOT_FOUND;
    }
    if (err == ERR_NOT_FOUND) {
        snprintf(reterr_reason, 256,
                 tr("%.100s: the keys that were announced are not here any more: agn-hub key rotate announces others",
                    "%.100s：已公告的密钥不在此目录中：请执行 agn-hub key rotate 另行公告"),
                 home->path);
    }
    return err;
}

/* The pair of IDENTITY signs until another takes its place, also where that is later than was announced. */
static err_t end_former(struct store *store, const struct identity *identity, int64_t now_ms)
{
    int64_t party = 0;
    struct party_key former;
    err_t err = store_begin(store);
    err = err == ERR_OK ? store_find_key(store, identity->curve_public, &party, &former) : err;
    err = err == ERR_OK ? store_end_key(store, former.row, now_ms) : err;
    err = err == ERR_OK ? store_commit(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
    }
    return err;
}

/* Whether another has taken the place of the pair of IDENTITY before. */
static bool has_ended(struct store *store, const struct identity *identity)
{
    int64_t party = 0;
    struct party_key own;
    return store_find_key(store, identity->curve_public, &party, &own) == ERR_OK &&
           !party_key_lets_in(&own, clock_ms());
}

err_t announced_take(struct store *store, const struct home *home, int64_t now_ms, struct identity *identity,
                     struct announced *ret_announced, bool *ret_is_taken, char reterr_reason[256])
{
    struct identity next;
    *ret_is_taken = false;
    *reterr_reason = '\0';
    err_t err = announced_find(store, identity, ret_announced);
    if (err == ERR_OK && now_ms >= ret_announced->key.since) {
        if (announced_load(home, ret_announced, now_ms, &next, reterr_reason) != ERR_OK) {
            *reterr_reason =
                has_ended(store, identity) ? '\0' : *reterr_reason; /* which is worse, and told by the check */
            return ERR_OK;
        }
        err = end_former(store, identity, now_ms);
        err = err == ERR_OK ? identity_promote_next(home, next.curve_public) : err;
        if (err == ERR_OK) {
            *identity = next;
            *ret_announced = (struct announced){0};
            *ret_is_taken = true;
        }
        identity_done(&next);
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        snprintf(reterr_reason, 256, "%.200s: %s", home->path, err_text(err));
        return err;
    }
    return ERR_OK;
}

/* Revoked ones are leaked ones whose change was cut short. */
static void say_ended(const struct home *home, const struct options *options, const struct party_key *key,
                      char reterr_reason[512])
{
    char at[20];
    local_time_text(key->until, (int)options->utc_offset_minutes, at);
    if (key->revoked_at) {
        snprintf(
            reterr_reason, 512,
            tr("%.200s: these keys are revoked; finish their change with agn-hub key rotate --leaked --reason TEXT",
               "%.200s：该密钥已吊销；请执行 agn-hub key rotate --leaked --reason 原因 完成更换"),
            home->path);
    } else {
        snprintf(reterr_reason, 512,
                 tr("%.200s: identity.zpl is older than store.db: others took the place of its keys at %s. Put the "
                    "identity.zpl of the same time in its place; only where there is none any more: agn-hub key rotate "
                    "--leaked --reason TEXT",
                    "%.200s：identity.zpl 早于 store.db：其密钥已于 %s 被取代。请放回同一时间的 "
                    "identity.zpl；确已不存时才执行 agn-hub key rotate --leaked --reason 原因"),
                 home->path, at);
    }
}

/* A city has one code for good: its records and receipts, and its province, know it by that. */
static err_t check_city(struct store *store, const struct home *home, const struct options *options, int64_t owner,
                        char reterr_reason[512])
{
    char name[RECORD_PARTY_SIZE];
    struct party city;
    city_party(options, name);
    err_t err = store_party_at(store, owner, &city);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 512, "%.200s: store.db: %.200s", home->path, err_text(err));
    } else if (strcmp(city.role, "city") == 0 && strcmp(city.party, name) != 0) {
        snprintf(
            reterr_reason, 512,
            tr("%.200s: city: hub.zpl says %.6s, and store.db is of %.6s: put that back into hub.zpl; another city "
               "is another hub, in a home of its own",
               "%.200s：city：hub.zpl 中为 %.6s，而 store.db 属于 %.6s：请在 hub.zpl 中改回；另一城市须另设枢纽和目录"),
            home->path, options->city, city.district);
        err = ERR_INVALID;
    }
    return err;
}

err_t own_keys_check(struct store *store, const struct home *home, const struct options *options,
                     const struct identity *identity, char reterr_reason[512])
{
    char name[RECORD_PARTY_SIZE];
    int64_t owner = 0;
    struct party_key key;
    struct party city;
    err_t err = store_find_key(store, identity->curve_public, &owner, &key);
    if (err == ERR_OK && party_key_lets_in(&key, clock_ms())) {
        return check_city(store, home, options, owner, reterr_reason);
    }
    if (err == ERR_OK) {
        say_ended(home, options, &key, reterr_reason);
        return ERR_INVALID;
    }
    city_party(options, name);
    err = err == ERR_NOT_FOUND ? store_find_party(store, name, &city) : err;
    snprintf(reterr_reason, 512,
             err == ERR_OK
                 ? tr("%.200s: store.db does not know the keys of identity.zpl: it is of before they were made, "
                      "or they are another hub's. Put both back from one backup: docs/operations.md, Keys",
                      "%.200s：store.db 中没有 identity.zpl 的密钥：store.db 早于该密钥，或密钥属于另一枢纽。"
                      "请从同一备份恢复两者：见 docs/operations.md 的 Keys 一节")
                 : "%.200s: store.db",
             home->path);
    return err == ERR_NOT_FOUND ? ERR_OK : err == ERR_OK ? ERR_INVALID : err; /* a new hub is not registered yet */
}
