#include "common/enrolment.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/succession.h"
#include "common/text.h"

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
                       const struct identity *former, const struct enrollee *enrollee)
{
    msgpack_sbuffer buffer;
    uint8_t proof[SIGNATURE_SIZE];
    uint8_t former_proof[SIGNATURE_SIZE];
    struct view code = {(const uint8_t *)link->code, strlen(link->code)};
    struct view former_key = {former ? former->curve_public : NULL, former ? KEY_SIZE : 0};
    struct view signing_key = signing_key_view(&identity->signing.key);
    const char *party = enrollee->party ? enrollee->party : "";
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
                                   .software = {(const uint8_t *)enrollee->software, strlen(enrollee->software)},
                                   .party = {(const uint8_t *)party, strlen(party)}};
    message_encode(&message, &buffer);
    zmq_send(zsock_resolve(sock), buffer.data, buffer.size, 0);
    msgpack_sbuffer_destroy(&buffer);
}

/* It is shown to people. */
static void copy_text(struct view text, char *out, size_t size)
{
    log_safe(text.at, text.size, out, size);
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

/* A hub of before there was a list tells the newest alone. */
static void take_leaks(const struct enrolled *grant, struct membership *membership)
{
    struct leak *first = &membership->leaks[0];
    membership->leak_count = leaks_decode(grant->leaks, membership->hub_signing_key.size, membership->leaks);
    if (membership->leak_count == 0 && grant->leaked_at > 0 && grant->leaked_at <= INT64_MAX &&
        signing_key_take(grant->leaked_key, &first->key) == ERR_OK) {
        first->at = first->since = (int64_t)grant->leaked_at;
        membership->leak_count = 1;
    }
}

/* REFUSE codes by which the hub has judged the pair, and has not taken it. Of any other it may have: what was asked
 * before this may have been answered, and the answer lost. */
static err_t judge_refusal(const char *code)
{
    static const char *const final[] = {"code_invalid", "code_expired", "code_used", "key_held", "other_party"};
    err_t err = strcmp(code, "new_keys_needed") == 0 ? ERR_EXISTS : ERR_INVALID;
    for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
        err = strcmp(code, final[i]) == 0 ? ERR_NOT_FOUND : err;
    }
    return err;
}

static err_t take_answer(const struct message *answer, const struct join_link *link, struct membership *ret_membership,
                         char reterr_reason[512])
{
    if (answer->type == MESSAGE_REFUSE) {
        char code[32];
        char reason[400];
        log_safe(answer->refuse.code.at, answer->refuse.code.size, code, sizeof code);
        log_safe(answer->refuse.reason.at, answer->refuse.reason.size, reason, sizeof reason);
        snprintf(reterr_reason, 512, "%s: %s", fault_label(code, text_is_chinese()), reason);
        return judge_refusal(code);
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
    take_leaks(grant, ret_membership);
    copy_text(grant->party, ret_membership->party, sizeof ret_membership->party);
    copy_text(grant->name, ret_membership->name, sizeof ret_membership->name);
    copy_text(grant->role, ret_membership->role, sizeof ret_membership->role);
    copy_text(grant->hub, ret_membership->hub, sizeof ret_membership->hub);
    copy_text(grant->city, ret_membership->city, sizeof ret_membership->city);
    copy_text(grant->entity_type, ret_membership->entity_type, sizeof ret_membership->entity_type);
    copy_sectors(grant->sectors, ret_membership->sectors, sizeof ret_membership->sectors);
    return ERR_OK;
}

static err_t ask(const struct join_link *link, const struct identity *identity, const struct identity *former,
                 const struct enrollee *enrollee, struct membership *ret_membership, char reterr_reason[512])
{
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
    send_enrol(sock, link, identity, former, enrollee);
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
            err = take_answer(&answer, link, ret_membership, reterr_reason);
        }
    }
    zmq_msg_close(&frame);
    zsock_destroy(&sock);
    return err;
}

err_t enrolment_succeed(const struct membership *membership, const struct identity *former, const struct identity *next,
                        const char *software, char reterr_reason[512])
{
    struct join_link link = {.suite = membership_suite(membership)};
    const struct enrollee enrollee = {.software = software};
    struct membership answer;
    snprintf(link.endpoint, sizeof link.endpoint, "%s", membership->endpoint);
    snprintf(link.enrol_endpoint, sizeof link.enrol_endpoint, "%s", membership->enrol_endpoint);
    memcpy(link.hub_key, membership->hub_key, KEY_SIZE);
    if (!*link.enrol_endpoint) {
        /* Noted since releases that know changes of keys; before, it was the usual neighbour. */
        char *port = strrchr(link.endpoint, ':');
        snprintf(link.enrol_endpoint, sizeof link.enrol_endpoint, "%.*s:%ld", (int)(port ? port - link.endpoint : 0),
                 link.endpoint, port ? strtol(port + 1, NULL, 10) + 1 : 0);
    }
    return ask(&link, next, former, &enrollee, &answer, reterr_reason);
}

err_t enrolment_ask(const struct join_link *link, const struct identity *identity, const struct enrollee *enrollee,
                    struct membership *ret_membership, char reterr_reason[512])
{
    return ask(link, identity, NULL, enrollee, ret_membership, reterr_reason);
}

err_t enrolment_lock(const struct home *home, char reterr_reason[512])
{
    int lock = -1;
    err_t err = home_lock(home, JOIN_LOCK, &lock);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 512,
                 err == ERR_BUSY ? tr("another join or change of keys is under way in %.400s: try again",
                                      "%.400s 中正在执行另一个 join 或密钥更换，请稍后重试")
                                 : tr("cannot write in %.400s", "无法写入 %.400s"),
                 home->path);
    }
    return err;
}

static err_t join_with(const struct identity *identity, const struct join_link *link, const struct enrollee *enrollee,
                       struct membership *ret_membership, char reterr_reason[512])
{
    err_t err = enrolment_ask(link, identity, enrollee, ret_membership, reterr_reason);
    if (err == ERR_OK && strcmp(ret_membership->role, enrollee->role) != 0) {
        snprintf(reterr_reason, 512,
                 tr("this link is for a party of role %s, not of role %s: ask for one made by %s",
                    "该链接用于角色 %s，而非角色 %s：请索取由 %s 生成的链接"),
                 ret_membership->role, enrollee->role, enrollee->maker);
        err = ERR_INVALID;
    }
    return err;
}

err_t enrolment_join_anew(const struct home *home, const struct join_link *link, const struct enrollee *enrollee,
                          struct membership *ret_membership, char reterr_reason[512])
{
    struct identity fresh;
    err_t err = identity_prepare_fresh(home, link->code, &fresh, reterr_reason);
    if (err == ERR_NOT_FOUND) {
        snprintf(reterr_reason, 512,
                 tr("%.300s has no keys yet: join without --new-keys; the link is as good as before",
                    "%.300s 中尚无密钥：请不带 --new-keys 加入；该链接仍可使用"),
                 home->path);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = join_with(&fresh, link, enrollee, ret_membership, reterr_reason);
    identity_done(&fresh);
    if (err == ERR_NOT_FOUND || err == ERR_EXISTS) {
        identity_drop_fresh(home, link->code);
    }
    return err;
}

err_t enrolment_join(const struct home *home, const struct join_link *link, const struct enrollee *enrollee,
                     struct membership *ret_membership, char reterr_reason[512])
{
    struct identity identity;
    if (identity_has_fresh(home, link->code)) {
        err_t err = enrolment_join_anew(home, link, enrollee, ret_membership, reterr_reason);
        if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    err_t err = identity_open(home, link->suite, &identity, reterr_reason);
    err = err == ERR_OK ? join_with(&identity, link, enrollee, ret_membership, reterr_reason) : err;
    identity_done(&identity);
    return err;
}

err_t enrolment_settle(const struct home *home, const struct join_link *link)
{
    if (identity_has_fresh(home, link->code)) {
        return identity_promote_fresh(home, link->code);
    }
    identity_forget_fresh(home); /* the home's own are good */
    return ERR_OK;
}

err_t enrolment_rotate(const struct home *home, tell_successor_fn *tell, const void *context, char reterr_reason[512])
{
    struct identity former;
    struct identity next;
    err_t err = identity_load(home, &former, reterr_reason);
    if (err != ERR_OK) {
        return err;
    }
    err = identity_prepare_next(home, &next, reterr_reason);
    if (err == ERR_OK) {
        err = tell(context, &former, &next, reterr_reason);
    }
    if (err == ERR_OK) {
        err = identity_promote_next(home, next.curve_public);
        identity_forget_fresh(home); /* had the hub taken these for a link, it would not have taken the others */
        snprintf(reterr_reason, 512, "%.400s: %s", home->path, err_text(err));
    }
    identity_done(&next);
    identity_done(&former);
    return err;
}
