#include "common/config.h"

#include <czmq.h>
#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/zpl.h"

static err_t set_number(const struct option_row *row, const char *text, void *target)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < row->low || number > row->high) {
        return ERR_INVALID;
    }
    *(int64_t *)((char *)target + row->offset) = number;
    return ERR_OK;
}

static err_t set_flag(const struct option_row *row, const char *text, void *target)
{
    bool is_on = strcmp(text, "yes") == 0;
    if (!is_on && strcmp(text, "no") != 0) {
        return ERR_INVALID;
    }
    *(bool *)((char *)target + row->offset) = is_on;
    return ERR_OK;
}

static err_t set_text(const struct option_row *row, const char *text, void *target)
{
    size_t size = strlen(text);
    if ((int64_t)size < row->low || (int64_t)size > row->high || size >= CONFIG_TEXT_SIZE) {
        return ERR_INVALID;
    }
    memcpy((char *)target + row->offset, text, size + 1);
    return ERR_OK;
}

static err_t set_log_level(const struct option_row *row, const char *text, void *target)
{
    return log_level_find(text, (enum log_level *)(void *)((char *)target + row->offset)) ? ERR_OK : ERR_INVALID;
}

static err_t set_option(const struct option_row *row, const char *text, void *target)
{
    static err_t (*const setters[])(const struct option_row *, const char *,
                                    void *) = {[OPTION_NUMBER] = set_number,
                                               [OPTION_TEXT] = set_text,
                                               [OPTION_FLAG] = set_flag,
                                               [OPTION_LOG_LEVEL] = set_log_level};
    return setters[row->type](row, text, target);
}

static void expectation(const struct option_row *row, char *out, size_t size)
{
    if (row->type == OPTION_FLAG) {
        snprintf(out, size, "%s", tr("yes or no", "yes 或 no"));
    } else if (row->type == OPTION_LOG_LEVEL) {
        snprintf(out, size, "%s", tr("debug, info, warn or error", "debug、info、warn 或 error"));
    } else if (row->type == OPTION_NUMBER) {
        snprintf(out, size, tr("a number %" PRId64 " to %" PRId64, "%" PRId64 " 至 %" PRId64 " 的整数"), row->low,
                 row->high);
    } else {
        snprintf(out, size, tr("a text of %" PRId64 " to %" PRId64 " bytes", "%" PRId64 " 至 %" PRId64 " 字节的文本"),
                 row->low, row->high);
    }
}

err_t config_refuse(const char *path, const char *key, const char *value, const char *expected, char reterr_reason[512])
{
    char place[ZPL_PLACE_SIZE];
    char shown[64];
    zpl_place(path, NULL, key, place);
    snprintf(reterr_reason, 512, tr("%s: %s = %s: expected %s", "%s：%s = %s：应为 %s"), place, key,
             log_safe(value, strlen(value), shown, sizeof shown), expected);
    return ERR_INVALID;
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t size = 0;
    while (a[size] && a[size] == b[size]) {
        size++;
    }
    return size;
}

static const char *nearest(const struct option_row *rows, size_t count, const char *key)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (common_prefix(rows[i].name, key) > common_prefix(rows[best].name, key)) {
            best = i;
        }
    }
    return rows[best].name;
}

static err_t apply(const char *path, zconfig_t *item, const struct option_row *rows, size_t count, void *target,
                   char reterr_reason[512])
{
    const char *key = zconfig_name(item);
    const char *text = zconfig_value(item) ? zconfig_value(item) : "";
    char place[ZPL_PLACE_SIZE];
    char expected[96];
    size_t points = 0;
    bool is_prose = zpl_is_prose(text, &points);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, key) != 0) {
            continue;
        }
        if (!zconfig_child(item) && is_prose && set_option(&rows[i], text, target) == ERR_OK) {
            return ERR_OK;
        }
        expectation(&rows[i], expected, sizeof expected);
        return config_refuse(path, key, text,
                             is_prose ? expected : tr("UTF-8 without control characters", "不含控制字符的 UTF-8 文本"),
                             reterr_reason);
    }
    zpl_place(path, NULL, key, place);
    snprintf(reterr_reason, 512, tr("%s: unknown key %.60s; did you mean %s?", "%s：未知的键 %.60s，是否应为 %s？"),
             place, key, nearest(rows, count, key));
    return ERR_INVALID;
}

err_t config_load(const char *path, const struct option_row *rows, size_t count, void *target, char reterr_reason[512])
{
    for (size_t i = 0; i < count; i++) {
        if (set_option(&rows[i], rows[i].standard, target) != ERR_OK) {
            abort();
        }
    }
    if (access(path, F_OK) != 0) {
        return ERR_OK;
    }
    zconfig_t *file = zpl_open(path, reterr_reason);
    if (!file) {
        return ERR_INVALID;
    }
    err_t err = ERR_OK;
    for (zconfig_t *item = zconfig_child(file); item && err == ERR_OK; item = zconfig_next(item)) {
        err = apply(path, item, rows, count, target, reterr_reason);
    }
    zconfig_destroy(&file);
    return err;
}

static size_t width_of(const struct option_row *row)
{
    static const size_t widths[] = {[OPTION_NUMBER] = sizeof(int64_t),
                                    [OPTION_TEXT] = CONFIG_TEXT_SIZE,
                                    [OPTION_FLAG] = sizeof(bool),
                                    [OPTION_LOG_LEVEL] = sizeof(enum log_level)};
    return widths[row->type];
}

void config_reload(const struct option_row *rows, size_t count, void *target, const void *fresh, char ret_names[256])
{
    ret_names[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char *now = (char *)target + rows[i].offset;
        const char *next = (const char *)fresh + rows[i].offset;
        bool is_changed =
            rows[i].type == OPTION_TEXT ? strcmp(now, next) != 0 : memcmp(now, next, width_of(&rows[i])) != 0;
        if (!is_changed) {
            continue;
        }
        if (rows[i].reload) {
            memcpy(now, next, width_of(&rows[i]));
        } else {
            size_t used = strlen(ret_names);
            snprintf(ret_names + used, 256 - used, "%s%s", used ? "," : "", rows[i].name);
        }
    }
}

static void value_text(const struct option_row *row, const void *target, char ret_text[CONFIG_TEXT_SIZE])
{
    const void *at = (const char *)target + row->offset;
    if (row->type == OPTION_NUMBER) {
        snprintf(ret_text, CONFIG_TEXT_SIZE, "%" PRId64, *(const int64_t *)at);
    } else if (row->type == OPTION_TEXT) {
        snprintf(ret_text, CONFIG_TEXT_SIZE, "%s", (const char *)at);
    } else if (row->type == OPTION_LOG_LEVEL) {
        snprintf(ret_text, CONFIG_TEXT_SIZE, "%s", log_level_name(*(const enum log_level *)at));
    } else {
        snprintf(ret_text, CONFIG_TEXT_SIZE, "%s", *(const bool *)at ? "yes" : "no");
    }
}

char *config_text(const struct option_row *rows, size_t count, const void *target)
{
    size_t room = count * 2 * CONFIG_TEXT_SIZE + 1;
    char *text = mem_alloc(room);
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < count; i++) {
        char value[CONFIG_TEXT_SIZE];
        value_text(&rows[i], target, value);
        if (strcmp(value, rows[i].standard) != 0) {
            used += (size_t)snprintf(text + used, room - used, "%s = %s\n", rows[i].name, value);
        }
    }
    return text;
}

void config_print_sample(const struct option_row *rows, size_t count, void *file)
{
    for (size_t i = 0; i < count; i++) {
        char expected[96];
        expectation(&rows[i], expected, sizeof expected);
        fprintf(file, "#   %s\n#   %s%s\n#%s = %s\n\n", tr(rows[i].en, rows[i].zh), expected,
                rows[i].reload ? tr("; SIGHUP reloads it", "；SIGHUP 后重新读取") : "", rows[i].name,
                *rows[i].standard ? rows[i].standard : "\"\"");
    }
}
