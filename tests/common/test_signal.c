/* The engine of the signals: figures against hand-worked ones, the edges of windows, what counts and what does not. */
#include "tests/proto/sample.h"

#include <math.h>
#include <unistd.h>

#include "common/signal.h"
#include "proto/kinds.h"
#include "proto/project.h"

enum { DAY_0 = 20000, DOMAIN_PRIVACY = 1, DOMAIN_MISINFORMATION = 2 };

/* A rule over model and risk domain, unless changed. */
static struct signal_rules *rules_of(struct signal_rule rule)
{
    struct signal_rules *rules = calloc(1, sizeof *rules);
    assert_non_null(rules);
    snprintf(rule.name, sizeof rule.name, "test");
    snprintf(rule.label, sizeof rule.label, "测试");
    rule.level = rule.level ? rule.level : 3;
    rule.parties = rule.parties ? rule.parties : 1;
    rule.base = rule.base ? rule.base : 1;
    rules->list[0] = rule;
    rules->count = 1;
    return rules;
}

static const unsigned model_and_domain = 1U << SIGNAL_MODEL_NAME | 1U << SIGNAL_RISK_DOMAIN;

static void put(struct signal_set *set, uint8_t n, int64_t day, const char *model, int domain, const char *party)
{
    struct signal_row row = {.party = view_str(party),
                             .day = day,
                             .at = day * INT64_C(86400000),
                             .model = view_str(model),
                             .sector = 0,
                             .domain = domain,
                             .subdomain = -1,
                             .level = 3,
                             .status = STATUS_ACTUAL,
                             .state = STATE_RAISED};
    row.id[0] = n;
    assert_int_equal(signal_set_add(set, &row), ERR_OK);
}

static size_t found_on(struct signal_set *set, int64_t day, struct signal *ret_first)
{
    struct signal_list list;
    signal_find(set, day, day * INT64_C(86400000), &list);
    size_t count = list.count;
    if (ret_first && count > 0) {
        *ret_first = list.list[0];
        ret_first->evidence = NULL;
    }
    signal_list_done(&list);
    return count;
}

static void assert_near(double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-6 * fabs(expected))) {
        fail_msg("%.9g is not %.9g", found, expected);
    }
}

static void assert_odds(size_t a, size_t b, size_t c, size_t d, double ror, double low, double high)
{
    struct signal_table table = {.a = a, .b = b, .c = c, .d = d};
    signal_odds(&table);
    assert_near(table.ror, ror);
    assert_near(table.low, low);
    assert_near(table.high, high);
}

/* Worked by hand: 20·90 / 80·10 = 2.25; the variance 1/20 + 1/80 + 1/10 + 1/90 = 25/144, so the width is 1.96·5/12. */
static void test_the_odds_ratio_and_its_interval_are_those_worked_by_hand(void **state)
{
    (void)state;
    assert_odds(20, 80, 10, 90, 2.25, 0.99429489, 5.0915478);
}

/* Half is added to each: 3.5·5.5 / 0.25 = 77, the variance 1/3.5 + 2 + 2 + 1/5.5; and 1 with 8 for an empty table. */
static void test_an_empty_cell_widens_the_interval_and_stays_finite(void **state)
{
    (void)state;
    assert_odds(3, 0, 0, 5, 77.0, 1.2227716, 4848.8206);
    assert_odds(0, 0, 0, 0, 1.0, 0.0039123569, 255.60040);
    assert_odds(4, 0, 10, 10, 9.0, 0.42863022, 188.97407);
}

static void test_a_window_is_whole_days_and_ends_with_its_last(void **state)
{
    (void)state;
    struct signal_rules *rules = rules_of((struct signal_rule){.keys = model_and_domain, .window = 3, .count = 2});
    struct signal_set *set = signal_set_open(rules);
    put(set, 1, DAY_0, "M", DOMAIN_PRIVACY, "甲");
    put(set, 2, DAY_0 + 2, "M", DOMAIN_PRIVACY, "乙");
    assert_int_equal(found_on(set, DAY_0 + 1, NULL), 0);
    assert_int_equal(found_on(set, DAY_0 + 2, NULL), 1);
    assert_int_equal(found_on(set, DAY_0 + 3, NULL), 0); /* the first has just left it */
    signal_set_close(set);
    free(rules);
}

static void assert_day_of(const char *discovered_at, const char *day)
{
    struct record record;
    struct faults faults = {0};
    struct signal_row row;
    msgpack_sbuffer buffer;
    char patch[96];
    char text[11];
    snprintf(patch, sizeof patch, "{\"occurred_at\": null, \"discovered_at\": \"%s\"}", discovered_at);
    json_t *object = sample_json(sample_warning, patch);
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(record_accept_json(object, sample_id, 1, SAMPLE_NOW, &buffer, &faults), ERR_OK);
    assert_int_equal(record_check(view_of(&buffer), &sample_context, &record, &faults), ERR_OK);
    assert_true(signal_row_of(&record, sample_id, view_str("甲"), ROLE_ENTITY, STATE_RAISED, 480, &row));
    date_text(row.day, text);
    assert_string_equal(text, day);
    assert_int_equal(row.harm_kinds, 1U << 1 | 1U << 2); /* physical and psychological */
    json_decref(object);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_day_ends_at_midnight_of_the_site(void **state)
{
    (void)state;
    assert_day_of("2026-11-20T15:59:59.999Z", "2026-11-20");
    assert_day_of("2026-11-20T16:00:00.000Z", "2026-11-21");
}

static void test_institutions_are_counted_once_each(void **state)
{
    (void)state;
    struct signal_rules *rules =
        rules_of((struct signal_rule){.keys = model_and_domain, .window = 10, .count = 3, .parties = 2});
    struct signal_set *set = signal_set_open(rules);
    for (uint8_t n = 1; n <= 5; n++) {
        put(set, n, DAY_0 + n, "M", DOMAIN_PRIVACY, "甲");
    }
    put(set, 6, DAY_0 + 6, "M", DOMAIN_PRIVACY, "乙");
    struct signal signal;
    assert_int_equal(found_on(set, DAY_0 + 5, NULL), 0);
    assert_int_equal(found_on(set, DAY_0 + 6, &signal), 1);
    assert_int_equal(signal.count, 6);
    assert_int_equal(signal.parties, 2);
    signal_set_close(set);
    free(rules);
}

static void test_a_model_that_is_not_known_makes_no_cluster_and_spellings_are_one(void **state)
{
    (void)state;
    struct signal_rules *rules = rules_of((struct signal_rule){.keys = model_and_domain, .window = 10, .count = 2});
    signal_normalise(" Unknown ", rules->ignored[0]);
    rules->ignored_count = 1;
    struct signal_set *set = signal_set_open(rules);
    static const char *const unknown[] = {"unknown", "ＵＮＫＮＯＷＮ", "UNKNOWN", "", " "};
    static const char *const known[] = {"ＧＰＴ－4", "gpt-4", "GPT-4 "};
    for (uint8_t n = 0; n < 5; n++) {
        put(set, n, DAY_0, unknown[n], DOMAIN_PRIVACY, "甲");
    }
    for (uint8_t n = 0; n < 3; n++) {
        put(set, (uint8_t)(10 + n), DAY_0 + n, known[n], DOMAIN_PRIVACY, "甲");
    }
    struct signal signal;
    assert_int_equal(found_on(set, DAY_0 + 2, &signal), 1);
    assert_int_equal(signal.count, 3);
    assert_string_equal(signal.cluster, "model_name=gpt-4 risk_domain=privacy_security");
    signal_set_close(set);
    free(rules);
}

/* The window is days 0 and +1 of what ends at +1; a base window counts where it lies whole in what is known. */
static void test_the_base_is_of_whole_known_windows(void **state)
{
    (void)state;
    static const struct {
        int64_t known_from;
        bool has_base;
        double expected;
    } rows[] = {{DAY_0 - 1, false, 0}, {DAY_0 - 2, true, 1}, {DAY_0 - 3, true, 1}, {DAY_0 - 4, true, 0.5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signal_rules *rules =
            rules_of((struct signal_rule){.keys = model_and_domain, .window = 2, .base = 2, .count = 2});
        struct signal_set *set = signal_set_open(rules);
        signal_set_known_from(set, rows[i].known_from);
        put(set, 1, DAY_0 - 1, "M", DOMAIN_PRIVACY, "甲");
        put(set, 2, DAY_0, "M", DOMAIN_PRIVACY, "甲");
        put(set, 3, DAY_0 + 1, "M", DOMAIN_PRIVACY, "甲");
        struct signal signal;
        assert_int_equal(found_on(set, DAY_0 + 1, &signal), 1);
        assert_int_equal(signal.has_base, rows[i].has_base);
        assert_true(signal.expected == rows[i].expected);
        assert_true(!rows[i].has_base || signal.ratio == 2 / rows[i].expected);
        signal_set_close(set);
        free(rules);
    }
}

/* M has privacy 3 and misinformation 1, the others 1 and 5: a 3, b 1, c 1, d 5. */
static void test_the_table_is_of_who_against_what_in_the_window(void **state)
{
    (void)state;
    struct signal_rules *rules =
        rules_of((struct signal_rule){.keys = model_and_domain, .window = 10, .count = 3, .ror = 0.1});
    struct signal_set *set = signal_set_open(rules);
    uint8_t n = 0;
    for (int i = 0; i < 3; i++) {
        put(set, n++, DAY_0, "M", DOMAIN_PRIVACY, "甲");
    }
    put(set, n++, DAY_0, "M", DOMAIN_MISINFORMATION, "甲");
    put(set, n++, DAY_0, "N", DOMAIN_PRIVACY, "甲");
    for (int i = 0; i < 5; i++) {
        put(set, n++, DAY_0, "N", DOMAIN_MISINFORMATION, "甲");
    }
    put(set, n++, DAY_0, "", DOMAIN_MISINFORMATION, "甲");       /* a key is not stated */
    put(set, n++, DAY_0 - 10, "N", DOMAIN_MISINFORMATION, "甲"); /* before the window */
    struct signal_list list;
    signal_find(set, DAY_0, 0, &list);
    const struct signal *signal = NULL;
    for (size_t i = 0; i < list.count; i++) {
        signal = strstr(list.list[i].cluster, "=m ") ? &list.list[i] : signal;
    }
    assert_non_null(signal);
    assert_int_equal(signal->table.a, 3);
    assert_int_equal(signal->table.b, 1);
    assert_int_equal(signal->table.c, 1);
    assert_int_equal(signal->table.d, 5);
    assert_near(signal->table.ror, 15.0);
    signal_list_done(&list);
    signal_set_close(set);
    free(rules);
}

static void test_only_actual_warnings_that_stand_are_counted(void **state)
{
    (void)state;
    struct signal_rules *rules = rules_of((struct signal_rule){.keys = model_and_domain, .window = 10, .count = 1});
    struct signal_set *set = signal_set_open(rules);
    static const struct {
        int status, state;
    } rows[] = {{STATUS_EXERCISE, STATE_RAISED},
                {STATUS_TEST, STATE_RAISED},
                {STATUS_ACTUAL, STATE_CANCELLED},
                {STATUS_ACTUAL, STATE_SUPERSEDED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signal_row row = {.party = view_str("甲"),
                                 .day = DAY_0,
                                 .model = view_str("M"),
                                 .domain = 1,
                                 .subdomain = -1,
                                 .sector = -1,
                                 .level = 1,
                                 .status = rows[i].status,
                                 .state = rows[i].state};
        assert_int_equal(signal_set_add(set, &row), ERR_OK);
    }
    assert_int_equal(signal_set_count(set), 0);
    put(set, 1, DAY_0, "M", DOMAIN_PRIVACY, "甲");
    assert_int_equal(found_on(set, DAY_0, NULL), 1);
    signal_set_close(set);
    free(rules);
}

/* ---- what was signalled already ---- */

static size_t news_on(struct signal_set *set, struct signal_memory *memory, int64_t day)
{
    struct signal_list list;
    size_t news = 0;
    signal_find(set, day, 0, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (signal_is_news(memory, &list.list[i])) {
            signal_memory_put(memory, &list.list[i]);
            news++;
        }
    }
    signal_list_done(&list);
    return news;
}

static void test_a_cluster_is_news_once_until_it_grows_or_its_rest_is_over(void **state)
{
    (void)state;
    struct signal_rules *rules = rules_of(
        (struct signal_rule){.keys = model_and_domain, .window = 30, .count = 2, .cool_down = 20, .growth = 100});
    struct signal_set *set = signal_set_open(rules);
    struct signal_memory *memory = signal_memory_open();
    for (uint8_t n = 0; n < 5; n++) {
        put(set, n, DAY_0 + n, "M", DOMAIN_PRIVACY, "甲");
    }
    assert_int_equal(news_on(set, memory, DAY_0 + 1), 1); /* two */
    assert_int_equal(news_on(set, memory, DAY_0 + 2), 0); /* one more is half as many again */
    json_t *kept = signal_memory_to_json(memory);         /* a restart */
    signal_memory_close(memory);
    memory = signal_memory_open();
    assert_int_equal(signal_memory_from_json(memory, kept), ERR_OK);
    json_decref(kept);
    assert_int_equal(news_on(set, memory, DAY_0 + 2), 0);
    assert_int_equal(news_on(set, memory, DAY_0 + 3), 1);  /* two more have doubled it */
    assert_int_equal(news_on(set, memory, DAY_0 + 22), 0); /* one new one within the rest */
    assert_int_equal(news_on(set, memory, DAY_0 + 23), 1); /* and after it */
    assert_int_equal(news_on(set, memory, DAY_0 + 30), 0);
    signal_memory_close(memory);
    signal_set_close(set);
    free(rules);
}

static void test_the_composite_warning_is_a_sound_record_that_names_its_evidence(void **state)
{
    (void)state;
    struct signal_rules *rules = rules_of((struct signal_rule){.keys = model_and_domain, .window = 10, .count = 3});
    struct signal_set *set = signal_set_open(rules);
    struct faults faults = {0};
    struct record record;
    struct signal_row row;
    struct signal_list list;
    msgpack_sbuffer buffer;
    json_t *warning = NULL;
    for (uint8_t n = 1; n <= 3; n++) {
        put(set, n, DAY_0, "问诊助手", DOMAIN_PRIVACY, "甲");
    }
    signal_find(set, DAY_0, SAMPLE_NOW, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(signal_to_warning(&list.list[0], &warning), ERR_OK);
    const char *description = json_string_value(json_object_get(warning, "description"));
    for (uint8_t n = 1; n <= 3; n++) {
        char id[37];
        uint8_t bytes[RECORD_ID_SIZE] = {n};
        record_id_text(bytes, id);
        assert_non_null(strstr(description, id));
    }
    assert_null(strstr(description, "甲")); /* an institution may have asked not to be named */
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(record_accept_json(warning, sample_id, 1, SAMPLE_NOW, &buffer, &faults), ERR_OK);
    assert_int_equal(record_check(view_of(&buffer), &sample_context, &record, &faults), ERR_OK);
    assert_int_equal(record_get(&record, "level")->number, 3);
    assert_string_equal(json_string_value(json_object_get(warning, "signal_rule")), rules->list[0].name);
    assert_false(signal_row_of(&record, sample_id, view_str("city"), ROLE_CITY, STATE_RAISED, 480, &row));
    /* An institution that copies all of it is heard all the same. */
    assert_true(signal_row_of(&record, sample_id, view_str("甲"), ROLE_ENTITY, STATE_RAISED, 480, &row));
    /* One of a version without the field. */
    record.values[kind_field(record.kind, "signal_rule")].is_present = false;
    assert_false(signal_row_of(&record, sample_id, view_str("city"), ROLE_CITY, STATE_RAISED, 480, &row));
    assert_true(signal_row_of(&record, sample_id, view_str("甲"), ROLE_ENTITY, STATE_RAISED, 480, &row));
    record.values[kind_field(record.kind, "discovered_at")].is_present = false;
    assert_false(signal_row_of(&record, sample_id, view_str("甲"), ROLE_ENTITY, STATE_RAISED, 480, &row));
    msgpack_sbuffer_destroy(&buffer);
    json_decref(warning);
    signal_list_done(&list);
    signal_set_close(set);
    free(rules);
}

/* ---- the file of rules ---- */

static void assert_refused(const char *text, const char *place, const char *word)
{
    char path[] = "/tmp/agn-signals-XXXXXX";
    char reason[512];
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    struct signal_rules *rules = calloc(1, sizeof *rules);
    assert_int_equal(signal_rules_load(path, rules, reason), ERR_INVALID);
    if (!strstr(reason, place) || !strstr(reason, word)) {
        fail_msg("%s: not %s and %s", reason, place, word);
    }
    free(rules);
    unlink(path);
}

static void test_a_bad_file_is_refused_by_line_and_key(void **state)
{
    (void)state;
    assert_refused("signals\n    one\n        group = \"model_name\"\n        windwo = 3\n", ":4:", "window");
    assert_refused("signals\n    one\n        group = \"model_name\"\n        window = 0\n", ":4:", "1 to 3660");
    assert_refused("signals\n    one\n        group = \"modelname\"\n", ":3:", "model_name");
    assert_refused("signals\n    one\n        window = 3\n", ":2:", "group");
    assert_refused("signals\n    one\n        group = \"model_name\"\n        ror = 1\n", ":4:", "risk_domain");
    assert_refused("signals\n    one\n        group = \"model_name\"\n        level = 5\n", ":4:", "1 to 4");
    assert_refused("signals\n    one\n        group = sector\n        label = \xbc\xd2\n", ":4:", "label");
    assert_refused("signals\n    one\n        group = sector\n        label = \"a\x7f\"\n", ":4:", "label");
    assert_refused("signals\n", ":1:", "rule");
    assert_refused("", ": signals", "rule"); /* no line is named where there is none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_odds_ratio_and_its_interval_are_those_worked_by_hand),
        cmocka_unit_test(test_an_empty_cell_widens_the_interval_and_stays_finite),
        cmocka_unit_test(test_a_window_is_whole_days_and_ends_with_its_last),
        cmocka_unit_test(test_a_day_ends_at_midnight_of_the_site),
        cmocka_unit_test(test_institutions_are_counted_once_each),
        cmocka_unit_test(test_a_model_that_is_not_known_makes_no_cluster_and_spellings_are_one),
        cmocka_unit_test(test_the_base_is_of_whole_known_windows),
        cmocka_unit_test(test_the_table_is_of_who_against_what_in_the_window),
        cmocka_unit_test(test_only_actual_warnings_that_stand_are_counted),
        cmocka_unit_test(test_a_cluster_is_news_once_until_it_grows_or_its_rest_is_over),
        cmocka_unit_test(test_the_composite_warning_is_a_sound_record_that_names_its_evidence),
        cmocka_unit_test(test_a_bad_file_is_refused_by_line_and_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
