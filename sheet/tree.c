#include "sheet/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "sheet/column.h"

bool tree_put(json_t *tree, const char *path, json_t *value)
{
    json_t *at = tree;
    for (const char *dot = NULL; (dot = strchr(path, '.')); path = dot + 1) {
        size_t size = (size_t)(dot - path);
        char key[COLUMN_PATH_SIZE];
        snprintf(key, sizeof key, "%.*s", (int)size, path);
        json_t *next = json_object_get(at, key);
        if (!next) {
            next = json_object();
            json_object_set_new(at, key, next);
        }
        if (!json_is_object(next)) {
            json_decref(value);
            return false;
        }
        at = next;
    }
    if (json_object_get(at, path)) {
        json_decref(value);
        return false;
    }
    json_object_set_new(at, path, value);
    return true;
}

size_t tree_numbers(const json_t *list, long *ret_numbers)
{
    size_t count = 0;
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)list, key, member)
    {
        long number = strtol(key, NULL, 10);
        size_t at = count++;
        for (; at > 0 && ret_numbers[at - 1] > number; at--) {
            ret_numbers[at] = ret_numbers[at - 1];
        }
        ret_numbers[at] = number;
    }
    return count;
}

static json_t *element(const json_t *list, long number)
{
    char key[24];
    snprintf(key, sizeof key, "%ld", number);
    return json_object_get(list, key);
}

static json_t *settled(const json_t *json, const struct field *row);

static json_t *settled_list(const json_t *json, const struct field *row)
{
    json_t *array = json_array();
    long *numbers = mem_alloc((json_object_size(json) + 1) * sizeof *numbers);
    size_t count = tree_numbers(json, numbers);
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, settled(element(json, numbers[i]), &row->fields[0]));
    }
    free(numbers);
    return array;
}

const struct field *tree_row(const struct field *row, const char *key)
{
    for (size_t i = 0; row->type == FIELD_MAP && i < row->field_count; i++) {
        if (strcmp(row->fields[i].key, key) == 0) {
            return &row->fields[i];
        }
    }
    return row->type == FIELD_ENUM_MAP ? &row->fields[0] : NULL;
}

static json_t *settled(const json_t *json, const struct field *row)
{
    if (!json_is_object(json) || !row) {
        return json_incref((json_t *)json);
    }
    if (row->type == FIELD_LIST) {
        return settled_list(json, row);
    }
    json_t *object = json_object();
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)json, key, member)
    {
        json_object_set_new(object, key, settled(member, tree_row(row, key)));
    }
    return object;
}

struct field tree_whole(const struct kind *kind)
{
    return (struct field){.type = FIELD_MAP, .fields = kind->fields, .field_count = kind->field_count};
}

json_t *tree_record(const json_t *tree, const struct kind *kind)
{
    struct field whole = tree_whole(kind);
    json_t *record = settled(tree, &whole);
    json_object_set_new(record, "kind", json_string(kind->name));
    return record;
}
