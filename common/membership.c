#include "common/membership.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static zsock_t *open_enrol_socket(const struct join_link *link, const struct identity *identity)
{
    zsock_t *sock = zsock_new(ZMQ_DEALER);
    void *handle = zsock_resolve(sock);
    zmq_setsockopt(handle, ZMQ_CURVE_SERVERKEY, link->hub_key, KEY_SIZE);
    zmq_setsockopt(handle, ZMQ_CURVE_PUBLICKEY, identity->curve_public, KEY_SIZE);
    zmq_setsockopt(handle, ZMQ_CURVE_SECRETKEY, identity->curve_secret, KEY_SIZE);
    int64_t limit = MESSAGE_SIZE_MAX;
    zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &limit, sizeof limit);
    zsock_set_linger(sock, 0);
    zsock_set_rcvtimeo(sock, 10000);
    zsock_set_sndtimeo(sock, 10000);
    if (zsock_connect(sock, "%s", link->enrol_endpoint) != 0) {
        zsock_destroy(&sock);
    }
    return sock;
}

/* What vouches for the new pair: the link's code, or FORMER. */
static void send_enrol(zsock_t *sock, const struct join_link *link, const struct identity *identity,
                       const struct identity *former, const char *software)
{
    msgpack_sbuffer buffer;
    uint8_t proof[SIGNATURE_SIZE];
    uint8_t former_proof[SIGNATURE_SIZE];
    struct view code = {(const uint8_t *)link->code, strlen(link->code)};
    struct view former_key = {former ? former->curve_public : NULL, former ? KEY_SIZE : 0};
    struct view signing_key = signing_key_view(&identity->signing.key);
    msgpack_sbuffer_init(&buffer);
    enrol_signed_bytes(identity->curve_public, former ? former_key : code, &buffer);
    identity_sign(identity, (struct view){(const uint8_t *)buffer.data, buffer.size}, proof);
    msgpack_sbuffer_clear(&buffer);
    if (former) {
        successor_sign(former, identity, 0, former_proof);
    }
    struct message message = {.type = MESSAGE_ENROL};
    message.enrol = (struct enrol){.version = PROTOCOL_VERSION,
                                   .code = code,
                                   .algorithm = suite_label(identity_suite(identity)),
                                   .signing_key = signing_key,
                                   .proof = {proof, SIGNATURE_SIZE},
                                   .former_key = former_key,
                                   .former_proof = {former_proof, former ? SIGNATURE_SIZE : 0},
                                   .software = {(const uint8_t *)software, strlen(software)}};
    message_encode(&message, &buffer);
    zmq_send(zsock_resolve(sock), buffer.data, buffer.size, 0);
    msgpack_sbuffer_destroy(&buffer);
}

static void copy_text(struct view text, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)(text.size < size ? text.size : size - 1), text.size ? (const char *)text.at : "");
}

static void copy_sectors(struct view encoded, char *out, size_t size)
{
    struct reader reader = reader_over(encoded.at, encoded.size);
    struct view sector;
    uint32_t count = 0;
    out[0] = '\0';
    if (encoded.size == 0 || reader_array(&reader, &count) != ERR_OK) {
        return;
    }
    while (count-- > 0 && reader_str(&reader, &sector) == ERR_OK) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%.*s", used ? "," : "", (int)sector.size, (const char *)sector.at);
    }
}

static err_t take_answer(const struct message *answer, const struct join_link *link, struct membership *ret_membership,
                         char reterr_code[32], char reterr_reason[512])
{
    if (answer->type == MESSAGE_REFUSE) {
        copy_text(answer->refuse.code, reterr_code, 32);
        snprintf(reterr_reason, 512, "%s: %.*s", fault_label(reterr_code, text_is_chinese()),
                 (int)answer->refuse.reason.size, (const char *)answer->refuse.reason.at);
        return ERR_INVALID;
    }
    const struct enrolled *grant = &answer->enrolled;
    memset(ret_membership, 0, sizeof *ret_membership);
    if (answer->type != MESSAGE_ENROLLED ||
        signing_key_take(grant->hub_key, &ret_membership->hub_signing_key) != ERR_OK ||
        signing_key_suite(&ret_membership->hub_signing_key) != link->suite ||
        suite_find(grant->algorithm) != link->suite) {
        snprintf(reterr_reason, 512, tr("the hub's answer is not understood", "无法理解枢纽的应答"));
        return ERR_INVALID;
    }
    snprintf(ret_membership->endpoint, sizeof ret_membership->endpoint, "%s", link->endpoint);
    snprintf(ret_membership->enrol_endpoint, sizeof ret_membership->enrol_endpoint, "%s", link->enrol_endpoint);
    memcpy(ret_membership->hub_key, link->hub_key, KEY_SIZE);
    ret_membership->given_out = grant->given_out;
    if (signing_key_take(grant->leaked_key, &ret_membership->leaked_key) == ERR_OK) {
        ret_membership->leaked_at = grant->leaked_at < INT64_MAX ? (int64_t)grant->leaked_at : 0;
    }
    copy_text(grant->party, ret_membership->party, sizeof ret_membership->party);
    copy_text(grant->name, ret_membership->name, sizeof ret_membership->name);
    copy_text(grant->role, ret_membership->role, sizeof ret_membership->role);
    copy_text(grant->hub, ret_membership->hub, sizeof ret_membership->hub);
    copy_text(grant->city, ret_membership->city, sizeof ret_membership->city);
    copy_text(grant->entity_type, ret_membership->entity_type, sizeof ret_membership->entity_type);
    copy_sectors(grant->sectors, ret_membership->sectors, sizeof ret_membership->sectors);
    return ERR_OK;
}

static err_t enrol(const struct join_link *link, const struct identity *identity, const struct identity *former,
                   const char *software, struct membership *ret_membership, char reterr_code[32],
                   char reterr_reason[512])
{
    reterr_code[0] = '\0';
    if (identity_suite(identity) != link->suite) {
        snprintf(reterr_reason, 512,
                 tr("the hub uses the signature suite %s, the keys in this folder are of %s: join from another, empty "
                    "--home",
                    "枢纽使用签名算法套件 %s，而本目录的密钥属于 %s：请使用另一个空的 --home 加入"),
                 suite_name(link->suite), suite_name(identity_suite(identity)));
        return ERR_INVALID;
    }
    zsock_t *sock = open_enrol_socket(link, identity);
    if (!sock) {
        snprintf(reterr_reason, 512, tr("cannot connect to %.200s", "无法连接 %.200s"), link->enrol_endpoint);
        return ERR_IO;
    }
    send_enrol(sock, link, identity, former, software);
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    err_t err = ERR_IO;
    if (zmq_msg_recv(&frame, zsock_resolve(sock), 0) < 0) {
        snprintf(
            reterr_reason, 512,
            tr("no answer from %.200s within 10 s: is the hub running, the address reachable, and the link whole? (A "
               "locked-out address gets no answer for a minute.)",
               "%.200s 在 10 "
               "秒内没有应答：请检查枢纽是否运行、网络是否可达、链接是否完整（被临时锁定的地址一分钟内得不到应答）"),
            link->enrol_endpoint);
    } else {
        struct message answer;
        char reason[128];
        struct view bytes = {zmq_msg_data(&frame), zmq_msg_size(&frame)};
        err = message_decode(bytes, &answer, reason);
        if (err != ERR_OK) {
            snprintf(reterr_reason, 512, tr("the hub's answer is not understood: %s", "无法理解枢纽的应答：%s"),
                     reason);
        } else {
            err = take_answer(&answer, link, ret_membership, reterr_code, reterr_reason);
        }
    }
    zmq_msg_close(&frame);
    zsock_destroy(&sock);
    return err;
}

err_t membership_enrol(const struct join_link *link, const struct identity *identity, const char *software,
                       struct membership *ret_membership, char reterr_code[32], char reterr_reason[512])
{
    return enrol(link, identity, NULL, software, ret_membership, reterr_code, reterr_reason);
}

err_t membership_succeed(const struct membership *membership, const struct identity *former,
                         const struct identity *next, const char *software, char reterr_reason[512])
{
    struct join_link link = {.suite = membership_suite(membership)};
    struct membership answer;
    char code[32];
    snprintf(link.endpoint, sizeof link.endpoint, "%s", membership->endpoint);
    snprintf(link.enrol_endpoint, sizeof link.enrol_endpoint, "%s", membership->enrol_endpoint);
    memcpy(link.hub_key, membership->hub_key, KEY_SIZE);
    if (!*link.enrol_endpoint) {
        /* Noted since releases that know changes of keys; before, it was the usual neighbour. */
        char *port = strrchr(link.endpoint, ':');
        snprintf(link.enrol_endpoint, sizeof link.enrol_endpoint, "%.*s:%ld", (int)(port ? port - link.endpoint : 0),
                 link.endpoint, port ? strtol(port + 1, NULL, 10) + 1 : 0);
    }
    return enrol(&link, next, former, software, &answer, code, reterr_reason);
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
