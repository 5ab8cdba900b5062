/* How a command reaches the writer: the running hub's, or its own where no hub runs. */
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "hub/acts.h"
#include "hub/admin.h"
#include "hub/control.h"
#include "hub/options.h"
#include "hub/own_keys.h"

enum { CONTROL_WAIT_MS = 15000, START_WAIT_MS = 100 };

/* NULL: nobody listens. */
static zmsg_t *call_running(const struct home *home, zmsg_t *request)
{
    char path[PATH_SIZE];
    char reason[PATH_SIZE + 200];
    zmsg_t *reply = NULL;
    home_file(home, "control.sock", path);
    err_t err = control_call(path, request, CONTROL_WAIT_MS, &reply);
    if (err != ERR_IO) {
        return reply;
    }
    snprintf(
        reason, sizeof reason, "%s: %s", path,
        errno ? strerror(errno)
              : tr("the hub is running but does not answer: look at its log", "枢纽正在运行但没有应答：请查看其日志"));
    return admin_fail(reason);
}

/* The hub holds its home but does not listen yet, or not any more. */
static zmsg_t *call_starting(const struct home *home, zmsg_t *request)
{
    for (int waited = 0; waited < CONTROL_WAIT_MS; waited += START_WAIT_MS) {
        zmsg_t *reply = call_running(home, request);
        if (reply) {
            return reply;
        }
        zclock_sleep(START_WAIT_MS);
    }
    return admin_fail(
        tr("the hub is running but does not answer: look at its log", "枢纽正在运行但没有应答：请查看其日志"));
}

struct resting {
    const struct home *home;
    const struct in_force *in_force;
    struct identity *identity;
    const struct identity *fresh; /* NULL: its own keys have not leaked */
    struct store *store;
};

/* What is signed here and now is signed with the keys of now. */
static bool take_turn(const struct resting *hub, char reterr_reason[512])
{
    struct announced announced;
    bool is_taken = false;
    err_t err = announced_take(hub->store, hub->home, clock_ms(), hub->identity, &announced, &is_taken, reterr_reason);
    if (err == ERR_OK && *reterr_reason) {
        fprintf(stderr, "%s\n", reterr_reason);
    }
    err = err == ERR_OK ? own_keys_check(hub->store, hub->home, hub->in_force->options, hub->identity, reterr_reason)
                        : err;
    return err == ERR_OK;
}

/* Leaked keys give way whatever they are, and sign nothing more: what changed in the files is noted at the start. */
static zmsg_t *run_at_rest(const struct resting *hub, zmsg_t *request)
{
    struct city city = {0};
    zmsg_t *reply = NULL;
    char reason[512];
    if (!hub->fresh && !take_turn(hub, reason)) {
        return admin_fail(reason);
    }
    err_t err = city_open(hub->store, hub->identity, hub->in_force->options, &city);
    if (err == ERR_OK) {
        const struct operators *operators = hub->in_force->operators;
        struct admin admin = {.store = hub->store, .city = &city, .operators = operators, .fresh = hub->fresh};
        struct person person = operators_name(operators, geteuid());
        err = hub->fresh ? ERR_OK : acts_note_changes(&city, hub->store, hub->in_force, &person);
        reply = err == ERR_OK ? admin_run(&admin, geteuid(), request) : NULL;
        store_truncate_log(hub->store);
    }
    return reply ? reply : admin_fail(err_text(err));
}

static zmsg_t *call_store(const struct home *home, const struct identity *fresh, zmsg_t *request)
{
    char reason[512];
    struct options options;
    struct operators operators;
    struct retention retention = {0};
    struct site_terms site;
    struct identity identity;
    struct store *store = NULL;
    if (options_load_keys(home, &options, &identity, reason) != ERR_OK ||
        operators_load(home, &operators, reason) != ERR_OK || retention_load(home, &retention, reason) != ERR_OK ||
        site_terms_open(home, (int)options.utc_offset_minutes, &site, reason) != ERR_OK) {
        return admin_fail(reason);
    }
    struct store_settings settings = options_store_settings(&options);
    struct in_force in_force = {&options, &operators, &retention, &site};
    zmsg_t *reply = store_open(home, true, &settings, &store, reason) == ERR_OK
                        ? run_at_rest(&(struct resting){home, &in_force, &identity, fresh, store}, request)
                        : admin_fail(reason);
    store_close(store);
    site_terms_close(&site);
    identity_done(&identity);
    return reply;
}

static zmsg_t *call_either(const struct home *home, zmsg_t *request)
{
    int lock = -1;
    zmsg_t *reply = call_running(home, request);
    if (reply) {
        return reply;
    }
    err_t err = home_lock(home, "hub.lock", &lock);
    reply = err == ERR_OK     ? call_store(home, NULL, request)
            : err == ERR_BUSY ? call_starting(home, request)
            : err == ERR_IO ? admin_fail(tr("no hub runs here, and only the user who owns this folder may write to it: "
                                            "start the hub",
                                            "枢纽没有运行，且只有目录所有者可以写入：请先启动枢纽"))
                            : admin_fail(err_text(err));
    if (lock >= 0) {
        close(lock);
    }
    return reply;
}

/* Prints what the reply says, and gives the exit status. What follows the text is left in it. */
static int say(zmsg_t *reply)
{
    char *status = zmsg_popstr(reply);
    char *text = zmsg_popstr(reply);
    bool is_ok = status && streq(status, "ok");
    char *chinese = is_ok ? NULL : zmsg_popstr(reply);
    if (text && *text) {
        fprintf(is_ok ? stdout : stderr, "%s\n", chinese ? tr(text, chinese) : text);
    }
    free(chinese);
    free(status);
    free(text);
    return is_ok ? 0 : 1;
}

int admin_call(const struct home *home, zmsg_t **request_p)
{
    zmsg_t *reply = call_either(home, *request_p);
    int status = say(reply);
    zmsg_destroy(request_p);
    zmsg_destroy(&reply);
    return status;
}

int admin_call_for_links(const struct home *home, zmsg_t **request_p, uint8_t ret_hub_key[KEY_SIZE])
{
    zmsg_t *reply = call_either(home, *request_p);
    int status = say(reply);
    zframe_t *key = zmsg_first(reply);
    if (status == 0 && key && zframe_size(key) == KEY_SIZE) {
        memcpy(ret_hub_key, zframe_data(key), KEY_SIZE);
    } else if (status == 0) {
        fprintf(stderr, "%s\n",
                tr("the hub that runs is of an older version, and does not say its key: start it anew, then invite",
                   "运行中的枢纽版本较旧，未告知其密钥：请重启枢纽后用 invite 生成加入链接"));
        status = 1;
    }
    zmsg_destroy(request_p);
    zmsg_destroy(&reply);
    return status;
}

int admin_call_leaked(const struct home *home, const struct identity *fresh, const char *reason)
{
    zmsg_t *request = admin_request("key-leaked", reason);
    zmsg_t *reply = call_store(home, fresh, request);
    int status = say(reply);
    zmsg_destroy(&request);
    zmsg_destroy(&reply);
    return status;
}

zmsg_t *admin_request(const char *name, const char *reason)
{
    zmsg_t *request = zmsg_new();
    zmsg_addstr(request, text_language());
    zmsg_addstr(request, name);
    zmsg_addstr(request, reason ? reason : "");
    return request;
}
