#include "hub/admin.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/text.h"
#include "hub/options.h"
#include "hub/sharing.h"

enum { PARTY_FRAMES = 8, CONTROL_WAIT_MS = 15000 };

zmsg_t *admin_fail(const char *reason)
{
    zmsg_t *reply = zmsg_new();
    zmsg_addstr(reply, "error");
    zmsg_addstr(reply, reason);
    return reply;
}

static void copy_frame(zmsg_t *request, char *out, size_t size)
{
    char *text = zmsg_popstr(request);
    snprintf(out, size, "%s", text ? text : "");
    free(text);
}

static err_t add_party(struct store *store, zmsg_t *request, int64_t now, char reterr_reason[ADMIN_TEXT])
{
    struct party party = {0};
    char code[32];
    char expires[24];
    copy_frame(request, party.role, sizeof party.role);
    copy_frame(request, party.party, sizeof party.party);
    copy_frame(request, party.name, sizeof party.name);
    copy_frame(request, party.entity_type, sizeof party.entity_type);
    copy_frame(request, party.sectors, sizeof party.sectors);
    copy_frame(request, party.district, sizeof party.district);
    copy_frame(request, code, sizeof code);
    copy_frame(request, expires, sizeof expires);
    err_t err = store_put_party(store, &party, now);
    if (err == ERR_EXISTS) {
        snprintf(reterr_reason, ADMIN_TEXT,
                 tr("%s is registered already; use `invite` for a new join link",
                    "%s 已登记；如需新的加入链接请使用 invite"),
                 party.party);
        return err;
    }
    return err == ERR_OK ? store_put_invitation(store, party.party, code, now, strtoll(expires, NULL, 10)) : err;
}

static err_t run_party_add(struct admin *admin, zmsg_t *request)
{
    err_t err = zmsg_size(request) % PARTY_FRAMES == 0 ? ERR_OK : ERR_INVALID;
    while (err == ERR_OK && zmsg_size(request) >= PARTY_FRAMES) {
        err = add_party(admin->store, request, clock_ms(), admin->text);
    }
    return err;
}

static err_t unknown_party(err_t err, const char *party, char reterr_reason[ADMIN_TEXT])
{
    if (err == ERR_NOT_FOUND) {
        snprintf(reterr_reason, ADMIN_TEXT, tr("no party %s is registered", "没有登记 %s"), party);
    }
    return err;
}

static err_t run_invite(struct admin *admin, zmsg_t *request)
{
    char party[64];
    char code[32];
    char expires[24];
    copy_frame(request, party, sizeof party);
    copy_frame(request, code, sizeof code);
    copy_frame(request, expires, sizeof expires);
    return unknown_party(store_put_invitation(admin->store, party, code, clock_ms(), strtoll(expires, NULL, 10)), party,
                         admin->text);
}

static err_t run_set_state(struct admin *admin, zmsg_t *request)
{
    char party[64];
    char state[PARTY_STATE_SIZE];
    char reason[401];
    struct party now;
    copy_frame(request, party, sizeof party);
    copy_frame(request, state, sizeof state);
    copy_frame(request, reason, sizeof reason);
    err_t err = unknown_party(store_find_party(admin->store, party, &now), party, admin->text);
    if (err != ERR_OK) {
        return err;
    }
    if (strcmp(now.state, "revoked") == 0) {
        snprintf(admin->text, sizeof admin->text, tr("%s is revoked, which is final", "%s 已吊销，不可恢复"), party);
        return ERR_INVALID;
    }
    if (!now.has_keys && strcmp(state, "revoked") != 0) {
        snprintf(admin->text, sizeof admin->text, tr("%s has not joined yet", "%s 尚未加入"), party);
        return ERR_INVALID;
    }
    return store_set_state(admin->store, party, state, reason, clock_ms(), &admin->changed);
}

static err_t run_prune(struct admin *admin, zmsg_t *request)
{
    char upto[24];
    uint64_t removed = 0;
    copy_frame(request, upto, sizeof upto);
    err_t err = store_prune_uplink(admin->store, strtoull(upto, NULL, 10), &removed);
    if (err == ERR_OK) {
        snprintf(admin->text, sizeof admin->text,
                 tr("removed %" PRIu64 " warnings from the uplink stream", "已从上行流清理 %" PRIu64 " 条预警"),
                 removed);
    }
    return err;
}

/* The faults of a record that was not filed, a line each. */
static void list_faults(const struct faults *faults, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < faults->count && used < size; i++) {
        const struct fault *fault = &faults->list[i];
        int more = snprintf(text + used, size - used, "%s%s: %s: %s", i > 0 ? "\n" : "", fault->field,
                            fault_label(fault->code, text_is_chinese()), fault->reason);
        used += more > 0 ? (size_t)more : 0;
    }
}

/* A warning is shared once: the copy is noted with the record that it is. */
static err_t file_one(struct admin *admin, const json_t *object, struct filed *ret_filed)
{
    struct faults faults = {0};
    struct share_row share = {0};
    bool is_copy = false;
    err_t err = sharing_claim(admin->store, object, &share, &is_copy);
    if (err == ERR_EXISTS) {
        char copy[37];
        record_id_text(share.copy, copy);
        snprintf(admin->text, sizeof admin->text,
                 tr("source_id: the warning is shared already, as %s: correct that one with `replaces`",
                    "source_id：该预警已共享为 %s：请用 replaces 更正该件"),
                 copy);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = city_file(admin->city, admin->store, object, clock_ms(), ret_filed, &faults);
    if (err == ERR_INVALID) {
        list_faults(&faults, admin->text, sizeof admin->text);
    }
    return err == ERR_OK && is_copy ? sharing_claimed(admin->store, &share, ret_filed->id) : err;
}

/* Several records are filed together or not at all. */
static err_t run_file(struct admin *admin, zmsg_t *request)
{
    err_t err = zmsg_size(request) > 0 ? ERR_OK : ERR_INVALID;
    size_t used = 0;
    for (char *text = zmsg_popstr(request); text && err == ERR_OK; text = zmsg_popstr(request)) {
        struct filed filed;
        char id[37];
        json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        free(text);
        err = object ? file_one(admin, object, &filed) : ERR_INVALID;
        json_decref(object);
        if (err == ERR_OK) {
            record_id_text(filed.id, id);
            used += (size_t)snprintf(admin->text + used, sizeof admin->text - used, "%s%s", used ? "\n" : "", id);
            err = used < sizeof admin->text - 64 ? ERR_OK : ERR_INVALID;
        }
    }
    return err;
}

static const struct {
    const char *name;
    err_t (*run)(struct admin *admin, zmsg_t *request);
} commands[] = {{"party-add", run_party_add},
                {"invite", run_invite},
                {"set-state", run_set_state},
                {"prune", run_prune},
                {"file", run_file}};

static zmsg_t *run_command(struct admin *admin, size_t index, zmsg_t *request)
{
    *admin->text = '\0';
    admin->changed = (struct party){0};
    err_t err = store_begin(admin->store);
    err = err == ERR_OK ? commands[index].run(admin, request) : err;
    err = err == ERR_OK ? store_commit(admin->store) : err;
    if (err == ERR_OK && !admin->changed.row) {
        (void)!store_registered(admin->store, &admin->changed);
    }
    if (err != ERR_OK) {
        store_rollback(admin->store);
        return admin_fail(*admin->text ? admin->text : err_text(err));
    }
    zmsg_t *reply = zmsg_new();
    zmsg_addstr(reply, "ok");
    zmsg_addstr(reply, admin->text);
    return reply;
}

zmsg_t *admin_run(struct admin *admin, zmsg_t *request)
{
    char name[32];
    copy_frame(request, name, sizeof name);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return run_command(admin, i, request);
        }
    }
    return admin_fail(
        tr("the hub does not know this command: is it of an older version?", "枢纽不认识该命令：版本是否过旧？"));
}

static zmsg_t *call_running(const struct home *home, zmsg_t **request_p)
{
    char path[PATH_SIZE];
    home_file(home, "control.sock", path);
    zsock_t *sock = zsock_new(ZMQ_REQ);
    zsock_set_linger(sock, 0);
    zsock_set_rcvtimeo(sock, CONTROL_WAIT_MS);
    zmsg_t *reply = NULL;
    if (zsock_connect(sock, "ipc://%s", path) == 0 && zmsg_send(request_p, sock) == 0) {
        reply = zmsg_recv(sock);
    }
    zsock_destroy(&sock);
    return reply ? reply
                 : admin_fail(tr("the hub is running but does not answer: look at its log",
                                 "枢纽正在运行但没有应答：请查看其日志"));
}

static zmsg_t *run_at_rest(const struct options *options, const struct identity *identity, struct store *store,
                           zmsg_t *request)
{
    struct city city = {0};
    zmsg_t *reply = NULL;
    err_t err = city_open(store, identity, options, &city);
    if (err == ERR_OK) {
        struct admin admin = {.store = store, .city = &city};
        reply = admin_run(&admin, request);
        store_truncate_log(store);
    }
    return reply ? reply : admin_fail(err_text(err));
}

static zmsg_t *call_store(const struct home *home, zmsg_t *request)
{
    char reason[512];
    struct options options;
    struct identity identity;
    struct store *store = NULL;
    if (options_load_keys(home, &options, &identity, reason) != ERR_OK) {
        return admin_fail(reason);
    }
    struct store_settings settings = options_store_settings(&options);
    zmsg_t *reply = store_open(home, true, &settings, &store, reason) == ERR_OK
                        ? run_at_rest(&options, &identity, store, request)
                        : admin_fail(reason);
    store_close(store);
    identity_done(&identity);
    return reply;
}

int admin_call(const struct home *home, zmsg_t **request_p)
{
    int lock = -1;
    err_t err = home_lock(home, "hub.lock", &lock);
    zmsg_t *reply = err == ERR_OK     ? call_store(home, *request_p)
                    : err == ERR_BUSY ? call_running(home, request_p)
                                      : admin_fail(err_text(err));
    zmsg_destroy(request_p);
    if (lock >= 0) {
        close(lock);
    }
    char *status = zmsg_popstr(reply);
    char *text = zmsg_popstr(reply);
    bool is_ok = status && streq(status, "ok");
    if (text && *text) {
        fprintf(is_ok ? stdout : stderr, "%s\n", text);
    }
    free(status);
    free(text);
    zmsg_destroy(&reply);
    return is_ok ? 0 : 1;
}

void admin_make_code(char ret_code[21])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[20];
    if (RAND_bytes(random, sizeof random) != 1) {
        abort();
    }
    for (int i = 0; i < 20; i++) {
        ret_code[i] = digits[random[i] & 31];
    }
    ret_code[20] = '\0';
}
