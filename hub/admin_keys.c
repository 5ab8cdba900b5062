#include "hub/admin_keys.h"

#include <string.h>

#include "common/succession.h"
#include "common/text.h"
#include "hub/own_keys.h"

enum { NAMED_LEAST = 8 };

err_t admin_invite(struct admin *admin, zmsg_t *request)
{
    char party[RECORD_PARTY_SIZE];
    char code[ADMIN_CODE];
    char replaces[4];
    struct party found;
    struct invitation invitation;
    admin_frame(request, party, sizeof party);
    err_t err = admin_invitation(admin, request, code, &invitation);
    admin_frame(request, replaces, sizeof replaces);
    invitation.replaces = *replaces == '1';
    invitation.reason = admin->reason;
    err = err == ERR_OK ? admin_find_peer(admin, party, &found) : err;
    err = err == ERR_OK ? admin_judge_final(admin, &found) : err;
    err = err == ERR_OK ? store_put_invitation(admin->store, party, &invitation, clock_ms()) : err;
    return err == ERR_OK ? admin_put_act(admin, invitation.replaces ? ACT_KEY_REPLACE : ACT_INVITE, party, "") : err;
}

/* The one key whose CURVE key in hex begins with NAME. */
static err_t find_named(const struct party_keys *keys, const char *name, const struct party_key **ret_key)
{
    char hex[2 * KEY_SIZE + 1];
    *ret_key = NULL;
    for (size_t i = 0; i < keys->count && strlen(name) >= NAMED_LEAST; i++) {
        hex_text(keys->list[i].curve_key, KEY_SIZE, hex);
        if (strncmp(hex, name, strlen(name)) != 0) {
            continue;
        }
        if (*ret_key) {
            return ERR_EXISTS;
        }
        *ret_key = &keys->list[i];
    }
    return *ret_key ? ERR_OK : ERR_NOT_FOUND;
}

/* What is left may have been named by the key that is in wrong hands. */
static void say_left(struct admin *admin, const struct party_keys *keys, const struct party_key *revoked)
{
    size_t left = 0;
    for (size_t i = 0; i < keys->count; i++) {
        left += &keys->list[i] != revoked && party_key_lets_in(&keys->list[i], clock_ms());
    }
    if (left > 0) {
        snprintf(admin->text, sizeof admin->text,
                 tr("keys of %s that are good still: %zu; `keys` shows which of them this one had named",
                    "%s 仍有效的密钥：%zu 个；keys 可列出其中由该密钥提名者"),
                 admin->changed.party, left);
    }
}

err_t admin_key_revoke(struct admin *admin, zmsg_t *request)
{
    char party[RECORD_PARTY_SIZE];
    char name[2 * KEY_SIZE + 1];
    char hex[2 * KEY_SIZE + 1];
    struct party_keys keys;
    const struct party_key *key = NULL;
    int64_t count = 0;
    admin_frame(request, party, sizeof party);
    admin_frame(request, name, sizeof name);
    err_t err = admin_find_peer(admin, party, &admin->changed);
    err = err == ERR_OK ? store_load_keys(admin->store, admin->changed.row, &keys) : err;
    if (err != ERR_OK) {
        return err;
    }
    if (find_named(&keys, name, &key) != ERR_OK) {
        snprintf(admin->text, sizeof admin->text,
                 tr("%s has no key, or more than one, whose name begins with %s: give at least %d digits, as shown by "
                    "`show`",
                    "%s 没有（或有多个）以 %s 开头的密钥：请按 show 所示给出至少 %d 位"),
                 party, name, NAMED_LEAST);
        return ERR_INVALID;
    }
    err = store_revoke_keys(admin->store, admin->changed.row, key->row, admin->reason, clock_ms(), &count);
    if (err == ERR_OK && count == 0) {
        snprintf(admin->text, sizeof admin->text, tr("this key is not good any more", "该密钥已失效"));
        return ERR_INVALID;
    }
    hex_text(key->curve_key, KEY_SIZE, hex);
    err = err == ERR_OK ? admin_put_act(admin, ACT_KEY_REVOKE, party, hex) : err;
    if (err == ERR_OK) {
        say_left(admin, &keys, key);
    }
    return err;
}

err_t admin_key_leaked(struct admin *admin, zmsg_t *request)
{
    char curve_key[2 * KEY_SIZE + 1];
    struct party_key key = {.since = clock_ms()};
    struct party_key known;
    int64_t owner = 0;
    int64_t count = 0;
    int64_t city = admin->city->party.row;
    (void)request;
    if (!admin->fresh) {
        snprintf(admin->text, sizeof admin->text, "%s", tr("stop the hub first", "请先停止枢纽"));
        return ERR_INVALID;
    }
    memcpy(key.curve_key, admin->fresh->curve_public, KEY_SIZE);
    key.signing_key = admin->fresh->signing.key;
    hex_text(key.curve_key, KEY_SIZE, curve_key);
    err_t err = store_find_key(admin->store, key.curve_key, &owner, &known);
    if (err == ERR_OK) {
        snprintf(admin->text, sizeof admin->text,
                 tr("these keys are known here already: only new ones take the place of leaked ones",
                    "该密钥已有登记：只能以新生成的密钥取代已泄露的密钥"));
        return ERR_INVALID;
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    err = store_revoke_keys(admin->store, city, 0, admin->reason, key.since, &count);
    /* Whoever has the leaked keys may have played the hub, and collected codes. */
    err = err == ERR_OK ? store_end_invitations(admin->store, 0, key.since) : err;
    err = err == ERR_OK ? store_put_key(admin->store, city, &key, (struct view){0}) : err;
    if (err == ERR_OK) {
        city_sign_with(admin->city, admin->fresh); /* the former may be ones that the registry never knew */
        err = admin_put_act(admin, ACT_KEY_LEAKED, admin->city->party.party, curve_key);
    }
    return err;
}

static void say_since(struct admin *admin, const char *what, int64_t since)
{
    char at[20];
    local_time_text(since, admin->city->intake.utc_offset_minutes, at);
    snprintf(admin->text, sizeof admin->text, tr("%s; they are used from %s on", "%s；启用时间：%s"), what, at);
}

static err_t refuse_rotation(struct admin *admin, const char *why)
{
    snprintf(admin->text, sizeof admin->text, "%s", why);
    return ERR_INVALID;
}

/* ERR_EXISTS: so it is already. ERR_INVALID, with the reason: it may not be. *ret_former is what was announced before:
 * of another pair, that has been lost, or it would be this one. */
static err_t judge_rotation(struct admin *admin, const struct party_key *key, struct view proof,
                            struct announced *ret_former)
{
    const struct identity *identity = admin->city->identity;
    const struct successor successor = {.curve_key = {key->curve_key, KEY_SIZE},
                                        .signing_key = signing_key_view(&key->signing_key),
                                        .since = (uint64_t)key->since,
                                        .proof = proof};
    if (memcmp(identity->curve_public, key->curve_key, KEY_SIZE) == 0) {
        return refuse_rotation(admin,
                               tr("the keys that were announced have just come into use: for yet others do it again",
                                  "已公告的密钥刚刚启用；如需再次更换，请重新执行"));
    }
    err_t err = announced_find(admin->store, identity, ret_former);
    if (err == ERR_OK && memcmp(ret_former->key.curve_key, key->curve_key, KEY_SIZE) == 0) {
        say_since(admin, tr("these keys are announced already", "该密钥已公告"), ret_former->key.since);
        return ERR_EXISTS;
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    struct party_key known;
    int64_t owner = 0;
    if (store_find_key(admin->store, key->curve_key, &owner, &known) != ERR_NOT_FOUND) {
        return refuse_rotation(admin,
                               tr("others have taken the place of these keys before: remove identity-next.zpl, and "
                                  "do it again",
                                  "该密钥此前已被取代：请删除 identity-next.zpl 后重新执行"));
    }
    if (!successor_is_proved(&successor, identity->curve_public, &identity->signing.key)) {
        return refuse_rotation(admin,
                               tr("the hub's present keys do not vouch for these", "枢纽现行密钥未对该密钥作出签名"));
    }
    if (key->since < clock_ms() + KEY_AHEAD_LEAST_MS - KEY_HEARD_MS) {
        return refuse_rotation(admin,
                               tr("the hub heard of it too late for its peers to hear of it in time: do it again",
                                  "枢纽收到过迟，各机构来不及获知：请重新执行"));
    }
    return ERR_OK;
}

/* A pair of the hub's own, by its public keys. */
static err_t take_pair(zmsg_t *request, struct party_key *ret_key, char ret_curve_key[2 * KEY_SIZE + 1])
{
    char signing_key[2 * SIGNING_KEY_MAX + 1];
    admin_frame(request, ret_curve_key, 2 * KEY_SIZE + 1);
    admin_frame(request, signing_key, sizeof signing_key);
    err_t err = hex_parse(ret_curve_key, ret_key->curve_key, KEY_SIZE);
    return err == ERR_OK ? signing_key_parse(signing_key, &ret_key->signing_key) : err;
}

err_t admin_key_rotate(struct admin *admin, zmsg_t *request)
{
    char curve_key[2 * KEY_SIZE + 1];
    char since[24];
    char hex[2 * SIGNATURE_SIZE + 1];
    uint8_t proof[SIGNATURE_SIZE];
    struct party_key key = {0};
    struct announced former = {0};
    int64_t city = admin->city->party.row;
    err_t err = take_pair(request, &key, curve_key);
    admin_frame(request, since, sizeof since);
    admin_frame(request, hex, sizeof hex);
    err = err == ERR_OK ? number_parse(since, 0, INT64_MAX, &key.since) : err;
    err = err == ERR_OK ? hex_parse(hex, proof, sizeof proof) : err;
    err = err == ERR_OK ? judge_rotation(admin, &key, (struct view){proof, sizeof proof}, &former) : err;
    if (err != ERR_OK) {
        return err == ERR_EXISTS ? ERR_OK : err;
    }
    err = former.key.row ? store_end_key(admin->store, former.key.row, clock_ms()) : ERR_OK;
    err = err == ERR_OK ? store_put_key(admin->store, city, &key, (struct view){proof, sizeof proof}) : err;
    err = err == ERR_OK ? admin_put_act(admin, ACT_KEY_ROTATE, admin->city->party.party, curve_key) : err;
    if (err == ERR_OK) {
        say_since(admin, tr("the hub's new keys are announced", "枢纽新密钥已公告"), key.since);
    }
    return err;
}
