/* init, join, key and config: what is done once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "province/commands.h"
#include "province/hubs.h"
#include "province/settings.h"

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

/* Makes the folder and the keys where they are absent. */
static bool open_identity(const struct home *home, const struct suite *suite, struct identity *ret_identity)
{
    char reason[256];
    err_t err = home_create(home, reason);
    err = err == ERR_OK ? identity_load(home, ret_identity, reason) : err;
    err = err == ERR_NOT_FOUND ? identity_create(home, suite, ret_identity, reason) : err;
    if (err != ERR_OK) {
        complain("%s", reason);
    }
    return err == ERR_OK;
}

int cmd_init(const struct home *home, const struct arguments *arguments)
{
    struct identity identity;
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
    if (!open_identity(home, suite, &identity)) {
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

/* Tells every hub; how many there are that have not taken the new pair. */
static size_t tell_hubs(const struct home *home, const struct identity *current, const struct identity *next)
{
    struct hub_member *members = NULL;
    size_t count = 0;
    size_t missing = 0;
    char reason[512];
    if (hubs_load(home, &members, &count, NULL) != ERR_OK) {
        complain(tr("the folder %s/hubs cannot be used", "文件夹 %s/hubs 不可用"), home->path);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (membership_succeed(&members[i].membership, current, next, SOFTWARE, reason) != ERR_OK) {
            complain(tr("hub %" PRId64 ": %s", "枢纽 %" PRId64 "：%s"), members[i].hub, reason);
            missing++;
        }
    }
    free(members);
    return missing;
}

/* Each step may be done again: PROTOCOL.md §11. */
static int rotate_key(const struct home *home)
{
    struct identity current;
    struct identity next;
    char reason[256];
    int lock = -1;
    if (home_lock(home, "join.lock", &lock) != ERR_OK) {
        complain(tr("another join or change of keys is under way in %s", "%s 中正在执行另一个 join 或密钥更换"),
                 home->path);
        return EXIT_REFUSED;
    }
    if (identity_load(home, &current, reason) != ERR_OK || identity_prepare_next(home, &next, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    size_t missing = tell_hubs(home, &current, &next);
    identity_done(&current);
    identity_done(&next);
    if (missing > 0) {
        complain(tr("%zu hubs do not have the new keys yet; the former go on: do it again with agn-province key rotate",
                    "有 %zu 个枢纽尚未收到新密钥，原密钥继续使用：请再次执行 agn-province key rotate"),
                 missing);
        return EXIT_REFUSED;
    }
    err_t err = identity_promote_next(home);
    if (err != ERR_OK) {
        complain("%s: %s", home->path, err_text(err));
        return EXIT_REFUSED;
    }
    hubs_wake(home, WAKE_HUBS);
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

/* The number for a hub: its own when its key is known already, else the next. 0: the folder cannot be read. */
static int64_t number_for(const struct home *home, const uint8_t hub_key[KEY_SIZE], bool *ret_known)
{
    struct hub_member *members = NULL;
    size_t count = 0;
    *ret_known = false;
    if (hubs_load(home, &members, &count, NULL) != ERR_OK || count >= HUBS_MAX) {
        free(members);
        return 0;
    }
    int64_t number = count > 0 ? members[count - 1].hub + 1 : 1;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(members[i].membership.hub_key, hub_key, KEY_SIZE) == 0) {
            number = members[i].hub;
            *ret_known = true;
        }
    }
    free(members);
    return number;
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

static bool enrol(const struct join_link *link, const struct home *home, struct membership *ret_membership)
{
    struct identity identity;
    char code[32];
    char reason[512];
    if (!open_identity(home, link->suite, &identity)) {
        return false;
    }
    err_t err = membership_enrol(link, &identity, SOFTWARE, ret_membership, code, reason);
    identity_done(&identity);
    if (err != ERR_OK) {
        complain("%s", reason);
        return false;
    }
    if (strcmp(ret_membership->role, "province") != 0) {
        complain(tr("this link is for a party of role %s, not for a province: ask for one made by agn-hub peer add",
                    "该链接用于角色 %s，而非省级：请索取由 agn-hub peer add 生成的链接"),
                 ret_membership->role);
        return false;
    }
    return true;
}

static int join_locked(const struct home *home, const struct arguments *arguments, const struct join_link *link)
{
    struct membership membership;
    char reason[256];
    int64_t number = 0;
    bool is_known = false;
    if (arguments->replace && !arguments_number("replace", arguments->replace, 1, 999999, &number)) {
        return EXIT_USAGE;
    }
    if (!enrol(link, home, &membership)) {
        return EXIT_REFUSED;
    }
    number = number > 0 ? number : number_for(home, link->hub_key, &is_known);
    if (number == 0) {
        complain(tr("the folder %s/hubs cannot be used", "文件夹 %s/hubs 不可用"), home->path);
        return EXIT_REFUSED;
    }
    if (hubs_save(home, number, &membership, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    if (!arguments->replace && !is_known) {
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
    char reason[256];
    int lock = -1;
    if (arguments->operand_count != 1) {
        complain(tr("join needs one LINK (agn://…)", "join 需要一个链接（agn://…）"));
        return EXIT_USAGE;
    }
    if (join_link_parse(arguments->operands[0], &link, reason) != ERR_OK || home_create(home, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    /* Two joins at once would take the same number. */
    err_t err = home_lock(home, "join.lock", &lock);
    if (err != ERR_OK) {
        complain(err == ERR_BUSY
                     ? tr("another join is under way in %s: try again", "%s 中正在执行另一个 join，请稍后重试")
                     : tr("cannot write in %s", "无法写入 %s"),
                 home->path);
        return EXIT_REFUSED;
    }
    return join_locked(home, arguments, &link); /* the lock goes with the process */
}
