#include "proto/check.h"
#include "proto/ident.h"
#include "proto/prose.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

struct path path_of(const struct trail *step)
{
    const struct trail *way[2 * READER_DEPTH_MAX];
    size_t count = 0;
    for (; step != NULL; step = step->up) {
        assert(count < sizeof way / sizeof way[0]);
        way[count++] = step;
    }
    struct path path = {.text = ""};
    size_t size = 0;
    while (count > 0 && size < sizeof path.text) {
        step = way[--count];
        int written = step->key == NULL
                          ? snprintf(path.text + size, sizeof path.text - size, "[%" PRIu32 "]", step->index)
                          : snprintf(path.text + size, sizeof path.text - size, "%s%s", size > 0 ? "." : "", step->key);
        size += (size_t)written;
    }
    return path;
}

static void keep(struct value *value, int64_t number, struct view view)
{
    *value = (struct value){.is_present = true, .number = number, .view = view};
}

static void check_text(struct check *check, const struct field *row, const struct token *token,
                       const struct trail *step, struct value *ret_value)
{
    struct prose prose;
    switch (prose_scan(token->view, &prose)) {
    case PROSE_BAD_UTF8:
        fault_add(check->faults, "bad_utf8", path_of(step).text, "not UTF-8");
        return;
    case PROSE_BAD_CHARACTER:
        fault_add(check->faults, "bad_character", path_of(step).text,
                  "a control character, or more than 30 combining marks in a row");
        return;
    case PROSE_SOUND:
        break;
    }
    if ((int64_t)prose.count < row->low || (int64_t)prose.count > row->high) {
        fault_add(check->faults, (int64_t)prose.count < row->low ? "too_short" : "too_long", path_of(step).text,
                  "%zu characters; must be %" PRId64 " to %" PRId64, prose.count, row->low, row->high);
        return;
    }
    if (!prose.is_stable && !prose_is_nfc(token->view)) {
        fault_add(check->faults, "not_nfc", path_of(step).text, "not in Unicode normalization form C");
        return;
    }
    keep(ret_value, 0, token->view);
}

void check_fault_code(struct check *check, const struct enumeration *codes, const struct trail *step)
{
    char list[FAULT_REASON_SIZE - 16] = "";
    size_t size = 0;
    for (size_t i = 0; i < codes->count && size < sizeof list; i++) {
        size += (size_t)snprintf(list + size, sizeof list - size, "%s%s", i > 0 ? ", " : "", codes->labels[i].code);
    }
    fault_add(check->faults, "bad_value", path_of(step).text, "not one of: %s", list);
}

static void check_enum(struct check *check, const struct field *row, const struct token *token,
                       const struct trail *step, struct value *ret_value)
{
    int index = enumeration_index(row->codes, token->view);
    if (index < 0) {
        check_fault_code(check, row->codes, step);
        return;
    }
    keep(ret_value, index, token->view);
}

static bool check_bounds(struct check *check, const struct field *row, const struct trail *step, int64_t number)
{
    if (number >= row->low && number <= row->high) {
        return true;
    }
    char low[25];
    char high[25];
    if (row->type == FIELD_DATE) {
        date_text(row->low, low);
        date_text(row->high, high);
    } else if (row->type == FIELD_TIME) {
        time_text(row->low, low);
        time_text(row->high, high);
    } else {
        snprintf(low, sizeof low, "%" PRId64, row->low);
        snprintf(high, sizeof high, "%" PRId64, row->high);
    }
    fault_add(check->faults, "out_of_range", path_of(step).text, "must be %s to %s", low, high);
    return false;
}

static void check_number(struct check *check, const struct field *row, const struct token *token,
                         const struct trail *step, struct value *ret_value)
{
    int64_t number = token->number > INT64_MAX ? INT64_MAX : (int64_t)token->number;
    if (check_bounds(check, row, step, number)) {
        keep(ret_value, number, (struct view){NULL, 0});
    }
}

static void check_flag(struct check *check, const struct field *row, const struct token *token,
                       const struct trail *step, struct value *ret_value)
{
    (void)check, (void)row, (void)step;
    keep(ret_value, token->flag ? 1 : 0, (struct view){NULL, 0});
}

static void check_date(struct check *check, const struct field *row, const struct token *token,
                       const struct trail *step, struct value *ret_value)
{
    int64_t days = 0;
    if (date_parse(token->view, &days) != ERR_OK) {
        fault_add(check->faults, "bad_format", path_of(step).text, "not a date as YYYY-MM-DD");
        return;
    }
    if (check_bounds(check, row, step, days)) {
        keep(ret_value, days, token->view);
    }
}

static void check_bytes(struct check *check, const struct field *row, const struct token *token,
                        const struct trail *step, struct value *ret_value)
{
    int64_t size = (int64_t)token->view.size;
    if (size != row->low) {
        fault_add(check->faults, size < row->low ? "too_short" : "too_long", path_of(step).text,
                  "%" PRId64 " bytes; must be %" PRId64, size, row->low);
        return;
    }
    keep(ret_value, 0, token->view);
}

static void check_uscc(struct check *check, const struct field *row, const struct token *token,
                       const struct trail *step, struct value *ret_value)
{
    (void)row;
    if (uscc_check(token->view)) {
        keep(ret_value, 0, token->view);
    } else if (uscc_is_formed(token->view)) {
        fault_add(check->faults, "bad_check_digit", path_of(step).text, "GB 32100-2015: the last character is wrong");
    } else {
        fault_add(check->faults, "bad_format", path_of(step).text, "not a unified social credit code (GB 32100-2015)");
    }
}

static void check_district(struct check *check, const struct field *row, const struct token *token,
                           const struct trail *step, struct value *ret_value)
{
    (void)row;
    if (district_check(token->view)) {
        keep(ret_value, 0, token->view);
    } else {
        fault_add(check->faults, "bad_format", path_of(step).text, "not a district code (GB/T 2260)");
    }
}

typedef void scalar_check(struct check *check, const struct field *row, const struct token *token,
                          const struct trail *step, struct value *ret_value);

/* Containers have no function here: check_walk.c goes into them. */
static const struct {
    enum token_type token;
    const char *expected;
    scalar_check *check;
} types[] = {
    [FIELD_TEXT] = {TOKEN_STR, "a text", check_text},
    [FIELD_ENUM] = {TOKEN_STR, "a code", check_enum},
    [FIELD_NUMBER] = {TOKEN_UINT, "a number, not negative", check_number},
    [FIELD_FLAG] = {TOKEN_BOOL, "true or false", check_flag},
    [FIELD_DATE] = {TOKEN_STR, "a date as YYYY-MM-DD", check_date},
    [FIELD_TIME] = {TOKEN_UINT, "a time (UTC milliseconds; in JSON, RFC 3339 with zone)", check_number},
    [FIELD_ID] = {TOKEN_BIN, "an id (16 bytes; in JSON, a UUID)", check_bytes},
    [FIELD_HASH] = {TOKEN_BIN, "a hash (32 bytes; in JSON, 64 hex digits)", check_bytes},
    [FIELD_USCC] = {TOKEN_STR, "a credit code", check_uscc},
    [FIELD_DISTRICT] = {TOKEN_STR, "a district code", check_district},
    [FIELD_MAP] = {TOKEN_MAP, "a map", NULL},
    [FIELD_LIST] = {TOKEN_ARRAY, "a list", NULL},
    [FIELD_ENUM_MAP] = {TOKEN_MAP, "a map", NULL},
};

enum token_type check_token_type(enum field_type type)
{
    return types[type].token;
}

const char *check_expected(enum field_type type)
{
    return types[type].expected;
}

void check_scalar(struct check *check, const struct field *row, const struct token *token, const struct trail *step,
                  struct value *ret_value)
{
    types[row->type].check(check, row, token, step, ret_value);
}
