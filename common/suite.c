#include "common/suite.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "common/suite_sm2.h"
#include "common/text.h"

static_assert(crypto_sign_SECRETKEYBYTES == SIGNING_SECRET_SIZE + crypto_sign_PUBLICKEYBYTES &&
                  crypto_sign_SEEDBYTES == SIGNING_SECRET_SIZE && crypto_sign_BYTES == SIGNATURE_SIZE,
              "the sizes of Ed25519");

struct suite {
    const char *name;
    const char *digest; /* as OpenSSL names it */
    EVP_MD **digest_p;  /* fetched */
    uint8_t key_size;
    bool (*make)(uint8_t ret_secret[SIGNING_SECRET_SIZE]);
    bool (*derive)(const uint8_t secret[SIGNING_SECRET_SIZE], uint8_t ret_key[SIGNING_KEY_MAX]);
    void (*sign)(const struct signing_pair *pair, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE]);
    bool (*check)(const struct signing_key *key, struct view bytes, const uint8_t *signature);
};

/* ---- Ed25519 ---- */

/* Libsodium, which libzmq links for CURVE, checks and signs in little more than half the time that OpenSSL 3.0 takes,
 * and a signature a batch is most of what a small batch costs. */
static bool ed25519_make(uint8_t ret_secret[SIGNING_SECRET_SIZE])
{
    randombytes_buf(ret_secret, SIGNING_SECRET_SIZE);
    return true;
}

static bool ed25519_public(const uint8_t secret[SIGNING_SECRET_SIZE], uint8_t ret_key[SIGNING_KEY_MAX])
{
    uint8_t whole[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(ret_key, whole, secret);
    sodium_memzero(whole, sizeof whole);
    return true;
}

static void ed25519_sign(const struct signing_pair *pair, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE])
{
    uint8_t whole[crypto_sign_SECRETKEYBYTES]; /* the seed, then the public key, as libsodium wants them */
    memcpy(whole, pair->secret, SIGNING_SECRET_SIZE);
    memcpy(whole + SIGNING_SECRET_SIZE, pair->key.bytes, crypto_sign_PUBLICKEYBYTES);
    crypto_sign_detached(ret_signature, NULL, bytes.at, bytes.size, whole);
    sodium_memzero(whole, sizeof whole);
}

static bool ed25519_check(const struct signing_key *key, struct view bytes, const uint8_t *signature)
{
    return crypto_sign_verify_detached(signature, bytes.at, bytes.size, key->bytes) == 0;
}

/* ---- the table ---- */

static EVP_MD *sha256;
static EVP_MD *sm3;

const struct suite suite_ed25519 = {
    .name = "ed25519",
    .digest = "SHA256",
    .digest_p = &sha256,
    .key_size = crypto_sign_PUBLICKEYBYTES,
    .make = ed25519_make,
    .derive = ed25519_public,
    .sign = ed25519_sign,
    .check = ed25519_check,
};
const struct suite suite_sm2_sm3 = {
    .name = "sm2-sm3",
    .digest = "SM3",
    .digest_p = &sm3,
    .key_size = SM2_KEY_SIZE,
    .make = sm2_make,
    .derive = sm2_public,
    .sign = sm2_sign,
    .check = sm2_check,
};

static const struct suite *const suites[] = {&suite_ed25519, &suite_sm2_sm3};
enum { SUITES = sizeof suites / sizeof *suites };

const struct suite *suite_find(struct view name)
{
    for (size_t i = 0; i < SUITES; i++) {
        if (view_is(name, suites[i]->name)) {
            return suites[i];
        }
    }
    return NULL;
}

const struct suite *suite_named(const char *name)
{
    return suite_find((struct view){(const uint8_t *)name, strlen(name)});
}

const char *suite_name(const struct suite *suite)
{
    return suite->name;
}

struct view suite_label(const struct suite *suite)
{
    return (struct view){(const uint8_t *)suite->name, strlen(suite->name)};
}

/* ---- hashing ---- */

/* Fetching an algorithm by name costs more than hashing a record, so it is done once in the life of the process. */
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;

static void fetch_digests(void)
{
    for (size_t i = 0; i < SUITES; i++) {
        *suites[i]->digest_p = EVP_MD_fetch(NULL, suites[i]->digest, NULL);
        assert(*suites[i]->digest_p != NULL);
    }
}

void suite_hash(const struct suite *suite, const struct view *parts, size_t count, uint8_t ret_hash[SUITE_HASH_SIZE])
{
    pthread_once(&digests_once, fetch_digests);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_done = context && EVP_DigestInit_ex2(context, *suite->digest_p, NULL) == 1;
    for (size_t i = 0; i < count && is_done; i++) {
        is_done = EVP_DigestUpdate(context, parts[i].at, parts[i].size) == 1;
    }
    is_done = is_done && EVP_DigestFinal_ex(context, ret_hash, NULL) == 1;
    assert(is_done);
    EVP_MD_CTX_free(context);
}

void suite_hash_leaf(const struct suite *suite, struct view leaf, uint8_t ret_hash[SUITE_HASH_SIZE])
{
    static const uint8_t prefix = 0x00;
    suite_hash(suite, (const struct view[]){{&prefix, 1}, leaf}, 2, ret_hash);
}

void suite_hash_node(const struct suite *suite, const uint8_t left[SUITE_HASH_SIZE],
                     const uint8_t right[SUITE_HASH_SIZE], uint8_t ret_hash[SUITE_HASH_SIZE])
{
    static const uint8_t prefix = 0x01;
    suite_hash(suite, (const struct view[]){{&prefix, 1}, {left, SUITE_HASH_SIZE}, {right, SUITE_HASH_SIZE}}, 3,
               ret_hash);
}

/* ---- signing ---- */

err_t signing_key_take(struct view bytes, struct signing_key *ret_key)
{
    *ret_key = (struct signing_key){0};
    for (size_t i = 0; i < SUITES; i++) {
        if (bytes.size == suites[i]->key_size) {
            ret_key->size = suites[i]->key_size;
            memcpy(ret_key->bytes, bytes.at, bytes.size);
            return ERR_OK;
        }
    }
    return ERR_INVALID;
}

err_t signing_key_parse(const char *hex, struct signing_key *ret_key)
{
    uint8_t bytes[SIGNING_KEY_MAX];
    size_t size = strlen(hex) / 2;
    *ret_key = (struct signing_key){0};
    return size <= sizeof bytes && hex_parse(hex, bytes, size) == ERR_OK
               ? signing_key_take((struct view){bytes, size}, ret_key)
               : ERR_INVALID;
}

struct view signing_key_view(const struct signing_key *key)
{
    return (struct view){key->bytes, key->size};
}

bool signing_key_equal(const struct signing_key *a, const struct signing_key *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

const struct suite *signing_key_suite(const struct signing_key *key)
{
    for (size_t i = 0; i < SUITES; i++) {
        if (key->size == suites[i]->key_size) {
            return suites[i];
        }
    }
    return NULL;
}

err_t signing_pair_make(const struct suite *suite, struct signing_pair *ret_pair)
{
    uint8_t secret[SIGNING_SECRET_SIZE];
    err_t err = suite->make(secret) ? signing_pair_restore(suite, secret, ret_pair) : ERR_IO;
    sodium_memzero(secret, sizeof secret);
    return err;
}

err_t signing_pair_restore(const struct suite *suite, const uint8_t secret[SIGNING_SECRET_SIZE],
                           struct signing_pair *ret_pair)
{
    *ret_pair = (struct signing_pair){0};
    if (sodium_init() < 0) {
        return ERR_IO;
    }
    if (!suite->derive(secret, ret_pair->key.bytes)) {
        return ERR_INVALID;
    }
    ret_pair->key.size = suite->key_size;
    memcpy(ret_pair->secret, secret, SIGNING_SECRET_SIZE);
    return ERR_OK;
}

void signing_pair_sign(const struct signing_pair *pair, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE])
{
    const struct suite *suite = signing_key_suite(&pair->key);
    assert(suite); /* no pair is made without one */
    suite->sign(pair, bytes, ret_signature);
}

bool signature_check(const struct signing_key *key, struct view algorithm, struct view bytes, struct view signature)
{
    const struct suite *suite = signing_key_suite(key);
    return suite && suite_find(algorithm) == suite && signature.size == SIGNATURE_SIZE &&
           suite->check(key, bytes, signature.at);
}

void suite_end_thread(void)
{
    OPENSSL_thread_stop();
}
