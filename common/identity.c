#include "common/identity.h"

#include <czmq.h>
#include <string.h>

#include "common/text.h"

err_t identity_create(const struct home *home, struct identity *ret_identity, char reterr_reason[256])
{
    memset(ret_identity, 0, sizeof *ret_identity);
    char public_text[41];
    char secret_text[41];
    ret_identity->signing_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (zmq_curve_keypair(public_text, secret_text) != 0 || !ret_identity->signing_key) {
        snprintf(reterr_reason, 256, "the libraries cannot make keys (libzmq without CURVE?)");
        return ERR_IO;
    }
    zmq_z85_decode(ret_identity->curve_public, public_text);
    zmq_z85_decode(ret_identity->curve_secret, secret_text);
    uint8_t signing_secret[KEY_SIZE];
    size_t size = KEY_SIZE;
    EVP_PKEY_get_raw_private_key(ret_identity->signing_key, signing_secret, &size);
    size = KEY_SIZE;
    EVP_PKEY_get_raw_public_key(ret_identity->signing_key, ret_identity->signing_public, &size);

    char hex[3][2 * KEY_SIZE + 1];
    char file[512];
    hex_text(ret_identity->curve_public, KEY_SIZE, hex[0]);
    hex_text(ret_identity->curve_secret, KEY_SIZE, hex[1]);
    hex_text(signing_secret, KEY_SIZE, hex[2]);
    int length = snprintf(file, sizeof file,
                          "#   Secret keys: never copy this file to another machine; join again instead.\ncurve_public "
                          "= %s\ncurve_secret = %s\n"
                          "signing_algorithm = " SIGNING_ALGORITHM "\nsigning_secret = %s\n",
                          hex[0], hex[1], hex[2]);
    err_t err = home_write(home, "identity.zpl", file, (size_t)length);
    OPENSSL_cleanse(signing_secret, sizeof signing_secret);
    OPENSSL_cleanse(hex, sizeof hex);
    OPENSSL_cleanse(file, sizeof file);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, "%.200s/identity.zpl: %s", home->path, err_text(err));
        identity_done(ret_identity);
    }
    return err;
}

static err_t read_key(zconfig_t *file, const char *name, uint8_t ret_key[KEY_SIZE])
{
    return hex_parse(zconfig_get(file, name, ""), ret_key, KEY_SIZE);
}

err_t identity_load(const struct home *home, struct identity *ret_identity, char reterr_reason[256])
{
    memset(ret_identity, 0, sizeof *ret_identity);
    char path[PATH_SIZE];
    home_file(home, "identity.zpl", path);
    if (!home_has(home, "identity.zpl")) {
        snprintf(reterr_reason, 256, tr("no identity in %.200s", "%.200s 中没有身份文件"), home->path);
        return ERR_NOT_FOUND;
    }
    uint8_t secret[KEY_SIZE] = {0};
    zconfig_t *file = zconfig_load(path);
    err_t err = file ? read_key(file, "curve_public", ret_identity->curve_public) : ERR_INVALID;
    err = err == ERR_OK ? read_key(file, "curve_secret", ret_identity->curve_secret) : err;
    err = err == ERR_OK ? read_key(file, "signing_secret", secret) : err;
    zconfig_destroy(&file);
    if (err == ERR_OK) {
        ret_identity->signing_key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, KEY_SIZE);
        size_t size = KEY_SIZE;
        bool is_key = ret_identity->signing_key &&
                      EVP_PKEY_get_raw_public_key(ret_identity->signing_key, ret_identity->signing_public, &size) == 1;
        err = is_key ? ERR_OK : ERR_INVALID;
    }
    OPENSSL_cleanse(secret, sizeof secret);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, tr("%.200s cannot be read as an identity", "%.200s 不是有效的身份文件"), path);
    }
    return err;
}

void identity_done(struct identity *identity)
{
    EVP_PKEY_free(identity->signing_key);
    OPENSSL_cleanse(identity, sizeof *identity);
}

void identity_sign(const struct identity *identity, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE])
{
    size_t size = SIGNATURE_SIZE;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_signed = context && EVP_DigestSignInit(context, NULL, NULL, NULL, identity->signing_key) == 1 &&
                     EVP_DigestSign(context, ret_signature, &size, bytes.at, bytes.size) == 1;
    EVP_MD_CTX_free(context);
    if (!is_signed) {
        abort(); /* a loaded key signs, or the library is broken */
    }
}

EVP_PKEY *verifier_open(const uint8_t signing_public[KEY_SIZE])
{
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, signing_public, KEY_SIZE);
}

void verifier_close(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
}

bool verifier_check(EVP_PKEY *key, struct view bytes, struct view signature)
{
    if (signature.size != SIGNATURE_SIZE) {
        return false;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                   EVP_DigestVerify(context, signature.at, signature.size, bytes.at, bytes.size) == 1;
    EVP_MD_CTX_free(context);
    return is_good;
}
