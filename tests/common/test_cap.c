#include "common/cap.h"

#include "common/cap_rows.h"
#include "tests/proto/sample.h"

/* Warnings as CAP 1.2, both ways. */

static const struct cap_order order = {
    .sender = "hub.example.cn", .sender_name = "杭州岚屿医院", .issuer_name = "市级枢纽", .utc_offset_minutes = 480};

static char *written(const msgpack_sbuffer *buffer, const struct cap_order *with)
{
    char reason[256];
    char *xml = NULL;
    if (cap_write(view_of(buffer), with, &xml, reason) != ERR_OK) {
        print_error("%s\n", reason);
        fail();
    }
    return xml;
}

static void print_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        print_error("%s %s: %s\n", faults->list[i].code, faults->list[i].field, faults->list[i].reason);
    }
}

/* What comes back is what went out, but for what is confidential, assigned by the agent, or told by `references`. */
static void assert_round_trip(const json_t *object)
{
    static const char *const gone[] = {"submitter", "reporter_confidential", "refers_to", "entity", "replaces",
                                       "reason"};
    struct cap_earlier earlier = {.sent_ms = SAMPLE_NOW - 5000};
    struct cap_order with = order;
    struct cap_message message;
    struct faults faults;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(record_accept_json(object, sample_id, 7, SAMPLE_NOW, &buffer, &faults), ERR_OK);
    with.earlier = &earlier;
    with.earlier_count = json_object_get(object, "refers_to") ? 1 : 0;
    char *xml = written(&buffer, &with);
    err_t err = cap_read(view_str(xml), NULL, 0, &message, &faults);
    print_faults(&faults);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(message.reference_count, with.earlier_count);
    assert_string_equal(message.self.sender, "hub.example.cn");
    assert_int_equal(message.self.sent_ms, SAMPLE_NOW);
    json_t *expected = record_to_json(view_of(&buffer));
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        json_object_del(expected, gone[i]);
    }
    for (size_t i = 0; i < COMMON_REHEARSAL; i++) {
        if (i != COMMON_KIND) {
            json_object_del(expected, cap_kind()->fields[i].key);
        }
    }
    /* Through the codec, so that times have one form. */
    msgpack_sbuffer again;
    msgpack_sbuffer_init(&again);
    assert_int_equal(record_from_json(message.record, &again, &faults), ERR_OK);
    json_t *back = record_to_json(view_of(&again));
    if (!json_equal(expected, back)) {
        print_error("%s\n%s\n%s\n", xml, json_dumps(expected, JSON_SORT_KEYS), json_dumps(back, JSON_SORT_KEYS));
        fail();
    }
    json_decref(expected);
    json_decref(back);
    free(xml);
    cap_message_done(&message);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_sbuffer_destroy(&again);
}

static void test_every_sample_comes_back(void **state)
{
    (void)state;
    static const char *const files[] = {"kinds/risk_warning", "hospital", "company", "university"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[512];
        snprintf(path, sizeof path, TESTS_DIR "/data/%s.jsonl", files[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        json_t *line = NULL;
        while ((line = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL))) {
            if (strcmp(json_string_value(json_object_get(line, "kind")), "risk_warning") == 0) {
                assert_round_trip(line);
                count++;
            }
            json_decref(line);
        }
        fclose(file);
    }
    assert_true(count >= 19);
}

static void test_every_field_and_code_comes_back(void **state)
{
    (void)state;
    static const char *const patches[] = {
        "{\"occurred_at\":\"2026-11-20T08:00:00.123+08:00\",\"expires_at\":\"2026-12-20T00:00:00.001Z\"}",
        "{\"deaths\":0,\"injured\":3,\"lifecycle_phase\":\"operation\",\"cause_entity\":\"ai\","
        "\"cause_intent\":\"other\",\"system_name\":\"<&>\\\"' ]]>\",\"model_vendor\":\"甲\",\"model_version\":\"1\","
        "\"measures_advised\":\"一\\n二\\t三\",\"related_activity_no\":\"A-1\"}",
        "{\"rehearsal\":true}",
        "{\"rehearsal\":true,\"status\":\"test\"}",
        "{\"status\":\"exercise\"}",
        "{\"region\":[\"330106\",\"330102\"],\"headline\":\"  spaces are the text's  \"}",
        ("{\"attachments\":[{\"sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
         "\"name\":\"意见 <1>.pdf\",\"media_type\":\"application/pdf\",\"size\":1024,\"role\":\"opinion\"}]}"),
        "{\"headline\":\"An English warning\",\"description\":\"Nothing in it is Chinese at all.\"}",
    };
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
        json_t *object = sample_json(sample_warning, patches[i]);
        assert_round_trip(object);
        json_decref(object);
    }
    for (size_t i = 0; i < enum_warning_action.count; i++) {
        char patch[128];
        snprintf(patch, sizeof patch, "{\"action\":\"%s\"%s}", enum_warning_action.labels[i].code,
                 i > 0 ? ",\"refers_to\":\"019a2b3c-4d5e-7001-8002-030405060708\"" : "");
        json_t *object = sample_json(sample_warning, patch);
        assert_round_trip(object);
        json_decref(object);
    }
}

/* A new code of the schema without a word of CAP's would go out as it is, and no reader would take it. */
static void test_every_code_has_a_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < cap_row_count; i++) {
        const struct cap_row *row = &cap_rows[i];
        int index = row->field ? kind_field(cap_kind(), row->field) : -1;
        assert_true(!row->field || index >= 0);
        for (size_t k = 0; row->words && row->field && k < cap_kind()->fields[index].codes->count; k++) {
            const char *code = cap_kind()->fields[index].codes->labels[k].code;
            assert_true(cap_word_of(row, code) || strcmp(code, "draft") == 0);
        }
    }
}

static void test_nothing_confidential_leaves(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    sample_bytes(sample_warning, "{}", &buffer);
    char *xml = written(&buffer, &order);
    assert_null(strstr(xml, "王芳"));
    assert_null(strstr(xml, "安全员"));
    assert_null(strstr(xml, "914403001922038216"));
    assert_null(strstr(xml, "reporter_confidential"));
    assert_null(strstr(xml, "杭州岚屿医院")); /* the reporter is hidden */
    assert_non_null(strstr(xml, "<senderName>市级枢纽</senderName>"));
    free(xml);
    msgpack_sbuffer_destroy(&buffer);
    sample_bytes(sample_warning,
                 "{\"reporter_confidential\":false,\"secret\":\"机密\",\"attachments\":[{\"sha256\":"
                 "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"name\":\"a.pdf\","
                 "\"media_type\":\"application/pdf\",\"size\":1,\"role\":\"other\",\"origin\":\"机密\"}]}",
                 &buffer);
    xml = written(&buffer, &order);
    assert_non_null(strstr(xml, "<senderName>杭州岚屿医院</senderName>"));
    assert_null(strstr(xml, "机密")); /* nobody has said that an unknown field may leave */
    free(xml);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_rehearsal_is_never_actual(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    sample_bytes(sample_warning, "{\"rehearsal\":true}", &buffer);
    char *xml = written(&buffer, &order);
    assert_null(strstr(xml, "Actual"));
    assert_non_null(strstr(xml, "<status>Exercise</status>"));
    assert_non_null(strstr(xml, "<note>"));
    free(xml);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_references_and_zone(void **state)
{
    (void)state;
    struct cap_earlier earlier[2] = {{.sent_ms = SAMPLE_NOW - 7200000}, {.sent_ms = SAMPLE_NOW - 1000}};
    struct cap_order with = order;
    msgpack_sbuffer buffer;
    memcpy(earlier[0].id, sample_id, RECORD_ID_SIZE);
    memcpy(earlier[1].id, sample_id, RECORD_ID_SIZE);
    earlier[1].id[15] = 9;
    with.earlier = earlier;
    with.earlier_count = 2;
    with.utc_offset_minutes = 0;
    sample_bytes(sample_warning, "{\"action\":\"update\",\"refers_to\":\"019a2b3c-4d5e-7001-8002-030405060708\"}",
                 &buffer);
    char *xml = written(&buffer, &with);
    assert_non_null(strstr(xml,
                           "<references>hub.example.cn,019a2b3c-4d5e-7001-8002-030405060708,2026-11-22T22:00:00-00:00 "
                           "hub.example.cn,019a2b3c-4d5e-7001-8002-030405060709,2026-11-22T23:59:59-00:00"
                           "</references>"));
    free(xml);
    with.utc_offset_minutes = -210;
    xml = written(&buffer, &with);
    assert_non_null(strstr(xml, "<sent>2026-11-22T20:30:00-03:30</sent>"));
    free(xml);
    char reason[256];
    with.earlier_count = 0;
    assert_int_equal(cap_write(view_of(&buffer), &with, &xml, reason), ERR_INVALID);
    assert_null(xml);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_sender_that_cap_forbids_is_refused(void **state)
{
    (void)state;
    static const char *const senders[] = {"", "a b", "a,b", "a<b", "a&b", "a\nb"};
    msgpack_sbuffer buffer;
    sample_bytes(sample_warning, "{}", &buffer);
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        struct cap_order with = order;
        char reason[256];
        char *xml = NULL;
        with.sender = senders[i];
        assert_int_equal(cap_write(view_of(&buffer), &with, &xml, reason), ERR_INVALID);
        assert_non_null(strstr(reason, "cap_sender"));
    }
    msgpack_sbuffer_destroy(&buffer);
    sample_bytes(sample_review, "{}", &buffer);
    char reason[256];
    char *xml = NULL;
    assert_int_equal(cap_write(view_of(&buffer), &order, &xml, reason), ERR_INVALID);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_characters_that_xml_lacks_are_replaced(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct cap_message message;
    struct faults faults;
    sample_bytes(sample_warning, "{\"headline\":\"头条\xEF\xBF\xBE\xEF\xBF\xBF完\"}", &buffer);
    char *xml = written(&buffer, &order);
    assert_int_equal(cap_read(view_str(xml), NULL, 0, &message, &faults), ERR_OK);
    assert_string_equal(json_string_value(json_object_get(message.record, "headline")),
                        "头条\xEF\xBF\xBD\xEF\xBF\xBD完");
    cap_message_done(&message);
    free(xml);
    msgpack_sbuffer_destroy(&buffer);
}

/* ---- reading what others write ---- */

#define HEAD                                                                                                           \
    "<?xml version=\"1.0\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>K-7</identifier>"      \
    "<sender>duty@example.cn</sender><sent>2026-11-20T10:00:00+08:00</sent><status>Actual</status>"
#define INFO                                                                                                           \
    "<language>zh-CN</language><category>Health</category><event>x</event><urgency>Immediate</urgency>"                \
    "<severity>Severe</severity><certainty>Observed</certainty><headline>问诊助手给出错误剂量</headline>"    \
    "<description>连续给出高于上限的儿童用药剂量。</description>"
#define ALERT HEAD "<msgType>Alert</msgType><scope>Public</scope>"
#define END   "</alert>"

static const struct cap_set given[] = {{"level", "2"},
                                       {"sector", "healthcare"},
                                       {"risk_domain", "system_safety"},
                                       {"harm_kind", "physical, psychological"},
                                       {"discovered_at", "2026-11-20T09:30:00+08:00"},
                                       {"share_scope", "city_only"},
                                       {"submitter.name", "王芳"},
                                       {"submitter.role", "安全员"}};
enum { GIVEN = sizeof given / sizeof *given };

static void test_a_foreign_message_becomes_a_sound_record(void **state)
{
    (void)state;
    struct cap_message message;
    struct record record;
    struct faults faults;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    err_t err = cap_read(view_str(ALERT "<info>" INFO "<web>http://x</web><area><areaDesc>杭州</areaDesc><geocode>"
                                        "<valueName>GB/T 2260</valueName><value>330106</value></geocode></area></info>"
                                        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><a/></Signature>" END),
                         given, GIVEN, &message, &faults);
    print_faults(&faults);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(json_array_size(message.notes), 2); /* web, Signature */
    assert_int_equal(record_accept_json(message.record, sample_id, 7, SAMPLE_NOW, &buffer, &faults), ERR_OK);
    err = record_check(view_of(&buffer), &sample_context, &record, &faults);
    print_faults(&faults);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(record_get(&record, "level")->number, 2);
    assert_true(record_get(&record, "region")->is_present);
    cap_message_done(&message);
    msgpack_sbuffer_destroy(&buffer);
}

static void assert_refused(const char *xml, const char *code, const char *field)
{
    struct cap_message message;
    struct faults faults;
    err_t err = cap_read(view_str(xml), given, GIVEN, &message, &faults);
    if (err == ERR_OK || faults.count != 1 || strcmp(faults.list[0].field, field) != 0) {
        print_error("%s\n", xml);
        print_faults(&faults);
    }
    assert_int_equal(err, ERR_INVALID);
    assert_one_fault(&faults, code, field);
    cap_message_done(&message);
}

static void test_each_fault_names_its_element(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *code, *field;
    } rows[] = {
        {"", "malformed", ""},
        {"{\"kind\":\"risk_warning\"}", "malformed", ""},
        {ALERT "<info>" INFO "</info>", "malformed", ""},
        {"<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.1\"/>", "malformed", "alert"},
        {"<feed xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"/>", "malformed", "alert"},
        {ALERT END, "missing", "alert/info"},
        {ALERT "<urgent/><info>" INFO "</info>" END, "not_wanted", "alert/urgent"},
        {ALERT "<status>Test</status><info>" INFO "</info>" END, "duplicate_key", "alert/status"},
        {HEAD "<msgType>Error</msgType><scope>Public</scope><info>" INFO "</info>" END, "bad_value", "alert/msgType"},
        {HEAD "<msgType>Alert</msgType><info>" INFO "</info>" END, "missing", "alert/scope"},
        {HEAD "<msgType>Update</msgType><scope>Public</scope><info>" INFO "</info>" END, "missing", "alert/references"},
        {HEAD "<msgType>Update</msgType><scope>Public</scope><references>a,b</references><info>" INFO "</info>" END,
         "bad_format", "alert/references"},
        {ALERT "<references>a,b,2026-11-20T10:00:00+08:00</references><info>" INFO "</info>" END, "not_wanted",
         "alert/references"},
        {ALERT "<info>" INFO "<onset>today</onset></info>" END, "bad_format", "alert/info/onset"},
        {ALERT "<info>" INFO "<parameter><valueName>x</valueName></parameter></info>" END, "missing",
         "alert/info/parameter"},
        {ALERT "<info>" INFO "<parameter><valueName>AGN:nothing</valueName><value>1</value></parameter></info>" END,
         "not_wanted", "alert/info/parameter AGN:nothing"},
        {ALERT "<info>" INFO "<parameter><valueName>AGN:headline</valueName><value>1</value></parameter></info>" END,
         "not_wanted", "alert/info/parameter AGN:headline"},
        {ALERT "<info>" INFO "<parameter><valueName>AGN:submitter</valueName><value>{}</value></parameter></info>" END,
         "not_wanted", "alert/info/parameter AGN:submitter"},
        {ALERT "<info>" INFO "<parameter><valueName>AGN:deaths</valueName><value>1e9</value></parameter></info>" END,
         "wrong_type", "alert/info/parameter AGN:deaths"},
        {ALERT "<info>" INFO "<parameter><valueName>AGN:deaths</valueName><value>1</value></parameter><parameter>"
               "<valueName>AGN:deaths</valueName><value>2</value></parameter></info>" END,
         "duplicate_key", "alert/info/parameter AGN:deaths"},
        {ALERT "<info>" INFO "<parameter><valueName>AGN:action</valueName><value>cancel</value></parameter></info>" END,
         "bad_value", "alert/msgType"},
        {ALERT "<info>" INFO "<parameter><valueName>AGN:status</valueName><value>test</value></parameter></info>" END,
         "bad_value", "alert/status"},
        {ALERT "<info>" INFO "<onset>2026-11-20T08:00:00+08:00</onset><parameter><valueName>AGN:occurred_at</valueName>"
               "<value>2026-11-20T09:00:00.5+08:00</value></parameter></info>" END,
         "bad_value", "alert/info/onset"},
        {ALERT "<info>" INFO "<area><areaDesc>a</areaDesc><polygon>1,1 2,2</polygon></area></info>" END, "not_wanted",
         "alert/info/area"},
        {ALERT "<info>" INFO "<area><areaDesc>a</areaDesc></area></info>" END, "not_wanted", "alert/info/area"},
        {ALERT "<info>" INFO "<area><areaDesc>a</areaDesc><geocode><valueName>SAME</valueName><value>006</value>"
               "</geocode></area></info>" END,
         "bad_value", "alert/info/area/geocode"},
        {ALERT "<info>" INFO "<resource><resourceDesc>a</resourceDesc><mimeType>b</mimeType></resource></info>" END,
         "not_wanted", "alert/info/resource"},
        {ALERT "<info>" INFO "</info><info><language>en</language><category>Health</category><event>x</event><urgency>"
               "Immediate</urgency><severity>Minor</severity><certainty>Observed</certainty></info>" END,
         "not_wanted", "alert/info"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_refused(rows[i].xml, rows[i].code, rows[i].field);
    }
}

static void test_all_faults_are_told_at_once(void **state)
{
    (void)state;
    struct cap_message message;
    struct faults faults;
    static const struct cap_set wrong[] = {{"id", "1"}, {"action", "cancel"}, {"no", "1"}, {"level", "x"}};
    assert_int_equal(cap_read(view_str(HEAD "<msgType>Nothing</msgType><info><event>x</event><urgency>Soon</urgency>"
                                            "</info>" END),
                              wrong, 4, &message, &faults),
                     ERR_INVALID);
    assert_int_equal(faults.count, 10); /* 4 set; scope, category, severity, certainty missing; msgType, urgency bad */
    cap_message_done(&message);
}

static void test_what_a_person_sets_prevails(void **state)
{
    (void)state;
    static const struct cap_set sets[] = {{"urgency", "future"}, {"region", "330106,330102"}, {"attachments", ""}};
    struct cap_message message;
    struct faults faults;
    err_t err = cap_read(
        view_str(ALERT "<info><category>Met</category><event>x</event><urgency>Bad</urgency><severity>Severe</severity>"
                       "<certainty>Likely</certainty><resource><resourceDesc>a</resourceDesc><mimeType>b</mimeType>"
                       "</resource><area><areaDesc>a</areaDesc><circle>1,1 5</circle></area></info>" END),
        sets, 3, &message, &faults);
    print_faults(&faults);
    assert_int_equal(err, ERR_OK);
    assert_string_equal(json_string_value(json_object_get(message.record, "urgency")), "future");
    assert_int_equal(json_array_size(json_object_get(message.record, "region")), 2);
    assert_null(json_object_get(message.record, "attachments"));
    cap_message_done(&message);
}

static void test_bombs_are_refused_unread(void **state)
{
    (void)state;
    static const char *const bombs[] = {
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]><alert>&c;"
        "</alert>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><alert>&x;</alert>",
        "<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><alert/>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p;]><alert/>",
        "<!DOCTYPE a [<!ATTLIST alert xmlns CDATA \"urn:oasis:names:tc:emergency:cap:1.2\">]><alert/>",
        ALERT "<info>" INFO "&undefined;</info>" END,
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        assert_refused(bombs[i], "malformed", "");
    }
    enum { SIZE = CAP_SIZE_MAX + 100 };
    char *large = malloc(SIZE + 1);
    assert_non_null(large);
    sample_repeat(large, 200000, "", "<a>", 20, "");
    assert_refused(large, "malformed", "");
    sample_repeat(large, SIZE, "<alert>", "<a/>", 6000, "</alert>");
    assert_refused(large, "malformed", "");
    /* Attributes are bounded before the parser sees them. */
    sample_repeat(large, SIZE, "<alert ", "a=\"\" ", 1000, "/>");
    struct cap_message message;
    struct faults faults;
    assert_int_equal(cap_read(view_str(large), NULL, 0, &message, &faults), ERR_INVALID);
    assert_non_null(strstr(faults.list[0].reason, "a tag of over"));
    cap_message_done(&message);
    memset(large, ' ', SIZE);
    large[SIZE] = '\0';
    assert_refused(large, "too_large", "");
    free(large);
}

static void test_other_encodings_are_refused(void **state)
{
    (void)state;
    assert_refused("<?xml version=\"1.0\" encoding=\"GBK\"?><alert>\xD6\xD0</alert>", "bad_utf8", "");
    /* UTF-7: what is declared is not followed, so nothing hides from the bounds. */
    assert_refused("<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADw-alert/+AD4-", "malformed", "");
}

static void test_every_prefix_is_refused(void **state)
{
    (void)state;
    static const char xml[] = ALERT "<info>" INFO "</info>" END;
    for (size_t size = 0; size < sizeof xml - 1; size++) {
        struct cap_message message;
        struct faults faults;
        assert_int_equal(cap_read((struct view){(const uint8_t *)xml, size}, given, GIVEN, &message, &faults),
                         ERR_INVALID);
        cap_message_done(&message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sample_comes_back),
        cmocka_unit_test(test_every_field_and_code_comes_back),
        cmocka_unit_test(test_every_code_has_a_word),
        cmocka_unit_test(test_nothing_confidential_leaves),
        cmocka_unit_test(test_a_rehearsal_is_never_actual),
        cmocka_unit_test(test_references_and_zone),
        cmocka_unit_test(test_a_sender_that_cap_forbids_is_refused),
        cmocka_unit_test(test_characters_that_xml_lacks_are_replaced),
        cmocka_unit_test(test_a_foreign_message_becomes_a_sound_record),
        cmocka_unit_test(test_each_fault_names_its_element),
        cmocka_unit_test(test_all_faults_are_told_at_once),
        cmocka_unit_test(test_what_a_person_sets_prevails),
        cmocka_unit_test(test_bombs_are_refused_unread),
        cmocka_unit_test(test_other_encodings_are_refused),
        cmocka_unit_test(test_every_prefix_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
