/* Prints docs/records.md from the tables: every kind with its fields, rules, natural key, who files it and its life.
 *
 *     print_records            to stdout
 *     print_records --check F  exit 1 where F is not what would be printed */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/kinds.h"
#include "proto/life.h"
#include "proto/project.h"
#include "proto/record.h"
#include "proto/rules.h"
#include "tests/page.h"

static const char *const type_names[][2] = {
    [FIELD_TEXT] = {"text", "文本"},
    [FIELD_ENUM] = {"code", "代码"},
    [FIELD_NUMBER] = {"number", "整数"},
    [FIELD_FLAG] = {"yes or no", "是否"},
    [FIELD_DATE] = {"date", "日期"},
    [FIELD_TIME] = {"time", "时间"},
    [FIELD_ID] = {"record id", "记录标识"},
    [FIELD_HASH] = {"SHA-256", "摘要"},
    [FIELD_USCC] = {"credit code", "统一社会信用代码"},
    [FIELD_DISTRICT] = {"district code", "行政区划代码"},
    [FIELD_MAP] = {"map", "组合"},
    [FIELD_LIST] = {"list", "列表"},
    [FIELD_ENUM_MAP] = {"map by code", "按代码的组合"},
};

static void print_bounds(FILE *out, const struct field *row)
{
    if (row->codes && row->codes->count > 0) {
        fprintf(out, "[%s](#%s)", row->codes->name, row->codes->name);
    } else if (row->type == FIELD_TEXT) {
        fprintf(out, "%" PRId64 "–%" PRId64 " characters 字", row->low, row->high);
    } else if (row->type == FIELD_NUMBER && row->high == INT64_MAX) {
        fprintf(out, "≥ %" PRId64, row->low);
    } else if (row->type == FIELD_NUMBER) {
        fprintf(out, "%" PRId64 "–%" PRId64, row->low, row->high);
    } else if (row->type == FIELD_LIST) {
        fprintf(out, "%" PRId64 "–%" PRId64 " elements 项", row->low, row->high);
    }
}

static void print_row(FILE *out, const struct field *row, const char *path)
{
    fprintf(out, "| `%s` | %s | %s | %s %s | ", path, row->zh, row->en, type_names[row->type][1],
            type_names[row->type][0]);
    print_bounds(out, row);
    fprintf(out, " | %s | %s | %s |\n", row->presence == REQUIRED ? "R 必填" : "O 选填", row->confidential ? "🔒" : "",
            row->source);
}

static void print_rows(FILE *out, const struct field *rows, size_t count, const char *up);

/* What is within a map, a list, a map by code. */
static void print_inner(FILE *out, const struct field *row, const char *path)
{
    char inner[160];
    if (row->type == FIELD_MAP) {
        snprintf(inner, sizeof inner, "%s.", path);
        print_rows(out, row->fields, row->field_count, inner);
    } else if (row->type == FIELD_LIST || row->type == FIELD_ENUM_MAP) {
        snprintf(inner, sizeof inner, row->type == FIELD_LIST ? "%s[]" : "%s.*", path);
        print_row(out, &row->fields[0], inner);
        print_inner(out, &row->fields[0], inner);
    }
}

static void print_rows(FILE *out, const struct field *rows, size_t count, const char *up)
{
    for (size_t i = 0; i < count; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", up, rows[i].key);
        print_row(out, &rows[i], path);
        print_inner(out, &rows[i], path);
    }
}

static void print_field_head(FILE *out)
{
    fputs("| Field 字段 | 名称 | Name | Type 类型 | Bounds 限制 | Presence 必填 | 🔒 | Source 依据 |\n"
          "|---|---|---|---|---|---|---|---|\n",
          out);
}

/* The codes of MASK, or, where most of them are in it, those that are not. */
static void print_codes(FILE *out, const struct field *row, uint64_t mask, int language)
{
    size_t count = row->type == FIELD_FLAG ? 2 : row->codes->count;
    size_t in = 0;
    for (size_t i = 0; i < count; i++) {
        in += mask >> i & 1;
    }
    bool is_not = in > 1 && in * 2 > count;
    fputs(is_not ? (language ? "不为" : "is not ") : language ? "为" : "is ", out);
    const char *gap = "";
    for (size_t i = 0; i < count; i++) {
        if ((mask >> i & 1) != is_not) {
            const char *flag = language ? (i ? "是" : "否") : i ? "true" : "false";
            fprintf(out, "%s%s", gap,
                    row->type == FIELD_FLAG ? flag
                    : language              ? row->codes->labels[i].zh
                                            : row->codes->labels[i].code);
            gap = language ? "、" : " or ";
        }
    }
}

static void print_conditions(FILE *out, const struct field *rows, const struct rule *rule, int language)
{
    const char *gap = language ? "当" : "when ";
    for (int i = 0; i < RULE_CONDITIONS && rule->when[i].op != CONDITION_NONE; i++) {
        const struct field *row = &rows[rule->when[i].field];
        fprintf(out, language ? "%s“%s”" : "%s`%s` ", gap, language ? row->zh : row->key);
        if (rule->when[i].op == CONDITION_IS) {
            print_codes(out, row, rule->when[i].mask, language);
        } else if (rule->when[i].op == CONDITION_PRESENT) {
            fputs(language ? "已填写" : "stands", out);
        } else {
            fputs(language ? "未填写" : "does not stand", out);
        }
        gap = language ? "且" : " and ";
    }
    if (rule->when[0].op != CONDITION_NONE) {
        fputs(language ? "时：" : ": ", out);
    }
}

/* What the operation asks for; %s: the other field, %N: numbers. */
static void print_demand(FILE *out, const struct field *rows, const struct rule *rule, int language)
{
    static const char *const demands[][2] = {
        [RULE_REQUIRED] = {"required", "必填"},
        [RULE_NOT_WANTED] = {"must not stand", "不得填写"},
        [RULE_NOT_BEFORE] = {"not before `%s`", "不得早于“%s”"},
        [RULE_AFTER] = {"after `%s`", "须晚于“%s”"},
        [RULE_NOT_FUTURE] = {"not in the future", "不得晚于当前时间"},
        [RULE_WITHIN_MONTHS] = {"within months of `%s`: ", "自“%s”起不得超过月数："},
        [RULE_ONE_OF] = {"", ""},
        [RULE_AT_LEAST] = {"at least ", "不得少于 "},
        [RULE_NOT_ABOVE] = {"not above `%s`", "不得大于“%s”"},
        [RULE_SHARE] = {"of `%s` at least ", "占“%s”不低于 "},
        [RULE_IN_DOMAIN] = {"belongs to `%s`", "须属于“%s”"},
        [RULE_IS_PERIOD] = {"a period", "须为报告期"},
        [RULE_IS_PARTY] = {"that of the filer", "须为报送主体本身"},
        [RULE_DISTINCT] = {"no two are the same", "不得重复"},
        [RULE_SOME] = {"of some element ", "至少一项"},
    };
    const char *text = demands[rule->op][language];
    const char *at = strstr(text, "%s");
    const struct field *other = &rows[rule->other];
    if (at) {
        fprintf(out, "%.*s%s%s", (int)(at - text), text, language ? other->zh : other->key, at + 2);
    } else {
        fputs(text, out);
    }
    if (rule->op == RULE_ONE_OF || rule->op == RULE_SOME) {
        print_codes(out, &rows[rule->field], rule->mask, language);
    } else if (rule->op == RULE_SHARE) {
        fprintf(out, "%" PRId64 "/%" PRId64, rule->number, rule->of);
    } else if (rule->op == RULE_AT_LEAST || rule->op == RULE_WITHIN_MONTHS) {
        fprintf(out, "%" PRId64, rule->number);
    }
}

static void print_rule(FILE *out, const struct kind *kind, const struct rule *rule)
{
    const struct field *rows = rule_rows(kind, rule);
    const struct field *list = &kind->fields[rule->within];
    fputs("| `", out);
    if (rule->within) {
        fprintf(out, "%s[]%s", list->key, list->fields[0].type == FIELD_MAP ? "." : "");
    }
    fprintf(out, "%s` | ", rule->within && list->fields[0].type != FIELD_MAP ? "" : rows[rule->field].key);
    for (int language = 1; language >= 0; language--) {
        print_conditions(out, rows, rule, language);
        print_demand(out, rows, rule, language);
        fputs(" | ", out);
    }
    fprintf(out, "%s | %s |\n", rule->is_advice ? "advice 提示" : rule_fault_code(rule), rule->reason);
}

static void print_rules(FILE *out, const struct kind *kind, const struct rule *rules, size_t count)
{
    if (count == 0) {
        return;
    }
    fputs("\n| Field 字段 | 规则 | Rule | Fault 错误码 | Reason 理由 |\n|---|---|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++) {
        print_rule(out, kind, &rules[i]);
    }
}

static const char *const roles[][2] = {
    [ROLE_ENTITY] = {"institution", "主体"}, [ROLE_CITY] = {"city", "城市"}, [ROLE_PROVINCE] = {"province", "省级"}};

static void print_roles(FILE *out, unsigned by)
{
    const char *gap = "";
    for (size_t i = 0; i < ROLES; i++) {
        if (by >> i & 1U) {
            fprintf(out, "%s%s %s", gap, roles[i][1], roles[i][0]);
            gap = ", ";
        }
    }
}

static void print_key(FILE *out, const struct kind *kind)
{
    if (!kind->unique) {
        fputs("none 无", out);
    } else if (kind->unique[0] < 0) {
        fputs("one an institution 每主体一份", out);
    }
    for (size_t i = 0; kind->unique && kind->unique[i] >= 0; i++) {
        fprintf(out, "%s`%s`", i ? " + " : "", kind->fields[kind->unique[i]].key);
    }
}

static void print_kind(FILE *out, const struct kind *kind)
{
    static const char *const up[] = {[UP_NEVER] = "never 不逐条上报",
                                     [UP_GRAVE] =
                                         "grave ones, and those shared with the province 重大或标明全省共享的逐条上报",
                                     [UP_ALWAYS] = "always 逐条上报",
                                     [UP_TO_PROVINCE] = "where it answers the province 答复省级记录时上报"};
    fprintf(out, "\n## %s\n%s · %s (number 编号 %d)\n\n- Filed by 报送方: ", kind->name, kind->zh, kind->en,
            kind->number);
    print_roles(out, kind->filers);
    fputs("\n- Natural key 自然键: ", out);
    print_key(out, kind);
    fputs("\n- Names its thread by 引用字段: ", out);
    if (!kind->references[0]) {
        fputs("none 无: every record is a matter of its own 每件自成一事", out);
    }
    for (size_t i = 0; i < KIND_REFERENCES && kind->references[i]; i++) {
        fprintf(out, "%s`%s`", i ? ", " : "", kind->references[i]);
    }
    if (kind->link) {
        fprintf(out, "; of another thread 关联 `%s`", kind->link);
    }
    fprintf(out, "\n- Life cycle 生命周期: ");
    if (kind->life) {
        fprintf(out,
                kind->family ? "[%s](#life-%s); counted in 统计于 `%s`" : "[%s](#life-%s); counted nowhere 不计入统计",
                kind->life->name, kind->life->name, kind->family ? kind->family->name : "");
    } else {
        fputs("a step in another's thread 他案中的一步", out);
    }
    fprintf(out, "\n- Goes up 上报: %s\n\n", up[kind->up]);
    print_field_head(out);
    print_rows(out, kind->fields + COMMON_FIELDS, kind->field_count - COMMON_FIELDS, "");
    if (kind->fields[COMMON_SUBMITTER].presence == OPTIONAL) {
        fputs("\n`submitter` is optional here 填报人在此选填.\n", out);
    }
    print_rules(out, kind, kind->rules, kind->rule_count);
}

static const char *state_of(const struct life *life, int state, int language)
{
    return language ? life->states->labels[state].zh : life->states->labels[state].code;
}

static void print_step(FILE *out, const struct life *life, const struct transition *step)
{
    static const char *const whose[] = {[WHOSE_OWN] =
                                            "own; the city also an institution's 本方线索；城市亦可对辖内主体",
                                        [WHOSE_ANY] = "any 任何线索",
                                        [WHOSE_DELIVERED] = "what was delivered to it 发送给本方的线索"};
    const struct kind *kind = step->kind == KIND_OF_ROOT ? NULL : kind_by_number(step->kind);
    fprintf(out, "| %s%s%s | ", kind ? kind->zh : "本类记录", step->action == NO_ACTION ? "" : " ",
            step->action == NO_ACTION ? "" : enum_warning_action.labels[step->action].zh);
    fprintf(out, "%s%s%s | ", kind ? kind->name : "of the kind itself", step->action == NO_ACTION ? "" : " ",
            step->action == NO_ACTION ? "" : enum_warning_action.labels[step->action].code);
    const char *gap = "";
    for (size_t i = 0; i < life->states->count; i++) {
        if (step->from >> i & 1U) {
            fprintf(out, "%s%s %s", gap, state_of(life, (int)i, 1), state_of(life, (int)i, 0));
            gap = ", ";
        }
    }
    fputs(step->from ? " | " : "– | ", out);
    if (step->to == STATE_STAYS) {
        fputs("不变 as it was | ", out);
    } else {
        fprintf(out, "%s %s | ", state_of(life, step->to, 1), state_of(life, step->to, 0));
    }
    print_roles(out, step->by);
    fprintf(out, " | %s | %s |\n", whose[step->whose], step->is_content ? "✓" : "");
}

static void print_lives(FILE *out)
{
    static const struct life *const lives[] = {&filing_life, &warning_life, &rereview_life,
                                               &notice_life, &sharing_life, &plan_life};
    fputs("\n# Life cycles 生命周期\n\nA thread's state changes by records alone; what no row allows is rejected with "
          "`illegal_transition`. 状态只因记录而变；表中未列者以 `illegal_transition` 退回。\n",
          out);
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        fprintf(out, "\n<a id=\"life-%s\"></a>\n## Life cycle 生命周期: %s\n\nOf 适用于:", lives[i]->name,
                lives[i]->name);
        for (size_t k = 0; kind_at(k); k++) {
            if (kind_at(k)->life == lives[i]) {
                fprintf(out, " `%s`", kind_at(k)->name);
            }
        }
        fputs("\n\n| 步骤 | Step | From 原状态 | To 新状态 | By 由谁 | In whose thread 何方线索 | Content 内容更新 |\n"
              "|---|---|---|---|---|---|---|\n",
              out);
        for (size_t k = 0; k < lives[i]->step_count; k++) {
            print_step(out, lives[i], &lives[i]->steps[k]);
        }
    }
}

/* Those that a field uses, each once, in the order of their first use. */
static void print_codes_of(FILE *out, const struct field *rows, size_t count, const struct enumeration **seen,
                           size_t *seen_count)
{
    for (size_t i = 0; i < count; i++) {
        const struct enumeration *codes = rows[i].codes;
        size_t k = 0;
        while (codes && k < *seen_count && seen[k] != codes) {
            k++;
        }
        if (codes && k == *seen_count && k < 63) {
            seen[(*seen_count)++] = codes;
            fprintf(out, "\n## %s\n\n| Code 代码 | 名称 | Name |\n|---|---|---|\n", codes->name);
            for (size_t n = 0; n < codes->count; n++) {
                fprintf(out, "| `%s` | %s | %s |\n", codes->labels[n].code, codes->labels[n].zh, codes->labels[n].en);
            }
        }
        print_codes_of(out, rows[i].fields, rows[i].field_count, seen, seen_count);
    }
}

static void print_page(FILE *out)
{
    const struct enumeration *seen[64];
    size_t seen_count = 0;
    fputs("# Record kinds 记录种类\n\n"
          "Printed from the tables in `proto/kind_*.c` and `proto/life.c`; a test compares this page with them. "
          "`agn-hub schema KIND` prints the same as a JSON Schema. R: required, O: optional, 🔒: personal or a trade "
          "secret, never leaves the city. `list[].key` is a field of each element, `map.*` one for each code. A rule "
          "marked as advice refuses nothing; `agn-hub show` tells the operator of it.\n\n"
          "本页由 `proto/kind_*.c` 与 `proto/life.c` "
          "中的表打印而成，并由测试核对。R：必填；O：选填；🔒：个人信息或商业秘密，"
          "不出本市。标为“提示”的规则只提醒管理员，不作退回。\n\n## Common fields 公共字段\n\n",
          out);
    print_field_head(out);
    print_rows(out, common_fields, COMMON_FIELDS, "");
    print_rules(out, kind_at(0), common_rules, common_rule_count);
    for (size_t i = 0; kind_at(i); i++) {
        print_kind(out, kind_at(i));
    }
    print_lives(out);
    fputs("\n# Codes 代码\n", out);
    for (size_t i = 0; kind_at(i); i++) {
        print_codes_of(out, kind_at(i)->fields, kind_at(i)->field_count, seen, &seen_count);
    }
}

int main(int count, char **arguments)
{
    return page_main(count, arguments, print_page);
}
