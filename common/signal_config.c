/* The section `signals` of a ZPL file. */
#include <czmq.h>
#include <inttypes.h>
#include <string.h>

#include "common/signal.h"
#include "common/text.h"
#include "common/zpl.h"

enum option_form { FORM_NUMBER /* int64_t */, FORM_DECIMAL /* double */, FORM_TEXT /* label */, FORM_GROUP };

static const struct option {
    const char *name;
    enum option_form form;
    size_t offset;
    int64_t low, high; /* of texts: bytes */
} options[] = {
    {"group", FORM_GROUP, 0, 0, 0},
    {"label", FORM_TEXT, offsetof(struct signal_rule, label), 1, sizeof(((struct signal_rule *)0)->label) - 1},
    {"window", FORM_NUMBER, offsetof(struct signal_rule, window), 1, 3660},
    {"base", FORM_NUMBER, offsetof(struct signal_rule, base), 1, 104},
    {"count", FORM_NUMBER, offsetof(struct signal_rule, count), 1, 100000},
    {"institutions", FORM_NUMBER, offsetof(struct signal_rule, parties), 1, 100000},
    {"ratio", FORM_DECIMAL, offsetof(struct signal_rule, ratio), 0, 1000},
    {"ror", FORM_DECIMAL, offsetof(struct signal_rule, ror), 0, 1000},
    {"level", FORM_NUMBER, offsetof(struct signal_rule, level), 1, 4},
    {"cool_down", FORM_NUMBER, offsetof(struct signal_rule, cool_down), 0, 3660},
    {"growth", FORM_NUMBER, offsetof(struct signal_rule, growth), 0, 10000},
};
enum { OPTIONS = sizeof options / sizeof *options };
/* Where nothing is said: a quarter against the four before it. */
static const struct signal_rule standard = {
    .window = 90, .base = 4, .count = 3, .parties = 1, .level = 4, .cool_down = 90, .growth = 100};

struct place {
    const char *path, *rule; /* NULL: outside of the rules */
    char *reason;
};

static err_t fault(const struct place *place, const char *key, const char *text, const char *expected)
{
    char where[ZPL_PLACE_SIZE];
    zpl_place(place->path, place->rule, key, where);
    snprintf(place->reason, 512, tr("%s: %s%s%.40s%s%.60s: expected %s", "%s：%s%s%.40s%s%.60s：应为 %s"), where,
             place->rule ? place->rule : "", place->rule ? ": " : "", key, text ? " = " : "", text ? text : "",
             expected);
    return ERR_INVALID;
}

static bool read_number(const struct option *option, const char *text, void *ret_target)
{
    int64_t number = 0;
    size_t size = strlen(text);
    if (size == 0 || size > 9 || strspn(text, "0123456789") != size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        number = number * 10 + text[i] - '0';
    }
    *(int64_t *)ret_target = number;
    return number >= option->low && number <= option->high;
}

/* Without strtod(), which reads by the user's locale. */
static bool read_decimal(const struct option *option, const char *text, void *ret_target)
{
    double number = 0;
    double place = 1;
    size_t whole = strspn(text, "0123456789");
    size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    size_t size = whole + (text[whole] == '.' ? 1 + part : 0);
    if (whole == 0 || whole > 6 || part > 6 || text[size] || (text[whole] == '.' && part == 0)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (i != whole) {
            place = i > whole ? place * 10 : 1;
            number = number * 10 + (text[i] - '0');
        }
    }
    number /= place;
    *(double *)ret_target = number;
    return number >= (double)option->low && number <= (double)option->high;
}

/* Keys parted by commas. */
static bool read_group(const char *text, unsigned *ret_keys)
{
    unsigned keys = 0;
    for (const char *at = text;;) {
        at += strspn(at, " \t");
        size_t size = strcspn(at, ", \t");
        int found = -1;
        for (int key = 0; key < SIGNAL_KEYS; key++) {
            bool is_it = strlen(signal_keys[key].field) == size && strncmp(signal_keys[key].field, at, size) == 0;
            found = is_it ? key : found;
        }
        if (found < 0 || (keys >> found & 1U)) {
            return false;
        }
        keys |= 1U << found;
        at += size;
        at += strspn(at, " \t");
        if (!*at) {
            *ret_keys = keys;
            return true;
        }
        if (*at++ != ',') {
            return false;
        }
    }
}

static bool read_option(const struct option *option, const char *text, struct signal_rule *rule)
{
    char *target = (char *)rule + option->offset;
    size_t size = strlen(text);
    size_t points = 0;
    switch (option->form) {
    case FORM_NUMBER:
        return read_number(option, text, target);
    case FORM_DECIMAL:
        return read_decimal(option, text, target);
    case FORM_GROUP:
        return read_group(text, &rule->keys);
    case FORM_TEXT:
        if ((int64_t)size >= option->low && (int64_t)size <= option->high && zpl_is_prose(text, &points)) {
            memcpy(target, text, size + 1);
            return true;
        }
    }
    return false;
}

static void expectation(const struct option *option, char ret_text[192])
{
    if (option->form == FORM_GROUP) {
        size_t used = (size_t)snprintf(ret_text, 192, "%s", tr("some of", "以下若干项"));
        for (int key = 0; key < SIGNAL_KEYS && used < 192; key++) {
            used += (size_t)snprintf(ret_text + used, 192 - used, "%s %s", key > 0 ? "," : "", signal_keys[key].field);
        }
        return;
    }
    snprintf(ret_text, 192,
             option->form == FORM_TEXT
                 ? tr("a text of %" PRId64 " to %" PRId64 " bytes", "%" PRId64 " 至 %" PRId64 " 字节的文本")
                 : tr("a number %" PRId64 " to %" PRId64, "%" PRId64 " 至 %" PRId64 " 的数"),
             option->low, option->high);
}

static const struct option *nearest(const char *key)
{
    const struct option *best = &options[0];
    size_t best_size = 0;
    for (size_t i = 0; i < OPTIONS; i++) {
        size_t size = 0;
        while (options[i].name[size] && options[i].name[size] == key[size]) {
            size++;
        }
        if (size > best_size) {
            best = &options[i];
            best_size = size;
        }
    }
    return best;
}

static err_t apply(const struct place *place, zconfig_t *item, struct signal_rule *rule, unsigned *seen)
{
    const char *key = zconfig_name(item);
    const char *text = zconfig_value(item) ? zconfig_value(item) : "";
    char expected[192];
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strcmp(options[i].name, key) != 0) {
            continue;
        }
        if (*seen >> i & 1U) {
            return fault(place, key, text, tr("it once in a rule", "每条规则只设一次"));
        }
        *seen |= 1U << i;
        expectation(&options[i], expected);
        bool is_good = !zconfig_child(item) && read_option(&options[i], text, rule);
        return is_good ? ERR_OK : fault(place, key, text, expected);
    }
    snprintf(expected, sizeof expected, tr("a known key; did you mean %s?", "已知的键，是否应为 %s？"),
             nearest(key)->name);
    return fault(place, key, NULL, expected);
}

static err_t read_rule(const char *path, zconfig_t *section, struct signal_rules *rules, char *reason)
{
    struct place place = {path, zconfig_name(section), reason};
    struct signal_rule rule = standard;
    unsigned seen = 0;
    size_t size = strlen(place.rule);
    if (rules->count == SIGNAL_RULES_MAX) {
        return fault(&place, place.rule, NULL, tr("at most 64 rules", "至多 64 条规则"));
    }
    if (size >= SIGNAL_NAME_SIZE || strspn(place.rule, "abcdefghijklmnopqrstuvwxyz0123456789_-") != size) {
        return fault(&place, place.rule, NULL,
                     tr("a rule's name of at most 48 of a-z 0-9 - _", "至多 48 个字符的规则名，由 a-z 0-9 - _ 组成"));
    }
    memcpy(rule.name, place.rule, size + 1);
    memcpy(rule.label, place.rule, size + 1);
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->list[i].name, rule.name) == 0) {
            return fault(&place, rule.name, NULL, tr("another name: this one is taken", "另一名称：该名称已使用"));
        }
    }
    for (zconfig_t *item = zconfig_child(section); item; item = zconfig_next(item)) {
        err_t err = apply(&place, item, &rule, &seen);
        if (err != ERR_OK) {
            return err;
        }
    }
    if (rule.keys == 0) {
        return fault(&place, rule.name, NULL, tr("a line `group = ...`", "group = … 一行"));
    }
    if (rule.ror > 0 && (!(rule.keys & SIGNAL_WHO) || !(rule.keys & SIGNAL_WHAT))) {
        return fault(
            &place, "ror", NULL,
            tr("a group of model_name, model_vendor or sector with risk_domain, risk_subdomain or harm_kind",
               "group 中既有 model_name、model_vendor 或 sector，又有 risk_domain、risk_subdomain 或 harm_kind"));
    }
    rules->list[rules->count++] = rule;
    return ERR_OK;
}

static err_t read_ignored(const struct place *place, const char *text, struct signal_rules *rules)
{
    for (const char *at = text; *at;) {
        char name[SIGNAL_TEXT_SIZE];
        size_t size = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : 0), at);
        if (rules->ignored_count == SIGNAL_IGNORED_MAX) {
            return fault(place, "ignore", NULL, tr("at most 64 names", "至多 64 个名称"));
        }
        signal_normalise(name, rules->ignored[rules->ignored_count]);
        if (!*rules->ignored[rules->ignored_count++]) {
            return fault(place, "ignore", text, tr("names parted by commas", "以逗号分隔的名称"));
        }
        at += size + (at[size] == ',');
    }
    return ERR_OK;
}

static err_t read_section(const char *path, zconfig_t *section, struct signal_rules *rules, char *reason)
{
    struct place place = {path, NULL, reason};
    err_t err = ERR_OK;
    for (zconfig_t *item = zconfig_child(section); item && err == ERR_OK; item = zconfig_next(item)) {
        const char *value = zconfig_value(item);
        if (zconfig_child(item)) {
            err = read_rule(path, item, rules, reason);
        } else if (strcmp(zconfig_name(item), "ignore") != 0) {
            err = fault(&place, zconfig_name(item), value,
                        tr("a rule with its keys below it, or `ignore`", "下有各键的规则，或 ignore"));
        } else if (rules->ignored_count > 0) {
            err = fault(&place, "ignore", value, tr("it once", "只设一次"));
        } else {
            err = read_ignored(&place, value ? value : "", rules);
        }
    }
    return err;
}

err_t signal_rules_load(const char *path, struct signal_rules *ret_rules, char reterr_reason[512])
{
    struct place place = {path, NULL, reterr_reason};
    *ret_rules = (struct signal_rules){0};
    if (access(path, F_OK) != 0) {
        snprintf(reterr_reason, 512, tr("%.300s: no such file", "%.300s：没有这个文件"), path);
        return ERR_NOT_FOUND;
    }
    zconfig_t *file = zpl_open(path, reterr_reason);
    if (!file) {
        return ERR_INVALID;
    }
    err_t err = ERR_OK;
    bool is_seen = false;
    for (zconfig_t *item = zconfig_child(file); item && err == ERR_OK; item = zconfig_next(item)) {
        bool is_signals = strcmp(zconfig_name(item), "signals") == 0 && !is_seen;
        is_seen = is_seen || is_signals;
        err = is_signals ? read_section(path, item, ret_rules, reterr_reason)
                         : fault(&place, zconfig_name(item), zconfig_value(item),
                                 tr("one section `signals` and nothing beside it", "仅有一个 signals 段"));
    }
    zconfig_destroy(&file);
    if (err == ERR_OK && ret_rules->count == 0) {
        return fault(&place, "signals", NULL, tr("at least one rule", "至少一条规则"));
    }
    return err;
}
