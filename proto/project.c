#include "proto/project.h"
#include "proto/kinds.h"
#include "proto/life.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* How each family is counted: the day is the first of `days` that stands, else that of created_at; the sum the days
 * from one date (of a re-review without it: the receipt) to another. A dimension is the field of that name, but for the
 * kind, the entity's type and the thread's state. A field is the record's own, or that of the opinion given on it; a
 * dimension also that of the report that the record is about. */
const struct family review_family = {
    .name = "review",
    .en = "Reviews",
    .zh = "审查情况",
    .dims = {"sector", "entity_type", "procedure", "decision", "rereview_list_item", "review_stage"},
    .dim_count = 6,
    .sum_en = "Days from acceptance to decision",
    .sum_zh = "受理至决定天数",
};

const struct family warning_family = {
    .name = "warning",
    .en = "Warnings",
    .zh = "风险预警",
    .dims = {"sector", "entity_type", "risk_domain", "level", "status", "state"},
    .dim_count = 6,
    .sum_en = "Minutes until resolved, else until acknowledged",
    .sum_zh = "至解除（未解除则至受理）分钟数",
};

const struct family rereview_family = {
    .name = "rereview",
    .en = "Expert re-reviews",
    .zh = "专家复核",
    .dims = {"sector", "entity_type", "rereview_list_item", "opinion"},
    .dim_count = 4,
    .sum_en = "Days from the receipt of the materials to the opinion",
    .sum_zh = "收到材料至出具意见天数",
};

const struct family record_family = {
    .name = "record",
    .en = "Records",
    .zh = "其他记录",
    .dims = {"kind", "entity_type", "state"},
    .dim_count = 3,
    .sum_en = "Sum",
    .sum_zh = "合计",
};

/* Filled by the store itself. */
static const struct family clock_family = {
    .name = "clock",
    .en = "Deadlines",
    .zh = "时限",
    .dims = {"term", "entity_type", "state"},
    .dim_count = 3,
    .sum_en = "Sum",
    .sum_zh = "合计",
};
static const struct family completeness_family = {
    .name = "completeness",
    .en = "Completeness",
    .zh = "报送完整性",
    .dims = {"entity_type", "district", "state"},
    .dim_count = 3,
    .sum_en = "Sum",
    .sum_zh = "合计",
};
static const struct family notice_family = {
    .name = "notice",
    .en = "Notices",
    .zh = "通知",
    .dims = {"category", "entity_type", "state"},
    .dim_count = 3,
    .sum_en = "Sum",
    .sum_zh = "合计",
};

static const struct {
    const struct family *family;
    const char *days[2];
    const char *sum_from;
    const char *sum_to;
} counts[] = {
    {&review_family, {"decided_on", "applied_on"}, "accepted_on", "decided_on"},
    {&warning_family, {"discovered_at", NULL}, NULL, NULL},
    {&rereview_family, {"decided_on", "received_on"}, "received_on", "decided_on"},
    {&record_family, {NULL, NULL}, NULL, NULL},
    {&clock_family, {NULL, NULL}, NULL, NULL},
    {&completeness_family, {NULL, NULL}, NULL, NULL},
    {&notice_family, {NULL, NULL}, NULL, NULL},
};

const struct family *family_at(size_t index)
{
    return index < sizeof counts / sizeof counts[0] ? counts[index].family : NULL;
}

void family_names(char ret_names[FAMILY_NAMES_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; family_at(i) && used < FAMILY_NAMES_SIZE; i++) {
        used += (size_t)snprintf(ret_names + used, FAMILY_NAMES_SIZE - used, "%s%s", i ? ", " : "", family_at(i)->name);
    }
}

const struct family *family_find(const char *name)
{
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (strcmp(counts[i].family->name, name) == 0) {
            return counts[i].family;
        }
    }
    return NULL;
}

static size_t counting_of(const struct kind *kind)
{
    size_t i = 0;
    while (counts[i].family != kind->family) {
        i++;
        assert(i < sizeof counts / sizeof counts[0]);
    }
    return i;
}

static int64_t number_of(const struct record *record, const char *key, int64_t otherwise)
{
    const struct value *value = record_get(record, key);
    return value != NULL ? value->number : otherwise;
}

/* NULL: it does not stand. */
static const struct value *find_value(const struct record *record, const struct thread_facts *facts, const char *key,
                                      bool *ret_is_time)
{
    const struct record *const holders[] = {record, facts->opinion};
    for (size_t i = 0; i < 2; i++) {
        int index = holders[i] != NULL ? kind_field(holders[i]->kind, key) : -1;
        if (index >= 0 && holders[i]->values[index].is_present) {
            *ret_is_time = holders[i]->kind->fields[index].type == FIELD_TIME;
            return &holders[i]->values[index];
        }
    }
    return NULL;
}

static int64_t day_counted(const struct record *record, const struct thread_facts *facts, int utc_offset_minutes)
{
    size_t counting = record->kind->family != NULL ? counting_of(record->kind) : 0;
    for (size_t i = 0; record->kind->family != NULL && i < 2 && counts[counting].days[i] != NULL; i++) {
        bool is_time = false;
        const struct value *value = find_value(record, facts, counts[counting].days[i], &is_time);
        if (value != NULL) {
            return is_time ? day_of(value->number, utc_offset_minutes) : value->number;
        }
    }
    return day_of(record->values[COMMON_CREATED_AT].number, utc_offset_minutes);
}

/* What is being joined, in the caller's memory; it is never too small, since every part is bounded by its row. */
struct joined {
    char *text;
    size_t size;
    size_t room;
};

static void append(struct joined *joined, const void *text, size_t size)
{
    assert(size < joined->room - joined->size);
    memcpy(joined->text + joined->size, text, size);
    joined->size += size;
    joined->text[joined->size] = '\0';
}

/* The natural key: the kind's number and the fields' texts, parted by a character that no text may hold. */
static size_t write_unique(const struct record *record, char ret_unique[UNIQUE_SIZE])
{
    if (record->kind->unique == NULL) {
        return 0;
    }
    char number[24];
    struct joined joined = {.text = ret_unique, .room = UNIQUE_SIZE};
    int size = snprintf(number, sizeof number, "%d", record->kind->number);
    append(&joined, number, (size_t)size);
    for (const int *field = record->kind->unique; *field >= 0; field++) {
        const struct value *value = &record->values[*field];
        enum field_type type = record->kind->fields[*field].type;
        append(&joined, "\x1f", 1);
        if (type == FIELD_TEXT || type == FIELD_ENUM) {
            append(&joined, value->view.at, value->view.size);
        } else {
            append(&joined, number, (size_t)snprintf(number, sizeof number, "%lld", (long long)value->number));
        }
    }
    return joined.size;
}

static const struct value *find_reference(const struct record *record, const char **ret_key)
{
    for (size_t i = 0; i < KIND_REFERENCES && record->kind->references[i] != NULL; i++) {
        const struct value *value = record_get(record, record->kind->references[i]);
        if (value != NULL) {
            *ret_key = record->kind->references[i];
            return value;
        }
    }
    return NULL;
}

static void write_period(const struct record *record, char ret_period[PERIOD_TEXT_SIZE])
{
    const struct value *period = record_get(record, "period");
    int64_t year = number_of(record, "year", 0);
    ret_period[0] = '\0';
    if (period != NULL && period->view.size < PERIOD_TEXT_SIZE) {
        snprintf(ret_period, PERIOD_TEXT_SIZE, "%.*s", (int)period->view.size, (const char *)period->view.at);
    } else if (year != 0) {
        snprintf(ret_period, PERIOD_TEXT_SIZE, "%04u", (unsigned)year % 10000);
    }
}

void project_record(const struct record *record, int utc_offset_minutes, struct projection *ret_projection)
{
    static const struct thread_facts begun = {0};
    const char *reference_key = NULL;
    const struct value *reference = find_reference(record, &reference_key);
    const struct value *link = record->kind->link != NULL ? record_get(record, record->kind->link) : NULL;
    *ret_projection = (struct projection){
        .kind = record->kind,
        .seq = (uint64_t)record->values[COMMON_SEQ].number,
        .created_at = record->values[COMMON_CREATED_AT].number,
        .day = day_counted(record, &begun, utc_offset_minutes),
        .sector = (int)number_of(record, "sector", -1),
        .level = (int)number_of(record, "level", -1),
        .action = (int)number_of(record, "action", -1),
        .is_rehearsal = number_of(record, "rehearsal", 0) == 1,
        .is_shared_up = number_of(record, "share_scope", -1) == SCOPE_PROVINCE,
        .has_reference = reference != NULL,
        .reference_key = reference_key,
        .has_link = link != NULL,
        .addressee = record->values[COMMON_ADDRESSEE].view,
    };
    memcpy(ret_projection->id, record->values[COMMON_ID].view.at, RECORD_ID_SIZE);
    if (reference != NULL) {
        memcpy(ret_projection->reference, reference->view.at, RECORD_ID_SIZE);
    }
    if (link != NULL) {
        memcpy(ret_projection->link, link->view.at, RECORD_ID_SIZE);
    }
    const struct value *activity_no = record_get(record, "activity_no");
    if (activity_no != NULL) {
        ret_projection->activity_no = activity_no->view;
    }
    write_period(record, ret_projection->period);
    ret_projection->unique_size = write_unique(record, ret_projection->unique);
}

/* The code under which a record stands in a dimension; "-" where it has none. */
static const char *dim_code(const struct record *record, const char *dim, const struct party_facts *party,
                            const struct thread_facts *facts)
{
    if (strcmp(dim, "entity_type") == 0) {
        return party->entity_type;
    }
    if (strcmp(dim, "state") == 0) {
        assert(record->kind->life != NULL);
        return life_state_code(record->kind->life, facts->state);
    }
    if (strcmp(dim, "kind") == 0) {
        return record->kind->name;
    }
    const struct record *const holders[] = {record, facts->opinion, facts->reviewed};
    for (size_t i = 0; i < 3; i++) {
        int index = holders[i] != NULL ? kind_field(holders[i]->kind, dim) : -1;
        if (index >= 0 && holders[i]->values[index].is_present) {
            const struct field *row = &holders[i]->kind->fields[index];
            int64_t first = row->type == FIELD_NUMBER ? row->low : 0;
            return row->codes->labels[holders[i]->values[index].number - first].code;
        }
    }
    return "-";
}

static int64_t sum_of(const struct record *record, const struct thread_facts *facts, size_t counting,
                      int utc_offset_minutes)
{
    bool is_time = false;
    int64_t until = facts->resolved_at != 0 ? facts->resolved_at : facts->acknowledged_at;
    if (counts[counting].family == &warning_family) {
        return until != 0 ? (until - facts->received_at) / 60000 : 0;
    }
    if (counts[counting].sum_from == NULL) {
        return 0;
    }
    const struct value *from = find_value(record, facts, counts[counting].sum_from, &is_time);
    const struct value *to = find_value(record, facts, counts[counting].sum_to, &is_time);
    if (to == NULL || (from == NULL && counts[counting].family != &rereview_family)) {
        return 0;
    }
    return to->number - (from != NULL ? from->number : day_of(facts->received_at, utc_offset_minutes));
}

void project_cell(const struct record *record, const struct party_facts *party, const struct thread_facts *facts,
                  int utc_offset_minutes, struct cell *ret_cell)
{
    const struct family *family = record->kind->family;
    const struct life *life = record->kind->life;
    memset(ret_cell, 0, sizeof *ret_cell);
    if (family == NULL || number_of(record, "rehearsal", 0) == 1 ||
        (life != NULL && (life->uncounted >> facts->state & 1U) != 0)) {
        return;
    }
    ret_cell->family = family->name;
    ret_cell->day = day_counted(record, facts, utc_offset_minutes);
    ret_cell->sum = sum_of(record, facts, counting_of(record->kind), utc_offset_minutes);
    struct joined joined = {.text = ret_cell->dims, .room = DIMS_SIZE};
    for (size_t i = 0; i < family->dim_count; i++) {
        const char *code = dim_code(record, family->dims[i], party, facts);
        append(&joined, "|", i > 0 ? 1 : 0);
        append(&joined, code, strlen(code));
    }
}
