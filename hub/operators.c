#include "hub/operators.h"

#include <czmq.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "common/mem.h"
#include "common/text.h"
#include "common/zpl.h"

enum { LOOKUP_SIZE = 16384 };

static bool find_user(const char *name, uid_t *ret_uid)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char buffer[LOOKUP_SIZE];
    bool is_found = getpwnam_r(name, &entry, buffer, sizeof buffer, &found) == 0 && found;
    *ret_uid = is_found ? found->pw_uid : 0;
    return is_found;
}

static void name_user(uid_t uid, char *out, size_t size)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char buffer[LOOKUP_SIZE];
    if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found) {
        snprintf(out, size, "%s", found->pw_name);
    } else {
        snprintf(out, size, "%u", (unsigned)uid);
    }
}

/* Codes parted by commas; 0: one of them is no role. */
static unsigned read_roles(const char *text)
{
    unsigned roles = 0;
    while (*text) {
        text += strspn(text, " \t");
        size_t size = strcspn(text, ", \t");
        int role = enumeration_index(&enum_operator_role, (struct view){(const uint8_t *)text, size});
        if (role < 0) {
            return 0;
        }
        roles |= 1U << role;
        text += size;
        text += strspn(text, " \t");
        text += *text == ',';
    }
    return roles;
}

static bool is_name(const char *name)
{
    size_t points = 0;
    return zpl_is_prose(name, &points) && points >= 1 && points <= 100 && !strpbrk(name, "\"\\\r\n\t");
}

/* One name, one role line, nothing beside or below them. */
static bool has_its_keys_alone(zconfig_t *entry)
{
    const char *value = zconfig_value(entry);
    size_t names = 0;
    size_t roles = 0;
    size_t others = value && *value ? 1 : 0;
    for (zconfig_t *key = zconfig_child(entry); key; key = zconfig_next(key)) {
        bool is_name_key = streq(zconfig_name(key), "name");
        bool is_role_key = streq(zconfig_name(key), "role");
        names += is_name_key;
        roles += is_role_key;
        others += (!is_name_key && !is_role_key) || zconfig_child(key);
    }
    return names <= 1 && roles <= 1 && others == 0;
}

/* What is wrong with the entry, or NULL. */
static const char *read_entry(zconfig_t *entry, struct person *ret_person)
{
    const char *user = zconfig_name(entry);
    const char *name = zconfig_get(entry, "name", "");
    if (!has_its_keys_alone(entry)) {
        return tr("an operator has `name` and `role` once each, nothing else", "操作人员只有 name 与 role 各一项");
    }
    if (strlen(user) >= sizeof ret_person->user) {
        return tr("longer than a user's name may be", "用户名过长");
    }
    if (!is_name(name)) {
        return tr("`name`: 1 to 100 characters in UTF-8, without quotes and control characters",
                  "name：1 至 100 个字符（UTF-8），不含引号与控制字符");
    }
    snprintf(ret_person->user, sizeof ret_person->user, "%s", user);
    snprintf(ret_person->name, sizeof ret_person->name, "%s", name);
    ret_person->roles = read_roles(zconfig_get(entry, "role", ""));
    ret_person->is_known = find_user(user, &ret_person->uid);
    return ret_person->roles ? NULL
                             : tr("`role`: one or more of operator, reviewer, auditor, administrator, parted by commas",
                                  "role：operator、reviewer、auditor、administrator 中的一个或多个，以逗号分隔");
}

static bool stands_already(const struct operators *operators, const char *user)
{
    for (size_t i = 0; i < operators->count; i++) {
        if (streq(operators->list[i].user, user)) {
            return true;
        }
    }
    return false;
}

static err_t read_file(const char *path, struct operators *operators, char reterr_reason[512])
{
    zconfig_t *file = zpl_open(path, reterr_reason);
    const char *fault = NULL;
    if (!file) {
        return ERR_INVALID;
    }
    for (zconfig_t *entry = zconfig_child(file); entry && !fault; entry = zconfig_next(entry)) {
        const char *user = zconfig_name(entry);
        if (operators->count == OPERATORS_MAX) {
            fault = tr("more than 128 operators", "操作人员超过 128 名");
        } else if (stands_already(operators, user)) {
            fault = tr("stands twice", "重复");
        } else {
            fault = read_entry(entry, &operators->list[operators->count++]);
        }
        if (fault) {
            char place[ZPL_PLACE_SIZE];
            zpl_place(path, NULL, user, place);
            snprintf(reterr_reason, 512, "%s: %.64s: %.200s", place, user, fault);
        }
    }
    zconfig_destroy(&file);
    return fault ? ERR_INVALID : ERR_OK;
}

/* Without the file: who owns the home may do everything. */
static err_t owner_alone(const struct home *home, struct operators *operators, char reterr_reason[512])
{
    struct stat stat_;
    if (stat(home->path, &stat_) != 0) {
        snprintf(reterr_reason, 512, "%.400s: %s", home->path, strerror(errno));
        return ERR_IO;
    }
    struct person *owner = &operators->list[operators->count++];
    *owner = (struct person){.uid = stat_.st_uid, .is_known = true, .roles = (1U << OPERATOR_ROLES) - 1};
    name_user(owner->uid, owner->user, sizeof owner->user);
    memcpy(owner->name, owner->user, sizeof owner->user);
    return ERR_OK;
}

err_t operators_load(const struct home *home, struct operators *ret_operators, char reterr_reason[512])
{
    char path[PATH_SIZE];
    home_file(home, OPERATORS_FILE, path);
    *ret_operators = (struct operators){.is_mapped = home_has(home, OPERATORS_FILE)};
    return ret_operators->is_mapped ? read_file(path, ret_operators, reterr_reason)
                                    : owner_alone(home, ret_operators, reterr_reason);
}

const struct person *operators_find(const struct operators *operators, uid_t uid)
{
    for (size_t i = 0; i < operators->count; i++) {
        if (operators->list[i].is_known && operators->list[i].uid == uid) {
            return &operators->list[i];
        }
    }
    return NULL;
}

struct person operators_name(const struct operators *operators, uid_t uid)
{
    const struct person *found = operators_find(operators, uid);
    struct person person = {.uid = uid};
    name_user(uid, person.user, sizeof person.user);
    memcpy(person.name, person.user, sizeof person.user);
    return found ? *found : person;
}

void operators_refusal(const struct operators *operators, uid_t uid, char *out, size_t size)
{
    char user[OPERATOR_USER_SIZE];
    name_user(uid, user, sizeof user);
    if (operators->is_mapped) {
        snprintf(out, size,
                 tr("the user %s is no operator of this hub: an administrator adds him to " OPERATORS_FILE
                    " (`%s`, below it `name = \"…\"` and `role = operator`) and has it read again (SIGHUP)",
                    "用户 %s 不是本枢纽的操作人员：请管理员将其加入 " OPERATORS_FILE
                    "（`%s`，其下为 `name = \"…\"` 与 `role = operator`），并重新加载（SIGHUP）"),
                 user, user);
    } else {
        snprintf(out, size,
                 tr("this hub has no " OPERATORS_FILE ", so only the user %s, who owns its folder, may act: "
                    "`runuser -u %s -- agn-hub …`, or name the operators there",
                    "本枢纽没有 " OPERATORS_FILE "，只有其目录的所有者 %s 可以操作：请用 "
                    "`runuser -u %s -- agn-hub …`，或在该文件中列出操作人员"),
                 operators->list[0].user, operators->list[0].user);
    }
}

char *operators_text(const struct operators *operators)
{
    size_t room = operators->count * (sizeof(struct person) + 64) + 1;
    char *text = mem_alloc(room);
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < operators->count; i++) {
        const struct person *person = &operators->list[i];
        used += (size_t)snprintf(text + used, room - used, "%s = %s (", person->user, person->name);
        for (unsigned role = 0, count = 0; role < OPERATOR_ROLES; role++) {
            if (person->roles >> role & 1U) {
                used += (size_t)snprintf(text + used, room - used, "%s%s", count++ ? ", " : "",
                                         enum_operator_role.labels[role].code);
            }
        }
        used += (size_t)snprintf(text + used, room - used, ")\n");
    }
    return text;
}
