#include "tests/bench/records.h"

#include <jansson.h>

#include "tests/bench/measure.h"

enum { DAYS_BACK = 60, SITE_OFFSET_MINUTES = 480 };

static const char review_template[] =
    "{\"kind\": \"review_report\", \"submitter\": {\"name\": \"陈思远\", \"role\": \"伦理委员会秘书\"},"
    " \"activity_title\": \"门诊影像辅助判读模型的临床验证\", \"round\": 1, \"lifecycle_phase\": \"testing\","
    " \"summary\": \"在三家协作单位以脱敏影像验证辅助判读模型，比较有无辅助时的漏诊率与阅片时间，结果仅供医师参考，"
    "不直接用于诊断结论，原始影像与标注均不出院。\","
    " \"applicant\": {\"name\": \"周明\", \"title\": \"主任医师\"}, \"personal_data\": true,"
    " \"minors_involved\": false, \"review_stage\": \"initial\","
    " \"rereview_list_item\": \"none\", \"principles\": {\"wellbeing\": {\"assessment\": \"met\"},"
    " \"fairness\": {\"assessment\": \"met\"}, \"controllability\": {\"assessment\": \"met\"},"
    " \"transparency\": {\"assessment\": \"met\"}, \"accountability\": {\"assessment\": \"met\"},"
    " \"privacy\": {\"assessment\": \"met_with_conditions\"}}}";

static const char warning_template[] =
    "{\"kind\": \"risk_warning\", \"submitter\": {\"name\": \"陈思远\", \"role\": \"安全负责人\"},"
    " \"action\": \"raise\", \"status\": \"actual\", \"headline\": \"客服助手泄露他人订单信息\","
    " \"description\": \"多名用户在对话中得到他人的收货地址与电话，初步判断为会话缓存串用，已停用相关功能并保全日志，"
    "正在逐一通知受影响用户。\","
    " \"level\": 2, \"urgency\": \"immediate\", \"severity\": \"severe\", \"certainty\": \"observed\","
    " \"risk_domain\": \"privacy_security\", \"risk_subdomain\": \"2.1\", \"harm_kind\": [\"rights\", \"property\"],"
    " \"affected_people\": 37, \"system_name\": \"客服助手\", \"measures_taken\": \"停用、保全、通知\","
    " \"share_scope\": \"city_only\"}";

static json_t *parse_template(const char *text)
{
    json_error_t error;
    json_t *object = json_loads(text, 0, &error);
    if (!object) {
        fail("template: %s at %d", error.text, error.position);
    }
    return object;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

static void set_date(json_t *object, const char *key, int64_t days)
{
    char text[11];
    date_text(days, text);
    set_text(object, key, text);
}

/* Two sectors an entity: the figures of a city are spread, those of one institution are not. */
static const char *choose_sector(size_t member, uint64_t seq)
{
    return enum_sector.labels[(member + seq % 2) % enum_sector.count].code;
}

static void encode(json_t *object, uint64_t seq, int64_t now_ms, msgpack_sbuffer *buffer)
{
    uint8_t id[RECORD_ID_SIZE];
    struct faults faults = {0};
    record_make_id(now_ms, id);
    if (record_accept_json(object, id, seq, now_ms, buffer, &faults) != ERR_OK) {
        fail("template: %s: %s", faults.list[0].field, faults.list[0].reason);
    }
}

/* The first of a run is checked as the hub will check it: a mistake here would otherwise show as a million refusals. */
static void check_first(const msgpack_sbuffer *buffer, size_t from, int64_t now_ms, bool *is_checked)
{
    if (*is_checked) {
        return;
    }
    struct record record;
    struct faults faults;
    struct record_context context = {.now_ms = now_ms, .utc_offset_minutes = SITE_OFFSET_MINUTES};
    struct view bytes = {(const uint8_t *)buffer->data + from, buffer->size - from};
    if (record_check(bytes, &context, &record, &faults) != ERR_OK) {
        fail("template: %s %s: %s", faults.list[0].code, faults.list[0].field, faults.list[0].reason);
    }
    *is_checked = true;
}

static void set_procedure(json_t *object, uint64_t seq)
{
    if (seq % 10 == 9) {
        set_text(object, "procedure", "simplified");
        set_text(object, "risk_grade", "minimal");
        json_object_set_new(object, "reviewers", json_integer(2));
        json_object_del(object, "members_present");
        json_object_del(object, "votes_for");
        return;
    }
    set_text(object, "procedure", "general");
    set_text(object, "risk_grade", "medium");
    json_object_del(object, "reviewers");
    json_object_set_new(object, "members_present", json_integer(7 + (json_int_t)(seq % 3)));
    json_object_set_new(object, "votes_for", json_integer(7));
}

static void set_decision(json_t *object, uint64_t seq, int64_t decided)
{
    bool has_conditions = seq % 10 == 4;
    set_text(object, "decision", has_conditions ? "approved_with_changes" : "approved");
    if (has_conditions) {
        set_text(object, "conditions", "补充脱敏方法说明后执行");
    } else {
        json_object_del(object, "conditions");
    }
    set_date(object, "applied_on", decided - 20);
    set_date(object, "accepted_on", decided - 15 - (int64_t)(seq % 5));
    set_date(object, "met_on", decided - (int64_t)(seq % 4));
    set_date(object, "decided_on", decided);
    set_date(object, "next_follow_up_on", decided + 180);
}

void records_review(size_t member, uint64_t seq, int64_t now_ms, msgpack_sbuffer *buffer)
{
    static json_t *object;
    static bool is_checked;
    char number[64];
    size_t from = buffer->size;
    if (!object) {
        object = parse_template(review_template);
    }
    /* Steps through the days in an order that keeps neighbours apart. */
    int64_t back = (int64_t)((seq * 37 + member * 11) % DAYS_BACK);
    snprintf(number, sizeof number, "伦审%08llu号", (unsigned long long)seq);
    set_text(object, "activity_no", number);
    set_text(object, "sector", choose_sector(member, seq));
    set_procedure(object, seq);
    set_decision(object, seq, day_of(now_ms, SITE_OFFSET_MINUTES) - back);
    encode(object, seq, now_ms, buffer);
    check_first(buffer, from, now_ms, &is_checked);
}

void records_warning(size_t member, uint64_t seq, int64_t now_ms, msgpack_sbuffer *buffer)
{
    static json_t *object;
    static bool is_checked;
    char time[25];
    size_t from = buffer->size;
    if (!object) {
        object = parse_template(warning_template);
    }
    time_text(now_ms, time);
    set_text(object, "discovered_at", time);
    set_text(object, "sector", choose_sector(member, seq));
    encode(object, seq, now_ms, buffer);
    check_first(buffer, from, now_ms, &is_checked);
}
