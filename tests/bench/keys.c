#include "tests/bench/keys.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/enrolment.h"
#include "common/mem.h"
#include "common/text.h"
#include "proto/record.h"
#include "tests/bench/measure.h"

enum { HEX_SIZE = 2 * SIGNING_KEY_MAX + 1, LINE_BYTES = 1024 };

static void print_member(const char *party, const struct identity *identity, FILE *file)
{
    char hex[3][HEX_SIZE];
    hex_text(identity->curve_public, KEY_SIZE, hex[0]);
    hex_text(identity->curve_secret, KEY_SIZE, hex[1]);
    hex_text(identity->signing.secret, SIGNING_SECRET_SIZE, hex[2]);
    fprintf(file, "%s %s %s %s\n", party, hex[0], hex[1], hex[2]);
}

static void print_hub(const struct membership *membership, FILE *file)
{
    char hex[2][HEX_SIZE];
    hex_text(membership->hub_key, KEY_SIZE, hex[0]);
    hex_text(membership->hub_signing_key.bytes, membership->hub_signing_key.size, hex[1]);
    fprintf(file, "%s %s %s\n", membership->endpoint, hex[0], hex[1]);
}

size_t keys_enrol(FILE *links, const char *path)
{
    char line[LINE_BYTES];
    char reason[512];
    size_t count = 0;
    int handle = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    FILE *file = handle >= 0 ? fdopen(handle, "w") : NULL;
    if (!file) {
        fail(tr("cannot write %s", "无法写入 %s"), path);
    }
    while (fgets(line, sizeof line, links)) {
        struct join_link link;
        struct identity identity;
        struct membership membership;
        line[strcspn(line, "\n")] = '\0';
        if (join_link_parse(line, &link, reason) != ERR_OK) {
            fail("%s", reason);
        }
        if (identity_make(link.suite, &identity) != ERR_OK) {
            fail(tr("the libraries cannot make keys", "程序库无法生成密钥"));
        }
        if (enrolment_ask(&link, &identity, &(struct enrollee){.software = "bench-load"}, &membership, reason) !=
            ERR_OK) {
            fail(tr("enrolment %zu: %s", "第 %zu 个加入失败：%s"), count + 1, reason);
        }
        if (count++ == 0) {
            print_hub(&membership, file);
        }
        print_member(membership.party, &identity, file);
        identity_done(&identity);
    }
    if (fclose(file) != 0) {
        fail(tr("cannot write %s", "无法写入 %s"), path);
    }
    return count;
}

static void read_member(FILE *file, const char *path, const struct suite *suite, struct member *ret_member)
{
    char curve_public[HEX_SIZE];
    char curve_secret[HEX_SIZE];
    char signing[HEX_SIZE];
    uint8_t secret[KEY_SIZE];
    struct identity *identity = &ret_member->identity;
    memset(ret_member, 0, sizeof *ret_member);
    if (fscanf(file, "%63s %64s %64s %64s", ret_member->party, curve_public, curve_secret, signing) != 4 ||
        hex_parse(curve_public, identity->curve_public, KEY_SIZE) != ERR_OK ||
        hex_parse(curve_secret, identity->curve_secret, KEY_SIZE) != ERR_OK ||
        hex_parse(signing, secret, KEY_SIZE) != ERR_OK ||
        signing_pair_restore(suite, secret, &identity->signing) != ERR_OK) {
        fail(tr("%s: not enough keys; run bench-load enrol", "%s：密钥不足；请运行 bench-load enrol"), path);
    }
}

void keys_load(const char *path, size_t least, struct keyring *ret_keyring)
{
    char hub_key[HEX_SIZE];
    char hub_signing_key[HEX_SIZE];
    FILE *file = fopen(path, "r");
    memset(ret_keyring, 0, sizeof *ret_keyring);
    if (!file || fscanf(file, "%299s %64s %66s", ret_keyring->endpoint, hub_key, hub_signing_key) != 3 ||
        hex_parse(hub_key, ret_keyring->hub_key, KEY_SIZE) != ERR_OK ||
        signing_key_parse(hub_signing_key, &ret_keyring->hub_signing_key) != ERR_OK) {
        fail(tr("%s: no keys; run bench-load enrol", "%s：没有密钥；请运行 bench-load enrol"), path);
    }
    ret_keyring->members = mem_grow(NULL, least, sizeof *ret_keyring->members);
    for (; ret_keyring->count < least; ret_keyring->count++) {
        read_member(file, path, signing_key_suite(&ret_keyring->hub_signing_key),
                    &ret_keyring->members[ret_keyring->count]);
    }
    fclose(file);
}

void keys_done(struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->count; i++) {
        identity_done(&keyring->members[i].identity);
    }
    free(keyring->members);
    memset(keyring, 0, sizeof *keyring);
}

/* Fills in the check character by trying: the codec is the one that decides. */
static void make_uscc(size_t index, char ret_code[19])
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    snprintf(ret_code, 19, "91330106MA%07zu0", index % 10000000);
    for (size_t i = 0; alphabet[i]; i++) {
        ret_code[17] = alphabet[i];
        if (uscc_check((struct view){(const uint8_t *)ret_code, 18})) {
            return;
        }
    }
    fail("no check character for %s", ret_code);
}

void keys_print_entities(size_t count, FILE *file)
{
    static const char *const districts[] = {"330102", "330105", "330106", "330108", "330110"};
    static const size_t district_count = sizeof districts / sizeof *districts;
    for (size_t i = 0; i < count; i++) {
        char code[19];
        make_uscc(i, code);
        size_t sector = i % enum_sector.count;
        fprintf(file,
                "{\"uscc\": \"%s\", \"name\": \"压测机构%05zu\", \"type\": \"%s\", \"sectors\": [\"%s\", \"%s\"], "
                "\"district\": \"%s\"}\n",
                code, i, enum_entity_type.labels[i % enum_entity_type.count].code, enum_sector.labels[sector].code,
                enum_sector.labels[(sector + 1) % enum_sector.count].code, districts[i % district_count]);
    }
}
