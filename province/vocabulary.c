#include "province/vocabulary.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

static const struct dimension dimensions[] = {
    {"city", NULL, "City", "城市"},
    {"day", NULL, "Day", "日期"},
    {"sector", "sector", "Sector", "领域"},
    {"entity_type", "entity_type", "Entity type", "主体类型"},
    {"procedure", "procedure", "Procedure", "审查程序"},
    {"decision", "decision", "Decision", "审查决定"},
    {"rereview_list_item", "rereview_list_item", "Re-review list item", "复核清单项"},
    {"opinion", "opinion", "Opinion", "复核意见"},
    {"review_stage", "review_stage", "Review stage", "审查阶段"},
    {"risk_domain", "risk_domain", "Risk domain", "风险领域"},
    {"level", "warning_level", "Level", "级别"},
    {"status", "warning_status", "Status", "性质"},
    {"state", "state", "State", "状态"},
    {"kind", "kind", "Kind of record", "记录种类"},
    {"term", "term", "Term", "时限事项"},
    {"district", "district", "District", "行政区划"},
    {"category", "notice_category", "Category", "通知类别"},
};
_Static_assert(sizeof dimensions / sizeof *dimensions == DIMENSIONS, "vocabulary.h says how many there are");

const struct dimension *dimension_find(const char *key)
{
    for (size_t i = 0; i < DIMENSIONS; i++) {
        if (strcmp(dimensions[i].key, key) == 0) {
            return &dimensions[i];
        }
    }
    return NULL;
}

const struct dimension *dimension_at(size_t index)
{
    return index < DIMENSIONS ? &dimensions[index] : NULL;
}

const char *dimension_keys(void)
{
    static char keys[256];
    size_t used = 0;
    for (size_t i = 0; i < DIMENSIONS && used < sizeof keys; i++) {
        used += (size_t)snprintf(keys + used, sizeof keys - used, "%s%s", i ? "," : "", dimensions[i].key);
    }
    return keys;
}

int dimension_place(const struct dimension *dimension, const struct family *family)
{
    for (size_t i = 0; dimension->enumeration && i < family->dim_count; i++) {
        if (strcmp(family->dims[i], dimension->key) == 0 || strcmp(family->dims[i], dimension->enumeration) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool dimension_fits(const struct dimension *dimension, const struct family *family)
{
    return !dimension->enumeration || dimension_place(dimension, family) >= 0;
}

const char *code_label(const char *enumeration, const char *code)
{
    const struct enumeration *codes = enumeration ? enumeration_find(enumeration) : NULL;
    if (strcmp(code, "-") == 0) {
        return tr("(undecided)", "（未决定）");
    }
    return codes ? enumeration_label(codes, code, text_is_chinese()) : code;
}
