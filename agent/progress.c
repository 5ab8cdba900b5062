#include "agent/progress.h"

#include <stdlib.h>
#include <string.h>

#include "agent/spool_hub.h"
#include "agent/vocabulary.h"
#include "common/mem.h"
#include "common/text.h"
#include "proto/kinds.h"
#include "proto/life.h"

enum { PAGE = 128 };

struct progress {
    struct matter_record *records; /* in the order of their numbers here */
    const struct matter_record **by_id;
    size_t record_count;
    struct matter_event *events;
    size_t event_count;
};

/* What an authority's record means for the matter. */
static const struct {
    int kind;
    const char *action;
    int stage;
} steps[] = {
    {KIND_ACCEPTANCE, NULL, STAGE_FILED},          {KIND_RETURN_FOR_CORRECTION, NULL, STAGE_DECIDED},
    {KIND_REREVIEW_DECISION, NULL, STAGE_DECIDED}, {KIND_RISK_WARNING, "acknowledge", STAGE_READ},
    {KIND_RISK_WARNING, "handle", STAGE_READ},     {KIND_RISK_WARNING, "update", STAGE_READ},
    {KIND_RISK_WARNING, "resolve", STAGE_DECIDED}, {KIND_RISK_WARNING, "cancel", STAGE_DECIDED},
    {KIND_WITHDRAWAL, NULL, STAGE_DECIDED},
};

static const struct label stages[STAGES] = {
    [STAGE_FILED] = {"filed", "filed by the city", "市级已接收存档"},
    [STAGE_READ] = {"read", "read by the city", "市级已阅办"},
    [STAGE_DECIDED] = {"decided", "decided", "已有处理决定"},
};
static const struct label replaced = {"replaced", "replaced by a newer record", "已被新记录替代"};
static const struct label withdrawn = {"withdrawn", "withdrawn", "已撤回"};

const char *stage_code(int stage)
{
    return stages[stage].code;
}

const char *stage_label(int stage)
{
    return text_is_chinese() ? stages[stage].zh : stages[stage].en;
}

int stage_of_code(const char *code)
{
    for (int i = STAGE_FILED; i < STAGES; i++) {
        if (strcmp(stages[i].code, code) == 0) {
            return i;
        }
    }
    return -1;
}

int stage_of(const struct kind *kind, const char *action)
{
    for (size_t i = 0; kind && i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].kind == kind->number && (!steps[i].action || (action && strcmp(action, steps[i].action) == 0))) {
            return steps[i].stage;
        }
    }
    return STAGE_NONE;
}

/* ---- reading ---- */

static const struct kind *kind_of(const json_t *record)
{
    const char *name = json_string_value(json_object_get(record, "kind"));
    return name ? kind_find((struct view){(const uint8_t *)name, strlen(name)}) : NULL;
}

/* The record that this one refers to, by its kind's table. */
static bool read_parent(const json_t *record, const struct kind *kind, uint8_t ret_id[RECORD_ID_SIZE])
{
    for (size_t i = 0; kind && i < KIND_REFERENCES && kind->references[i]; i++) {
        const char *text = json_string_value(json_object_get(record, kind->references[i]));
        if (text && record_id_parse(text, ret_id) == ERR_OK) {
            return true;
        }
    }
    return false;
}

static void read_id(const json_t *record, uint8_t ret_id[RECORD_ID_SIZE])
{
    const char *text = json_string_value(json_object_get(record, "id"));
    if (!text || record_id_parse(text, ret_id) != ERR_OK) {
        memset(ret_id, 0, RECORD_ID_SIZE);
    }
}

static void take_event(struct progress *progress, const struct inbox_entry *entry)
{
    struct event event;
    struct matter_event fresh = {.row = entry->row};
    if (event_decode(entry->event, &event) != ERR_OK || event.type != EVENT_RECORD) {
        return;
    }
    json_t *record = record_to_json(event.record.record);
    fresh.kind = kind_of(record);
    fresh.number = event.record.number;
    fresh.stage = stage_of(fresh.kind, json_string_value(json_object_get(record, "action")));
    snprintf(fresh.outcome, sizeof fresh.outcome, "%.*s",
             (int)(event.record.state.size < 31 ? event.record.state.size : 31), (const char *)event.record.state.at);
    read_id(record, fresh.id);
    if (fresh.stage != STAGE_NONE && read_parent(record, fresh.kind, fresh.root)) {
        progress->events = mem_grow(progress->events, progress->event_count + 1, sizeof *progress->events);
        progress->events[progress->event_count++] = fresh;
    }
    json_decref(record);
}

static err_t take_inbox(struct progress *progress, struct spool *spool)
{
    struct inbox_entry entry = {.row = 0};
    err_t err = ERR_OK;
    while ((err = spool_next_event(spool, entry.row, &entry)) == ERR_OK) {
        take_event(progress, &entry);
        free(entry.bytes);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t take_record(struct progress *progress, struct spool *spool, const struct item *item)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    err_t err = spool_bytes(spool, item->seq, &bytes, &size);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_IO : err;
    }
    json_t *json = record_to_json((struct view){bytes, size});
    struct matter_record record = {
        .seq = item->seq, .number = item->number, .state = item->state, .kind = kind_of(json)};
    memcpy(record.id, item->id, RECORD_ID_SIZE);
    record.has_parent = read_parent(json, record.kind, record.parent);
    progress->records[progress->record_count++] = record;
    json_decref(json);
    free(bytes);
    return ERR_OK;
}

static err_t take_records(struct progress *progress, struct spool *spool)
{
    struct item *page = mem_alloc(PAGE * sizeof *page);
    uint64_t after = 0;
    size_t count = PAGE;
    err_t err = ERR_OK;
    while (err == ERR_OK && count == PAGE) {
        err = spool_list(spool, -1, after, page, PAGE, &count);
        progress->records = mem_grow(progress->records, progress->record_count + PAGE, sizeof *progress->records);
        for (size_t i = 0; err == ERR_OK && i < count; i++) {
            after = page[i].seq;
            err = take_record(progress, spool, &page[i]);
        }
    }
    free(page);
    return err;
}

static bool is_of(const uint8_t *root, const uint8_t *other)
{
    return memcmp(root, other, RECORD_ID_SIZE) == 0;
}

static bool carries_content(const struct matter_record *record)
{
    return record->kind && record->kind->life && record->state <= ITEM_RECEIVED;
}

static int compare_ids(const void *a, const void *b)
{
    const struct matter_record *const *left = a;
    const struct matter_record *const *right = b;
    return memcmp((*left)->id, (*right)->id, RECORD_ID_SIZE);
}

const struct matter_record *progress_find(const struct progress *progress, const uint8_t id[RECORD_ID_SIZE])
{
    struct matter_record wanted;
    const struct matter_record *key = &wanted;
    memcpy(wanted.id, id, RECORD_ID_SIZE);
    const struct matter_record *const *found =
        progress->record_count
            ? bsearch(&key, progress->by_id, progress->record_count, sizeof *progress->by_id, compare_ids)
            : NULL;
    return found ? *found : NULL;
}

/* What a record refers to was accepted before it, so its root is known by then. */
static void find_roots(struct progress *progress)
{
    progress->by_id = mem_alloc((progress->record_count + 1) * sizeof *progress->by_id);
    for (size_t i = 0; i < progress->record_count; i++) {
        progress->by_id[i] = &progress->records[i];
    }
    qsort(progress->by_id, progress->record_count, sizeof *progress->by_id, compare_ids);
    for (size_t i = 0; i < progress->record_count; i++) {
        struct matter_record *record = &progress->records[i];
        const struct matter_record *parent = record->has_parent ? progress_find(progress, record->parent) : NULL;
        bool is_known = parent && parent->seq < record->seq;
        memcpy(record->root,
               is_known             ? parent->root
               : record->has_parent ? record->parent
                                    : record->id,
               RECORD_ID_SIZE);
    }
    for (size_t i = 0; i < progress->event_count; i++) {
        const struct matter_record *meant = progress_find(progress, progress->events[i].root);
        if (meant) {
            memcpy(progress->events[i].root, meant->root, RECORD_ID_SIZE);
        }
    }
}

static int compare_places(const void *a, const void *b)
{
    const struct matter_record *const *left = a;
    const struct matter_record *const *right = b;
    int order = memcmp((*left)->root, (*right)->root, RECORD_ID_SIZE);
    return order != 0 ? order : (*left)->number < (*right)->number ? -1 : (*left)->number > (*right)->number;
}

static int compare_events(const void *a, const void *b)
{
    const struct matter_event *left = a;
    const struct matter_event *right = b;
    int order = memcmp(left->root, right->root, RECORD_ID_SIZE);
    return order != 0 ? order : left->number < right->number ? -1 : left->number > right->number;
}

/* Matter by matter, from its last record back. */
static void find_order(struct progress *progress)
{
    struct matter_record **places = mem_alloc((progress->record_count + 1) * sizeof *places);
    const struct matter_record *last = NULL;
    uint64_t next = UINT64_MAX;
    bool is_withdrawn = false;
    for (size_t i = 0; i < progress->record_count; i++) {
        places[i] = &progress->records[i];
    }
    qsort(places, progress->record_count, sizeof *places, compare_places);
    for (size_t i = progress->record_count; i > 0; i--) {
        struct matter_record *record = places[i - 1];
        bool is_same = last && is_of(last->root, record->root);
        next = is_same ? next : UINT64_MAX;
        is_withdrawn = is_same && is_withdrawn;
        is_withdrawn |= record->kind && record->kind->number == KIND_WITHDRAWAL && record->state == ITEM_RECEIVED;
        record->next = next;
        record->is_withdrawn = is_withdrawn;
        next = carries_content(record) && record->number > 0 ? record->number : next;
        last = record;
    }
    free(places);
    if (progress->event_count > 0) {
        qsort(progress->events, progress->event_count, sizeof *progress->events, compare_events);
    }
}

err_t progress_open(struct spool *spool, bool always, struct progress **ret_progress)
{
    struct progress *progress = mem_alloc(sizeof *progress);
    err_t err = take_inbox(progress, spool);
    if (err == ERR_OK && (always || progress->event_count > 0)) {
        err = take_records(progress, spool);
    }
    find_roots(progress);
    find_order(progress);
    *ret_progress = progress;
    if (err != ERR_OK) {
        progress_close(progress);
        *ret_progress = NULL;
    }
    return err;
}

void progress_close(struct progress *progress)
{
    if (progress) {
        free(progress->records);
        free(progress->by_id);
        free(progress->events);
        free(progress);
    }
}

/* ---- telling ---- */

const struct matter_record *progress_newest(const struct progress *progress, const uint8_t root[RECORD_ID_SIZE])
{
    for (size_t i = progress->record_count; i > 0; i--) {
        const struct matter_record *record = &progress->records[i - 1];
        if (is_of(record->root, root) && carries_content(record)) {
            return record;
        }
    }
    return NULL;
}

bool progress_is_withdrawn(const struct progress *progress, const uint8_t root[RECORD_ID_SIZE])
{
    for (size_t i = 0; i < progress->record_count; i++) {
        const struct matter_record *record = &progress->records[i];
        if (is_of(record->root, root) && record->kind && record->kind->number == KIND_WITHDRAWAL &&
            record->state <= ITEM_RECEIVED) {
            return true;
        }
    }
    return false;
}

const struct matter_event *progress_event(const struct progress *progress, const uint8_t root[RECORD_ID_SIZE],
                                          int kind_number)
{
    for (size_t i = progress->event_count; i > 0; i--) {
        const struct matter_event *event = &progress->events[i - 1];
        if ((is_of(event->root, root) || is_of(event->id, root)) && event->kind->number == kind_number) {
            return event;
        }
    }
    return NULL;
}

/* The last that was said of the record before the next one; NULL: nobody has said anything. */
static const struct matter_event *event_of(const struct progress *progress, const struct matter_record *record)
{
    size_t low = 0;
    size_t high = progress->event_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct matter_event *event = &progress->events[middle];
        int order = memcmp(event->root, record->root, RECORD_ID_SIZE);
        if (order < 0 || (order == 0 && event->number < record->next)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct matter_event *last = low > 0 ? &progress->events[low - 1] : NULL;
    return last && is_of(last->root, record->root) && last->number > record->number ? last : NULL;
}

static void tell(const struct label *label, struct progress_word *ret_word)
{
    ret_word->outcome = label->code;
    ret_word->outcome_label = text_is_chinese() ? label->zh : label->en;
}

void progress_of(const struct progress *progress, const struct item *item, struct progress_word *ret_word)
{
    *ret_word = (struct progress_word){.code = state_code(item->state), .label = state_label(item->state)};
    const struct matter_record *record =
        progress && item->state == ITEM_RECEIVED ? progress_find(progress, item->id) : NULL;
    if (!record || !carries_content(record)) {
        return;
    }
    const struct matter_event *event = event_of(progress, record);
    if (event) {
        ret_word->code = stage_code(event->stage);
        ret_word->label = stage_label(event->stage);
        ret_word->outcome = event->outcome;
        ret_word->outcome_label = enumeration_label(record->kind->life->states, event->outcome, text_is_chinese());
    } else if (record->next != UINT64_MAX) {
        tell(&replaced, ret_word);
    }
    if (record->is_withdrawn) {
        tell(&withdrawn, ret_word);
    }
}

void progress_counts(const struct progress *progress, uint64_t ret_counts[STAGES])
{
    memset(ret_counts, 0, STAGES * sizeof *ret_counts);
    for (size_t i = 0; i < progress->record_count; i++) {
        const struct matter_record *record = &progress->records[i];
        if (record->state == ITEM_RECEIVED && carries_content(record)) {
            const struct matter_event *event = event_of(progress, record);
            ret_counts[event ? event->stage : STAGE_NONE]++;
        }
    }
}
