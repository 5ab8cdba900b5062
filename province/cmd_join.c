/* init, join, key and config: what is done once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/enrolment.h"
#include "common/succession.h"
#include "common/text.h"
#include "province/commands.h"
#include "province/hubs.h"
#include "province/leak.h"
#include "province/replica.h"
#include "province/settings.h"
#include "province/witness.h"

static const struct enrollee province = {.role = "province", .maker = "agn-hub peer add", .software = SOFTWARE};

int cmd_config(const struct home *home, const struct arguments *arguments)
{
    (void)home;
    (void)arguments;
    settings_print_sample(stdout);
    return EXIT_DONE;
}

/* The sample with the name set. */
static err_t write_settings(const struct home *home, const char *name)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (!file) {
        return ERR_IO;
    }
    settings_print_sample(file);
    fprintf(file, "name = \"%s\"\n", name);
    err_t err = fclose(file) == 0 ? home_write(home, SETTINGS_FILE, text, size) : ERR_IO;
    free(text);
    return err;
}

static bool is_name(const char *name)
{
    bool is_plain = *name && strlen(name) <= 200 && !strpbrk(name, "\"\\");
    for (const char *at = name; *at; at++) {
        is_plain = is_plain && (unsigned char)*at >= 0x20 && *at != 0x7f;
    }
    return is_plain && utf8_check((struct view){(const uint8_t *)name, strlen(name)}, NULL);
}

int cmd_init(const struct home *home, const struct arguments *arguments)
{
    struct identity identity;
    char reason[256];
    const struct suite *suite = arguments->suite ? suite_named(arguments->suite) : &suite_ed25519;
    if (!suite) {
        complain(tr("--suite: ed25519 or sm2-sm3, as the hubs to be joined",
                    "--suite：ed25519 或 sm2-sm3，须与要加入的枢纽一致"));
        return EXIT_USAGE;
    }
    if (!arguments->name || !is_name(arguments->name)) {
        complain(tr("init needs --name NAME: 1 to 200 bytes without quotes, backslashes or control characters",
                    "init 需要 --name 名称：1 至 200 字节，不含引号、反斜杠和控制字符"));
        return EXIT_USAGE;
    }
    if (home_has(home, SETTINGS_FILE)) {
        complain(tr("%s is initialised already (it has %s)", "%s 已经初始化（存在 %s）"), home->path, SETTINGS_FILE);
        return EXIT_REFUSED;
    }
    if (home_create(home, reason) != ERR_OK || identity_open(home, suite, &identity, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    identity_done(&identity);
    err_t err = write_settings(home, arguments->name);
    if (err != ERR_OK) {
        complain(tr("cannot write %s/%s: %s", "无法写入 %s/%s：%s"), home->path, SETTINGS_FILE, err_text(err));
        return EXIT_REFUSED;
    }
    printf(tr("%s is ready. Next: ask a city hub's operator for a link (agn-hub peer add --name …), then\n"
              "  agn-province join LINK\n  agn-province run\n",
              "%s 已就绪。下一步：向先导城市的枢纽管理员索取链接（agn-hub peer add --name …），然后执行\n"
              "  agn-province join LINK\n  agn-province run\n"),
           home->path);
    return EXIT_DONE;
}

/* Every hub is told, although one was not reached. */
static err_t tell_hubs(const void *context, const struct identity *former, const struct identity *next,
                       char reterr_reason[512])
{
    const struct home *home = context;
    struct hub_member *members = NULL;
    size_t count = 0;
    size_t missing = 0;
    char reason[512];
    if (hubs_load(home, &members, &count, NULL) != ERR_OK) {
        snprintf(reterr_reason, 512, tr("the folder %.400s/hubs cannot be used", "文件夹 %.400s/hubs 不可用"),
                 home->path);
        return ERR_IO;
    }
    for (size_t i = 0; i < count; i++) {
        if (enrolment_succeed(&members[i].membership, former, next, SOFTWARE, reason) != ERR_OK) {
            complain(tr("hub %" PRId64 ": %s", "枢纽 %" PRId64 "：%s"), members[i].hub, reason);
            missing++;
        }
    }
    free(members);
    snprintf(reterr_reason, 512,
             tr("%zu hubs do not have the new keys yet; the former go on: do it again with agn-province key rotate",
                "有 %zu 个枢纽尚未收到新密钥，原密钥继续使用：请再次执行 agn-province key rotate"),
             missing);
    return missing > 0 ? ERR_BUSY : ERR_OK;
}

static int rotate_key(const struct home *home)
{
    char reason[512];
    if (enrolment_lock(home, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    err_t err = enrolment_rotate(home, tell_hubs, home, reason);
    hubs_wake(home, WAKE_HUBS); /* some hubs may have the next keys although others have not */
    if (err != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    puts(tr("the keys are changed; the former ones stay good for a while", "密钥已更换；原密钥在过渡期内仍然有效"));
    return EXIT_DONE; /* the lock goes with the process */
}

int cmd_key(const struct home *home, const struct arguments *arguments)
{
    char reason[256];
    if (arguments->operand_count == 1 && strcmp(arguments->operands[0], "rotate") == 0) {
        return rotate_key(home);
    }
    bool is_sealed = arguments->operand_count == 1 && strcmp(arguments->operands[0], "seal") == 0;
    if (arguments->operand_count != 1 || (!is_sealed && strcmp(arguments->operands[0], "unseal") != 0)) {
        complain(tr("expected: agn-province key rotate|seal|unseal", "用法：agn-province key rotate|seal|unseal"));
        return EXIT_USAGE;
    }
    if (identity_seal(home, is_sealed, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    puts(reason);
    return EXIT_DONE;
}

/* Where a hub is to be kept. */
struct place {
    int64_t number;           /* its own when it is known already, else the next */
    bool is_known;            /* by its keys */
    struct hub_member former; /* whose signing key it says has leaked from it; hub 0: no other hub's */
    struct hub_member wanted; /* what stands under the number that --replace gives; hub 0: nothing, or none is given */
};

static int64_t highest(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = db_prepare(db, sql);
    int64_t number = db_step(stmt) == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return number;
}

/* A hub whose membership was removed has left what it showed under its number, which no other one may have. */
static err_t find_next_number(const struct home *home, int64_t *ret_number, char reterr_reason[256])
{
    int64_t numbers[HUBS_MAX];
    size_t count = 0;
    struct replica *replica = NULL;
    struct witness *witness = NULL;
    err_t err = hubs_numbers(home, numbers, &count);
    if (err != ERR_OK || count == HUBS_MAX) {
        snprintf(reterr_reason, 256, tr("the folder %.150s/hubs cannot be used", "文件夹 %.150s/hubs 不可用"),
                 home->path);
        return err == ERR_OK ? ERR_TOO_LARGE : err;
    }
    err = replica_open(home, false, &replica, reterr_reason);
    err = err == ERR_OK ? witness_open(home, false, &witness, reterr_reason) : err;
    if (err == ERR_OK) {
        const int64_t given[] = {count > 0 ? numbers[count - 1] : 0,
                                 highest(replica_db(replica), "select max(hub) from hub"),
                                 highest(witness_db(witness), "select max(hub) from head")};
        for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
            *ret_number = i == 0 || given[i] >= *ret_number ? given[i] + 1 : *ret_number;
        }
    }
    witness_close(witness);
    replica_close(replica);
    return err;
}

/* WANTED: of --replace; 0: none. */
static err_t find_place(const struct home *home, int64_t wanted, struct membership *membership, struct place *ret_place,
                        char reterr_reason[256])
{
    struct hub_member *members = NULL;
    size_t count = 0;
    memset(ret_place, 0, sizeof *ret_place);
    err_t err = find_next_number(home, &ret_place->number, reterr_reason);
    if (err == ERR_OK) {
        err = hubs_load(home, &members, &count, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        const struct membership *known = &members[i].membership;
        if (membership_go_on(known, membership)) {
            ret_place->number = members[i].hub;
            ret_place->is_known = true;
        } else if (membership_note_leaks(known, membership)) {
            ret_place->former = members[i];
        }
        if (members[i].hub == wanted) {
            ret_place->wanted = members[i];
        }
    }
    free(members);
    return err;
}

/* Any hub can say so of any other, whose key is no secret: a person has to confirm it. */
static bool is_confirmed(const struct place *place)
{
    const struct hub_member *former = &place->former;
    if (place->is_known || former->hub == 0) {
        return true;
    }
    complain(
        tr("this hub says that it is hub %" PRId64 " (%s, city %s, %s), whose key has leaked. Anybody could say so: "
           "ask that city's operator by a way that you know. If it is so, give the same link with --replace %" PRId64
           ": it takes that hub's place",
           "该枢纽声称自己是枢纽 %" PRId64 "（%s，城市 %s，%s），其密钥已泄露。任何枢纽都可以这样声称：请通过已知的"
           "可靠渠道向该市管理员核实。如属实，请以 --replace %" PRId64 " 重新执行同一链接：它将取代该枢纽"),
        former->hub, former->membership.hub, former->membership.city, former->membership.endpoint, former->hub);
    return false;
}

/* A number that was mistyped would put this hub in the place of another city's, or count its figures twice. */
static bool may_replace(int64_t number, const struct place *place, const struct membership *membership)
{
    const struct membership *wanted = &place->wanted.membership;
    if (place->is_known && place->number != number) {
        complain(tr("this is hub %" PRId64 " already (%s, city %s): give the link without --replace",
                    "该枢纽已是枢纽 %" PRId64 "（%s，城市 %s）：请不带 --replace 重新执行该链接"),
                 place->number, membership->hub, membership->city);
        return false;
    }
    if (place->former.hub > 0 && place->former.hub != number) {
        complain(tr("--replace %" PRId64 ": this hub says that it is hub %" PRId64
                    " (%s, city %s), whose key has leaked",
                    "--replace %" PRId64 "：该枢纽声称自己是枢纽 %" PRId64 "（%s，城市 %s），其密钥已泄露"),
                 number, place->former.hub, place->former.membership.hub, place->former.membership.city);
        return false;
    }
    if (place->wanted.hub > 0 && strcmp(wanted->city, membership->city) != 0) {
        complain(tr("--replace %" PRId64
                    ": that is %s of city %s, the link is of %s of city %s. If that city's hub has "
                    "come to this one, remove hubs/%" PRId64 ".zpl first",
                    "--replace %" PRId64
                    "：该编号属于 %s（城市 %s），而链接属于 %s（城市 %s）。如确由后者取代前者，请先删除 "
                    "hubs/%" PRId64 ".zpl"),
                 number, wanted->hub, wanted->city, membership->hub, membership->city, number);
        return false;
    }
    return true;
}

/* Two hubs of one name in one city are one hub that was set up anew far more often than two: its figures would then be
 * counted twice. */
static void warn_of_twin(const struct home *home, int64_t number, const struct membership *membership)
{
    struct hub_member *members = NULL;
    size_t count = 0;
    if (hubs_load(home, &members, &count, NULL) != ERR_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct membership *other = &members[i].membership;
        if (members[i].hub != number && strcmp(other->city, membership->city) == 0 &&
            strcmp(other->hub, membership->hub) == 0) {
            complain(tr("attention: hub %" PRId64 " has the same name and city. If it was set up anew under another "
                        "key, its figures count twice: remove hubs/%" PRId64 ".zpl and give this link again with "
                        "--replace %" PRId64,
                        "注意：枢纽 %" PRId64 " 的名称和城市与此相同。如果是同一枢纽更换密钥后重建，数据会重复计算："
                        "请删除 hubs/%" PRId64 ".zpl，并以 --replace %" PRId64 " 重新执行本链接"),
                     members[i].hub, number, members[i].hub);
        }
    }
    free(members);
}

static int join_locked(const struct home *home, const struct arguments *arguments, const struct join_link *link)
{
    struct membership membership;
    char reason[512];
    struct place place;
    int64_t number = 0;
    int64_t day = 0;
    if ((arguments->replace && !arguments_number("--replace", arguments->replace, 1, 999999, &number)) ||
        (arguments->leaked && !arguments_date("leaked", arguments->leaked, &day))) {
        return EXIT_USAGE;
    }
    if (enrolment_join(home, link, &province, &membership, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    if (find_place(home, number, &membership, &place, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    if (number > 0 ? !may_replace(number, &place, &membership) : !is_confirmed(&place)) {
        return EXIT_REFUSED;
    }
    number = number > 0 ? number : place.number;
    if (!leak_take(home, number, &membership, arguments->leaked)) {
        return EXIT_REFUSED;
    }
    if (hubs_save(home, number, &membership, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    if (!arguments->replace && !place.is_known) {
        warn_of_twin(home, number, &membership);
    }
    printf(tr("joined hub %" PRId64 ": %s, city %s, as %s\n", "已加入枢纽 %" PRId64 "：%s，城市 %s，本方为 %s\n"),
           number, membership.hub, membership.city, membership.name);
    puts(hubs_wake(home, WAKE_HUBS)
             ? tr("the running agn-province follows it now", "正在运行的 agn-province 已开始跟随")
             : tr("next: agn-province run", "下一步：agn-province run"));
    return EXIT_DONE;
}

int cmd_join(const struct home *home, const struct arguments *arguments)
{
    struct join_link link;
    char reason[512];
    if (arguments->operand_count != 1) {
        complain(tr("join needs one LINK (agn://…)", "join 需要一个链接（agn://…）"));
        return EXIT_USAGE;
    }
    /* Locked, for two joins at once would take the same number. */
    if (join_link_parse(arguments->operands[0], &link, reason) != ERR_OK || home_create(home, reason) != ERR_OK ||
        enrolment_lock(home, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    return join_locked(home, arguments, &link); /* the lock goes with the process */
}
