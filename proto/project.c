#include "proto/project.h"
#include "proto/kinds.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* How each family is counted: the day is the first of `days` that stands, the sum the days from one date to another. A
 * dimension is the record's field of that name, but for the entity's type and the thread's state. */
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
};

const struct family *family_at(size_t index)
{
    return index < sizeof counts / sizeof counts[0] ? counts[index].family : NULL;
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

static int64_t day_counted(const struct record *record, int utc_offset_minutes)
{
    size_t counting = counting_of(record->kind);
    for (size_t i = 0; i < 2 && counts[counting].days[i] != NULL; i++) {
        int index = kind_field(record->kind, counts[counting].days[i]);
        assert(index >= 0);
        const struct value *value = &record->values[index];
        if (value->is_present) {
            bool is_time = record->kind->fields[index].type == FIELD_TIME;
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
    append(&joined, number, (size_t)snprintf(number, sizeof number, "%d", record->kind->number));
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

void project_record(const struct record *record, int utc_offset_minutes, struct projection *ret_projection)
{
    const struct value *reference = record_get(record, "refers_to");
    if (reference == NULL) {
        reference = record_get(record, "replaces");
    }
    *ret_projection = (struct projection){
        .kind = record->kind,
        .seq = (uint64_t)record->values[COMMON_SEQ].number,
        .created_at = record->values[COMMON_CREATED_AT].number,
        .day = day_counted(record, utc_offset_minutes),
        .sector = (int)number_of(record, "sector", -1),
        .level = (int)number_of(record, "level", -1),
        .action = (int)number_of(record, "action", -1),
        .is_rehearsal = number_of(record, "rehearsal", 0) == 1,
        .is_shared_up = number_of(record, "share_scope", -1) == SCOPE_PROVINCE,
        .has_reference = reference != NULL,
    };
    memcpy(ret_projection->id, record->values[COMMON_ID].view.at, RECORD_ID_SIZE);
    if (reference != NULL) {
        memcpy(ret_projection->reference, reference->view.at, RECORD_ID_SIZE);
    }
    ret_projection->unique_size = write_unique(record, ret_projection->unique);
}

/* The code under which a record stands in a dimension; "-" where it has none. */
static const char *dim_code(const struct record *record, const char *dim, const struct party_facts *party,
                            enum warning_state state)
{
    if (strcmp(dim, "entity_type") == 0) {
        return party->entity_type;
    }
    if (strcmp(dim, "state") == 0) {
        return warning_state_code(state);
    }
    int index = kind_field(record->kind, dim);
    assert(index >= 0);
    const struct field *row = &record->kind->fields[index];
    const struct value *value = &record->values[index];
    int64_t first = row->type == FIELD_NUMBER ? row->low : 0;
    return value->is_present ? row->codes->labels[value->number - first].code : "-";
}

static int64_t sum_of(const struct record *record, size_t counting)
{
    if (counts[counting].sum_from == NULL) {
        return 0;
    }
    const struct value *from = record_get(record, counts[counting].sum_from);
    const struct value *to = record_get(record, counts[counting].sum_to);
    return from != NULL && to != NULL ? to->number - from->number : 0;
}

void project_cell(const struct record *record, const struct party_facts *party, enum warning_state state,
                  int utc_offset_minutes, struct cell *ret_cell)
{
    memset(ret_cell, 0, sizeof *ret_cell);
    if (number_of(record, "rehearsal", 0) == 1) {
        return;
    }
    const struct family *family = record->kind->family;
    ret_cell->family = family->name;
    ret_cell->day = day_counted(record, utc_offset_minutes);
    ret_cell->sum = sum_of(record, counting_of(record->kind));
    struct joined joined = {.text = ret_cell->dims, .room = DIMS_SIZE};
    for (size_t i = 0; i < family->dim_count; i++) {
        const char *code = dim_code(record, family->dims[i], party, state);
        append(&joined, "|", i > 0 ? 1 : 0);
        append(&joined, code, strlen(code));
    }
}

/* From which states an action is allowed, and where it leads: -1 leaves the state as it is. A raise begins a thread, so
 * no state allows it; resolved, cancelled and superseded threads are closed. */
static const struct {
    unsigned from; /* bits of enum warning_state */
    int to;
} transitions[] = {
    [ACTION_RAISE] = {0, STATE_RAISED},
    [ACTION_UPDATE] = {1U << STATE_RAISED | 1U << STATE_ACKNOWLEDGED | 1U << STATE_HANDLING, -1},
    [ACTION_CANCEL] = {1U << STATE_RAISED | 1U << STATE_ACKNOWLEDGED | 1U << STATE_HANDLING, STATE_CANCELLED},
    [ACTION_ACKNOWLEDGE] = {1U << STATE_RAISED, STATE_ACKNOWLEDGED},
    [ACTION_HANDLE] = {1U << STATE_RAISED | 1U << STATE_ACKNOWLEDGED | 1U << STATE_HANDLING, STATE_HANDLING},
    [ACTION_RESOLVE] = {1U << STATE_ACKNOWLEDGED | 1U << STATE_HANDLING, STATE_RESOLVED},
};

int warning_next(enum warning_action action, enum warning_state state)
{
    if ((transitions[action].from >> state & 1U) == 0) {
        return -1;
    }
    return transitions[action].to >= 0 ? transitions[action].to : (int)state;
}

bool warning_may_file(enum warning_action action, bool is_operator)
{
    return is_operator || (action != ACTION_ACKNOWLEDGE && action != ACTION_RESOLVE);
}

const char *warning_state_code(enum warning_state state)
{
    return enum_warning_state.labels[state].code;
}
