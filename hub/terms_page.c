#include "hub/terms.h"

#include <stdarg.h>
#include <string.h>

/* Appends; what does not fit is our own mistake and is cut. */
static void add(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void add(char *text, size_t size, const char *format, ...)
{
    va_list args;
    size_t used = strlen(text);
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

static const char *pick(bool chinese, const char *en, const char *zh)
{
    return chinese ? zh : en;
}

/* "a|b" as "a or b". */
static void add_codes(char *text, size_t size, const char *codes, bool zh)
{
    for (const char *at = codes; at;) {
        size_t length = strcspn(at, "|");
        add(text, size, "%s%.*s", at == codes ? "" : pick(zh, " or ", " 或 "), (int)length, at);
        at = at[length] == '|' ? at + length + 1 : NULL;
    }
}

static void say_when(const struct term *term, bool zh, char *text, size_t size)
{
    for (size_t i = 0; i < TERM_CONDITIONS && term->when[i].key; i++) {
        const struct term_condition *when = &term->when[i];
        add(text, size, "%s%s %s ", i ? pick(zh, "; ", "；") : "", when->key, when->is_not ? "≠" : "=");
        add_codes(text, size, when->codes, zh);
    }
    if (term->which != CASE_ANY) {
        bool is_emergency = term->which == CASE_EMERGENCY;
        add(text, size, "%s%s", *text ? pick(zh, "; ", "；") : "",
            is_emergency ? pick(zh, "emergency procedure", "应急程序") : pick(zh, "not an emergency", "非应急程序"));
    }
}

static void say_start(const struct term *term, bool zh, char *text, size_t size)
{
    switch (term->start) {
    case START_FIELD:
        add(text, size, "%s", term->start_key);
        break;
    case START_FIELD_OR_RECEIVED:
        add(text, size, "%s%s", term->start_key, pick(zh, "; without it: received by the hub", "；未填则为枢纽接收"));
        break;
    case START_RECEIVED:
        add(text, size, "%s", pick(zh, "received by the hub", "枢纽接收"));
        break;
    case START_GRADED:
        add(text, size, "%s", pick(zh, "received by the hub with this level", "枢纽接收该级别"));
        break;
    case START_PERIOD_END:
        add(text, size, "%s",
            term->length.unit == UNIT_DATE ? pick(zh, "end of the year", "年度结束")
                                           : pick(zh, "end of the period", "报送期结束"));
        break;
    }
}

static void say_end(const struct term *term, bool zh, char *text, size_t size)
{
    static const char *const events[TERM_EVENTS][2] = {
        [EVENT_REREVIEW_REQUESTED] = {"a rereview_request for this report", "针对该报送的 rereview_request"},
        [EVENT_FOLLOWED_UP] = {"the activity's next report at stage follow_up or closing",
                               "同一活动 follow_up 或 closing 阶段的下一次报送"},
        [EVENT_REGISTERED] = {"registration", "登记"},
        [EVENT_REPORTED] = {"any report of the period, or zero_report", "该期的任一报送或 zero_report"},
        [EVENT_ANSWERED] = {"notice_answer", "notice_answer"},
    };
    if (term->end_key) {
        add(text, size, "%s", term->end_key);
    } else if (term->end == END_EVENT) {
        bool is_year = term->length.unit == UNIT_DATE;
        add(text, size, "%s", is_year ? term->root : events[term->event][zh ? 1 : 0]);
    } else {
        add(text, size, "%s", pick(zh, "state ", "状态 "));
        for (unsigned i = 0, said = 0; i < term->life->states->count; i++) {
            if ((term->states >> i & 1U) != 0) {
                add(text, size, "%s%s", said++ > 0 ? pick(zh, " or ", " 或 ") : "",
                    life_state_code(term->life, (int)i));
            }
        }
    }
}

static void add_told(char *text, size_t size, unsigned told, bool zh)
{
    static const struct label parties[] = {{"entity", "the institution", "创新主体"},
                                           {"city", "the city", "市级"},
                                           {"province", "the province", "省级"},
                                           {"duty", "the next person on duty", "下一位值班人员"}};
    for (unsigned i = 0, said = 0; i < sizeof parties / sizeof *parties; i++) {
        if ((told >> i & 1U) != 0) {
            add(text, size, "%s%s", said++ > 0 ? pick(zh, ", ", "、") : "", pick(zh, parties[i].en, parties[i].zh));
        }
    }
}

static void say_alerts(const struct term *term, bool zh, struct term_words *ret_words)
{
    for (size_t i = 0; i < TERM_ALERTS; i++) {
        const struct term_alert *row = &term->alerts[i];
        bool is_before = row->stage == ALERT_BEFORE;
        char *text = is_before ? ret_words->before : ret_words->after;
        size_t size = is_before ? sizeof ret_words->before : sizeof ret_words->after;
        char offset[LENGTH_TEXT_SIZE];
        if (row->told == 0) {
            continue;
        }
        add(text, size, "%s", *text ? pick(zh, "; ", "；") : "");
        if (row->stage == ALERT_ESCALATED) {
            add(text, size, "%s", pick(zh, "as long again later: ", "再过同样时长："));
        } else if (is_before) {
            term_length_words(row->offset, zh, offset);
            add(text, size, "%s%s", offset, pick(zh, " before: ", "前："));
        }
        add_told(text, size, row->told, zh);
    }
}

static void say_length(const struct term *term, struct term_length length, bool zh, char *text, size_t size)
{
    char words[LENGTH_TEXT_SIZE];
    if (length.unit != UNIT_FIELD) {
        term_length_words(length, zh, words);
        add(text, size, "%s%s", words, term->due_key ? pick(zh, "; or ", "；或 ") : "");
    }
    add(text, size, "%s", term->due_key ? term->due_key : "");
}

void term_words(const struct term *term, const struct term_settings *settings, bool chinese,
                struct term_words *ret_words)
{
    *ret_words = (struct term_words){0};
    say_when(term, chinese, ret_words->when, sizeof ret_words->when);
    say_start(term, chinese, ret_words->start, sizeof ret_words->start);
    say_end(term, chinese, ret_words->end, sizeof ret_words->end);
    say_alerts(term, chinese, ret_words);
    say_length(term, settings->lengths[term->index], chinese, ret_words->length, sizeof ret_words->length);
    say_length(term, term->length, chinese, ret_words->standard, sizeof ret_words->standard);
}

static void print_table(FILE *file, const struct term_settings *settings, bool zh)
{
    fputs(pick(zh,
               "| Code | Term | Record | When | Starts | Length | Ends | Before | Overdue: who is told | Source |\n",
               "| 代码 | 时限 | 记录 | 条件 | 起算 | 时长 | 终止 | 到期前提醒 | 逾期告知 | 依据 |\n"),
          file);
    fputs("|---|---|---|---|---|---|---|---|---|---|\n", file);
    for (size_t i = 0; i < TERMS; i++) {
        struct term_words words;
        const struct term *term = &terms[i];
        term_words(term, settings, zh, &words);
        fprintf(file, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", term->label->code,
                pick(zh, term->label->en, term->label->zh), term->root, words.when, words.start, words.standard,
                words.end, words.before, words.after, term->source);
    }
}

void terms_print_page(FILE *file)
{
    struct term_settings settings;
    term_settings_default(0, &settings);
    fputs("## 时限一览\n\n", file);
    print_table(file, &settings, true);
    fputs("\n## The terms\n\n", file);
    print_table(file, &settings, false);
}
