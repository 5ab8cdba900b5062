/* tests/sheet/reading.h - all cells of a table as one text: `1: 0=a 2=b; 3: 0=c; `. */
#ifndef TESTS_SHEET_READING_H
#define TESTS_SHEET_READING_H

#include <stdio.h>

#include "sheet/sheet.h"
#include "tests/sheet/workbook.h"
#include "tests/test.h"

enum { SHOWN_SIZE = 4096 };

static inline size_t show_row(const struct sheet_row *row, char out[SHOWN_SIZE], size_t used)
{
    used += (size_t)snprintf(out + used, SHOWN_SIZE - used, "%zu:", row->number);
    for (size_t i = 0; i < row->count && used + 100 < SHOWN_SIZE; i++) {
        const struct sheet_cell *cell = &row->cells[i];
        assert_int_equal(strlen(cell->text), cell->size);
        used += (size_t)snprintf(out + used, SHOWN_SIZE - used, " %zu=%.40s", cell->column, cell->text);
    }
    return used + (size_t)snprintf(out + used, SHOWN_SIZE - used, "; ");
}

/* Closes FILE. ERR_OK when all of it was read. */
static inline err_t read_all(FILE *file, char out[SHOWN_SIZE], char reason[SHEET_REASON_SIZE])
{
    struct sheet_reader *reader = NULL;
    struct sheet_row row;
    char name[SHEET_NAME_SIZE];
    size_t used = 0;
    out[0] = reason[0] = '\0';
    err_t err = sheet_reader_open(file, &reader, reason);
    while (err == ERR_OK && (err = sheet_next(reader, name, reason)) == ERR_OK) {
        while ((err = sheet_next_row(reader, &row, reason)) == ERR_OK) {
            used = used < SHOWN_SIZE / 2 ? show_row(&row, out, used) : used;
        }
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    sheet_reader_close(reader);
    fclose(file);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

#endif
