#include "common/identity_file.h"

#include <czmq.h>
#include <sodium.h>
#include <string.h>

#include "common/text.h"

#define SEALING "scrypt-aes-256-gcm"

enum { FILE_MAX = 2048 };

/* ---- writing ---- */

/* The bytes of a file on their way to the disk: secrets, so in one place and wiped. */
struct draft {
    char text[FILE_MAX];
    size_t size;
};

static void put_text(struct draft *draft, const char *key, const char *value)
{
    draft->size += (size_t)snprintf(draft->text + draft->size, FILE_MAX - draft->size, "%s = %s\n", key, value);
}

static void put_hex(struct draft *draft, const char *key, const uint8_t *bytes, size_t size)
{
    char hex[2 * SEAL_SECRET_SIZE + 1];
    hex_text(bytes, size, hex);
    put_text(draft, key, hex);
    sodium_memzero(hex, sizeof hex);
}

static void put_number(struct draft *draft, const char *key, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    put_text(draft, key, text);
}

static void put_seal(struct draft *draft, const struct seal *seal)
{
    put_text(draft, "sealed", SEALING);
    put_number(draft, "scrypt_n", seal->n);
    put_number(draft, "scrypt_r", seal->r);
    put_number(draft, "scrypt_p", seal->p);
    put_hex(draft, "salt", seal->salt, sizeof seal->salt);
    put_hex(draft, "nonce", seal->nonce, sizeof seal->nonce);
    put_hex(draft, "tag", seal->tag, sizeof seal->tag);
    put_hex(draft, "secrets", seal->bytes, sizeof seal->bytes);
}

err_t kept_write(const struct home *home, const char *name, const struct kept *kept, char reterr_reason[256])
{
    static const char note[] = "#   Secret keys: never copy this file to another machine; join again instead.\n";
    const struct identity *identity = &kept->identity;
    struct draft draft = {.size = sizeof note - 1};
    memcpy(draft.text, note, sizeof note);
    put_hex(&draft, "curve_public", identity->curve_public, KEY_SIZE);
    put_text(&draft, "signing_algorithm", suite_name(identity_suite(identity)));
    put_hex(&draft, "signing_public", identity->signing.key.bytes, identity->signing.key.size);
    if (kept->is_sealed) {
        put_seal(&draft, &kept->seal);
    } else {
        put_hex(&draft, "curve_secret", identity->curve_secret, KEY_SIZE);
        put_hex(&draft, "signing_secret", identity->signing.secret, SIGNING_SECRET_SIZE);
    }
    err_t err = home_write(home, name, draft.text, draft.size);
    sodium_memzero(&draft, sizeof draft);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, "%.150s/%s: %s", home->path, name, err_text(err));
    }
    return err;
}

/* ---- reading ---- */

static err_t get_hex(zconfig_t *file, const char *key, uint8_t *ret_bytes, size_t size)
{
    return hex_parse(zconfig_get(file, key, ""), ret_bytes, size);
}

static err_t get_number(zconfig_t *file, const char *key, uint64_t *ret_number)
{
    const char *text = zconfig_get(file, key, "");
    size_t size = strlen(text);
    *ret_number = strtoull(text, NULL, 10);
    return size > 0 && size < 10 && strspn(text, "0123456789") == size ? ERR_OK : ERR_INVALID;
}

static err_t get_seal(zconfig_t *file, struct seal *seal)
{
    err_t err = strcmp(zconfig_get(file, "sealed", ""), SEALING) == 0 ? ERR_OK : ERR_INVALID;
    err = err == ERR_OK ? get_number(file, "scrypt_n", &seal->n) : err;
    err = err == ERR_OK ? get_number(file, "scrypt_r", &seal->r) : err;
    err = err == ERR_OK ? get_number(file, "scrypt_p", &seal->p) : err;
    err = err == ERR_OK ? get_hex(file, "salt", seal->salt, sizeof seal->salt) : err;
    err = err == ERR_OK ? get_hex(file, "nonce", seal->nonce, sizeof seal->nonce) : err;
    err = err == ERR_OK ? get_hex(file, "tag", seal->tag, sizeof seal->tag) : err;
    return err == ERR_OK ? get_hex(file, "secrets", seal->bytes, sizeof seal->bytes) : err;
}

static err_t get_open(zconfig_t *file, const struct suite *suite, struct identity *identity)
{
    uint8_t secret[SIGNING_SECRET_SIZE];
    err_t err = get_hex(file, "curve_secret", identity->curve_secret, KEY_SIZE);
    err = err == ERR_OK ? get_hex(file, "signing_secret", secret, sizeof secret) : err;
    err = err == ERR_OK ? signing_pair_restore(suite, secret, &identity->signing) : err;
    sodium_memzero(secret, sizeof secret);
    return err;
}

static err_t get_kept(zconfig_t *file, struct kept *kept)
{
    const struct suite *suite = suite_named(zconfig_get(file, "signing_algorithm", ""));
    err_t err = suite ? get_hex(file, "curve_public", kept->identity.curve_public, KEY_SIZE) : ERR_INVALID;
    if (err != ERR_OK) {
        return err;
    }
    kept->is_sealed = zconfig_locate(file, "sealed") != NULL;
    if (!kept->is_sealed) {
        return get_open(file, suite, &kept->identity);
    }
    err = signing_key_parse(zconfig_get(file, "signing_public", ""), &kept->identity.signing.key);
    err = err == ERR_OK && identity_suite(&kept->identity) != suite ? ERR_INVALID : err;
    return err == ERR_OK ? get_seal(file, &kept->seal) : err;
}

err_t kept_read(const struct home *home, const char *name, struct kept *ret_kept, char reterr_reason[256])
{
    char path[PATH_SIZE];
    char text[FILE_MAX + 1];
    size_t size = 0;
    memset(ret_kept, 0, sizeof *ret_kept);
    home_file(home, name, path);
    err_t err = file_read_private(path, text, FILE_MAX, &size, reterr_reason);
    if (err != ERR_OK) {
        if (err == ERR_NOT_FOUND) {
            snprintf(reterr_reason, 256, tr("no identity in %.200s", "%.200s 中没有身份文件"), home->path);
        }
        return err;
    }
    text[size] = '\0';
    zconfig_t *file = zconfig_str_load(text);
    err = file ? get_kept(file, ret_kept) : ERR_INVALID;
    zconfig_destroy(&file);
    sodium_memzero(text, sizeof text);
    if (err != ERR_OK) {
        sodium_memzero(ret_kept, sizeof *ret_kept);
        snprintf(reterr_reason, 256, tr("%.200s cannot be read as an identity", "%.200s 不是有效的身份文件"), path);
    }
    return err;
}
