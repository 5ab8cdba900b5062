#include "common/identity.h"

#include <czmq.h>
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "common/identity_file.h"
#include "common/passphrase.h"
#include "common/text.h"

static_assert((int)KEY_SIZE + (int)SIGNING_SECRET_SIZE == (int)SEAL_SECRET_SIZE, "what is sealed is both secrets");

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
    sodium_memzero(secret_text, sizeof secret_text);
    return signing_pair_make(suite, &ret_identity->signing);
}

/* ---- sealed ---- */

/* What stands beside the secrets in the open: a seal fits the keys that it was made for. */
static struct view covered_bytes(const struct identity *identity, uint8_t ret_bytes[KEY_SIZE + SIGNING_KEY_MAX])
{
    memcpy(ret_bytes, identity->curve_public, KEY_SIZE);
    memcpy(ret_bytes + KEY_SIZE, identity->signing.key.bytes, identity->signing.key.size);
    return (struct view){ret_bytes, (size_t)KEY_SIZE + identity->signing.key.size};
}

static err_t close_seal(const struct identity *identity, struct view passphrase, struct seal *ret_seal,
                        char reterr_reason[256])
{
    uint8_t covered[KEY_SIZE + SIGNING_KEY_MAX];
    uint8_t secrets[SEAL_SECRET_SIZE];
    memcpy(secrets, identity->curve_secret, KEY_SIZE);
    memcpy(secrets + KEY_SIZE, identity->signing.secret, SIGNING_SECRET_SIZE);
    err_t err = seal_close(passphrase, covered_bytes(identity, covered), secrets, ret_seal);
    sodium_memzero(secrets, sizeof secrets);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, "%s",
                 tr("the libraries cannot seal keys (OpenSSL without scrypt?)",
                    "程序库无法加密密钥（OpenSSL 不含 scrypt？）"));
    }
    return err;
}

static err_t open_seal(struct kept *kept, struct view passphrase)
{
    struct identity *identity = &kept->identity;
    const struct suite *suite = identity_suite(identity);
    uint8_t covered[KEY_SIZE + SIGNING_KEY_MAX];
    uint8_t secrets[SEAL_SECRET_SIZE];
    err_t err = seal_open(passphrase, covered_bytes(identity, covered), &kept->seal, secrets);
    err = err == ERR_OK ? signing_pair_restore(suite, secrets + KEY_SIZE, &identity->signing) : err;
    memcpy(identity->curve_secret, secrets, KEY_SIZE);
    sodium_memzero(secrets, sizeof secrets);
    return err;
}

static err_t unlock(const struct home *home, struct kept *kept, char reterr_reason[256])
{
    struct passphrase passphrase;
    err_t err = passphrase_get(&passphrase, reterr_reason);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_INVALID : err; /* to the caller ERR_NOT_FOUND is a home without keys */
    }
    err = open_seal(kept, passphrase_view(&passphrase));
    passphrase_done(&passphrase);
    if (err == ERR_INVALID) {
        snprintf(reterr_reason, 256,
                 tr("%.150s/" IDENTITY_FILE ": the passphrase does not fit, or the file was changed",
                    "%.150s/" IDENTITY_FILE "：口令不正确，或文件已被改动"),
                 home->path);
    } else if (err != ERR_OK) {
        snprintf(reterr_reason, 256,
                 tr("%.150s/" IDENTITY_FILE ": scrypt_n, scrypt_r, scrypt_p: more than this program spends on a "
                    "passphrase: the file was changed",
                    "%.150s/" IDENTITY_FILE "：scrypt_n、scrypt_r、scrypt_p 超出允许范围：文件已被改动"),
                 home->path);
    }
    return err;
}

/* ---- changing the files: one at a time ---- */

#define KEYS_LOCK    "keys.lock"
#define FRESH_PREFIX "identity-fresh"
#define FRESH_SUFFIX ".zpl"

enum { FRESH_NAME_SIZE = 64, LINK_HASH_SIZE = 8 };

/* A name in the home that begins with PREFIX and ends with SUFFIX. */
static bool find_name(const struct home *home, const char *prefix, const char *suffix, char ret_name[FRESH_NAME_SIZE])
{
    DIR *folder = opendir(home->path);
    bool is_found = false;
    for (struct dirent *entry = NULL; folder && !is_found && (entry = readdir(folder));) {
        size_t size = strlen(entry->d_name);
        is_found = size < FRESH_NAME_SIZE && size >= strlen(prefix) + strlen(suffix) &&
                   strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
                   strcmp(entry->d_name + size - strlen(suffix), suffix) == 0;
        snprintf(ret_name, FRESH_NAME_SIZE, "%.63s", is_found ? entry->d_name : "");
    }
    if (folder) {
        closedir(folder);
    }
    return is_found;
}

/* The file of a change of keys that is under way. */
static bool find_change(const struct home *home, char ret_name[FRESH_NAME_SIZE])
{
    bool has_next = home_has(home, IDENTITY_NEXT_FILE);
    snprintf(ret_name, FRESH_NAME_SIZE, "%s", has_next ? IDENTITY_NEXT_FILE : "");
    return has_next || find_name(home, FRESH_PREFIX, FRESH_SUFFIX, ret_name);
}

static bool is_same_kept(const struct kept *a, const struct kept *b)
{
    return memcmp(a->identity.curve_public, b->identity.curve_public, KEY_SIZE) == 0 && a->is_sealed == b->is_sealed &&
           (!a->is_sealed || memcmp(a->seal.salt, b->seal.salt, SEAL_SALT_SIZE) == 0);
}

/* Writes the file NAME if the home's keys are still those of SEEN, and nobody else has begun a change: a person may
 * have taken long over a passphrase. */
static err_t write_if_same(const struct home *home, const char *name, const struct kept *seen, const struct kept *kept,
                           char reterr_reason[256])
{
    struct kept now = {0};
    int lock = -1;
    err_t err = home_lock_wait(home, KEYS_LOCK, &lock);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, "%.150s/" KEYS_LOCK ": %.80s", home->path, strerror(errno));
    }
    err = err == ERR_OK ? kept_read(home, IDENTITY_FILE, &now, reterr_reason) : err;
    char other[FRESH_NAME_SIZE];
    bool is_own = strcmp(name, IDENTITY_FILE) == 0;
    if (err == ERR_OK && (!is_same_kept(&now, seen) || (is_own ? find_change(home, other) : home_has(home, name)))) {
        snprintf(reterr_reason, 256,
                 tr("the keys in %.150s were changed meanwhile, and stay as they are now: do it again",
                    "%.150s 中的密钥在此期间已被更改，本次未作改动：请重新执行"),
                 home->path);
        err = ERR_BUSY;
    }
    err = err == ERR_OK ? kept_write(home, name, kept, reterr_reason) : err;
    sodium_memzero(&now, sizeof now);
    if (lock >= 0) {
        close(lock);
    }
    return err;
}

err_t identity_seal(const struct home *home, bool is_sealed, char ret_reason[256])
{
    struct kept seen;
    struct passphrase passphrase;
    err_t err = kept_read(home, IDENTITY_FILE, &seen, ret_reason);
    struct kept kept = seen;
    char other[FRESH_NAME_SIZE];
    if (err == ERR_OK && find_change(home, other)) {
        snprintf(
            ret_reason, 256,
            tr("%.80s/%.40s: a change of keys is under way, whose keys would stay as they are: end it first (the "
               "command that began it, key rotate, or its time)",
               "%.80s/%.40s：正在更换密钥，其中的密钥不会随之改变：请先完成更换（重新执行原命令、key rotate，或等到"
               "生效时间）"),
            home->path, other);
        err = ERR_EXISTS;
    } else if (err == ERR_OK && kept.is_sealed == is_sealed) {
        snprintf(ret_reason, 256,
                 is_sealed
                     ? tr("the keys in %.150s are sealed already; for another passphrase: key unseal, then key seal",
                          "%.150s 中的密钥已加密；更换口令请先 key unseal 再 key seal")
                     : tr("the keys in %.150s are not sealed", "%.150s 中的密钥未加密"),
                 home->path);
        err = ERR_EXISTS;
    } else if (err == ERR_OK && is_sealed) {
        err = passphrase_choose(&passphrase, ret_reason);
        err = err == ERR_OK ? close_seal(&kept.identity, passphrase_view(&passphrase), &kept.seal, ret_reason) : err;
        passphrase_done(&passphrase);
        kept.is_sealed = true;
        err = err == ERR_OK ? write_if_same(home, IDENTITY_FILE, &seen, &kept, ret_reason) : err;
    } else if (err == ERR_OK) {
        err = unlock(home, &kept, ret_reason);
        kept.is_sealed = false;
        err = err == ERR_OK ? write_if_same(home, IDENTITY_FILE, &seen, &kept, ret_reason) : err;
    }
    if (err == ERR_OK) {
        snprintf(ret_reason, 256,
                 is_sealed ? tr("the keys in %.150s are sealed: who starts the program needs the passphrase",
                                "%.150s 中的密钥已加密：启动程序需要口令")
                           : tr("the keys in %.150s are open: who reads the file has them",
                                "%.150s 中的密钥已解密：能读取该文件即可使用密钥"),
                 home->path);
    }
    sodium_memzero(&kept, sizeof kept);
    sodium_memzero(&seen, sizeof seen);
    return err;
}

/* ---- the identity ---- */

err_t identity_create(const struct home *home, const struct suite *suite, struct identity *ret_identity,
                      char reterr_reason[256])
{
    if (identity_make(suite, ret_identity) != ERR_OK) {
        snprintf(
            reterr_reason, 256, "%s",
            tr("the libraries cannot make keys (libzmq without CURVE?)", "程序库无法生成密钥（libzmq 不含 CURVE？）"));
        return ERR_IO;
    }
    struct kept kept = {.identity = *ret_identity};
    err_t err = kept_write(home, IDENTITY_FILE, &kept, reterr_reason);
    sodium_memzero(&kept, sizeof kept);
    if (err != ERR_OK) {
        identity_done(ret_identity);
    }
    return err;
}

static err_t load_from(const struct home *home, const char *name, struct identity *ret_identity,
                       char reterr_reason[256])
{
    struct kept kept;
    err_t err = kept_read(home, name, &kept, reterr_reason);
    err = err == ERR_OK && kept.is_sealed ? unlock(home, &kept, reterr_reason) : err;
    *ret_identity = err == ERR_OK ? kept.identity : (struct identity){0};
    sodium_memzero(&kept, sizeof kept);
    return err;
}

err_t identity_load(const struct home *home, struct identity *ret_identity, char reterr_reason[256])
{
    return load_from(home, IDENTITY_FILE, ret_identity, reterr_reason);
}

err_t identity_load_next(const struct home *home, struct identity *ret_next, char reterr_reason[256])
{
    return load_from(home, IDENTITY_NEXT_FILE, ret_next, reterr_reason);
}

/* Kept as the current ones are: under the same passphrase, or openly. */
static err_t create_beside(const struct home *home, const char *name, struct identity *ret_next,
                           char reterr_reason[256])
{
    struct kept seen;
    struct kept made = {0};
    struct passphrase passphrase;
    err_t err = kept_read(home, IDENTITY_FILE, &seen, reterr_reason);
    struct kept kept = seen;
    if (err == ERR_OK && identity_make(identity_suite(&kept.identity), ret_next) != ERR_OK) {
        snprintf(reterr_reason, 256, "the libraries cannot make keys");
        err = ERR_IO;
    }
    if (err == ERR_OK && kept.is_sealed) {
        err = passphrase_get(&passphrase, reterr_reason);
        err = err == ERR_OK ? open_seal(&kept, passphrase_view(&passphrase)) : err; /* it must be the same one */
        err = err == ERR_OK ? close_seal(ret_next, passphrase_view(&passphrase), &made.seal, reterr_reason) : err;
        passphrase_done(&passphrase);
    }
    if (err == ERR_OK) {
        made.identity = *ret_next;
        made.is_sealed = kept.is_sealed;
        err = write_if_same(home, name, &seen, &made, reterr_reason);
    }
    sodium_memzero(&made, sizeof made);
    sodium_memzero(&kept, sizeof kept);
    sodium_memzero(&seen, sizeof seen);
    return err;
}

static err_t prepare_beside(const struct home *home, const char *name, struct identity *ret_next,
                            char reterr_reason[256])
{
    return home_has(home, name) ? load_from(home, name, ret_next, reterr_reason)
                                : create_beside(home, name, ret_next, reterr_reason);
}

err_t identity_open(const struct home *home, const struct suite *suite, struct identity *ret_identity,
                    char reterr_reason[256])
{
    err_t err = identity_load(home, ret_identity, reterr_reason);
    return err == ERR_NOT_FOUND ? identity_create(home, suite, ret_identity, reterr_reason) : err;
}

err_t identity_prepare_next(const struct home *home, struct identity *ret_next, char reterr_reason[256])
{
    return prepare_beside(home, IDENTITY_NEXT_FILE, ret_next, reterr_reason);
}

err_t identity_promote_next(const struct home *home, const uint8_t curve_public[KEY_SIZE])
{
    struct kept next = {0};
    char reason[256];
    int lock = -1;
    err_t err = home_lock_wait(home, KEYS_LOCK, &lock);
    err = err == ERR_OK ? kept_read(home, IDENTITY_NEXT_FILE, &next, reason) : err;
    if (err == ERR_OK && memcmp(next.identity.curve_public, curve_public, KEY_SIZE) != 0) {
        err = ERR_NOT_FOUND;
    }
    err = err == ERR_OK ? home_rename(home, IDENTITY_NEXT_FILE, IDENTITY_FILE) : err;
    sodium_memzero(&next, sizeof next);
    if (lock >= 0) {
        close(lock);
    }
    return err;
}

/* Of a link by its code, in a form that does not tell the code; NULL: for no link. */
static void name_fresh(const char *code, char ret_name[FRESH_NAME_SIZE])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[2 * LINK_HASH_SIZE + 1];
    snprintf(ret_name, FRESH_NAME_SIZE, "%s", IDENTITY_FRESH_FILE);
    if (code) {
        crypto_hash_sha256(hash, (const uint8_t *)code, strlen(code));
        hex_text(hash, LINK_HASH_SIZE, hex);
        snprintf(ret_name, FRESH_NAME_SIZE, FRESH_PREFIX "-%s" FRESH_SUFFIX, hex);
    }
}

bool identity_has_fresh(const struct home *home, const char *code)
{
    char name[FRESH_NAME_SIZE];
    name_fresh(code, name);
    return home_has(home, name);
}

bool identity_awaits_fresh(const struct home *home)
{
    char name[FRESH_NAME_SIZE];
    return find_name(home, FRESH_PREFIX, FRESH_SUFFIX, name);
}

err_t identity_prepare_fresh(const struct home *home, const char *code, struct identity *ret_fresh,
                             char reterr_reason[256])
{
    char name[FRESH_NAME_SIZE];
    name_fresh(code, name);
    return prepare_beside(home, name, ret_fresh, reterr_reason);
}

/* The next ones go first: left beside the fresh ones they would be announced some day. */
err_t identity_promote_fresh(const struct home *home, const char *code)
{
    char name[FRESH_NAME_SIZE];
    char path[PATH_SIZE];
    int lock = -1;
    name_fresh(code, name);
    if (!home_has(home, name)) {
        return ERR_NOT_FOUND;
    }
    home_file(home, IDENTITY_NEXT_FILE, path);
    err_t err = home_lock_wait(home, KEYS_LOCK, &lock);
    if (err == ERR_OK && unlink(path) != 0 && errno != ENOENT) {
        err = ERR_IO;
    }
    err = err == ERR_OK ? home_rename(home, name, IDENTITY_FILE) : err;
    if (err == ERR_OK) {
        identity_forget_fresh(home);
    }
    if (lock >= 0) {
        close(lock);
    }
    return err;
}

void identity_drop_fresh(const struct home *home, const char *code)
{
    char name[FRESH_NAME_SIZE];
    char path[PATH_SIZE];
    name_fresh(code, name);
    home_file(home, name, path);
    unlink(path);
}

void identity_forget_fresh(const struct home *home)
{
    char name[FRESH_NAME_SIZE];
    char path[PATH_SIZE];
    bool is_gone = true;
    while (is_gone && find_name(home, FRESH_PREFIX, "", name)) {
        home_file(home, name, path);
        is_gone = unlink(path) == 0;
    }
}

static err_t load_public_from(const struct home *home, const char *name, struct identity *ret_identity,
                              char reterr_reason[256])
{
    struct kept kept;
    err_t err = kept_read(home, name, &kept, reterr_reason);
    *ret_identity = kept.identity;
    sodium_memzero(ret_identity->curve_secret, KEY_SIZE);
    sodium_memzero(ret_identity->signing.secret, SIGNING_SECRET_SIZE);
    sodium_memzero(&kept, sizeof kept);
    return err;
}

err_t identity_load_public(const struct home *home, struct identity *ret_identity, char reterr_reason[256])
{
    return load_public_from(home, IDENTITY_FILE, ret_identity, reterr_reason);
}

err_t identity_load_fresh_public(const struct home *home, struct identity *ret_fresh, char reterr_reason[256])
{
    return load_public_from(home, IDENTITY_FRESH_FILE, ret_fresh, reterr_reason);
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
