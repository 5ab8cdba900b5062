/* New key pairs: by a code of the operator's, or by the pair whose place they take (PROTOCOL.md §3). */
#include "hub/store_sqlite.h"

#include <openssl/sha.h>
#include <string.h>

/* The code has 100 random bits, so a plain hash of it tells nothing. */
static void hash_code(const char *code, uint8_t ret_hash[SHA256_DIGEST_LENGTH])
{
    SHA256((const unsigned char *)code, strlen(code), ret_hash);
}

err_t store_put_invitation(struct store *store, const char *party, const struct invitation *invitation, int64_t now)
{
    struct party found;
    err_t err = store_find_party(store, party, &found);
    if (err != ERR_OK) {
        return err;
    }
    err = store_end_invitations(store, found.row, now);
    if (err != ERR_OK) {
        return err;
    }
    uint8_t hash[SHA256_DIGEST_LENGTH];
    hash_code(invitation->code, hash);
    sqlite3_stmt *stmt = store_statement(store, PUT_INVITATION);
    db_bind_view(stmt, 1, (struct view){hash, sizeof hash});
    sqlite3_bind_int64(stmt, 2, found.row);
    sqlite3_bind_int64(stmt, 3, now);
    sqlite3_bind_int64(stmt, 4, invitation->expires_at);
    sqlite3_bind_int(stmt, 5, invitation->replaces);
    db_bind_str(stmt, 6, invitation->reason);
    return db_run(stmt);
}

err_t store_end_invitations(struct store *store, int64_t party, int64_t now)
{
    sqlite3_stmt *stmt = store_statement(store, END_INVITATIONS);
    sqlite3_bind_int64(stmt, 1, party);
    sqlite3_bind_int64(stmt, 2, party ? party : INT64_MAX);
    sqlite3_bind_int64(stmt, 3, now);
    return db_run(stmt);
}

err_t store_open_invitation(struct store *store, int64_t party, int64_t now, struct invitation *ret_invitation)
{
    sqlite3_stmt *stmt = store_statement(store, GET_OPEN_INVITATION);
    sqlite3_bind_int64(stmt, 1, party);
    sqlite3_bind_int64(stmt, 2, now);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        *ret_invitation = (struct invitation){.expires_at = sqlite3_column_int64(stmt, 0),
                                              .replaces = sqlite3_column_int(stmt, 1) != 0};
    }
    sqlite3_reset(stmt);
    return err;
}

/* An enrolment on its way through this file. */
struct enrolling {
    struct store *store;
    struct enrolment *enrolment;
    int64_t now;
    uint8_t hash[SHA256_DIGEST_LENGTH]; /* of the code */
    int64_t row;                        /* of the party that it speaks for */
    struct party_key former;
    bool is_again; /* it was done before, and the answer lost */
    bool replaces;
    char reason[401];
};

static err_t refuse(struct enrolling *enrolling, const char *code)
{
    snprintf(enrolling->enrolment->refusal, sizeof enrolling->enrolment->refusal, "%s", code);
    return ERR_OK;
}

/* Whether this key has used the code, and is still let in. */
static err_t judge_again(struct enrolling *enrolling, struct view used_by)
{
    int64_t owner = 0;
    struct party_key known;
    const uint8_t *key = enrolling->enrolment->curve_key;
    if (used_by.size != KEY_SIZE || memcmp(used_by.at, key, KEY_SIZE) != 0) {
        return ERR_OK;
    }
    err_t err = store_find_key(enrolling->store, key, &owner, &known);
    enrolling->is_again = err == ERR_OK && party_key_lets_in(&known, enrolling->now);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t judge_code(struct enrolling *enrolling)
{
    sqlite3_stmt *get = store_statement(enrolling->store, GET_INVITATION);
    hash_code(enrolling->enrolment->code, enrolling->hash);
    db_bind_view(get, 1, (struct view){enrolling->hash, SHA256_DIGEST_LENGTH});
    err_t err = db_step(get);
    if (err == ERR_NOT_FOUND) {
        err = refuse(enrolling, "code_invalid");
    } else if (err == ERR_OK) {
        struct view used_by = db_column_view(get, 2);
        enrolling->row = sqlite3_column_int64(get, 0);
        enrolling->replaces = sqlite3_column_int(get, 3) != 0;
        snprintf(enrolling->reason, sizeof enrolling->reason, "%s", db_column_str(get, 4));
        err = judge_again(enrolling, used_by);
        bool is_open = err == ERR_OK && !enrolling->is_again;
        if (is_open && used_by.size > 0) {
            err = refuse(enrolling, "code_used");
        } else if (is_open && enrolling->now >= sqlite3_column_int64(get, 1)) {
            err = refuse(enrolling, "code_expired");
        }
    }
    sqlite3_reset(get);
    return err;
}

/* Good, and with no end set. A peer's key that seems to be of the future is current too: see party_key_lets_in(). */
static bool is_current(const struct party_key *key, int64_t now)
{
    return party_key_lets_in(key, now) && !key->until;
}

/* The former pair must be the current one, unless this is what it has led to already. */
static err_t judge_former(struct enrolling *enrolling)
{
    int64_t owner = 0;
    struct party_key known;
    const struct enrolment *enrolment = enrolling->enrolment;
    err_t err = store_find_key(enrolling->store, enrolment->former_key, &enrolling->row, &enrolling->former);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? refuse(enrolling, "key_retired") : err;
    }
    err = store_find_key(enrolling->store, enrolment->curve_key, &owner, &known);
    enrolling->is_again = err == ERR_OK && owner == enrolling->row && known.row > enrolling->former.row &&
                          party_key_lets_in(&known, enrolling->now);
    bool may_name = enrolling->is_again || is_current(&enrolling->former, enrolling->now);
    err = err == ERR_NOT_FOUND ? ERR_OK : err;
    return err == ERR_OK && !may_name ? refuse(enrolling, "key_retired") : err;
}

/* A key names one party for ever, and comes in once: another party's is refused as if the code were used up. The
 * party's own may be vouched for again by a new code while it is good, unless the code is to end all that there are:
 * who has one of those may have been given it, or have taken it. */
static err_t judge_key(struct enrolling *enrolling, bool *ret_is_held)
{
    int64_t owner = 0;
    struct party_key known;
    struct party_keys keys;
    *ret_is_held = false;
    const struct enrolment *enrolment = enrolling->enrolment;
    err_t err = store_find_key(enrolling->store, enrolment->curve_key, &owner, &known);
    if (err == ERR_OK) {
        bool is_own = owner == enrolling->row && signing_key_equal(&known.signing_key, &enrolment->signing_key);
        if (!is_own || enrolment->has_former) {
            return refuse(enrolling, "code_used");
        }
        *ret_is_held = party_key_lets_in(&known, enrolling->now) && !enrolling->replaces;
        return *ret_is_held ? ERR_OK : refuse(enrolling, "new_keys_needed");
    }
    err = err == ERR_NOT_FOUND ? store_load_keys(enrolling->store, enrolling->row, &keys) : err;
    for (size_t i = 0; err == ERR_OK && i < keys.count; i++) {
        if (is_current(&keys.list[i], enrolling->now) && !enrolling->replaces && !enrolment->has_former) {
            return refuse(enrolling, "key_held");
        }
    }
    return err;
}

static err_t use_code(struct enrolling *enrolling)
{
    sqlite3_stmt *use = store_statement(enrolling->store, USE_INVITATION);
    db_bind_view(use, 1, (struct view){enrolling->hash, SHA256_DIGEST_LENGTH});
    sqlite3_bind_int64(use, 2, enrolling->now);
    db_bind_view(use, 3, (struct view){enrolling->enrolment->curve_key, KEY_SIZE});
    return db_run(use);
}

/* Ends the pairs that were there, as the way in says, and puts the new one in. */
static err_t put_pair(struct enrolling *enrolling)
{
    const struct enrolment *enrolment = enrolling->enrolment;
    struct party_key key = {.since = enrolling->now, .signing_key = enrolment->signing_key};
    int64_t count = 0;
    err_t err = ERR_OK;
    memcpy(key.curve_key, enrolment->curve_key, KEY_SIZE);
    if (enrolment->has_former) {
        err = store_end_key(enrolling->store, enrolling->former.row, enrolling->now + enrolment->overlap_ms);
    } else if (enrolling->replaces) {
        err = store_revoke_keys(enrolling->store, enrolling->row, 0, enrolling->reason, enrolling->now, &count);
    }
    struct view proof = {enrolment->former_proof, enrolment->has_former ? SIGNATURE_SIZE : 0};
    return err == ERR_OK ? store_put_key(enrolling->store, enrolling->row, &key, proof) : err;
}

static err_t take_in(struct enrolling *enrolling)
{
    bool is_held = false;
    const struct enrolment *enrolment = enrolling->enrolment;
    err_t err = judge_key(enrolling, &is_held);
    if (err != ERR_OK || *enrolment->refusal) {
        return err;
    }
    err = enrolment->has_former ? ERR_OK : use_code(enrolling);
    err = err == ERR_OK && !is_held ? put_pair(enrolling) : err;
    if (err != ERR_OK || enrolment->has_former) {
        return err;
    }
    struct party *party = &enrolling->enrolment->registrant.party;
    err = store_set_active(enrolling->store, enrolling->row, enrolling->now);
    err = err == ERR_OK ? store_party_at(enrolling->store, enrolling->row, party) : err;
    return err == ERR_OK ? store_put_bulletin(enrolling->store, party, enrolling->now) : err;
}

err_t store_enrol(struct store *store, struct enrolment *enrolment, int64_t now)
{
    struct enrolling enrolling = {.store = store, .enrolment = enrolment, .now = now};
    struct party *party = &enrolment->registrant.party;
    *enrolment->refusal = '\0';
    err_t err = enrolment->has_former ? judge_former(&enrolling) : judge_code(&enrolling);
    if (err != ERR_OK || *enrolment->refusal) {
        return err;
    }
    err = store_party_at(store, enrolling.row, party);
    if (err == ERR_OK && role_find(party->role) == ROLE_CITY) {
        return refuse(&enrolling, "code_invalid"); /* nobody comes in as the hub itself */
    }
    if (err == ERR_OK && *enrolment->party && strcmp(enrolment->party, party->party) != 0) {
        return refuse(&enrolling, "other_party"); /* one home is one party's, and is not to find out too late */
    }
    /* A code lets in who was never in; what an operator has ended, an operator begins again. */
    bool may_come =
        strcmp(party->state, "active") == 0 || (!enrolment->has_former && strcmp(party->state, "invited") == 0);
    if (err == ERR_OK && !may_come) {
        return refuse(&enrolling, party->state);
    }
    err = err == ERR_OK && !enrolling.is_again ? take_in(&enrolling) : err;
    return err == ERR_OK ? store_load_keys(store, enrolling.row, &enrolment->registrant.keys) : err;
}
