#include "sheet/headings.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "sheet/cell.h"

static size_t count_known(const struct kind *kind, const struct sheet_row *row)
{
    struct column column;
    size_t count = 0;
    for (size_t i = 0; i < row->count; i++) {
        count += row->cells[i].type == CELL_TEXT && column_find(kind, row->cells[i].text, &column) != ERR_NOT_FOUND;
    }
    return count;
}

/* The kind that knows the most headings, and most of them; NULL where two know as many. */
static const struct kind *guess_kind(const struct sheet_row *row)
{
    const struct kind *kind = NULL;
    const struct kind *best = NULL;
    size_t most = row->count / 2;
    for (size_t i = 0; (kind = kind_at(i)); i++) {
        size_t known = count_known(kind, row);
        if (known > most) {
            best = kind;
            most = known;
        } else if (known == most) {
            best = NULL;
        }
    }
    return best;
}

static const struct kind *named_kind(const struct sheet_row *row)
{
    const struct kind *kind = NULL;
    for (size_t i = 0; i < row->count && !kind; i++) {
        kind = row->cells[i].type == CELL_TEXT ? column_kind(row->cells[i].text) : NULL;
    }
    return kind;
}

static void take_headings(struct headings *headings, const struct sheet_row *row)
{
    headings->count = 0;
    for (size_t i = 0; i < row->count; i++) {
        const struct sheet_cell *cell = &row->cells[i];
        if (cell_is_blank(cell)) {
            continue;
        }
        if (headings->count == headings->capacity) {
            headings->capacity = headings->capacity ? headings->capacity * 2 : 64;
            headings->list = mem_grow(headings->list, headings->capacity, sizeof *headings->list);
        }
        struct heading *heading = &headings->list[headings->count++];
        *heading = (struct heading){.at = cell->column, .err = ERR_NOT_FOUND};
        cell_line(cell->text, heading->text, sizeof heading->text);
        if (cell->type == CELL_TEXT) {
            heading->err = column_find(headings->kind, cell->text, &heading->column);
        }
    }
}

bool headings_take(struct headings *headings, const struct sheet_row *row)
{
    headings->kind = headings->kind ? headings->kind : named_kind(row);
    headings->kind = headings->kind || row->count < 3 ? headings->kind : guess_kind(row);
    size_t known = headings->kind ? count_known(headings->kind, row) : 0;
    bool is_taken = known > 0 && known * 2 >= row->count;
    if (is_taken) {
        take_headings(headings, row);
    }
    return is_taken;
}

static bool is_path(const struct kind *kind, const struct sheet_cell *cell)
{
    struct column column;
    if (cell->type != CELL_TEXT || column_find(kind, cell->text, &column) != ERR_OK) {
        return false;
    }
    size_t size = strlen(column.path); /* the kind's name may stand before it */
    return strcmp(cell->text + (cell->size > size ? cell->size - size : 0), column.path) == 0;
}

bool headings_take_paths(struct headings *headings, const struct sheet_row *row)
{
    if (row->count > RECORDS_HEADINGS_MAX) {
        return false;
    }
    for (size_t i = 0; i < row->count; i++) {
        if (!is_path(headings->kind, &row->cells[i])) {
            return false;
        }
    }
    struct headings above = *headings;
    *headings = (struct headings){.kind = above.kind};
    take_headings(headings, row);
    for (size_t i = 0; i < headings->count; i++) {
        for (size_t j = 0; j < above.count; j++) {
            if (above.list[j].at == headings->list[i].at) {
                memcpy(headings->list[i].text, above.list[j].text, sizeof above.list[j].text);
            }
        }
    }
    free(above.list);
    return true;
}

void headings_check(const struct headings *headings, struct faults *faults)
{
    for (size_t i = 0; i < headings->count; i++) {
        const struct heading *heading = &headings->list[i];
        char place[FAULT_FIELD_SIZE];
        char letters[8];
        sheet_column_name(heading->at, letters);
        snprintf(place, sizeof place, "%s %s", letters, heading->text);
        if (heading->err == ERR_NOT_FOUND) {
            fault_add(faults, "malformed", place,
                      tr("%s has no field of this name: take its code (%s in docs/records.md), or delete the column",
                         "“%s”没有此字段：请采用字段代码（见 docs/records.md 中的 %s），或删除该列"),
                      tr(headings->kind->en, headings->kind->zh), headings->kind->name);
        } else if (heading->err == ERR_EXISTS) {
            fault_add(faults, "bad_value", place,
                      tr("more than one field bears this label: write the code, such as %s",
                         "不止一个字段使用此名称：请改用代码，如 %s"),
                      heading->column.path);
        }
        for (size_t j = 0; j < i && heading->err == ERR_OK; j++) {
            if (headings->list[j].err == ERR_OK && strcmp(headings->list[j].column.path, heading->column.path) == 0) {
                fault_add(faults, "duplicate_key", place, "%s",
                          tr("two columns for this field: delete one", "此字段有两列：请删去一列"));
            }
        }
    }
}
