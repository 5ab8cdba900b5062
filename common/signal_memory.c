/* Which clusters were signalled, when, and by which evidence. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/signal.h"

struct given {
    char *rule, *cluster;
    int64_t day;
    uint8_t (*evidence)[RECORD_ID_SIZE]; /* sorted */
    size_t count;
};
struct signal_memory {
    struct given *list; /* sorted by rule and cluster */
    size_t count;
};

struct signal_memory *signal_memory_open(void)
{
    return mem_alloc(sizeof(struct signal_memory));
}

static void free_given(struct given *given)
{
    free(given->rule);
    free(given->cluster);
    free(given->evidence);
}

static void forget(struct signal_memory *memory)
{
    for (size_t i = 0; i < memory->count; i++) {
        free_given(&memory->list[i]);
    }
    free(memory->list);
    *memory = (struct signal_memory){0};
}

void signal_memory_close(struct signal_memory *memory)
{
    if (memory) {
        forget(memory);
        free(memory);
    }
}

/* The place of a cluster, or where it belongs. */
static size_t place_of(const struct signal_memory *memory, const char *rule, const char *cluster, bool *ret_is_there)
{
    size_t low = 0;
    size_t high = memory->count;
    *ret_is_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(memory->list[middle].rule, rule);
        order = order ? order : strcmp(memory->list[middle].cluster, cluster);
        if (order == 0) {
            *ret_is_there = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int compare_id(const void *a, const void *b)
{
    return memcmp(a, b, RECORD_ID_SIZE);
}

/* How many of the signal's warnings were not named when it was given. */
static size_t count_fresh(const struct given *given, const struct signal *signal)
{
    size_t fresh = 0;
    for (size_t i = 0; i < signal->count; i++) {
        fresh += given->count == 0 ||
                 !bsearch(signal->evidence[i]->id, given->evidence, given->count, RECORD_ID_SIZE, compare_id);
    }
    return fresh;
}

bool signal_is_news(const struct signal_memory *memory, const struct signal *signal)
{
    bool is_there = false;
    size_t place = place_of(memory, signal->rule->name, signal->cluster, &is_there);
    if (!is_there) {
        return true;
    }
    const struct given *given = &memory->list[place];
    size_t fresh = count_fresh(given, signal);
    if (signal->day - given->day >= signal->rule->cool_down) {
        return fresh > 0;
    }
    return signal->rule->growth > 0 && fresh > 0 && fresh * 100 >= given->count * (size_t)signal->rule->growth;
}

static void put(struct signal_memory *memory, struct given *fresh)
{
    bool is_there = false;
    size_t place = place_of(memory, fresh->rule, fresh->cluster, &is_there);
    qsort(fresh->evidence, fresh->count, RECORD_ID_SIZE, compare_id);
    if (is_there) {
        free_given(&memory->list[place]);
    } else {
        memory->list = mem_grow(memory->list, memory->count + 1, sizeof *memory->list);
        memmove(&memory->list[place + 1], &memory->list[place], (memory->count - place) * sizeof *memory->list);
        memory->count++;
    }
    memory->list[place] = *fresh;
}

void signal_memory_put(struct signal_memory *memory, const struct signal *signal)
{
    struct given fresh = {.rule = mem_text(signal->rule->name),
                          .cluster = mem_text(signal->cluster),
                          .day = signal->day,
                          .evidence = mem_alloc((signal->count + 1) * RECORD_ID_SIZE),
                          .count = signal->count};
    for (size_t i = 0; i < signal->count; i++) {
        memcpy(fresh.evidence[i], signal->evidence[i]->id, RECORD_ID_SIZE);
    }
    put(memory, &fresh);
}

/* ---- as JSON ---- */

json_t *signal_memory_to_json(const struct signal_memory *memory)
{
    json_t *array = json_array();
    for (size_t i = 0; i < memory->count; i++) {
        const struct given *given = &memory->list[i];
        json_t *evidence = json_array();
        char day[11];
        date_text(given->day, day);
        for (size_t at = 0; at < given->count; at++) {
            char id[37];
            record_id_text(given->evidence[at], id);
            json_array_append_new(evidence, json_string(id));
        }
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:o}", "rule", given->rule, "cluster", given->cluster,
                                               "day", day, "evidence", evidence));
    }
    return array;
}

static err_t read_given(const json_t *item, struct given *ret_given)
{
    const char *rule = json_string_value(json_object_get(item, "rule"));
    const char *cluster = json_string_value(json_object_get(item, "cluster"));
    const char *day = json_string_value(json_object_get(item, "day"));
    const json_t *evidence = json_object_get(item, "evidence");
    size_t count = json_array_size(evidence);
    struct given given = {.count = count};
    if (!rule || !cluster || !day || !json_is_array(evidence) || count > SIGNAL_ROWS_MAX ||
        date_parse((struct view){(const uint8_t *)day, strlen(day)}, &given.day) != ERR_OK) {
        return ERR_INVALID;
    }
    given.evidence = mem_alloc((count + 1) * RECORD_ID_SIZE);
    for (size_t i = 0; i < count; i++) {
        const char *id = json_string_value(json_array_get(evidence, i));
        if (!id || record_id_parse(id, given.evidence[i]) != ERR_OK) {
            free(given.evidence);
            return ERR_INVALID;
        }
    }
    given.rule = mem_text(rule);
    given.cluster = mem_text(cluster);
    *ret_given = given;
    return ERR_OK;
}

err_t signal_memory_from_json(struct signal_memory *memory, const json_t *json)
{
    struct signal_memory fresh = {0};
    err_t err = json_is_array(json) ? ERR_OK : ERR_INVALID;
    for (size_t i = 0; i < json_array_size(json) && err == ERR_OK; i++) {
        struct given given;
        err = read_given(json_array_get(json, i), &given);
        if (err == ERR_OK) {
            put(&fresh, &given);
        }
    }
    if (err != ERR_OK) {
        forget(&fresh);
        return err;
    }
    forget(memory);
    *memory = fresh;
    return ERR_OK;
}
