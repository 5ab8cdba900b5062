#include "proto/project.h"
#include "proto/kinds.h"

#include <assert.h>
#include <pthread.h>
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

/* Where a kind's fields stand that a projection is made of, -1 where it has none: found by name once, since a dozen
 * searches a record cost as much as its hash. */
struct places {
    int refers_to, replaces, sector, level, action, rehearsal, share_scope;
    int days[2], sum_from, sum_to;
    int dims[DIMS_MAX];
};

enum { KIND_NUMBERS = 8 };
static struct places places_by_kind[KIND_NUMBERS];
static pthread_once_t places_once = PTHREAD_ONCE_INIT;

static int place_of(const struct kind *kind, const char *key)
{
    return key != NULL ? kind_field(kind, key) : -1;
}

static void find_places(void)
{
    for (size_t i = 0; kind_at(i) != NULL; i++) {
        const struct kind *kind = kind_at(i);
        size_t counting = counting_of(kind);
        assert(kind->number < KIND_NUMBERS);
        struct places *places = &places_by_kind[kind->number];
        *places = (struct places){.refers_to = place_of(kind, "refers_to"),
                                  .replaces = place_of(kind, "replaces"),
                                  .sector = place_of(kind, "sector"),
                                  .level = place_of(kind, "level"),
                                  .action = place_of(kind, "action"),
                                  .rehearsal = place_of(kind, "rehearsal"),
                                  .share_scope = place_of(kind, "share_scope"),
                                  .sum_from = place_of(kind, counts[counting].sum_from),
                                  .sum_to = place_of(kind, counts[counting].sum_to)};
        for (size_t j = 0; j < 2; j++) {
            places->days[j] = place_of(kind, counts[counting].days[j]);
        }
        for (size_t j = 0; j < kind->family->dim_count; j++) {
            places->dims[j] = place_of(kind, kind->family->dims[j]);
        }
    }
}

static const struct places *places_of(const struct kind *kind)
{
    pthread_once(&places_once, find_places);
    return &places_by_kind[kind->number];
}

/* NULL when the kind has no such field or the record no such value. */
static const struct value *value_at(const struct record *record, int place)
{
    return place >= 0 && record->values[place].is_present ? &record->values[place] : NULL;
}

static int64_t number_at(const struct record *record, int place, int64_t otherwise)
{
    const struct value *value = value_at(record, place);
    return value != NULL ? value->number : otherwise;
}

static int64_t day_counted(const struct record *record, int utc_offset_minutes)
{
    const struct places *places = places_of(record->kind);
    for (size_t i = 0; i < 2; i++) {
        const struct value *value = value_at(record, places->days[i]);
        if (value != NULL) {
            bool is_time = record->kind->fields[places->days[i]].type == FIELD_TIME;
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
    const struct places *places = places_of(record->kind);
    const struct value *reference = value_at(record, places->refers_to);
    if (reference == NULL) {
        reference = value_at(record, places->replaces);
    }
    *ret_projection = (struct projection){
        .kind = record->kind,
        .seq = (uint64_t)record->values[COMMON_SEQ].number,
        .created_at = record->values[COMMON_CREATED_AT].number,
        .day = day_counted(record, utc_offset_minutes),
        .sector = (int)number_at(record, places->sector, -1),
        .level = (int)number_at(record, places->level, -1),
        .action = (int)number_at(record, places->action, -1),
        .is_rehearsal = number_at(record, places->rehearsal, 0) == 1,
        .is_shared_up = number_at(record, places->share_scope, -1) == SCOPE_PROVINCE,
        .has_reference = reference != NULL,
    };
    memcpy(ret_projection->id, record->values[COMMON_ID].view.at, RECORD_ID_SIZE);
    if (reference != NULL) {
        memcpy(ret_projection->reference, reference->view.at, RECORD_ID_SIZE);
    }
    ret_projection->unique_size = write_unique(record, ret_projection->unique);
}

/* The code under which a record stands in a dimension; "-" where it has none. */
static const char *dim_code(const struct record *record, size_t which, const struct party_facts *party,
                            enum warning_state state)
{
    const char *dim = record->kind->family->dims[which];
    if (strcmp(dim, "entity_type") == 0) {
        return party->entity_type;
    }
    if (strcmp(dim, "state") == 0) {
        return warning_state_code(state);
    }
    int index = places_of(record->kind)->dims[which];
    assert(index >= 0);
    const struct field *row = &record->kind->fields[index];
    const struct value *value = &record->values[index];
    int64_t first = row->type == FIELD_NUMBER ? row->low : 0;
    return value->is_present ? row->codes->labels[value->number - first].code : "-";
}

static int64_t sum_of(const struct record *record)
{
    const struct places *places = places_of(record->kind);
    const struct value *from = value_at(record, places->sum_from);
    const struct value *to = value_at(record, places->sum_to);
    return from != NULL && to != NULL ? to->number - from->number : 0;
}

void project_cell(const struct record *record, const struct party_facts *party, enum warning_state state,
                  int utc_offset_minutes, struct cell *ret_cell)
{
    memset(ret_cell, 0, sizeof *ret_cell);
    if (number_at(record, places_of(record->kind)->rehearsal, 0) == 1) {
        return;
    }
    const struct family *family = record->kind->family;
    ret_cell->family = family->name;
    ret_cell->day = day_counted(record, utc_offset_minutes);
    ret_cell->sum = sum_of(record);
    struct joined joined = {.text = ret_cell->dims, .room = DIMS_SIZE};
    for (size_t i = 0; i < family->dim_count; i++) {
        const char *code = dim_code(record, i, party, state);
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
