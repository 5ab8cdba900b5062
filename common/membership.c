#include "common/membership.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/succession.h"
#include "common/text.h"
#include "common/zpl.h"

#define SUITE_KEY "&suite="

const struct suite *membership_suite(const struct membership *membership)
{
    return signing_key_suite(&membership->hub_signing_key);
}

static err_t bad_link(char reterr_reason[256], const char *what)
{
    snprintf(reterr_reason, 256,
             tr("not a join link (%s): expected agn://HOST:PORT/HUBKEY/CODE?enrol=PORT[&suite=NAME], copied whole",
                "不是有效的加入链接（%s）：应为完整的 agn://HOST:PORT/HUBKEY/CODE?enrol=PORT[&suite=NAME]"),
             what);
    return ERR_INVALID;
}

static bool is_port(const char *text)
{
    size_t size = strlen(text);
    long port = strtol(text, NULL, 10);
    return size > 0 && size < 6 && strspn(text, "0123456789") == size && port > 0 && port < 65536;
}

static bool is_host(const char *text, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char inner[] = "0123456789abcdefABCDEF:.%";
    if (size == 0 || size > 255) {
        return false;
    }
    bool is_bracketed = text[0] == '[' && text[size - 1] == ']';
    for (size_t i = is_bracketed; i < size - is_bracketed; i++) {
        if (!strchr(is_bracketed ? inner : plain, text[i])) {
            return false;
        }
    }
    return true;
}

err_t join_link_parse(const char *text, struct join_link *ret_link, char reterr_reason[256])
{
    char copy[600];
    memset(ret_link, 0, sizeof *ret_link);
    if (strlen(text) >= sizeof copy || strncmp(text, "agn://", 6) != 0) {
        return bad_link(reterr_reason, "agn://");
    }
    snprintf(copy, sizeof copy, "%s", text + 6);
    char *key = strchr(copy, '/');
    char *code = key ? strchr(key + 1, '/') : NULL;
    char *enrol = code ? strstr(code, "?enrol=") : NULL;
    if (!enrol) {
        return bad_link(reterr_reason, "HUBKEY, CODE, ?enrol=");
    }
    *key++ = '\0';
    *code++ = '\0';
    *enrol = '\0';
    enrol += strlen("?enrol=");
    char *suite = strstr(enrol, SUITE_KEY);
    if (suite) {
        *suite = '\0';
    }
    ret_link->suite = suite ? suite_named(suite + strlen(SUITE_KEY)) : &suite_ed25519;
    if (!ret_link->suite) {
        return bad_link(reterr_reason, "suite=ed25519|sm2-sm3");
    }
    char *port = strrchr(copy, ':');
    if (!port || !is_host(copy, (size_t)(port - copy)) || !is_port(port + 1) || !is_port(enrol)) {
        return bad_link(reterr_reason, "HOST:PORT");
    }
    if (hex_parse(key, ret_link->hub_key, KEY_SIZE) != ERR_OK) {
        return bad_link(reterr_reason, "HUBKEY");
    }
    if (strlen(code) != 20 || strspn(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != 20) {
        return bad_link(reterr_reason, "CODE");
    }
    *port = '\0';
    snprintf(ret_link->endpoint, sizeof ret_link->endpoint, "tcp://%.256s:%s", copy, port + 1);
    snprintf(ret_link->enrol_endpoint, sizeof ret_link->enrol_endpoint, "tcp://%.256s:%s", copy, enrol);
    snprintf(ret_link->code, sizeof ret_link->code, "%.20s", code);
    return ERR_OK;
}

void join_link_format(const char *host, int port, int enrol_port, const struct join_link *link, char *ret_text,
                      size_t size)
{
    char hex[2 * KEY_SIZE + 1];
    bool is_named = link->suite != &suite_ed25519; /* links of before there was a choice name none */
    hex_text(link->hub_key, KEY_SIZE, hex);
    snprintf(ret_text, size, "agn://%s:%d/%s/%s?enrol=%d%s%s", host, port, hex, link->code, enrol_port,
             is_named ? SUITE_KEY : "", is_named ? suite_name(link->suite) : "");
}

/* One row a text field of the file; keys travel as hex. */
struct membership_row {
    const char *key;
    size_t offset;
    size_t size;
    enum { ROW_TEXT, ROW_KEY, ROW_SIGNING_KEY } form;
};

#define TEXT_ROW(field)                                                                                                \
    {                                                                                                                  \
#field, offsetof(struct membership, field), sizeof((struct membership *)0)->field, ROW_TEXT                    \
    }
#define KEY_ROW(field)                                                                                                 \
    {                                                                                                                  \
#field, offsetof(struct membership, field), KEY_SIZE, ROW_KEY                                                  \
    }

#define SIGNING_KEY_ROW(field)                                                                                         \
    {                                                                                                                  \
#field, offsetof(struct membership, field), SIGNING_KEY_MAX, ROW_SIGNING_KEY                                   \
    }

static const struct membership_row membership_rows[] = {
    TEXT_ROW(endpoint), KEY_ROW(hub_key),         SIGNING_KEY_ROW(hub_signing_key),
    TEXT_ROW(party),    TEXT_ROW(name),           TEXT_ROW(role),
    TEXT_ROW(hub),      TEXT_ROW(city),           TEXT_ROW(entity_type),
    TEXT_ROW(sectors),  TEXT_ROW(enrol_endpoint), TEXT_ROW(former_hub_keys),
};
enum { MEMBERSHIP_ROWS = sizeof membership_rows / sizeof *membership_rows };

/* Both or none. */
static const struct membership_row next_rows[] = {KEY_ROW(next_hub_key), SIGNING_KEY_ROW(next_hub_signing_key)};

/* ZPL knows two kinds of quotation mark and no escapes: of a text that has both, one kind stays. A line break would
 * begin another key. */
static void put_text(FILE *file, const char *key, const char *value)
{
    char quote = strchr(value, '"') && !strchr(value, '\'') ? '\'' : '"';
    fprintf(file, "%s = %c", key, quote);
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        fputc(c < 0x20 ? ' ' : c == '"' && quote == '"' ? '\'' : c, file);
    }
    fprintf(file, "%c\n", quote);
}

static void put_rows(FILE *file, const struct membership_row *rows, size_t count, const struct membership *membership)
{
    for (size_t i = 0; i < count; i++) {
        const struct membership_row *row = &rows[i];
        const void *value = (const char *)membership + row->offset;
        char hex[2 * SIGNING_KEY_MAX + 1];
        if (row->form != ROW_TEXT) {
            struct view key = row->form == ROW_KEY ? (struct view){value, KEY_SIZE} : signing_key_view(value);
            hex_text(key.at, key.size, hex);
        }
        put_text(file, row->key, row->form == ROW_TEXT ? value : hex);
    }
}

static err_t get_rows(zconfig_t *file, const struct membership_row *rows, size_t count, struct membership *membership)
{
    err_t err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        const struct membership_row *row = &rows[i];
        void *value = (char *)membership + row->offset;
        const char *text = zconfig_get(file, row->key, "");
        if (row->form == ROW_KEY) {
            err = hex_parse(text, value, KEY_SIZE);
        } else if (row->form == ROW_SIGNING_KEY) {
            err = signing_key_parse(text, value);
        } else {
            snprintf(value, row->size, "%s", text);
        }
    }
    return err;
}

err_t membership_save(const struct home *home, const char *name, const struct membership *membership)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file) {
        return ERR_IO;
    }
    put_rows(file, membership_rows, MEMBERSHIP_ROWS, membership);
    if (membership->next_hub_signing_key.size > 0) {
        put_rows(file, next_rows, 2, membership);
    }
    err_t err = fclose(file) == 0 ? home_write(home, name, text, size) : ERR_IO;
    free(text);
    return err;
}

err_t membership_load(const struct home *home, const char *name, struct membership *ret_membership,
                      char reterr_reason[256])
{
    char path[PATH_SIZE];
    memset(ret_membership, 0, sizeof *ret_membership);
    home_file(home, name, path);
    if (!home_has(home, name)) {
        snprintf(reterr_reason, 256, tr("not joined to a hub yet (no %.150s)", "尚未加入任何枢纽（没有 %.150s）"),
                 path);
        return ERR_NOT_FOUND;
    }
    zconfig_t *file = zpl_load(path);
    err_t err = file ? get_rows(file, membership_rows, MEMBERSHIP_ROWS, ret_membership) : ERR_INVALID;
    if (err == ERR_OK && zconfig_locate(file, next_rows[0].key)) {
        err = get_rows(file, next_rows, 2, ret_membership);
    }
    zconfig_destroy(&file);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, tr("%.150s is damaged: join again", "%.150s 已损坏：请重新加入"), path);
    }
    return err;
}

bool membership_has_same_keys(const struct membership *one, const struct membership *other)
{
    return memcmp(one->hub_key, other->hub_key, KEY_SIZE) == 0 &&
           signing_key_equal(&one->hub_signing_key, &other->hub_signing_key);
}

bool membership_is_same(const struct membership *one, const struct membership *other)
{
    return strcmp(one->endpoint, other->endpoint) == 0 && membership_has_same_keys(one, other);
}

void membership_copy_hub_keys(const struct membership *from, struct membership *to)
{
    memcpy(to->hub_key, from->hub_key, KEY_SIZE);
    to->hub_signing_key = from->hub_signing_key;
    memcpy(to->next_hub_key, from->next_hub_key, KEY_SIZE);
    to->next_hub_signing_key = from->next_hub_signing_key;
    memcpy(to->former_hub_keys, from->former_hub_keys, FORMER_HUB_KEYS_SIZE);
}

err_t membership_update(const struct home *home, const char *name, const struct membership *former,
                        const struct membership *membership)
{
    struct membership present;
    char reason[256];
    int lock = -1;
    err_t err = home_lock(home, JOIN_LOCK, &lock);
    if (err != ERR_OK) {
        return err;
    }
    err = membership_load(home, name, &present, reason);
    err = err == ERR_OK && !membership_is_same(&present, former) ? ERR_NOT_FOUND : err;
    if (err == ERR_OK) {
        membership_copy_hub_keys(membership, &present);
        err = membership_save(home, name, &present);
    }
    close(lock);
    return err;
}
