#include "agent/input_table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "sheet/records.h"

/* What an input keeps while it reads a table. */
struct table_input {
    struct records *records;
    struct table_record record;
    char *text;
};

static err_t next_record(struct input *input, struct piece *ret_piece)
{
    struct table_input *table = input->table;
    free(table->text);
    table->text = NULL;
    err_t err = records_next(table->records, &table->record);
    if (err != ERR_OK) {
        return err;
    }
    ret_piece->line = table->record.row;
    ret_piece->faults = table->record.faults.count > 0 ? &table->record.faults : NULL;
    if (table->record.json) {
        table->text = json_dumps(table->record.json, JSON_COMPACT);
        size_t size = table->text ? strlen(table->text) : 0;
        ret_piece->is_too_large = size > PIECE_SIZE_MAX || size == 0;
        ret_piece->text = (struct view){(const uint8_t *)table->text, size};
    }
    return ERR_OK;
}

static void explain(const struct input *input, struct faults *faults)
{
    const struct table_input *table = input->table;
    records_explain(table->records, faults);
}

static const char *part_name(const struct input *input)
{
    const struct table_input *table = input->table;
    return records_sheet(table->records);
}

static void close_table(struct input *input)
{
    struct table_input *table = input->table;
    records_close(table->records);
    free(table->text);
    free(table);
}

static const struct input_form table_form = {next_record, explain, part_name, close_table};

static bool is_named_table(const char *path)
{
    static const char *const ends[] = {".csv", ".tsv", ".xlsx", ".xlsm", ".xls"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof ends / sizeof *ends; i++) {
        if (strcasecmp(dot, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

err_t input_open_any(struct input *input, const char *path, const struct home *home, const struct kind *kind,
                     int utc_offset_minutes, char reterr_reason[256])
{
    err_t err = input_open(input, path, home, reterr_reason);
    if (err != ERR_OK || !(kind || is_named_table(path) || sheet_is_workbook(input->file))) {
        return err;
    }
    struct table_input *table = mem_alloc(sizeof *table);
    err = records_open(input->file, kind, utc_offset_minutes, &table->records, reterr_reason);
    if (err != ERR_OK) {
        free(table);
        input_close(input);
        return err;
    }
    input->form = &table_form;
    input->table = table;
    return ERR_OK;
}
