/* tests/proto/sample.h - one good record of each kind, and the means to spoil it. */
#ifndef TESTS_PROTO_SAMPLE_H
#define TESTS_PROTO_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/record.h"
#include "tests/test.h"

#define SAMPLE_NOW   INT64_C(1795392000000) /* 2026-11-23T00:00:00Z */
#define SAMPLE_PARTY "914403001922038216"

static const struct record_context sample_context = {
    .now_ms = SAMPLE_NOW, .utc_offset_minutes = 480, .party = SAMPLE_PARTY};

static const uint8_t sample_id[RECORD_ID_SIZE] = {0x01, 0x9a, 0x2b, 0x3c, 0x4d, 0x5e, 0x70, 0x01,
                                                  0x80, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};

static const char sample_review[] =
    "{\"kind\":\"review_report\",\"submitter\":{\"name\":\"王芳\",\"role\":\"委员会秘书\",\"phone\":\"0571-88000000\"},"
    "\"activity_title\":\"胸部影像辅助诊断模型\",\"activity_no\":\"伦审2026-017\",\"round\":1,\"sector\":"
    "\"healthcare\","
    "\"lifecycle_phase\":\"development\",\"summary\":\"用脱敏胸片训练辅助诊断模型，提升基层阅片质量。\","
    "\"applicant\":{\"name\":\"李雷\",\"title\":\"主任医师\"},\"personal_data\":true,\"minors_involved\":false,"
    "\"procedure\":\"general\",\"review_stage\":\"initial\",\"delegated_to\":\"91330100799655058B\","
    "\"applied_on\":\"2026-09-01\",\"accepted_on\":\"2026-09-05\",\"met_on\":\"2026-09-20\","
    "\"decided_on\":\"2026-09-21\",\"members_present\":7,\"votes_for\":6,\"rereview_list_item\":\"none\","
    "\"principles\":{\"wellbeing\":{\"assessment\":\"met\"},\"fairness\":{\"assessment\":\"met\"},"
    "\"controllability\":{\"assessment\":\"met\"},\"transparency\":{\"assessment\":\"met\"},"
    "\"accountability\":{\"assessment\":\"met\"},\"privacy\":{\"assessment\":\"met_with_conditions\","
    "\"note\":\"数据不出院\"}},\"risk_grade\":\"medium\",\"risks\":[{\"risk_subdomain\":\"2.1\","
    "\"description\":\"影像可能被重新识别\",\"mitigation\":\"脱敏并限制导出\"}],\"decision\":\"approved\","
    "\"next_follow_up_on\":\"2027-09-01\",\"attachments\":[{\"sha256\":"
    "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"name\":\"意见.pdf\","
    "\"media_type\":\"application/pdf\",\"size\":1024,\"role\":\"opinion\"}]}";

static const char sample_warning[] =
    "{\"kind\":\"risk_warning\",\"entity\":\"914403001922038216\",\"submitter\":{\"name\":\"王芳\",\"role\":\"安全员\"}"
    ","
    "\"action\":\"raise\",\"status\":\"actual\",\"headline\":\"问诊助手给出错误剂量\","
    "\"description\":\"线上问诊助手连续给出高于上限的儿童用药剂量，已人工拦截。\",\"level\":2,"
    "\"urgency\":\"immediate\",\"severity\":\"severe\",\"certainty\":\"observed\",\"sector\":\"healthcare\","
    "\"risk_domain\":\"system_safety\",\"risk_subdomain\":\"7.3\",\"harm_kind\":[\"physical\",\"psychological\"],"
    "\"affected_people\":12,\"model_name\":\"问诊助手\",\"occurred_at\":\"2026-11-20T08:00:00+08:00\","
    "\"discovered_at\":\"2026-11-20T09:30:00+08:00\",\"region\":[\"330106\"],\"measures_taken\":\"已下线\","
    "\"expires_at\":\"2026-12-20T00:00:00Z\",\"share_scope\":\"province\",\"reporter_confidential\":true}";

/* Lays PATCH over the sample: a null takes the key away. */
static inline json_t *sample_json(const char *sample, const char *patch)
{
    json_t *object = json_loads(sample, JSON_REJECT_DUPLICATES, NULL);
    json_t *changes = json_loads(patch, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_non_null(changes);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(changes, key, value)
    {
        if (json_is_null(value)) {
            json_object_del(object, key);
        } else {
            json_object_set(object, key, value);
        }
    }
    json_decref(changes);
    return object;
}

static inline void sample_bytes(const char *sample, const char *patch, msgpack_sbuffer *ret_buffer)
{
    struct faults faults;
    json_t *object = sample_json(sample, patch);
    msgpack_sbuffer_init(ret_buffer);
    assert_int_equal(record_accept_json(object, sample_id, 7, SAMPLE_NOW, ret_buffer, &faults), ERR_OK);
    json_decref(object);
}

static inline struct view view_of(const msgpack_sbuffer *buffer)
{
    return (struct view){(const uint8_t *)buffer->data, buffer->size};
}

static inline struct view view_str(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

/* HEAD, then UNIT so many TIMES, then TAIL. */
static inline void sample_repeat(char *ret_text, size_t size, const char *head, const char *unit, int times,
                                 const char *tail)
{
    size_t used = (size_t)snprintf(ret_text, size, "%s", head);
    for (int i = 0; i < times && used < size; i++) {
        used += (size_t)snprintf(ret_text + used, size - used, "%s", unit);
    }
    assert_true(used + strlen(tail) < size);
    snprintf(ret_text + used, size - used, "%s", tail);
}

/* Checks the spoiled sample; the faults are for the caller to look at. RECORD borrows from BUFFER. */
static inline err_t sample_check(const char *sample, const char *patch, msgpack_sbuffer *ret_buffer,
                                 struct record *ret_record, struct faults *ret_faults)
{
    sample_bytes(sample, patch, ret_buffer);
    return record_check(view_of(ret_buffer), &sample_context, ret_record, ret_faults);
}

/* Exactly one fault, with this code and field, and a reason. */
static inline void assert_one_fault(const struct faults *faults, const char *code, const char *field)
{
    if (faults->count > 1) {
        print_error("also: %s %s: %s\n", faults->list[1].code, faults->list[1].field, faults->list[1].reason);
    }
    assert_int_equal(faults->count, 1);
    assert_string_equal(faults->list[0].code, code);
    assert_string_equal(faults->list[0].field, field);
    assert_true(faults->list[0].reason[0] != '\0');
}

static inline void assert_spoiled(const char *sample, const char *patch, const char *code, const char *field)
{
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    err_t err = sample_check(sample, patch, &buffer, &record, &faults);
    if (err == ERR_OK || faults.count != 1) {
        print_error("patch: %s\n", patch);
    }
    assert_int_equal(err, ERR_INVALID);
    assert_one_fault(&faults, code, field);
    assert_true(record.values[COMMON_ID].is_present);
    msgpack_sbuffer_destroy(&buffer);
}

static inline void assert_sound(const char *sample, const char *patch)
{
    msgpack_sbuffer buffer;
    struct record record;
    struct faults faults;
    err_t err = sample_check(sample, patch, &buffer, &record, &faults);
    if (err != ERR_OK) {
        print_error("%s %s: %s\n", faults.list[0].code, faults.list[0].field, faults.list[0].reason);
    }
    assert_int_equal(err, ERR_OK);
    msgpack_sbuffer_destroy(&buffer);
}

#endif
