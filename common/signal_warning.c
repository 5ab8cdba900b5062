/* A cluster as a risk warning. The texts are Chinese whatever the user's language: they are filed. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/signal.h"
#include "proto/kinds.h"

enum { HEADLINE_CHARACTERS = 120, DESCRIPTION_SIZE = 16384, IDS_MAX = 100, MODEL_CHARACTERS = 100 };

static const char headline_start[] = "【聚集信号】";

/* Those of versions without the field are known by their headline. */
bool signal_is_composite(const struct record *warning, enum role owner)
{
    size_t size = strlen(headline_start);
    const struct value *headline = record_get(warning, "headline");
    bool is_old = headline && headline->view.size >= size && memcmp(headline->view.at, headline_start, size) == 0;
    return owner != ROLE_ENTITY && (record_get(warning, "signal_rule") || is_old);
}

/* Cuts the text to so many code points, with an ellipsis in place of the last. */
static void cut(char *text, size_t characters)
{
    size_t count = 0;
    char *last = text;
    for (char *at = text; *at; at++) {
        if (((unsigned char)*at & 0xC0U) == 0x80U) {
            continue;
        }
        if (++count == characters) {
            last = at;
        }
        if (count > characters) {
            memcpy(last, "…", sizeof "…"); /* three bytes, within what is cut off or the room of the text */
            return;
        }
    }
}

struct prose_out {
    char text[DESCRIPTION_SIZE];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void say(struct prose_out *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(out->text + out->size, sizeof out->text - out->size, format, args);
    va_end(args);
    assert(size >= 0 && (size_t)size < sizeof out->text - out->size);
    out->size += (size_t)size;
}

static const char *label_of(enum signal_key key, const char *code)
{
    return signal_keys[key].codes ? enumeration_label(signal_keys[key].codes, code, true) : code;
}

static void make_headline(const struct signal *signal, char ret_text[SIGNAL_CLUSTER_SIZE * 2])
{
    char end[96];
    size_t size = SIGNAL_CLUSTER_SIZE * 2 - 8;
    size_t used = (size_t)snprintf(ret_text, size, "%s", headline_start);
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        if (signal->values[key]) {
            used += (size_t)snprintf(ret_text + used, size - used, "%s%s", used > strlen(headline_start) ? "·" : "",
                                     label_of((enum signal_key)key, signal->values[key]));
        }
    }
    int end_size = snprintf(end, sizeof end, "：%" PRId64 "日内%zu件，涉及%zu家机构", signal->rule->window,
                            signal->count, signal->parties);
    size_t characters = 0;
    utf8_check((struct view){(const uint8_t *)end, (size_t)end_size}, &characters);
    cut(ret_text, HEADLINE_CHARACTERS - characters);
    used = strlen(ret_text);
    snprintf(ret_text + used, size - used, "%s", end);
}

static void say_figures(struct prose_out *out, const struct signal *signal)
{
    const struct signal_rule *rule = signal->rule;
    const struct signal_table *table = &signal->table;
    say(out, "截至当日的%" PRId64 "日内共%zu件，涉及%zu家机构，最重级别为%d级。\n", rule->window, signal->count,
        signal->parties, signal->gravest);
    if (!signal->has_base) {
        say(out, "此前没有完整的同长期间可比。\n");
    } else if (isinf(signal->ratio)) {
        say(out, "此前各同长期间均无此类预警。\n");
    } else {
        say(out, "此前同长期间平均%.2f件，为其%.2f倍。\n", signal->expected, signal->ratio);
    }
    if (signal->has_table) {
        say(out, "报告比值比（ROR）%.2f，95%%置信区间%.2f至%.2f（四格表：%zu、%zu、%zu、%zu）。\n", table->ror,
            table->low, table->high, table->a, table->b, table->c, table->d);
    }
}

static void make_description(const struct signal *signal, struct prose_out *out)
{
    char day[11];
    date_text(signal->day, day);
    out->size = 0;
    say(out, "规则“%s”（%s）于%s发现风险预警聚集：", signal->rule->label, signal->rule->name, day);
    bool is_first = true;
    for (int key = 0; key < SIGNAL_KEYS; key++) {
        if (signal->values[key]) {
            say(out, "%s%s为“%s”", is_first ? "" : "，", signal_keys[key].zh,
                label_of((enum signal_key)key, signal->values[key]));
            is_first = false;
        }
    }
    say(out, "。\n");
    say_figures(out, signal);
    say(out, "本预警由统计规则自动生成，提示需要核查，不表示因果关系或责任认定。\n所依据的预警编号：");
    size_t shown = signal->count < IDS_MAX ? signal->count : IDS_MAX;
    for (size_t i = signal->count - shown; i < signal->count; i++) { /* the newest, where there are too many */
        char id[37];
        record_id_text(signal->evidence[i]->id, id);
        say(out, "\n%s", id);
    }
    if (shown < signal->count) {
        say(out, "\n另有较早的%zu件从略。", signal->count - shown);
    }
}

static json_t *harm_list(const struct signal *signal)
{
    json_t *list = json_array();
    for (size_t harm = 0; harm < enum_harm_kind.count; harm++) {
        const char *code = enum_harm_kind.labels[harm].code;
        bool is_it = signal->values[SIGNAL_HARM_KIND] ? strcmp(signal->values[SIGNAL_HARM_KIND], code) == 0
                                                      : (signal->harm_kinds >> harm & 1U) != 0;
        if (is_it) {
            json_array_append_new(list, json_string(code));
        }
    }
    if (json_array_size(list) == 0) {
        json_array_append_new(list, json_string("none"));
    }
    return list;
}

/* The subdomain decides the domain: its code begins with the domain's number. */
static const char *domain_code(const struct signal *signal)
{
    const char *subdomain = signal->values[SIGNAL_RISK_SUBDOMAIN];
    if (signal->values[SIGNAL_RISK_DOMAIN]) {
        return signal->values[SIGNAL_RISK_DOMAIN];
    }
    return enum_risk_domain.labels[subdomain ? subdomain[0] - '1' : signal->domain].code;
}

static void set_keys(const struct signal *signal, json_t *warning)
{
    static const enum signal_key keys[] = {SIGNAL_MODEL_NAME, SIGNAL_MODEL_VENDOR, SIGNAL_RISK_SUBDOMAIN};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = signal->values[keys[i]];
        if (value) {
            char text[SIGNAL_TEXT_SIZE + 8];
            snprintf(text, sizeof text, "%s", value);
            cut(text, MODEL_CHARACTERS);
            json_object_set_new(warning, signal_keys[keys[i]].field, json_string(text));
        }
    }
}

err_t signal_to_warning(const struct signal *signal, json_t **ret_warning)
{
    static const char *const severities[] = {"extreme", "severe", "moderate", "minor"};
    char headline[SIGNAL_CLUSTER_SIZE * 2];
    char at[25];
    struct prose_out description;
    const char *sector = signal->values[SIGNAL_SECTOR];
    if (!sector) {
        sector = signal->sector >= 0 ? enum_sector.labels[signal->sector].code : "other";
    }
    make_headline(signal, headline);
    make_description(signal, &description);
    time_text(signal->at, at);
    *ret_warning =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:{s:s, s:s}}", "kind",
                  "risk_warning", "action", "raise", "status", "actual", "headline", headline, "description",
                  description.text, "level", (json_int_t)signal->rule->level, "urgency", "expected", "severity",
                  severities[signal->rule->level - 1], "certainty", "possible", "sector", sector, "risk_domain",
                  domain_code(signal), "harm_kind", harm_list(signal), "discovered_at", at, "share_scope", "province",
                  "signal_rule", signal->rule->name, "submitter", "name", signal->rule->name, "role", "信号规则");
    if (!*ret_warning) {
        return ERR_INVALID;
    }
    set_keys(signal, *ret_warning);
    return ERR_OK;
}
