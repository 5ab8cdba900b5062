#include "common/cap_rows.h"

#include <stdio.h>
#include <string.h>

#include "common/cap.h"
#include "proto/kinds.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define WORDS(rows) (rows), COUNT(rows)
#define NO_WORDS    NULL, 0

static const struct cap_word status_words[] = {
    {"actual", "Actual"},
    {"exercise", "Exercise"},
    {"test", "Test"},
};
static const struct cap_word action_words[] = {
    {"raise", "Alert"},     {"update", "Update"}, {"cancel", "Cancel"},
    {"acknowledge", "Ack"}, {"handle", "Update"}, {"resolve", "Update"},
};
static const struct cap_word urgency_words[] = {
    {"immediate", "Immediate"}, {"expected", "Expected"}, {"future", "Future"},
    {"past", "Past"},           {"unknown", "Unknown"},
};
static const struct cap_word severity_words[] = {
    {"extreme", "Extreme"}, {"severe", "Severe"}, {"moderate", "Moderate"}, {"minor", "Minor"}, {"unknown", "Unknown"},
};
static const struct cap_word certainty_words[] = {
    {"observed", "Observed"}, {"likely", "Likely"},   {"possible", "Possible"},
    {"unlikely", "Unlikely"}, {"unknown", "Unknown"},
};
/* CAP's categories are of natural hazards: the nearest for each domain. It is not read back. */
static const struct cap_word category_words[] = {
    {"discrimination_toxicity", "Other"}, {"privacy_security", "Security"}, {"misinformation", "Other"},
    {"malicious_use", "Security"},        {"human_computer", "Safety"},     {"socioeconomic_environmental", "Env"},
    {"system_safety", "Safety"},
};

/* Element, block, use, say, field, words, required by CAP, may stand often, what it is. In the schema's order. */
const struct cap_row cap_rows[] = {
    {"identifier", CAP_ALERT, CAP_IS_PLACE, SAY_IDENTIFIER, "id", NO_WORDS, true, false,
     "the record's id; read, it makes a message known again", "记录标识；读入时用于识别同一消息"},
    {"sender", CAP_ALERT, CAP_IS_PLACE, SAY_SENDER, NULL, NO_WORDS, true, false,
     "the key `cap_sender` of the configuration", "配置项 `cap_sender`"},
    {"sent", CAP_ALERT, CAP_IS_PLACE, SAY_SENT, "created_at", NO_WORDS, true, false,
     "when the record was accepted; read, it makes a message known again", "受理时间；读入时用于识别同一消息"},
    {"status", CAP_ALERT, CAP_IS_FIELD, SAY_STATUS, "status", WORDS(status_words), true, false,
     "a rehearsal is never Actual: it goes out as Exercise", "演练数据一律写作 Exercise"},
    {"msgType", CAP_ALERT, CAP_IS_FIELD, SAY_FIELD, "action", WORDS(action_words), true, false,
     "`handle` and `resolve` are an Update with AGN:action", "`handle`、`resolve` 写作 Update 并附 AGN:action"},
    {"source", CAP_ALERT, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"scope", CAP_ALERT, CAP_DERIVED, SAY_SCOPE, NULL, NO_WORDS, true, false,
     "always Restricted: no share_scope is the public", "一律为 Restricted：共享范围均不含社会公众"},
    {"restriction", CAP_ALERT, CAP_DERIVED, SAY_RESTRICTION, NULL, NO_WORDS, false, false,
     "the label of share_scope in both languages", "共享范围的中英文名称"},
    {"addresses", CAP_ALERT, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"code", CAP_ALERT, CAP_DERIVED, SAY_CODE, NULL, NO_WORDS, false, true, "`" CAP_PROFILE "`: this mapping",
     "`" CAP_PROFILE "`：本映射"},
    {"note", CAP_ALERT, CAP_DERIVED, SAY_NOTE, NULL, NO_WORDS, false, false, "of an exercise, a test or a rehearsal",
     "用于演练和测试"},
    {"references", CAP_ALERT, CAP_IS_PLACE, SAY_REFERENCES, "refers_to", NO_WORDS, false, false,
     "sender,identifier,sent of every earlier message of the thread", "同一事项此前各消息的 sender,identifier,sent"},
    {"incidents", CAP_ALERT, CAP_DERIVED, SAY_INCIDENTS, NULL, NO_WORDS, false, false,
     "the id of the thread's first record", "事项首条记录的标识"},
    {"info", CAP_ALERT, CAP_IS_PLACE, SAY_INFO, NULL, NO_WORDS, false, true,
     "twice: the record's own text, and a summary from the codes in the other language",
     "两段：记录原文，以及另一语言的代码摘要"},
    {"language", CAP_INFO, CAP_DERIVED, SAY_LANGUAGE, NULL, NO_WORDS, false, false, "zh-CN, en-US", "zh-CN、en-US"},
    {"category", CAP_INFO, CAP_DERIVED, SAY_CATEGORY, NULL, WORDS(category_words), true, true,
     "from risk_domain; also Health for the sector healthcare", "由风险大类得出；医疗领域另加 Health"},
    {"event", CAP_INFO, CAP_DERIVED, SAY_EVENT, NULL, NO_WORDS, true, false, "the label of risk_domain",
     "风险大类的名称"},
    {"responseType", CAP_INFO, CAP_DERIVED, SAY_RESPONSE, NULL, NO_WORDS, false, true,
     "AllClear for the action resolve", "解除预警时为 AllClear"},
    {"urgency", CAP_INFO, CAP_IS_FIELD, SAY_FIELD, "urgency", WORDS(urgency_words), true, false, "", ""},
    {"severity", CAP_INFO, CAP_IS_FIELD, SAY_FIELD, "severity", WORDS(severity_words), true, false,
     "the four levels and their colours stand in AGN:level", "四级（颜色）预警级别见 AGN:level"},
    {"certainty", CAP_INFO, CAP_IS_FIELD, SAY_FIELD, "certainty", WORDS(certainty_words), true, false, "", ""},
    {"audience", CAP_INFO, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"eventCode", CAP_INFO, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, true, "", ""},
    {"effective", CAP_INFO, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"onset", CAP_INFO, CAP_IS_FIELD, SAY_FIELD, "occurred_at", NO_WORDS, false, false,
     "to the second; the parameter of the field's name says the rest", "精确到秒；毫秒见同名参数"},
    {"expires", CAP_INFO, CAP_IS_FIELD, SAY_FIELD, "expires_at", NO_WORDS, false, false, "likewise", "同上"},
    {"senderName", CAP_INFO, CAP_DERIVED, SAY_SENDER_NAME, NULL, NO_WORDS, false, false,
     "the institution's name; the issuer's where reporter_confidential", "单位名称；隐去单位名称时为发布方名称"},
    {"headline", CAP_INFO, CAP_IS_FIELD, SAY_PROSE, "headline", NO_WORDS, false, false, "", ""},
    {"description", CAP_INFO, CAP_IS_FIELD, SAY_PROSE, "description", NO_WORDS, false, false, "", ""},
    {"instruction", CAP_INFO, CAP_IS_FIELD, SAY_PROSE, "measures_advised", NO_WORDS, false, false, "", ""},
    {"web", CAP_INFO, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"contact", CAP_INFO, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false,
     "personal: never written; whoever files is named by --set submitter.name",
     "个人信息，从不写出；填报人由 --set submitter.name 指定"},
    {"parameter", CAP_INFO, CAP_IS_PLACE, SAY_PARAMETERS, NULL, NO_WORDS, false, true,
     "AGN:FIELD for every field that has no element, in the block with the record's text; others are left out with a "
     "note",
     "没有对应元素的字段写作 AGN:字段，位于原文段；其他参数略去并提示"},
    {"resource", CAP_INFO, CAP_DERIVED, SAY_RESOURCES, NULL, NO_WORDS, false, true,
     "an attachment for readers of CAP; read, AGN:attachments counts, and a resource alone is an error",
     "供 CAP 读者查看的附件；读入时以 AGN:attachments 为准，仅有 resource 则报错"},
    {"area", CAP_INFO, CAP_IS_PLACE, SAY_AREA, NULL, NO_WORDS, false, true, "one, with every district",
     "一个，列出全部行政区划"},
    {"resourceDesc", CAP_RESOURCE, CAP_DERIVED, SAY_NOTHING, NULL, NO_WORDS, true, false, "the file's name", "文件名"},
    {"mimeType", CAP_RESOURCE, CAP_DERIVED, SAY_NOTHING, NULL, NO_WORDS, true, false, "", ""},
    {"size", CAP_RESOURCE, CAP_DERIVED, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"uri", CAP_RESOURCE, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "never fetched", "从不下载"},
    {"derefUri", CAP_RESOURCE, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"digest", CAP_RESOURCE, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false,
     "CAP's is SHA-1; ours stands in AGN:attachments", "CAP 采用 SHA-1；SHA-256 见 AGN:attachments"},
    {"areaDesc", CAP_AREA, CAP_DERIVED, SAY_NOTHING, NULL, NO_WORDS, true, false, "the codes", "代码"},
    {"polygon", CAP_AREA, CAP_REFUSED, SAY_NOTHING, NULL, NO_WORDS, false, true, "", ""},
    {"circle", CAP_AREA, CAP_REFUSED, SAY_NOTHING, NULL, NO_WORDS, false, true, "", ""},
    {"geocode", CAP_AREA, CAP_IS_FIELD, SAY_NOTHING, "region", NO_WORDS, false, true,
     "valueName `" CAP_GEOCODE "`, a code each; another system is an error",
     "valueName 为 `" CAP_GEOCODE "`，每个代码一项；其他编码体系报错"},
    {"altitude", CAP_AREA, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"ceiling", CAP_AREA, CAP_LEFT, SAY_NOTHING, NULL, NO_WORDS, false, false, "", ""},
    {"valueName", CAP_PAIR, CAP_DERIVED, SAY_NOTHING, NULL, NO_WORDS, true, false, "", ""},
    {"value", CAP_PAIR, CAP_DERIVED, SAY_NOTHING, NULL, NO_WORDS, true, false, "", ""},
};
const size_t cap_row_count = COUNT(cap_rows);

const char *const cap_block_paths[CAP_BLOCKS] = {
    [CAP_ALERT] = "alert",          [CAP_INFO] = "alert/info",           [CAP_RESOURCE] = "alert/info/resource",
    [CAP_AREA] = "alert/info/area", [CAP_PAIR] = "alert/info/parameter",
};

const struct kind *cap_kind(void)
{
    return kind_by_number(KIND_RISK_WARNING);
}

const struct field *cap_schema_row(const char *key)
{
    int index = kind_field(cap_kind(), key);
    return index < 0 ? NULL : &cap_kind()->fields[index];
}

const struct cap_row *cap_find_row(enum cap_block block, const char *element)
{
    for (size_t i = 0; i < cap_row_count; i++) {
        if (cap_rows[i].block == block && strcmp(cap_rows[i].element, element) == 0) {
            return &cap_rows[i];
        }
    }
    return NULL;
}

const struct cap_row *cap_field_row(const char *field)
{
    for (size_t i = 0; i < cap_row_count; i++) {
        if (cap_rows[i].field && strcmp(cap_rows[i].field, field) == 0) {
            return &cap_rows[i];
        }
    }
    return NULL;
}

/* What has an element may be said again where the element cannot say all: the time's milliseconds, an action that
 * shares its word, the status behind a rehearsal's Exercise. */
static bool is_said_twice(const struct field *row)
{
    return row->type == FIELD_TIME || strcmp(row->key, "action") == 0 || strcmp(row->key, "status") == 0;
}

const struct field *cap_parameter_row(const char *field)
{
    int index = kind_field(cap_kind(), field);
    const struct field *row = index < 0 ? NULL : &cap_kind()->fields[index];
    bool is_common = index < COMMON_FIELDS && index != COMMON_REHEARSAL;
    if (!row || is_common || row->confidential || (cap_field_row(field) && !is_said_twice(row))) {
        return NULL;
    }
    return row;
}

const char *cap_word_of(const struct cap_row *row, const char *code)
{
    for (size_t i = 0; i < row->word_count; i++) {
        if (strcmp(row->words[i].code, code) == 0) {
            return row->words[i].word;
        }
    }
    return NULL;
}

const char *cap_code_of(const struct cap_row *row, const char *word)
{
    for (size_t i = 0; i < row->word_count; i++) {
        if (strcmp(row->words[i].word, word) == 0) {
            return row->words[i].code;
        }
    }
    return NULL;
}

void cap_place(const char *field, char *out, size_t size)
{
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(field, ".["), field);
    const struct cap_row *row = cap_field_row(key);
    if (row) {
        snprintf(out, size, "%s/%s", cap_block_paths[row->block], row->element);
    } else if (cap_parameter_row(key)) {
        snprintf(out, size, "alert/info/parameter " CAP_PREFIX "%s", key);
    } else {
        snprintf(out, size, "--set %s", field);
    }
}
