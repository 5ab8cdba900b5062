/* join, key, config: what is done once. */
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/office.h"
#include "agent/spool_hub.h"
#include "agent/wake.h"
#include "common/text.h"

int cmd_config(const struct home *home, const struct arguments *arguments)
{
    const char *what = arguments->count > 0 ? arguments->operands[0] : "sample";
    if (strcmp(what, "sample") == 0) {
        printf("#   agent.zpl of agn-agent " AGN_VERSION "; every key with its default\n\n");
        settings_print_sample(stdout);
        return EXIT_DONE;
    }
    if (strcmp(what, "check") != 0) {
        complain(tr("expected: agn-agent config [check|sample]", "用法：agn-agent config [check|sample]"));
        return EXIT_USAGE;
    }
    struct settings settings;
    char reason[512];
    if (settings_load(home, &settings, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    printf(tr("%s/%s: %s\n", "%s/%s：%s\n"), home->path, SETTINGS_FILE,
           home_has(home, SETTINGS_FILE) ? tr("good", "有效")
                                         : tr("not there; the defaults apply", "不存在，使用默认值"));
    return EXIT_DONE;
}

/* Each step may be done again: PROTOCOL.md §11. */
static int rotate_key(const struct home *home)
{
    struct membership membership;
    struct identity current;
    struct identity next;
    char reason[512];
    int lock = -1;
    if (home_lock(home, "join.lock", &lock) != ERR_OK) {
        complain(tr("another join or change of keys is under way in %s", "%s 中正在执行另一个 join 或密钥更换"),
                 home->path);
        return EXIT_REFUSED;
    }
    if (membership_load(home, MEMBERSHIP_FILE, &membership, reason) != ERR_OK ||
        identity_load(home, &current, reason) != ERR_OK || identity_prepare_next(home, &next, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    err_t err = membership_succeed(&membership, &current, &next, "agn-agent/" AGN_VERSION, reason);
    identity_done(&current);
    identity_done(&next);
    if (err != ERR_OK) {
        complain(tr("%s; nothing has changed: do it again with agn-agent key rotate",
                    "%s；未作更改：请再次执行 agn-agent key rotate"),
                 reason);
        return EXIT_REFUSED;
    }
    err = identity_promote_next(home);
    if (err != ERR_OK) {
        complain("%s: %s", home->path, err_text(err));
        return EXIT_REFUSED;
    }
    wake_poke(home);
    puts(tr("the keys are changed; the former ones stay good for a while", "密钥已更换；原密钥在过渡期内仍然有效"));
    return EXIT_DONE; /* the lock goes with the process */
}

int cmd_key(const struct home *home, const struct arguments *arguments)
{
    char reason[256];
    bool is_sealed = strcmp(arguments->operands[0], "seal") == 0;
    if (strcmp(arguments->operands[0], "rotate") == 0) {
        return rotate_key(home);
    }
    if (!is_sealed && strcmp(arguments->operands[0], "unseal") != 0) {
        complain(tr("expected: agn-agent key rotate|seal|unseal", "用法：agn-agent key rotate|seal|unseal"));
        return EXIT_USAGE;
    }
    if (identity_seal(home, is_sealed, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    puts(reason);
    return EXIT_DONE;
}

static bool open_identity(const struct home *home, const struct suite *suite, struct identity *ret_identity)
{
    char reason[256];
    err_t err = identity_load(home, ret_identity, reason);
    if (err == ERR_NOT_FOUND) {
        err = identity_create(home, suite, ret_identity, reason);
    }
    if (err != ERR_OK) {
        complain("%s", reason);
    }
    return err == ERR_OK;
}

/* A home is one institution's: its spool counts that one's records. */
static bool is_same_party(const struct home *home, const struct membership *membership)
{
    struct membership former;
    char reason[256];
    if (membership_load(home, MEMBERSHIP_FILE, &former, reason) != ERR_OK ||
        strcmp(former.party, membership->party) == 0) {
        return true;
    }
    complain(tr("%s belongs to %s (%s), the link to %s: use another --home for another institution",
                "%s 属于 %s（%s），而链接属于 %s：请为其他机构使用另外的 --home"),
             home->path, former.name, former.party, membership->party);
    return false;
}

static bool enrol(const struct home *home, const struct join_link *link, struct membership *ret_membership)
{
    struct identity identity;
    char code[32];
    char reason[512];
    if (!open_identity(home, link->suite, &identity)) {
        return false;
    }
    err_t err = membership_enrol(link, &identity, "agn-agent/" AGN_VERSION, ret_membership, code, reason);
    identity_done(&identity);
    if (err != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    if (strcmp(ret_membership->role, "entity") != 0) {
        complain(tr("this link is for a party of role %s, not for an institution", "该链接用于角色 %s，而非创新主体"),
                 ret_membership->role);
        return false;
    }
    return is_same_party(home, ret_membership);
}

static bool save(const struct home *home, const struct membership *membership)
{
    struct office office;
    err_t err = membership_save(home, MEMBERSHIP_FILE, membership);
    if (err != ERR_OK) {
        complain(tr("cannot write %s/%s: %s. The link can be used again from here",
                    "无法写入 %s/%s：%s。可在本机再次使用该链接"),
                 home->path, MEMBERSHIP_FILE, err_text(err));
        return false;
    }
    bool is_good = office_open(home, QUICK_WAIT_MS, &office); /* makes the spool */
    err = is_good ? spool_count_above(office.spool, membership->given_out) : ERR_OK;
    err = is_good && err == ERR_OK && membership->leaked_at
              ? spool_note_leak(office.spool, &membership->leaked_key, membership->leaked_at)
              : err;
    if (err != ERR_OK) {
        complain_spool(&office, "join", err);
        is_good = false;
    }
    office_close(&office);
    return is_good;
}

int cmd_join(const struct home *home, const struct arguments *arguments)
{
    struct join_link link;
    struct membership membership;
    char reason[256];
    int lock = -1;
    if (join_link_parse(arguments->operands[0], &link, reason) != ERR_OK || home_create(home, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    err_t err = home_lock(home, "join.lock", &lock);
    if (err != ERR_OK) {
        complain(err == ERR_BUSY ? tr("another join is under way in %s", "%s 中正在执行另一个 join")
                                 : tr("cannot write in %s", "无法写入 %s"),
                 home->path);
        return EXIT_REFUSED;
    }
    if (!enrol(home, &link, &membership) || !save(home, &membership)) {
        return EXIT_REFUSED;
    }
    printf(tr("joined %s (city %s) as %s, %s\n", "已加入 %s（城市 %s），本机构：%s，%s\n"), membership.hub,
           membership.city, membership.name, membership.party);
    puts(wake_is_heard(home) ? tr("restart agn-agent run, so that it uses this", "请重新启动 agn-agent run 以使其生效")
                             : tr("next: agn-agent submit FILE, then agn-agent run (or sync)",
                                  "下一步：agn-agent submit FILE，然后 agn-agent run（或 sync）"));
    return EXIT_DONE; /* the lock goes with the process */
}
