#include "common/seal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <stdbool.h>

enum { KEY_BYTES = 32 };

static const uint64_t memory_max = UINT64_C(256) << 20;

/* 32 MiB, and about a quarter of a second on a server of 2020. */
static const struct seal standard = {.n = 1 << 15, .r = 8, .p = 3};

static bool is_bounded(const struct seal *seal)
{
    bool is_power = (seal->n & (seal->n - 1)) == 0;
    return is_power && seal->n >= 1 << 14 && seal->n <= 1 << 20 && seal->r >= 1 && seal->r <= 16 && seal->p >= 1 &&
           seal->p <= 4 && 128 * seal->n * seal->r <= memory_max;
}

static bool derive(struct view passphrase, const struct seal *seal, uint8_t ret_key[KEY_BYTES])
{
    uint64_t n = seal->n;
    uint64_t r = seal->r;
    uint64_t p = seal->p;
    uint64_t limit = memory_max + (1 << 20);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)passphrase.at, passphrase.size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)seal->salt, SEAL_SALT_SIZE),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &limit),
        OSSL_PARAM_construct_end()};
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool is_done = context && EVP_KDF_derive(context, ret_key, KEY_BYTES, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return is_done;
}

/* Seals FROM into the seal's own bytes, or opens these into TO. */
static bool run_cipher(const uint8_t key[KEY_BYTES], struct view covered, struct seal *seal, const uint8_t *from,
                       uint8_t *to)
{
    const bool is_sealing = from != seal->bytes;
    int size = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool is_done = context && EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), key, seal->nonce, is_sealing, NULL) == 1 &&
                   EVP_CipherUpdate(context, NULL, &size, covered.at, (int)covered.size) == 1 &&
                   EVP_CipherUpdate(context, to, &size, from, SEAL_SECRET_SIZE) == 1 &&
                   (is_sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE, seal->tag) == 1) &&
                   EVP_CipherFinal_ex(context, to + size, &size) == 1 &&
                   (!is_sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE, seal->tag) == 1);
    EVP_CIPHER_CTX_free(context);
    return is_done;
}

err_t seal_close(struct view passphrase, struct view covered, const uint8_t secret[SEAL_SECRET_SIZE],
                 struct seal *ret_seal)
{
    uint8_t key[KEY_BYTES];
    *ret_seal = standard;
    bool is_done = RAND_bytes(ret_seal->salt, SEAL_SALT_SIZE) == 1 &&
                   RAND_bytes(ret_seal->nonce, SEAL_NONCE_SIZE) == 1 && derive(passphrase, ret_seal, key) &&
                   run_cipher(key, covered, ret_seal, secret, ret_seal->bytes);
    OPENSSL_cleanse(key, sizeof key);
    return is_done ? ERR_OK : ERR_IO;
}

err_t seal_open(struct view passphrase, struct view covered, const struct seal *seal,
                uint8_t ret_secret[SEAL_SECRET_SIZE])
{
    uint8_t key[KEY_BYTES];
    struct seal copy = *seal;
    if (!is_bounded(seal)) {
        return ERR_TOO_LARGE;
    }
    bool is_done = derive(passphrase, seal, key);
    err_t err = !is_done ? ERR_IO : run_cipher(key, covered, &copy, copy.bytes, ret_secret) ? ERR_OK : ERR_INVALID;
    OPENSSL_cleanse(key, sizeof key);
    if (err != ERR_OK) {
        OPENSSL_cleanse(ret_secret, SEAL_SECRET_SIZE); /* opened before the tag was compared */
    }
    return err;
}
