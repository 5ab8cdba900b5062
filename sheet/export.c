#include "sheet/export.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "sheet/cell.h"
#include "sheet/layout.h"
#include "sheet/records.h"
#include "sheet/tree.h"

enum { CELL_BYTES_MAX = 32767 }; /* a workbook's cell, in UTF-16 units: never more than bytes */
static const char separator[] = ";";

/* What the records of one kind need of a table. */
struct measure {
    const struct kind *kind;
    json_t *lengths; /* of the longest list at each path */
    json_t *parted;  /* lists of single values that do not all go into one cell */
};

struct export
{
    const struct export_order *order;
    struct measure *measures;
    size_t measure_count;
    size_t measured;
    struct export_result result;
    const struct measure *measure; /* of the sheet at hand, as the next four */
    struct layout layout;
    struct table *table;
    char **cells;
    char **labels; /* in a workbook, where a code has one */
};

static const struct kind *kind_of(const json_t *record)
{
    const char *name = json_string_value(json_object_get(record, "kind"));
    return name ? kind_find((struct view){(const uint8_t *)name, strlen(name)}) : NULL;
}

/* ---- Measuring ---- */

static bool needs_own_cell(const json_t *json)
{
    const char *text = json_string_value(json);
    return text && (!*text || strpbrk(text, ";\r\n'") || strstr(text, "；"));
}

/* False: no column is so deep. */
static bool step(const char *path, const char *key, char ret_path[COLUMN_PATH_SIZE])
{
    int size = snprintf(ret_path, COLUMN_PATH_SIZE, "%s%s%s", path, *path ? "." : "", key);
    return size < COLUMN_PATH_SIZE;
}

static void measure_list(struct measure *measure, const json_t *list, const struct field *row, const char *path);

static void measure_map(struct measure *measure, const json_t *map, const struct field *row, const char *path)
{
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)map, key, member)
    {
        char inner_path[COLUMN_PATH_SIZE];
        const struct field *inner = tree_row(row, key);
        if (!inner || !step(path, key, inner_path)) {
            continue; /* unknown: it has no column */
        }
        if (json_is_object(member)) {
            measure_map(measure, member, inner, inner_path);
        } else if (inner->type == FIELD_LIST && json_is_array(member)) {
            measure_list(measure, member, inner, inner_path);
        }
    }
}

static void measure_list(struct measure *measure, const json_t *list, const struct field *row, const char *path)
{
    size_t index = 0;
    const json_t *element = NULL;
    json_int_t length = (json_int_t)json_array_size(list);
    if (length > json_integer_value(json_object_get(measure->lengths, path))) {
        json_object_set_new(measure->lengths, path, json_integer(length));
    }
    json_array_foreach(list, index, element)
    {
        char inner_path[COLUMN_PATH_SIZE];
        char number[24];
        snprintf(number, sizeof number, "%zu", index + 1);
        if (json_is_object(element) && step(path, number, inner_path)) {
            measure_map(measure, element, &row->fields[0], inner_path);
        } else if (needs_own_cell(element)) {
            json_object_set_new(measure->parted, path, json_true());
        }
    }
}

static struct measure *measure_of(struct export *export, const struct kind *kind)
{
    for (size_t i = 0; i < export->measure_count; i++) {
        if (export->measures[i].kind == kind) {
            return &export->measures[i];
        }
    }
    export->measures = mem_grow(export->measures, export->measure_count + 1, sizeof *export->measures);
    struct measure *measure = &export->measures[export->measure_count++];
    *measure = (struct measure){kind, json_object(), json_object()};
    return measure;
}

static void measure_record(void *self, const json_t *record)
{
    struct export *export = self;
    const struct kind *kind = kind_of(record);
    export->measured++;
    if (kind) {
        struct field whole = tree_whole(kind);
        measure_map(measure_of(export, kind), record, &whole, "");
    }
}

static size_t count_of(void *self, const char *path, const struct field *list)
{
    const struct export *export = self;
    const struct measure *measure = export->measure;
    bool is_joined = column_is_single(&list->fields[0]) && !json_object_get(measure->parted, path);
    return is_joined ? COLUMN_JOINED : (size_t)json_integer_value(json_object_get(measure->lengths, path));
}

/* ---- Cells ---- */

static const json_t *value_at(const json_t *record, const char *path)
{
    const json_t *at = record;
    while (at && *path) {
        char key[COLUMN_PATH_SIZE];
        size_t size = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)size, path);
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10) - 1) : json_object_get(at, key);
        path += size + (path[size] == '.');
    }
    return at;
}

/* An apostrophe before a formula would be taken for the one that keeps a spreadsheet from running it. */
static char *guarded_text(const char *text)
{
    size_t size = strlen(text);
    bool is_guarded = text_is_guarded(text);
    char *copy = mem_alloc(size + 2);
    snprintf(copy, size + 2, "%s%s", is_guarded ? "'" : "", text);
    return copy;
}

static char *number_text(json_int_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, number);
    return mem_text(text);
}

/* NULL: there is none for a value of ROW. */
static const char *label_of(const json_t *value, const struct field *row)
{
    bool zh = text_is_chinese();
    json_int_t index = row->codes && json_is_integer(value) ? json_integer_value(value) - row->low : -1;
    if (json_is_boolean(value)) {
        return json_is_true(value) ? tr("yes", "是") : tr("no", "否");
    }
    if (index >= 0 && (size_t)index < row->codes->count) {
        return zh ? row->codes->labels[index].zh : row->codes->labels[index].en;
    }
    return row->codes && json_is_string(value) ? enumeration_label(row->codes, json_string_value(value), zh) : NULL;
}

/* The text of a value; NULL: a cell cannot hold it. */
static char *single_text(const json_t *value, const struct field *row, bool is_label)
{
    const char *label = is_label ? label_of(value, row) : NULL;
    return label                    ? mem_text(label)
           : json_is_string(value)  ? guarded_text(json_string_value(value))
           : json_is_integer(value) ? number_text(json_integer_value(value))
           : json_is_boolean(value) ? mem_text(json_is_true(value) ? "true" : "false")
                                    : NULL;
}

static char *joined_text(const json_t *list, const struct field *row, bool is_label)
{
    char *text = NULL;
    size_t used = 0;
    size_t index = 0;
    const json_t *element = NULL;
    json_array_foreach(list, index, element)
    {
        char *part = single_text(element, row, is_label);
        size_t size = part ? strlen(part) : 0;
        text = mem_grow(text, used + size + sizeof separator, 1);
        used +=
            (size_t)snprintf(text + used, size + sizeof separator, "%s%s", index ? separator : "", part ? part : "");
        free(part);
    }
    return text;
}

static char *cell_text_of(const json_t *value, const struct field *row, bool is_label)
{
    return row->type == FIELD_LIST ? joined_text(value, &row->fields[0], is_label) : single_text(value, row, is_label);
}

/* ---- Whether it comes back ---- */

/* Without what the agent that takes it in assigns anew. */
static json_t *given_part(const struct layout *layout, const json_t *record)
{
    json_t *copy = json_copy((json_t *)record);
    for (size_t i = 0; i < layout->count; i++) {
        if (column_is_assigned(&layout->columns[i]) && strcmp(layout->columns[i].path, "kind") != 0) {
            json_object_del(copy, layout->columns[i].path);
        }
    }
    return copy;
}

static bool is_exact(const struct export *export, const json_t *record)
{
    bool is_held = true;
    json_t *tree = json_object();
    for (size_t i = 0; i < export->layout.count; i++) {
        const struct column *column = &export->layout.columns[i];
        const char *text = export->labels[i] ? export->labels[i] : export->cells[i];
        struct sheet_cell cell = {.type = CELL_TEXT, .text = text, .size = text ? strlen(text) : 0};
        enum cell_flaw flaw = CELL_SOUND;
        if (text && !column_is_assigned(column) && !cell_is_blank(&cell)) {
            json_t *value = cell_value(&cell, column->row, 0, &flaw);
            is_held &= tree_put(tree, column->path, value) && flaw == CELL_SOUND && cell.size <= CELL_BYTES_MAX;
        }
    }
    json_t *again = tree_record(tree, export->measure->kind);
    json_t *given = given_part(&export->layout, record);
    is_held &= json_equal(again, given) == 1;
    json_decref(given);
    json_decref(again);
    json_decref(tree);
    return is_held;
}

static void note_inexact(struct export *export, const json_t *record)
{
    const char *id = json_string_value(json_object_get(record, "id"));
    if (export->result.inexact++ == 0) {
        snprintf(export->result.first, sizeof export->result.first, "%s", id ? id : "?");
    }
}

/* ---- Sheets ---- */

static void write_record(void *self, const json_t *record)
{
    struct export *export = self;
    const struct layout *layout = &export->layout;
    bool has_labels = export->order->form == TABLE_XLSX;
    if (kind_of(record) != export->measure->kind) {
        return;
    }
    for (size_t i = 0; i < layout->count; i++) {
        const struct field *row = layout->columns[i].row;
        const json_t *value = value_at(record, layout->columns[i].path);
        export->cells[i] = value ? cell_text_of(value, row, false) : NULL;
        export->labels[i] = value && has_labels && !layout->heads[i].is_number ? cell_text_of(value, row, true) : NULL;
    }
    table_row(export->table, (const char *const *)export->cells, (const char *const *)export->labels);
    export->result.count++;
    if (!is_exact(export, record)) {
        note_inexact(export, record);
    }
    for (size_t i = 0; i < layout->count; i++) {
        free(export->cells[i]);
        free(export->labels[i]);
    }
}

/* The layout is in place. */
static err_t write_sheet(struct export *export)
{
    const struct layout *layout = &export->layout;
    const struct export_order *order = export->order;
    const char *name = tr(export->measure->kind->en, export->measure->kind->zh);
    export->cells = mem_alloc(layout->count * sizeof *export->cells);
    export->labels = mem_alloc(layout->count * sizeof *export->labels);
    export->table = table_open_named(order->file, order->form, name, layout->heads, layout->count);
    if (order->form == TABLE_XLSX) {
        table_row(export->table, layout->paths, NULL);
    }
    err_t err = order->each(order->source, write_record, export);
    table_close(export->table);
    free(export->cells);
    free(export->labels);
    return err;
}

static void add_column(void *self, const struct column *column)
{
    struct export *export = self;
    layout_add(&export->layout, column);
}

static err_t write_table(struct export *export)
{
    err_t err = export->order->each(export->order->source, measure_record, export);
    if (err == ERR_OK && export->order->form == TABLE_CSV && export->measure_count > 1) {
        err = ERR_EXISTS;
    }
    for (size_t pass = 0; pass < 2; pass++) { /* all sheets fit, or none is written */
        for (size_t i = 0; err == ERR_OK && i < export->measure_count; i++) {
            export->measure = &export->measures[i];
            columns_each(export->measure->kind, count_of, add_column, export);
            layout_finish(&export->layout, export->measure->kind);
            err = export->layout.count > RECORDS_HEADINGS_MAX ? ERR_TOO_LARGE : pass ? write_sheet(export) : ERR_OK;
            layout_done(&export->layout);
        }
    }
    return err == ERR_OK && export->result.count != export->measured ? ERR_BUSY : err;
}

/* ---- JSON ---- */

static void write_json(void *self, const json_t *record)
{
    struct export *export = self;
    FILE *file = export->order->file;
    if (export->order->form == TABLE_JSON) {
        fputs(export->result.count ? ",\n " : "[\n ", file);
    }
    json_dumpf(record, file, JSON_COMPACT);
    if (export->order->form != TABLE_JSON) {
        fputc('\n', file);
    }
    export->result.count++;
}

static err_t write_all_json(struct export *export)
{
    err_t err = export->order->each(export->order->source, write_json, export);
    if (export->order->form == TABLE_JSON) {
        fputs(export->result.count ? "\n]\n" : "[]\n", export->order->file);
    }
    return err;
}

err_t export_records(const struct export_order *order, struct export_result *ret_result)
{
    struct export export = {.order = order};
    bool is_table = order->form == TABLE_CSV || order->form == TABLE_XLSX;
    err_t err = is_table ? write_table(&export) : write_all_json(&export);
    for (size_t i = 0; i < export.measure_count; i++) {
        json_decref(export.measures[i].lengths);
        json_decref(export.measures[i].parted);
    }
    free(export.measures);
    if (err != ERR_OK && order->form == TABLE_XLSX) {
        table_workbook_spoil(tr("not all of it could be written", "未能全部写入"));
    }
    *ret_result = export.result;
    return err;
}

static const char *failure_text(err_t err)
{
    switch (err) {
    case ERR_EXISTS:
        return tr("a CSV file holds one kind of record: name it with --kind, or use --xlsx or --jsonl",
                  "CSV 文件只能容纳一个记录种类：请用 --kind 指明，或改用 --xlsx、--jsonl");
    case ERR_TOO_LARGE:
        return tr("a list is too long for the columns of a table: use --jsonl", "列表过长，表格列数不足：请用 --jsonl");
    case ERR_BUSY:
        return tr("the records have changed meanwhile: do it again", "导出期间记录有变化：请重试");
    default:
        return err_text(err);
    }
}

bool export_flaw(err_t err, const struct export_result *result, char ret_text[EXPORT_FLAW_SIZE])
{
    if (err != ERR_OK) {
        snprintf(ret_text, EXPORT_FLAW_SIZE, "%s", failure_text(err));
    } else if (result->inexact > 0) {
        snprintf(
            ret_text, EXPORT_FLAW_SIZE,
            tr("%zu of %zu records are not held exactly by a table, the first is %s (an empty list, blanks at the "
               "ends of a text, a field of a later version): --jsonl holds them",
               "%zu 条记录（共 %zu 条）表格无法完整保存，首条为 %s（空列表、首尾空白或更高版本的字段）：请用 --jsonl"),
            result->inexact, result->count, result->first);
    }
    return err != ERR_OK || result->inexact > 0;
}
