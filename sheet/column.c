#include "sheet/column.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "proto/kinds.h"

enum { LANGUAGES = 2 };

/* ---- Walking down ---- */

/* What COLUMN is while the walk stands at one value; a step copies it, so nothing is taken back. */
static void add_step(struct column *column, const struct field *row, const char *key, const char *en, const char *zh)
{
    const char *labels[LANGUAGES] = {en, zh};
    size_t used = strlen(column->path);
    snprintf(column->path + used, sizeof column->path - used, "%s%s", used ? "." : "", key);
    for (size_t i = 0; i < LANGUAGES; i++) {
        char *label = column->labels[i];
        used = strlen(label);
        snprintf(label + used, COLUMN_LABEL_SIZE - used, "%s%s", used ? "·" : "", labels[i]);
    }
    column->row = row;
    column->is_required = column->is_required && row->presence == REQUIRED;
    column->is_confidential |= row->confidential;
}

static void add_number(struct column *column, const struct field *list, size_t number)
{
    char text[24];
    bool is_required = column->is_required && (int64_t)number <= list->low;
    snprintf(text, sizeof text, "%zu", number);
    add_step(column, &list->fields[0], text, text, text);
    column->is_required = is_required;
}

bool column_is_single(const struct field *row)
{
    return row->type != FIELD_MAP && row->type != FIELD_LIST && row->type != FIELD_ENUM_MAP;
}

bool column_is_assigned(const struct column *column)
{
    static const enum common_field assigned[] = {COMMON_ID, COMMON_KIND, COMMON_SCHEMA, COMMON_SEQ, COMMON_CREATED_AT};
    for (size_t i = 0; i < sizeof assigned / sizeof *assigned; i++) {
        if (strcmp(column->path, common_fields[assigned[i]].key) == 0) {
            return true;
        }
    }
    return false;
}

struct walk {
    column_count_of *count_of;
    void (*each)(void *self, const struct column *column);
    void *self;
};

static void walk_value(const struct walk *walk, const struct column *at);

static void walk_rows(const struct walk *walk, const struct column *at, const struct field *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct column next = *at;
        add_step(&next, &rows[i], rows[i].key, rows[i].en, rows[i].zh);
        walk_value(walk, &next);
    }
}

static void walk_codes(const struct walk *walk, const struct column *at)
{
    const struct field *row = at->row;
    for (size_t i = 0; i < row->codes->count; i++) {
        const struct label *label = &row->codes->labels[i];
        struct column next = *at;
        add_step(&next, &row->fields[0], label->code, label->en, label->zh);
        walk_value(walk, &next);
    }
}

static void walk_elements(const struct walk *walk, const struct column *at)
{
    size_t count = walk->count_of(walk->self, at->path, at->row);
    if (count == COLUMN_JOINED && column_is_single(&at->row->fields[0])) {
        walk->each(walk->self, at);
        return;
    }
    for (size_t i = 1; i <= count && (int64_t)i <= at->row->high; i++) {
        struct column next = *at;
        add_number(&next, at->row, i);
        walk_value(walk, &next);
    }
}

static void walk_value(const struct walk *walk, const struct column *at)
{
    if (at->row->type == FIELD_MAP) {
        walk_rows(walk, at, at->row->fields, at->row->field_count);
    } else if (at->row->type == FIELD_ENUM_MAP) {
        walk_codes(walk, at);
    } else if (at->row->type == FIELD_LIST) {
        walk_elements(walk, at);
    } else {
        walk->each(walk->self, at);
    }
}

void columns_each(const struct kind *kind, column_count_of *count_of,
                  void (*each)(void *self, const struct column *column), void *self)
{
    struct walk walk = {count_of, each, self};
    struct column root = {.is_required = true};
    walk_rows(&walk, &root, kind->fields, kind->field_count);
}

/* ---- Finding by heading ---- */

char *column_fold(const char *text)
{
    size_t size = strlen(text);
    if (size > HEADING_SIZE_MAX) {
        return NULL;
    }
    char *folded = (char *)utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)text);
    char *to = folded;
    utf8proc_int32_t point = 0;
    for (const char *at = folded; at && *at;) {
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &point);
        if (used <= 0) {
            free(folded);
            return NULL;
        }
        utf8proc_category_t category = utf8proc_category(point);
        if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO) { /* letters, marks, numbers */
            memmove(to, at, (size_t)used);
            to += used;
        }
        at += used;
    }
    if (folded) {
        *to = '\0';
    }
    return folded;
}

/* `is_exact`: paths as they are written; otherwise labels and paths, folded. */
struct search {
    bool is_exact;
    struct column *found;
    size_t count;
};

/* Whether NAME, once folded, may begin as TEXT does. Folding every name of the schema for every heading is what reading
 * a table would spend its time with. */
static bool may_begin(const char *text, const char *name)
{
    bool is_letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
    bool is_han =
        (unsigned char)*name >= 0xE5 && (unsigned char)*name <= 0xE8; /* U+5000 to U+8FFF fold to themselves */
    return is_letter ? *text == (*name | 0x20) : !is_han || *text == *name;
}

/* What follows NAME in TEXT; NULL where TEXT does not begin with it. */
static const char *after_name(const struct search *search, const char *text, const char *name)
{
    if (search->is_exact) {
        size_t size = strlen(name);
        if (strncmp(text, name, size) != 0 || (text[size] != '.' && text[size] != '\0')) {
            return NULL;
        }
        return text + size + (text[size] == '.');
    }
    char *folded = may_begin(text, name) ? column_fold(name) : NULL;
    size_t size = folded ? strlen(folded) : 0;
    bool is_there = size > 0 && strncmp(text, folded, size) == 0;
    free(folded);
    return is_there ? text + size : NULL;
}

/* What names an attachment's content to the agent, in place of its hash, name and size: agent/blobs.h. */
static const struct field file_row[] = {
    {"file", FIELD_TEXT, OPTIONAL, 1, 4096, NULL, NULL, 0, false, "File", "文件", "PROTOCOL §9"}};

static void find_value(struct search *search, const struct column *at, const char *rest);

/* Every way on by one of the three names of a step. */
static void find_step(struct search *search, const struct column *at, const struct field *row,
                      const struct label *label, const char *rest)
{
    const char *const names[] = {label->code, label->en, label->zh};
    for (size_t i = 0; i < (search->is_exact ? 1 : 3); i++) {
        const char *left = after_name(search, rest, names[i]);
        if (left) {
            struct column next = *at;
            add_step(&next, row, label->code, label->en, label->zh);
            find_value(search, &next, left);
        }
    }
}

static void find_rows(struct search *search, const struct column *at, const struct field *rows, size_t count,
                      const char *rest)
{
    for (size_t i = 0; i < count; i++) {
        struct label label = {rows[i].key, rows[i].en, rows[i].zh};
        find_step(search, at, &rows[i], &label, rest);
    }
}

static void find_element(struct search *search, const struct column *at, const char *rest)
{
    size_t digits = strspn(rest, "0123456789");
    long number = digits > 0 && digits < 6 ? strtol(rest, NULL, 10) : 0;
    if (number < 1 || number > at->row->high || (search->is_exact && rest[digits] != '.' && rest[digits] != '\0')) {
        return;
    }
    struct column next = *at;
    add_number(&next, at->row, (size_t)number);
    find_value(search, &next, rest + digits + (search->is_exact && rest[digits] == '.'));
}

static void find_end(struct search *search, const struct column *at)
{
    if (search->count == 0 || strcmp(search->found->path, at->path) != 0) {
        *search->found = *at;
        search->count++;
    }
}

static void find_value(struct search *search, const struct column *at, const char *rest)
{
    const struct field *row = at->row;
    if (*rest == '\0') {
        if (column_is_single(row) || (row->type == FIELD_LIST && column_is_single(&row->fields[0]))) {
            find_end(search, at);
        }
        return;
    }
    if (row->type == FIELD_MAP) {
        find_rows(search, at, row->fields, row->field_count, rest);
        find_rows(search, at, file_row, strcmp(row->key, "attachment") == 0, rest);
    } else if (row->type == FIELD_LIST) {
        find_element(search, at, rest);
    } else if (row->type == FIELD_ENUM_MAP) {
        for (size_t i = 0; i < row->codes->count; i++) {
            find_step(search, at, &row->fields[0], &row->codes->labels[i], rest);
        }
    }
}

static err_t find(const struct kind *kind, const char *text, bool is_exact, struct column *ret_column)
{
    struct column root = {.is_required = true};
    struct search search = {.is_exact = is_exact, .found = ret_column};
    if (*text) {
        find_rows(&search, &root, kind->fields, kind->field_count, text);
    }
    return search.count == 1 ? ERR_OK : search.count == 0 ? ERR_NOT_FOUND : ERR_EXISTS;
}

/* The path at TEXT, the kind's name before it or not. */
static err_t find_path(const struct kind *kind, const char *text, struct column *ret_column)
{
    size_t size = strlen(kind->name);
    bool is_prefixed = strncmp(text, kind->name, size) == 0 && text[size] == '.';
    return find(kind, is_prefixed ? text + size + 1 : text, true, ret_column);
}

/* The last thing in brackets, of either width. */
static bool in_brackets(const char *heading, char ret_text[HEADING_SIZE_MAX + 1])
{
    static const char *const opens[] = {"(", "（"};
    static const char *const closes[] = {")", "）"};
    size_t size = strlen(heading);
    for (size_t i = 0; i < 2; i++) {
        size_t close = strlen(closes[i]);
        const char *from = NULL;
        for (const char *at = heading; (at = strstr(at, opens[i]));) {
            at += strlen(opens[i]);
            from = at;
        }
        if (from && size >= close && strcmp(heading + size - close, closes[i]) == 0 && size <= HEADING_SIZE_MAX) {
            snprintf(ret_text, HEADING_SIZE_MAX + 1, "%.*s", (int)(heading + size - close - from), from);
            return true;
        }
    }
    return false;
}

err_t column_find(const struct kind *kind, const char *heading, struct column *ret_column)
{
    char inner[HEADING_SIZE_MAX + 1];
    err_t err = find_path(kind, heading, ret_column);
    if (err != ERR_OK && in_brackets(heading, inner)) {
        err = find_path(kind, inner, ret_column);
    }
    if (err == ERR_OK) {
        return err;
    }
    char *folded = column_fold(heading);
    err = folded ? find(kind, folded, false, ret_column) : ERR_NOT_FOUND;
    free(folded);
    return err;
}

static bool is_same_folded(const char *folded, const char *text)
{
    char *other = column_fold(text);
    bool is_same = other && strcmp(folded, other) == 0;
    free(other);
    return is_same;
}

const struct kind *column_kind(const char *text)
{
    const struct kind *kind = NULL;
    struct column column;
    const char *dot = strchr(text, '.');
    size_t size = dot ? (size_t)(dot - text) : 0;
    if (dot && (kind = kind_find((struct view){(const uint8_t *)text, size}))) {
        return find_path(kind, text, &column) == ERR_OK ? kind : NULL;
    }
    char *folded = column_fold(text);
    for (size_t i = 0; folded && *folded && (kind = kind_at(i)); i++) {
        if (is_same_folded(folded, kind->name) || is_same_folded(folded, kind->en) ||
            is_same_folded(folded, kind->zh)) {
            break;
        }
    }
    kind = folded && *folded ? kind : NULL;
    free(folded);
    return kind;
}
