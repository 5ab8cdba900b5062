#include "sheet/records.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "sheet/cell.h"
#include "sheet/headings.h"
#include "sheet/tree.h"

enum { ROWS_BEFORE_HEADINGS = 10, PATH_SIZE_MAX = 256, QUOTE_SIZE = 90 };

const char *const help_sheet_names[2] = {"Help", "填表说明"};

struct records {
    struct sheet_reader *reader;
    const struct kind *given;
    int utc_offset_minutes;

    char sheet[SHEET_NAME_SIZE];
    struct headings headings;
    bool is_in_sheet;
    bool is_below_headings; /* the next row may be one of paths */
    bool is_ended;

    size_t looked_at; /* cells, for headings */
    size_t row;
    char **shown; /* what stands in the row's cells, by heading: for its faults */
    json_t *tree; /* lists as objects by the number of their columns */
    json_t *json;
};

static void forget_row(struct records *records)
{
    for (size_t i = 0; records->shown && i < records->headings.count; i++) {
        free(records->shown[i]);
        records->shown[i] = NULL;
    }
    json_decref(records->tree);
    json_decref(records->json);
    records->tree = records->json = NULL;
}

static void forget_headings(struct records *records)
{
    forget_row(records);
    free(records->shown);
    records->shown = NULL;
    records->headings.count = 0;
}

/* ---- Sheets ---- */

static err_t flaw(struct records *records, struct table_record *ret_record, const char *text)
{
    records->is_ended = true;
    ret_record->row = records->row;
    ret_record->json = NULL;
    fault_add(&ret_record->faults, "malformed", "", "%s", text);
    return ERR_OK;
}

static bool is_help(const char *name)
{
    return strcmp(name, help_sheet_names[0]) == 0 || strcmp(name, help_sheet_names[1]) == 0;
}

/* To the row of headings of the sheet that was begun. ERR_NOT_FOUND: it is empty. ERR_INVALID with the reason. */
static err_t find_headings(struct records *records, char reterr_reason[SHEET_REASON_SIZE])
{
    struct sheet_row row;
    records->headings.kind = records->given ? records->given : column_kind(records->sheet);
    for (size_t i = 0; i < ROWS_BEFORE_HEADINGS; i++) {
        err_t err = sheet_next_row(records->reader, &row, reterr_reason);
        if (err == ERR_NOT_FOUND && i > 0) {
            break;
        }
        if (err != ERR_OK) {
            return err;
        }
        records->row = row.number;
        records->looked_at += row.count;
        if (records->looked_at > RECORDS_LOOKUPS_MAX) {
            snprintf(reterr_reason, SHEET_REASON_SIZE, "%s",
                     tr("too many cells to look for headings in: split it", "需查找表头的单元格过多：请拆分"));
            return ERR_INVALID;
        }
        if (row.count > RECORDS_HEADINGS_MAX) {
            break;
        }
        if (headings_take(&records->headings, &row)) {
            records->is_in_sheet = records->is_below_headings = true;
            return ERR_OK;
        }
    }
    snprintf(reterr_reason, SHEET_REASON_SIZE,
             records->headings.kind
                 ? tr("no headings of %s in the first rows: docs/records.md lists its fields",
                      "前几行中没有“%s”的表头：字段见 docs/records.md")
                 : tr("which kind of record is this? name it with --kind, or give the sheet its name%s",
                      "无法判断记录种类：请用 --kind 指明，或以其作为工作表名称%s"),
             records->headings.kind ? tr(records->headings.kind->en, records->headings.kind->zh) : "");
    return ERR_INVALID;
}

/* ERR_NOT_FOUND: there is no further sheet. */
static err_t next_sheet(struct records *records, char reterr_reason[SHEET_REASON_SIZE])
{
    err_t err = ERR_NOT_FOUND;
    forget_headings(records);
    records->row = 0;
    records->is_in_sheet = false;
    err = sheet_next(records->reader, records->sheet, reterr_reason);
    if (err != ERR_OK || is_help(records->sheet)) {
        return err;
    }
    err = find_headings(records, reterr_reason);
    return err == ERR_NOT_FOUND ? ERR_OK : err; /* an empty sheet */
}

err_t records_open(FILE *file, const struct kind *kind, int utc_offset_minutes, struct records **ret_records,
                   char reterr_reason[SHEET_REASON_SIZE])
{
    struct records *records = mem_alloc(sizeof *records);
    *records = (struct records){.given = kind, .utc_offset_minutes = utc_offset_minutes};
    err_t err = sheet_reader_open(file, &records->reader, reterr_reason);
    if (err != ERR_OK) {
        free(records);
        return err;
    }
    *ret_records = records;
    return ERR_OK;
}

void records_close(struct records *records)
{
    if (!records) {
        return;
    }
    forget_headings(records);
    free(records->headings.list);
    sheet_reader_close(records->reader);
    free(records);
}

const char *records_sheet(const struct records *records)
{
    return records->sheet;
}

/* ---- One row ---- */

static void place_of(const struct records *records, const struct heading *heading, char ret_place[FAULT_FIELD_SIZE])
{
    char letters[8];
    sheet_column_name(heading->at, letters);
    snprintf(ret_place, FAULT_FIELD_SIZE, "%s%zu %s", letters, records->row, heading->text);
}

static void take_kind(const struct records *records, const struct sheet_cell *cell, const char *place,
                      struct faults *faults)
{
    if (cell->type != CELL_TEXT || column_kind(cell->text) != records->headings.kind) {
        fault_add(faults, "bad_value", place,
                  tr("the other rows of this sheet are of kind %s: give each kind its own sheet",
                     "本表其余各行的记录种类为 %s：不同种类请分表填写"),
                  tr(records->headings.kind->en, records->headings.kind->zh));
    }
}

static void take_cell(struct records *records, size_t index, const struct sheet_cell *cell, struct faults *faults)
{
    const struct heading *heading = &records->headings.list[index];
    enum cell_flaw cell_flaw = CELL_SOUND;
    char place[FAULT_FIELD_SIZE];
    place_of(records, heading, place);
    if (column_is_assigned(&heading->column)) {
        if (strcmp(heading->column.path, "kind") == 0) {
            take_kind(records, cell, place, faults);
        }
        return;
    }
    json_t *value = cell_value(cell, heading->column.row, records->utc_offset_minutes, &cell_flaw);
    if (cell_flaw != CELL_SOUND) {
        fault_add(faults, "bad_format", place, "%s", cell_flaw_text(cell_flaw));
    }
    records->shown[index] = mem_alloc(QUOTE_SIZE);
    cell_line(cell->text, records->shown[index], QUOTE_SIZE);
    if (!tree_put(records->tree, heading->column.path, value)) {
        fault_add(faults, "duplicate_key", place, "%s",
                  tr("the list stands in one cell and in columns of its own: use one way",
                     "该列表既填在一个单元格中又分列填写：请只用一种方式"));
    }
}

static void take_row(struct records *records, const struct sheet_row *row, struct table_record *ret_record)
{
    size_t index = 0;
    forget_row(records);
    records->row = ret_record->row = row->number;
    records->tree = json_object();
    if (!records->shown) {
        records->shown = mem_alloc((records->headings.count + 1) * sizeof *records->shown);
    }
    for (size_t i = 0; i < row->count; i++) {
        const struct sheet_cell *cell = &row->cells[i];
        while (index < records->headings.count && records->headings.list[index].at < cell->column) {
            index++;
        }
        if (cell_is_blank(cell)) {
            continue;
        }
        if (index < records->headings.count && records->headings.list[index].at == cell->column) {
            take_cell(records, index, cell, &ret_record->faults);
            continue;
        }
        char letters[8];
        char place[32];
        sheet_column_name(cell->column, letters);
        snprintf(place, sizeof place, "%s%zu", letters, row->number);
        fault_add(
            &ret_record->faults, "malformed", place, "%s",
            tr("a value under no heading: give the column a heading or clear it", "该列没有表头：请补表头或清空该列"));
    }
    records->json = tree_record(records->tree, records->headings.kind);
    ret_record->json = records->json;
}

static bool is_blank_row(const struct sheet_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        if (!cell_is_blank(&row->cells[i])) {
            return false;
        }
    }
    return true;
}

/* The next row of data of the sheet; ERR_NOT_FOUND: it ends. */
static err_t next_row(struct records *records, struct table_record *ret_record)
{
    struct sheet_row row;
    char reason[SHEET_REASON_SIZE];
    for (;;) {
        err_t err = sheet_next_row(records->reader, &row, reason);
        if (err == ERR_INVALID) {
            return flaw(records, ret_record, reason);
        }
        bool is_below = records->is_below_headings;
        records->is_below_headings = false;
        if (is_below) {
            bool is_paths = err == ERR_OK && headings_take_paths(&records->headings, &row);
            headings_check(&records->headings, &ret_record->faults);
            if (ret_record->faults.count > 0) {
                records->is_ended = true;
                ret_record->row = records->row;
                return ERR_OK;
            }
            if (is_paths) {
                continue;
            }
        }
        if (err != ERR_OK) {
            return err;
        }
        if (!is_blank_row(&row)) {
            take_row(records, &row, ret_record);
            return ERR_OK;
        }
    }
}

err_t records_next(struct records *records, struct table_record *ret_record)
{
    char reason[SHEET_REASON_SIZE];
    memset(ret_record, 0, sizeof *ret_record);
    while (!records->is_ended) {
        err_t err = records->is_in_sheet ? next_row(records, ret_record) : ERR_NOT_FOUND;
        if (err != ERR_NOT_FOUND) {
            return err;
        }
        err = next_sheet(records, reason);
        if (err == ERR_INVALID) {
            return flaw(records, ret_record, reason);
        }
        if (err != ERR_OK) {
            records->is_ended = true;
            return err;
        }
    }
    return ERR_NOT_FOUND;
}

/* ---- Faults ---- */

/* FIELD as record_check() writes it, as a column's path: the elements of a list by the numbers of their columns. */
static void path_of_field(const struct records *records, const char *field, char ret_path[PATH_SIZE_MAX])
{
    size_t used = 0;
    const json_t *at = records->tree;
    ret_path[0] = '\0';
    while (*field && used + 64 < PATH_SIZE_MAX) {
        char key[64];
        if (*field == '[') {
            size_t index = strtoul(field + 1, NULL, 10);
            field += strcspn(field, "]");
            field += *field == ']';
            if (!json_is_object(at)) {
                return; /* all elements stand in the one cell */
            }
            long *numbers = mem_alloc((json_object_size(at) + 1) * sizeof *numbers);
            size_t count = tree_numbers(at, numbers);
            snprintf(key, sizeof key, "%ld", index < count ? numbers[index] : (long)index + 1);
            free(numbers);
        } else {
            field += *field == '.';
            size_t size = strcspn(field, ".[");
            snprintf(key, sizeof key, "%.*s", (int)(size < 63 ? size : 63), field);
            field += size;
        }
        at = json_is_object(at) ? json_object_get(at, key) : NULL;
        used += (size_t)snprintf(ret_path + used, PATH_SIZE_MAX - used, "%s%s", used ? "." : "", key);
    }
}

static bool begins_path(const char *path, const char *begin)
{
    size_t size = strlen(begin);
    return strncmp(path, begin, size) == 0 && (path[size] == '\0' || path[size] == '.');
}

/* The column of PATH, or of the first value within it, or of what it is within. */
static size_t heading_of(const struct records *records, const char *path)
{
    for (size_t i = 0; *path && i < records->headings.count; i++) {
        const char *other = records->headings.list[i].column.path;
        if (begins_path(other, path) || begins_path(path, other)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool is_about_form(const char *code)
{
    return strcmp(code, "bad_value") == 0 || strcmp(code, "wrong_type") == 0 || strcmp(code, "bad_format") == 0;
}

static void explain(const struct records *records, struct fault *fault)
{
    char path[PATH_SIZE_MAX];
    char advice[FAULT_REASON_SIZE - QUOTE_SIZE - 8] = "";
    path_of_field(records, fault->field, path);
    size_t index = heading_of(records, path);
    if (index == SIZE_MAX) {
        struct column column;
        char reason[FAULT_REASON_SIZE];
        bool is_column = *path && column_find(records->headings.kind, path, &column) == ERR_OK;
        cell_line(fault->reason, reason, sizeof reason - 160);
        snprintf(fault->reason, sizeof fault->reason,
                 tr("%s; the table has no column %.80s", "%s；表中没有“%.80s”一列"), reason,
                 is_column ? tr(column.labels[0], column.labels[1]) : path);
        return;
    }
    const struct heading *heading = &records->headings.list[index];
    place_of(records, heading, fault->field);
    if (is_about_form(fault->code) && records->shown[index]) {
        cell_advice(heading->column.row, advice, sizeof advice);
    }
    if (*advice) {
        snprintf(fault->reason, sizeof fault->reason, "\"%s\": %s", records->shown[index], advice);
    }
}

void records_explain(const struct records *records, struct faults *faults)
{
    for (size_t i = 0; records->tree && i < faults->count; i++) {
        explain(records, &faults->list[i]);
    }
}
