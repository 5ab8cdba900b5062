#include "sheet/template_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "proto/record.h"
#include "proto/rules.h"
#include "sheet/records.h"

enum text_index { TEXT_PATH, TEXT_LABEL, TEXT_REQUIRED, TEXT_CONTENT, TEXT_RULES, TEXT_SOURCE };

const char *template_help_name(void)
{
    return tr(help_sheet_names[0], help_sheet_names[1]);
}

const char *template_text_head(size_t index)
{
    static const struct label heads[TEMPLATE_TEXTS] = {
        [TEXT_PATH] = {"", "field", "字段代码"},
        [TEXT_LABEL] = {"", "name", "名称"},
        [TEXT_REQUIRED] = {"", "required", "必填"},
        [TEXT_CONTENT] = {"", "what goes in", "填写要求"},
        [TEXT_RULES] = {"", "it may be refused as", "不符时的提示"},
        [TEXT_SOURCE] = {"", "source", "依据"},
    };
    return tr(heads[index].en, heads[index].zh);
}

/* ---- What goes in ---- */

static void bounds_text(const struct field *row, char *out, size_t size)
{
    char first[25], last[25];
    switch (row->type) {
    case FIELD_NUMBER:
        snprintf(out, size,
                 row->high == INT64_MAX
                     ? tr("a whole number from %" PRId64 " on", "整数，不小于 %" PRId64)
                     : tr("a whole number, %" PRId64 " to %" PRId64, "整数，%" PRId64 " 至 %" PRId64),
                 row->low, row->high);
        break;
    case FIELD_DATE:
        date_text(row->low, first);
        date_text(row->high, last);
        snprintf(out, size, tr("a date, %s to %s", "日期，%s 至 %s"), first, last);
        break;
    default:
        snprintf(out, size,
                 tr("text, %" PRId64 " to %" PRId64 " characters", "文本，%" PRId64 " 至 %" PRId64 " 个字符"), row->low,
                 row->high);
        break;
    }
}

/* Of one value; what the bounds say where there is nothing better. */
static const char *plain_content(const struct field *row)
{
    if (row->codes) {
        return tr("choose from the list", "从列表中选择");
    }
    switch (row->type) {
    case FIELD_FLAG:
        return tr("yes or no", "填“是”或“否”");
    case FIELD_TIME:
        return tr("a time, such as 2026-03-05 14:30, of the site's zone", "时间，如 2026-03-05 14:30（本地时区）");
    case FIELD_ID:
        return tr("the id of a record", "记录的 ID");
    case FIELD_HASH:
        return tr("a SHA-256, 64 digits", "SHA-256 摘要，64 位");
    case FIELD_USCC:
        return tr("a unified social credit code, 18 characters", "统一社会信用代码，18 位");
    case FIELD_DISTRICT:
        return tr("a district's code, six digits", "行政区划代码，六位数字");
    default:
        return NULL;
    }
}

static void content_text(const struct column *column, char *out, size_t size)
{
    bool is_list = column->row->type == FIELD_LIST;
    const struct field *row = is_list ? &column->row->fields[0] : column->row;
    const char *plain = plain_content(row);
    if (plain) {
        snprintf(out, size, "%s", plain);
    } else {
        bounds_text(row, out, size);
    }
    if (is_list) {
        size_t used = strlen(out);
        snprintf(out + used, size - used,
                 tr("; %" PRId64 " to %" PRId64 " of them, parted by ;", "；%" PRId64 " 至 %" PRId64 " 项，以分号分隔"),
                 column->row->low, column->row->high);
    }
}

/* ---- The page ---- */

/* The reasons of the rules that may name a field on the way to COLUMN. */
static void rules_text(const struct kind *kind, const struct column *column, char *out, size_t size)
{
    const struct rule *rule = NULL;
    const char *dot = strrchr(column->path, '.');
    const char *last = dot ? dot + 1 : column->path;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; (rule = rule_at(kind, i)); i++) {
        const struct field *row = &rule_rows(kind, rule)[rule->field];
        bool is_of_it = strcmp(row->key, last) == 0 && (row == column->row || row->type == FIELD_LIST);
        if (is_of_it && used + 1 < size) {
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "\n" : "", rule->reason);
        }
    }
}

void template_text(const struct kind *kind, const struct column *column, size_t index,
                   char ret_text[TEMPLATE_TEXT_SIZE])
{
    const char *text = "";
    switch ((enum text_index)index) {
    case TEXT_PATH:
        text = column->path;
        break;
    case TEXT_LABEL:
        text = tr(column->labels[0], column->labels[1]);
        break;
    case TEXT_REQUIRED:
        text = column->is_required ? tr("yes", "是") : "";
        break;
    case TEXT_CONTENT:
        content_text(column, ret_text, TEMPLATE_TEXT_SIZE);
        return;
    case TEXT_RULES:
        rules_text(kind, column, ret_text, TEMPLATE_TEXT_SIZE);
        return;
    case TEXT_SOURCE:
        text = column->row->source;
        break;
    }
    snprintf(ret_text, TEMPLATE_TEXT_SIZE, "%s", text);
}

void template_message(const struct column *column, char ret_text[TEMPLATE_MESSAGE_SIZE])
{
    char content[TEMPLATE_MESSAGE_SIZE - 64];
    content_text(column, content, sizeof content);
    snprintf(ret_text, TEMPLATE_MESSAGE_SIZE, "%s%s", content,
             column->is_required ? tr(" (required)", "（必填）") : "");
}
