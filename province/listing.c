#include "province/listing.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "proto/project.h"
#include "proto/record.h"
#include "proto/term.h"

enum { CELL_SIZE = 1600 };

struct listing {
    const struct look *look;
    const struct listing_column *columns;
    size_t count;
    enum table_form form;
    struct table *table;
    struct table_column heads[LISTING_COLUMNS_MAX]; /* the table borrows them */
    char cells[LISTING_COLUMNS_MAX][CELL_SIZE];
    char labels[LISTING_COLUMNS_MAX][CELL_SIZE];
};

const char *listing_state(const char *code)
{
    static const char *const names[] = {"warning_state", "filing_state", "rereview_state", "issue_state"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct enumeration *states = enumeration_find(names[i]);
        if (states && enumeration_index(states, (struct view){(const uint8_t *)code, strlen(code)}) >= 0) {
            return enumeration_label(states, code, text_is_chinese());
        }
    }
    return code;
}

/* Of a kind of record, a family of figures, or a term. */
static const char *subject_label(const char *name)
{
    const struct kind *kind = kind_find((struct view){(const uint8_t *)name, strlen(name)});
    const struct family *family = family_find(name);
    if (kind) {
        return tr(kind->en, kind->zh);
    }
    return family ? tr(family->en, family->zh) : enumeration_label(&enum_term, name, text_is_chinese());
}

/* Numbers and ids as they travel; texts without what a terminal or a spreadsheet would act on. */
static void write_cell(const struct listing_column *column, sqlite3_stmt *stmt, int index, char ret_cell[CELL_SIZE])
{
    char id[37];
    char at[25];
    struct view bytes;
    switch (column->form) {
    case LIST_ID:
        bytes = db_column_view(stmt, index);
        if (bytes.size == RECORD_ID_SIZE) {
            record_id_text(bytes.at, id);
            snprintf(ret_cell, CELL_SIZE, "%s", id);
        }
        break;
    case LIST_TIME:
        time_text(sqlite3_column_int64(stmt, index), at);
        snprintf(ret_cell, CELL_SIZE, "%s", at);
        break;
    case LIST_NUMBER:
        snprintf(ret_cell, CELL_SIZE, "%" PRId64, (int64_t)sqlite3_column_int64(stmt, index));
        break;
    case LIST_FLAG:
        snprintf(ret_cell, CELL_SIZE, "%s", sqlite3_column_int(stmt, index) ? "yes" : "no");
        break;
    case LIST_TEXT:
    case LIST_CODE:
    case LIST_STATE:
    case LIST_KIND:
        log_safe(sqlite3_column_text(stmt, index), (size_t)sqlite3_column_bytes(stmt, index), ret_cell, CELL_SIZE);
        break;
    }
}

/* What a person reads in its place. */
static void write_label(const struct listing *listing, const struct listing_column *column, sqlite3_stmt *stmt,
                        int index, const char *cell, char ret_label[CELL_SIZE])
{
    char local[20];
    const char *label = cell;
    if (column->form == LIST_TIME) {
        local_time_text(sqlite3_column_int64(stmt, index), (int)listing->look->settings.utc_offset_minutes, local);
        label = local;
    } else if (column->form == LIST_CODE && column->codes) {
        label = enumeration_label(column->codes, cell, text_is_chinese());
    } else if (column->form == LIST_STATE) {
        label = listing_state(cell);
    } else if (column->form == LIST_KIND) {
        label = subject_label(cell);
    } else if (column->form == LIST_FLAG) {
        label = strcmp(cell, "yes") == 0 ? tr("yes", "是") : tr("no", "否");
    }
    snprintf(ret_label, CELL_SIZE, "%s", label);
}

struct listing *listing_open(const struct look *look, const struct listing_column *columns, size_t count,
                             size_t text_count, enum table_form form)
{
    assert(count <= LISTING_COLUMNS_MAX && text_count <= count);
    struct listing *listing = mem_alloc(sizeof *listing);
    listing->look = look;
    listing->columns = columns;
    listing->count = form == TABLE_TEXT ? text_count : count;
    listing->form = form;
    for (size_t i = 0; i < listing->count; i++) {
        listing->heads[i] = columns[i].head;
    }
    listing->table = table_open(look->out, form, listing->heads, listing->count);
    return listing;
}

void listing_row(struct listing *listing, sqlite3_stmt *stmt, size_t shown, const int64_t *numbers)
{
    const char *cells[LISTING_COLUMNS_MAX];
    const char *labels[LISTING_COLUMNS_MAX];
    for (size_t i = 0; i < listing->count; i++) {
        int index = (int)i;
        bool is_own = !numbers || i < shown;
        bool is_null = is_own ? sqlite3_column_type(stmt, index) == SQLITE_NULL : numbers[i - shown] < 0;
        cells[i] = labels[i] = NULL;
        if (is_null) {
            continue;
        }
        cells[i] = labels[i] = listing->cells[i];
        listing->cells[i][0] = '\0';
        if (!is_own) {
            snprintf(listing->cells[i], CELL_SIZE, "%" PRId64, numbers[i - shown]);
            continue;
        }
        write_cell(&listing->columns[i], stmt, index, listing->cells[i]);
        if (listing->form == TABLE_TEXT) {
            write_label(listing, &listing->columns[i], stmt, index, listing->cells[i], listing->labels[i]);
            labels[i] = listing->labels[i];
        }
    }
    table_row(listing->table, cells, labels);
}

size_t listing_close(struct listing *listing)
{
    size_t rows = table_close(listing->table);
    free(listing);
    return rows;
}

err_t listing_print(const struct look *look, sqlite3_stmt *stmt, const struct listing_column *columns, size_t count,
                    size_t text_count, enum table_form form)
{
    struct listing *listing = listing_open(look, columns, count, text_count, form);
    err_t err = db_step(stmt);
    while (err == ERR_OK) {
        listing_row(listing, stmt, count, NULL);
        err = db_step(stmt);
    }
    listing_close(listing);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
