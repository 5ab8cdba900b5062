/* `agn-hub key rotate`: the hub's own keys (PROTOCOL.md §11). */
#include "hub/cli_keys.h"

#include <inttypes.h>
#include <unistd.h>

#include "common/identity.h"
#include "common/succession.h"
#include "common/text.h"
#include "hub/admin.h"

static const int64_t WAIT_MOST_MS = INT64_C(8760) * 3600000;

/* Whether the registry has the fresh pair that lies here. Then it is what this command was about to put in the place
 * when it was cut short; any other has lain here since nobody knows when, and so may have leaked with the rest. False
 * after the reason has been printed. */
static bool know_fresh(const struct home *home, bool *ret_is_ours)
{
    struct options options;
    struct identity fresh;
    struct party_key known;
    int64_t owner = 0;
    char reason[256];
    *ret_is_ours = false;
    err_t err = identity_load_fresh_public(home, &fresh, reason);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND || (cli_fail("%s", reason), false);
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return false;
    }
    err = store_find_key(store, fresh.curve_public, &owner, &known);
    store_close(store);
    *ret_is_ours = err == ERR_OK && party_key_lets_in(&known, clock_ms());
    return err == ERR_OK || err == ERR_NOT_FOUND || (cli_fail("%s: %s", home->path, err_text(err)), false);
}

/* Makes a pair, and has the registry take it in the place of all that the city has. */
static bool tell_leak(const struct home *home, const char *why)
{
    struct identity pair;
    char reason[256];
    identity_forget_fresh(home);
    if (identity_prepare_fresh(home, NULL, &pair, reason) != ERR_OK) {
        cli_fail("%s", reason);
        return false;
    }
    bool is_told = admin_call_leaked(home, &pair, why) == 0;
    identity_done(&pair);
    if (!is_told) {
        identity_forget_fresh(home);
    }
    return is_told;
}

/* What lay beside the leaked pair, announced or not, goes with it, but not before the hub's record says so. */
static bool put_fresh(const struct home *home, const char *why)
{
    bool is_told = false;
    if (!know_fresh(home, &is_told) || !(is_told || tell_leak(home, why))) {
        return false;
    }
    err_t err = identity_promote_fresh(home, NULL);
    if (err != ERR_OK) {
        cli_fail("%s: %s", home->path, err_text(err));
    }
    return err == ERR_OK;
}

/* Only what is at rest changes: a running hub has the leaked keys in its hands. */
static int replace_leaked(const struct home *home, const char *why)
{
    int lock = -1;
    err_t err = home_lock(home, "hub.lock", &lock);
    if (err != ERR_OK) {
        return cli_fail("%s", err == ERR_BUSY ? tr("stop the hub first", "请先停止枢纽") : err_text(err));
    }
    bool is_done = put_fresh(home, why);
    close(lock);
    if (!is_done) {
        return 1;
    }
    puts(tr("the hub has new keys. Start it, and give every peer a new link: agn-hub entity invite USCC, agn-hub peer "
            "invite NAME; docs/operations.md, Keys",
            "枢纽密钥已更换。请启动枢纽，并为每个机构和省级平台发放新的加入链接：agn-hub entity invite USCC、agn-hub "
            "peer invite NAME；见 docs/operations.md 的 Keys 一节"));
    return 0;
}

/* Its public keys are the first two frames of the request that names it. */
static void add_pair(zmsg_t *request, const struct identity *pair)
{
    char hex[2 * SIGNING_KEY_MAX + 1];
    hex_text(pair->curve_public, KEY_SIZE, hex);
    zmsg_addstr(request, hex);
    hex_text(pair->signing.key.bytes, pair->signing.key.size, hex);
    zmsg_addstr(request, hex);
}

/* The new pair is on the disk before anybody hears of it. */
static int announce(const struct home *home, int64_t wait_ms, const char *why)
{
    struct identity present;
    struct identity next;
    char reason[256];
    char hex[2 * SIGNATURE_SIZE + 1];
    uint8_t proof[SIGNATURE_SIZE];
    if (identity_load(home, &present, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    if (identity_prepare_next(home, &next, reason) != ERR_OK) {
        identity_done(&present);
        return cli_fail("%s", reason);
    }
    int64_t since = clock_ms() + wait_ms;
    successor_sign(&present, &next, since, proof);
    hex_text(proof, sizeof proof, hex);
    zmsg_t *request = admin_request("key-rotate", why);
    add_pair(request, &next);
    zmsg_addstrf(request, "%" PRId64, since);
    zmsg_addstr(request, hex);
    identity_done(&present);
    identity_done(&next);
    return admin_call(home, &request);
}

/* 20s, 30m, 72h; hours where there is no unit. -1: not one of these, or too soon for anybody to hear of it. */
static int64_t parse_wait(const char *text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 3600000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; digits > 0 && digits < 8 && i < sizeof units / sizeof *units; i++) {
        int64_t wait_ms = strtol(text, NULL, 10) * units[i].ms;
        if (strcmp(text + digits, units[i].unit) == 0 && wait_ms >= KEY_AHEAD_LEAST_MS && wait_ms <= WAIT_MOST_MS) {
            return wait_ms;
        }
    }
    return -1;
}

int cli_key_rotate(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"leaked", true, NULL}, {"after", false, NULL}, {"reason", false, NULL}};
    struct options options;
    char why[512];
    size_t count = 0;
    bool is_read = cli_parse(argc, argv, arguments, 3, NULL, 0, &count);
    bool is_leak = arguments[0].value != NULL;
    const char *after = arguments[1].value;
    const char *reason = arguments[2].value;
    if (!is_read || (is_leak && (after || !reason))) {
        return cli_usage();
    }
    if (after && parse_wait(after) < 0) {
        return cli_fail(tr("--after: expected 10s to 8760h (s, m or h; hours where there is none), not %s",
                           "--after：应为 10s 至 8760h（单位 s、m、h，缺省为小时），而不是 %s"),
                        after),
               2;
    }
    if (is_leak) {
        return replace_leaked(home, reason);
    }
    if (options_load(home, &options, why) != ERR_OK) {
        return cli_fail("%s", why);
    }
    int64_t usual_ms = options.key_overlap_hours * 3600000;
    int64_t wait_ms = after ? parse_wait(after) : usual_ms;
    return announce(home, wait_ms > KEY_AHEAD_LEAST_MS ? wait_ms : KEY_AHEAD_LEAST_MS, reason);
}
