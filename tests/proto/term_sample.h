/* tests/proto/term_sample.h - contents, facts and a small calendar for the tests of clocks. */
#ifndef TESTS_PROTO_TERM_SAMPLE_H
#define TESTS_PROTO_TERM_SAMPLE_H

#include "tests/proto/sample.h"

#include "proto/kinds.h"
#include "proto/project.h"
#include "proto/term.h"

enum { ZONE = 480 };

#define LISTED_PATCH                                                                                                   \
    "\"rereview_list_item\":\"public_opinion\",\"procedure\":\"expert_rereview\",\"members_present\":null,"            \
    "\"votes_for\":null,\"next_follow_up_on\":\"2027-03-21\""

static const char sample_committee[] =
    "{\"kind\":\"committee_registration\",\"submitter\":{\"name\":\"王芳\",\"role\":\"秘书\"},\"committee_name\":"
    "\"科技伦理委员会\",\"established_on\":\"2026-02-01\",\"chair\":\"李雷\",\"term_years\":3,\"members\":["
    "{\"name\":\"甲\",\"gender\":\"female\",\"profession\":\"technical\",\"external\":false},"
    "{\"name\":\"乙\",\"gender\":\"male\",\"profession\":\"ethics\",\"external\":true},"
    "{\"name\":\"丙\",\"gender\":\"male\",\"profession\":\"law\",\"external\":false},"
    "{\"name\":\"丁\",\"gender\":\"male\",\"profession\":\"law\",\"external\":false},"
    "{\"name\":\"戊\",\"gender\":\"male\",\"profession\":\"law\",\"external\":false},"
    "{\"name\":\"己\",\"gender\":\"male\",\"profession\":\"law\",\"external\":false},"
    "{\"name\":\"庚\",\"gender\":\"male\",\"profession\":\"law\",\"external\":false}]}";

static const char sample_request[] =
    "{\"kind\":\"rereview_request\",\"submitter\":{\"name\":\"王芳\",\"role\":\"秘书\"},\"report_id\":"
    "\"019a2b3c-4d5e-7001-8002-030405060708\",\"rereview_list_item\":\"public_opinion\",\"materials\":\"初审意见\"}";

static const char sample_notice[] =
    "{\"kind\":\"notice\",\"submitter\":{\"name\":\"赵六\",\"role\":\"值班员\"},\"title\":\"自查通知\",\"body\":"
    "\"请于期限内自查。\",\"category\":\"requirement\",\"must_answer\":true,\"due_at\":\"2026-12-10T18:00:00+08:00\"}";

/* "2026-10-05 24:00" stands for the last millisecond of that day in the site's zone, "" for 0; a third decimal of a
 * second may follow the minutes. */
static inline int64_t instant(const char *text)
{
    char full[48];
    int64_t ms = 0;
    if (!text || !*text) {
        return 0;
    }
    bool is_end = strcmp(text + 11, "24:00") == 0;
    snprintf(full, sizeof full, "%.10sT%s%s+08:00", text, is_end ? "23:59:59.999" : text + 11,
             strlen(text) == 16 && !is_end ? ":00" : "");
    assert_int_equal(time_parse(full, &ms), ERR_OK);
    return ms;
}

/* Seven holidays from 1 October 2026; the Saturday after is worked. */
static inline int64_t october(const void *calendar, int64_t day, int64_t count)
{
    int64_t first = 0;
    assert_null(calendar);
    assert_int_equal(date_parse(view_str("2026-10-01"), &first), ERR_OK);
    while (count > 0) {
        day++;
        bool is_weekend = (day + 3) % 7 >= 5;
        bool is_holiday = day >= first && day < first + 7;
        count -= day == first + 9 || (!is_weekend && !is_holiday) ? 1 : 0;
    }
    return day;
}

static inline struct term_settings sample_settings(void)
{
    struct term_settings settings;
    term_settings_default(ZONE, &settings);
    settings.add_working_days = october;
    return settings;
}

static inline struct term_facts sample_facts(const char *received)
{
    return (struct term_facts){.received_at = instant(received), .graded_at = instant(received)};
}

struct content {
    msgpack_sbuffer buffer;
    struct record record;
};

/* PATCH without braces; of a key that stands twice the last counts. The record is checked as on the last day of 2090,
 * so any earlier date may stand. */
static inline void content_open(const char *sample, const char *patch, struct content *ret_content)
{
    struct record_context context = {.utc_offset_minutes = ZONE, .now_ms = instant("2090-12-31 12:00")};
    struct faults faults;
    char braces[1024];
    snprintf(braces, sizeof braces, "{%s}", patch);
    json_t *changes = json_loads(braces, 0, NULL);
    char *once = changes ? json_dumps(changes, 0) : NULL;
    assert_non_null(once);
    sample_bytes(sample, once, &ret_content->buffer);
    free(once);
    json_decref(changes);
    err_t err = record_check(view_of(&ret_content->buffer), &context, &ret_content->record, &faults);
    if (err != ERR_OK) {
        fail_msg("%s: %s %s: %s", patch, faults.list[0].code, faults.list[0].field, faults.list[0].reason);
    }
}

static inline void content_done(struct content *content)
{
    msgpack_sbuffer_destroy(&content->buffer);
}

static inline void content_drop(struct content *content, const char *key)
{
    int field = kind_field(content->record.kind, key);
    assert_true(field >= 0);
    content->record.values[field].is_present = false;
}

/* NULL when no clock of that term is among them. */
static inline const struct clock *clock_of(const struct clock *clocks, size_t count, enum term_index index)
{
    for (size_t i = 0; i < count; i++) {
        if (clocks[i].term->index == index) {
            return &clocks[i];
        }
    }
    return NULL;
}

#endif
