#include "common/identity.h"

#include <czmq.h>
#include <sodium.h>
#include <string.h>

#include "common/text.h"

err_t identity_make(const struct suite *suite, struct identity *ret_identity)
{
    memset(ret_identity, 0, sizeof *ret_identity);
    char public_text[41];
    char secret_text[41];
    if (zmq_curve_keypair(public_text, secret_text) != 0) {
        return ERR_IO;
    }
    zmq_z85_decode(ret_identity->curve_public, public_text);
    zmq_z85_decode(ret_identity->curve_secret, secret_text);
    return signing_pair_make(suite, &ret_identity->signing);
}

err_t identity_create(const struct home *home, const struct suite *suite, struct identity *ret_identity,
                      char reterr_reason[256])
{
    if (identity_make(suite, ret_identity) != ERR_OK) {
        snprintf(reterr_reason, 256, "the libraries cannot make keys (libzmq without CURVE?)");
        return ERR_IO;
    }
    char hex[3][2 * KEY_SIZE + 1];
    char file[512];
    hex_text(ret_identity->curve_public, KEY_SIZE, hex[0]);
    hex_text(ret_identity->curve_secret, KEY_SIZE, hex[1]);
    hex_text(ret_identity->signing.secret, SIGNING_SECRET_SIZE, hex[2]);
    int length = snprintf(file, sizeof file,
                          "#   Secret keys: never copy this file to another machine; join again instead.\ncurve_public "
                          "= %s\ncurve_secret = %s\n"
                          "signing_algorithm = %s\nsigning_secret = %s\n",
                          hex[0], hex[1], suite_name(suite), hex[2]);
    err_t err = home_write(home, "identity.zpl", file, (size_t)length);
    sodium_memzero(hex, sizeof hex);
    sodium_memzero(file, sizeof file);
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
    const struct suite *suite = suite_named(file ? zconfig_get(file, "signing_algorithm", "") : "");
    err_t err = suite ? read_key(file, "curve_public", ret_identity->curve_public) : ERR_INVALID;
    err = err == ERR_OK ? read_key(file, "curve_secret", ret_identity->curve_secret) : err;
    err = err == ERR_OK ? read_key(file, "signing_secret", secret) : err;
    zconfig_destroy(&file);
    err = err == ERR_OK ? signing_pair_restore(suite, secret, &ret_identity->signing) : err;
    sodium_memzero(secret, sizeof secret);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, tr("%.200s cannot be read as an identity", "%.200s 不是有效的身份文件"), path);
    }
    return err;
}

void identity_done(struct identity *identity)
{
    sodium_memzero(identity, sizeof *identity);
}

const struct suite *identity_suite(const struct identity *identity)
{
    return signing_key_suite(&identity->signing.key);
}

void identity_sign(const struct identity *identity, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE])
{
    signing_pair_sign(&identity->signing, bytes, ret_signature);
}
