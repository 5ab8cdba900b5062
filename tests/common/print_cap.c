/* Prints docs/cap.md from the tables: what each element of CAP 1.2 is to a warning.
 *
 *     print_cap            to stdout
 *     print_cap --check F  exit 1 where F is not what would be printed */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap_rows.h"
#include "tests/page.h"

static const char *const use_names[] = {
    [CAP_IS_FIELD] = "field 字段",       [CAP_IS_PLACE] = "both ways 双向", [CAP_DERIVED] = "written only 仅写出",
    [CAP_LEFT] = "left out, noted 略去", [CAP_REFUSED] = "error 报错",
};

static void print_row(FILE *out, const struct cap_row *row)
{
    const char *path = row->block == CAP_PAIR ? "…" : cap_block_paths[row->block];
    fprintf(out, "| `%s/%s`%s | %s | ", path, row->element, row->is_required ? " R" : "", use_names[row->use]);
    if (row->field) {
        fprintf(out, "`%s`", row->field);
    }
    fprintf(out, " | %s | %s |\n", row->zh, row->en);
}

static void print_words(FILE *out, const struct cap_row *row)
{
    fprintf(out, "\n### %s\n\n| CAP | AGN |\n|---|---|\n", row->element);
    for (size_t i = 0; i < row->word_count; i++) {
        fprintf(out, "| %s | `%s` |\n", row->words[i].word, row->words[i].code);
    }
}

static void print_parameters(FILE *out)
{
    const struct kind *kind = cap_kind();
    fputs("\n## Parameters 参数\n\n| valueName | 名称 | Name | |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < kind->field_count; i++) {
        const struct field *row = &kind->fields[i];
        if (cap_parameter_row(row->key)) {
            const char *use = cap_field_row(row->key) ? "only where the element says less 仅在元素不足以表达时"
                              : row->type == FIELD_LIST ? "one for each element of the list 每项一个"
                                                        : "";
            fprintf(out, "| `" CAP_PREFIX "%s` | %s | %s | %s |\n", row->key, row->zh, row->en, use);
        }
    }
}

static void print_page(FILE *out)
{
    fputs("# Warnings as CAP 1.2 以 CAP 1.2 交换预警\n\n"
          "Printed from the table in `common/cap_rows.c`; a test compares this page with it. `agn-hub cap ID`, "
          "`agn-agent cap ID` and `agn-province cap ID` write a `risk_warning` as a message of the Common Alerting "
          "Protocol (OASIS CAP 1.2); "
          "`agn-agent submit FILE.xml` reads one and files it as a warning.\n\n"
          "*field*: the element is the field, both ways. *both ways*: likewise, in a form of its own. *written only*: "
          "says what the record says elsewhere; read, it adds nothing. *left out, noted*: read, it is named on the "
          "terminal and dropped. *error*: read, it is refused, since it would be lost; `--set FIELD=VALUE` puts a "
          "value in its place (an empty one leaves the field out). R: CAP requires it. Confidential fields are never "
          "written. A `Signature` is not checked: the record is signed anew by the agent that files it.\n\n"
          "本页由 `common/cap_rows.c` 中的表打印而成，并由测试核对。R：CAP "
          "必填。涉密及个人信息字段从不写出；读入时不验证 `Signature`，由报送的代理重新签名。\n\n"
          "## Elements 元素\n\n| CAP | | AGN | 说明 | Meaning |\n|---|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < cap_row_count; i++) {
        print_row(out, &cap_rows[i]);
    }
    print_parameters(out);
    fputs("\n## Words 代码对应\n", out);
    for (size_t i = 0; i < cap_row_count; i++) {
        if (cap_rows[i].words) {
            print_words(out, &cap_rows[i]);
        }
    }
}

int main(int count, char **arguments)
{
    return page_main(count, arguments, print_page);
}
