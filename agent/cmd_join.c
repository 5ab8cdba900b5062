/* join, key, config: what is done once. */
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/office.h"
#include "agent/spool_hub.h"
#include "agent/wake.h"
#include "common/enrolment.h"
#include "common/succession.h"
#include "common/text.h"

#define SOFTWARE "agn-agent/" AGN_VERSION

static const struct enrollee institution = {.role = "entity", .maker = "agn-hub entity add", .software = SOFTWARE};

int cmd_config(const struct home *home, const struct arguments *arguments)
{
    const char *what = arguments->count > 0 ? arguments->operands[0] : "sample";
    if (strcmp(what, "sample") == 0) {
        printf(tr("#   agent.zpl of agn-agent %s; every key with its default\n\n",
                  "#   agn-agent %s 的 agent.zpl：全部配置项及默认值\n\n"),
               AGN_VERSION);
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

static err_t tell_hub(const void *context, const struct identity *former, const struct identity *next,
                      char reterr_reason[512])
{
    char reason[512];
    err_t err = enrolment_succeed(context, former, next, SOFTWARE, reason);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 512,
                 tr("%.400s; nothing has changed: do it again with agn-agent key rotate",
                    "%.400s；未作更改：请再次执行 agn-agent key rotate"),
                 reason);
    }
    return err;
}

static int rotate_key(const struct home *home)
{
    struct membership membership;
    char reason[512];
    if (enrolment_lock(home, reason) != ERR_OK ||
        membership_load(home, MEMBERSHIP_FILE, &membership, reason) != ERR_OK ||
        enrolment_rotate(home, tell_hub, &membership, reason) != ERR_OK) {
        complain("%s", reason);
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

/* One join on its way through this file. A home is one institution's, whose records its spool counts: FORMER, where
 * there was one. */
struct joining {
    const struct home *home;
    struct join_link link;
    bool wants_new_keys;
    bool has_former;
    struct membership former;
    struct membership membership;
};

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
    for (size_t i = 0; is_good && err == ERR_OK && i < membership->leak_count; i++) {
        err = spool_note_leak(office.spool, &membership->leaks[i].key, membership->leaks[i].since);
    }
    if (err != ERR_OK) {
        complain_spool(&office, "join", err);
        is_good = false;
    }
    office_close(&office);
    return is_good;
}

static bool begin(const struct home *home, const struct arguments *arguments, struct joining *joining)
{
    char reason[512];
    *joining = (struct joining){.home = home, .wants_new_keys = arguments->wants_new_keys};
    if (join_link_parse(arguments->operands[0], &joining->link, reason) != ERR_OK ||
        home_create(home, reason) != ERR_OK || enrolment_lock(home, reason) != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    joining->has_former = membership_load(home, MEMBERSHIP_FILE, &joining->former, reason) == ERR_OK;
    return true;
}

/* By the home's own keys, or by fresh ones that nothing else uses yet. */
static bool enrol(struct joining *joining)
{
    char reason[512];
    struct enrollee enrollee = institution;
    enrollee.party = joining->has_former ? joining->former.party : NULL;
    err_t err = joining->wants_new_keys
                    ? enrolment_join_anew(joining->home, &joining->link, &enrollee, &joining->membership, reason)
                    : enrolment_join(joining->home, &joining->link, &enrollee, &joining->membership, reason);
    if (err != ERR_OK) {
        complain("%s", reason);
    }
    if (err == ERR_EXISTS) {
        complain(
            tr("the link is as good as before: agn-agent join --new-keys LINK makes other keys and keeps what waits",
               "该链接仍可使用：agn-agent join --new-keys 链接 可生成新密钥，待报记录予以保留"));
    }
    return err == ERR_OK;
}

/* A hub of an older release does not ask whose home it is, and has used the link up by now. */
static bool is_other_party(const struct joining *joining)
{
    const struct membership *former = &joining->former;
    bool is_other = joining->has_former && strcmp(former->party, joining->membership.party) != 0;
    if (is_other) {
        complain(tr("%s belongs to %s (%s), the link to %s, and it is used up: ask for another one, and use it in that "
                    "institution's own --home",
                    "%s 属于 %s（%s），而链接属于 %s，且已被使用：请索取新链接，并在该机构自己的 --home 中使用"),
                 joining->home->path, former->name, former->party, joining->membership.party);
        identity_drop_fresh(joining->home, joining->link.code);
    }
    return is_other;
}

/* The fresh keys come last: until then the home goes on as it was. */
static bool settle(struct joining *joining)
{
    if (is_other_party(joining)) {
        return false;
    }
    if (joining->has_former) {
        (void)membership_go_on(&joining->former, &joining->membership);
        (void)membership_note_leaks(&joining->former, &joining->membership);
    }
    if (!save(joining->home, &joining->membership)) {
        return false;
    }
    err_t err = enrolment_settle(joining->home, &joining->link);
    if (err != ERR_OK) {
        complain(tr("%s: %s. The link can be used again from here", "%s：%s。可在本机再次使用该链接"),
                 joining->home->path, err_text(err));
    }
    return err == ERR_OK;
}

int cmd_join(const struct home *home, const struct arguments *arguments)
{
    struct joining joining;
    if (!begin(home, arguments, &joining) || !enrol(&joining) || !settle(&joining)) {
        return EXIT_REFUSED;
    }
    const struct membership *membership = &joining.membership;
    printf(tr("joined %s (city %s) as %s, %s\n", "已加入 %s（城市 %s），本机构：%s，%s\n"), membership->hub,
           membership->city, membership->name, membership->party);
    puts(wake_poke(home)
             ? tr("the running agn-agent uses this from now on", "正在运行的 agn-agent 即刻使用新的加入信息")
             : tr("next: agn-agent submit FILE, then agn-agent run (or sync)",
                  "下一步：agn-agent submit FILE，然后 agn-agent run（或 sync）"));
    return EXIT_DONE; /* the lock goes with the process */
}
