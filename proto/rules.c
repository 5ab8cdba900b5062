#include "proto/rules.h"
#include "proto/check.h"
#include "proto/period.h"

#include <assert.h>
#include <string.h>

const struct rule common_rules[] = {
    {.op = RULE_REQUIRED,
     .field = COMMON_REASON,
     .when = {{CONDITION_PRESENT, COMMON_REPLACES, 0}},
     .reason = "required with replaces: PROTOCOL section 7"},
};
const size_t common_rule_count = sizeof common_rules / sizeof common_rules[0];

const struct rule *rule_at(const struct kind *kind, size_t index)
{
    if (index < common_rule_count) {
        return &common_rules[index];
    }
    return index - common_rule_count < kind->rule_count ? &kind->rules[index - common_rule_count] : NULL;
}

/* Of a list, the rows of its elements' maps, or the one row of its elements. */
static const struct field *element_rows(const struct field *list)
{
    return list->fields[0].type == FIELD_MAP ? list->fields[0].fields : list->fields;
}

const struct field *rule_rows(const struct kind *kind, const struct rule *rule)
{
    return rule->within == 0 ? kind->fields : element_rows(&kind->fields[rule->within]);
}

/* What the rule's indexes mean: the record's fields, or those of one element of a list. */
struct scope {
    const struct field *rows;
    const struct value *values;
    uint64_t seen;
    const struct record_context *context;
};

static bool holds(const struct scope *scope, const struct condition *condition)
{
    const struct value *value = &scope->values[condition->field];
    switch (condition->op) {
    case CONDITION_NONE:
        return true;
    case CONDITION_PRESENT:
        return value->is_present;
    case CONDITION_ABSENT:
        return (scope->seen >> condition->field & 1) == 0;
    case CONDITION_IS:
        return value->is_present && (condition->mask >> value->number & 1) != 0;
    }
    return false;
}

static bool applies(const struct scope *scope, const struct rule *rule)
{
    for (int i = 0; i < RULE_CONDITIONS; i++) {
        if (!holds(scope, &rule->when[i])) {
            return false;
        }
    }
    return true;
}

static bool is_future(const struct field *row, const struct value *value, const struct record_context *context)
{
    int64_t today = day_of(context->now_ms, context->utc_offset_minutes);
    struct period period;
    switch (row->type) {
    case FIELD_DATE:
        return value->number > today;
    case FIELD_NUMBER:
        return value->number > period_of_day(today, PERIOD_YEAR).year;
    case FIELD_TEXT:
        return period_parse(value->view, &period) == ERR_OK && period_first_day(period) > today;
    default:
        return value->number > context->now_ms + CLOCK_SKEW_MS;
    }
}

static bool is_in_domain(const struct scope *scope, const struct rule *rule)
{
    const struct field *row = &scope->rows[rule->field];
    const char *code = row->codes->labels[scope->values[rule->field].number].code;
    return code[0] - '1' == scope->values[rule->other].number;
}

static bool is_period(struct view text, uint64_t units)
{
    struct period period;
    return period_parse(text, &period) == ERR_OK && (units >> period.unit & 1) != 0;
}

/* A party whose identifier is no credit code, such as a city, is not compared. */
static bool is_party(struct view code, const char *party)
{
    return party == NULL || !uscc_check((struct view){(const uint8_t *)party, strlen(party)}) || view_is(code, party);
}

/* Whether the rule is kept by values that are there. */
static bool keeps(const struct scope *scope, const struct rule *rule)
{
    const struct value *value = &scope->values[rule->field];
    int64_t number = value->number;
    int64_t other = scope->values[rule->other].number;
    switch (rule->op) {
    case RULE_NOT_BEFORE:
        return number >= other;
    case RULE_AFTER:
        return number > other;
    case RULE_NOT_FUTURE:
        return !is_future(&scope->rows[rule->field], value, scope->context);
    case RULE_WITHIN_MONTHS:
        return number <= date_add_months(other, (int)rule->number);
    case RULE_ONE_OF:
    case RULE_SOME:
        return (rule->mask >> number & 1) != 0;
    case RULE_AT_LEAST:
        return number >= rule->number;
    case RULE_NOT_ABOVE:
        return number <= other;
    case RULE_SHARE:
        return number * rule->of >= other * rule->number;
    case RULE_IN_DOMAIN:
        return is_in_domain(scope, rule);
    case RULE_IS_PERIOD:
        return is_period(value->view, rule->mask);
    case RULE_IS_PARTY:
        return is_party(value->view, scope->context->party);
    case RULE_REQUIRED:
    case RULE_NOT_WANTED:
    case RULE_DISTINCT:
        break; /* not a matter of one element's values */
    }
    return true;
}

static bool compares_two(enum rule_op op)
{
    return op == RULE_NOT_BEFORE || op == RULE_AFTER || op == RULE_WITHIN_MONTHS || op == RULE_NOT_ABOVE ||
           op == RULE_SHARE || op == RULE_IN_DOMAIN;
}

static bool is_broken(const struct scope *scope, const struct rule *rule)
{
    bool stands = (scope->seen >> rule->field & 1) != 0;
    if (rule->op == RULE_REQUIRED || rule->op == RULE_NOT_WANTED) {
        return stands == (rule->op == RULE_NOT_WANTED) && applies(scope, rule);
    }
    if (!scope->values[rule->field].is_present || (compares_two(rule->op) && !scope->values[rule->other].is_present)) {
        return false;
    }
    return applies(scope, rule) && !keeps(scope, rule);
}

const char *rule_fault_code(const struct rule *rule)
{
    switch (rule->op) {
    case RULE_REQUIRED:
        return "missing";
    case RULE_NOT_WANTED:
        return "not_wanted";
    case RULE_NOT_BEFORE:
    case RULE_AFTER:
        return "bad_order";
    case RULE_NOT_FUTURE:
        return "in_future";
    case RULE_IS_PERIOD:
        return "bad_format";
    case RULE_IS_PARTY:
        return "entity_mismatch";
    default:
        return "rule";
    }
}

static void tell(const struct rule *rule, const char *path, struct faults *faults)
{
    fault_add(faults, rule_fault_code(rule), path, "%s", rule->reason);
}

/* The elements of a list that has been walked before; what was wrong with one has been told then. */
enum { ELEMENT_FIELDS_MAX = 16, DISTINCT_MAX = 512 };
struct element {
    struct value values[ELEMENT_FIELDS_MAX];
    uint64_t seen;
};

static err_t next_element(struct check *check, const struct field *list, struct element *ret_element)
{
    const struct field *row = &list->fields[0];
    struct token token;
    *ret_element = (struct element){.seen = 0};
    const uint8_t *start = check->reader.at;
    err_t err = check_next(check, NULL, &token);
    if (err != ERR_OK) {
        return err;
    }
    if (token.type == check_token_type(row->type) && row->type == FIELD_MAP) {
        assert(row->field_count <= ELEMENT_FIELDS_MAX);
        struct rows rows = {.fields = row->fields, .count = row->field_count, .values = ret_element->values};
        err = check_pairs(check, &rows, NULL, 3, token.count);
        ret_element->seen = rows.seen;
        return err;
    }
    if (token.type == check_token_type(row->type)) {
        check_scalar(check, row, &token, NULL, &ret_element->values[0]);
        ret_element->seen = 1;
        return ERR_OK;
    }
    check->reader.at = start;
    return reader_skip(&check->reader, NULL);
}

static bool is_same(const struct value *a, const struct value *b)
{
    return a->number == b->number && a->view.size == b->view.size &&
           (a->view.size == 0 || memcmp(a->view.at, b->view.at, a->view.size) == 0);
}

/* Keeps VALUE among SEEN, unless it stands there. */
static bool is_repeated(struct value seen[DISTINCT_MAX], size_t *count, const struct value *value)
{
    for (size_t i = 0; value->is_present && i < *count; i++) {
        if (is_same(&seen[i], value)) {
            return true;
        }
    }
    if (value->is_present && *count < DISTINCT_MAX) {
        seen[(*count)++] = *value;
    }
    return false;
}

static void tell_element(const struct field *list, uint32_t index, const struct rule *rule, struct faults *faults)
{
    struct trail at_list = {.key = list->key};
    struct trail at_element = {.up = &at_list, .index = index};
    struct trail at_field = {.up = &at_element, .key = element_rows(list)[rule->field].key};
    tell(rule, path_of(list->fields[0].type == FIELD_MAP ? &at_field : &at_element).text, faults);
}

static void check_within(const struct record *record, const struct rule *rule, const struct record_context *context,
                         struct faults *faults)
{
    const struct field *list = &record->kind->fields[rule->within];
    const struct value *value = &record->values[rule->within];
    struct faults told = {0};
    struct check check = {.reader = reader_over(value->view.at, value->view.size), .faults = &told};
    struct value values[DISTINCT_MAX];
    size_t distinct = 0;
    bool is_some = false;
    uint32_t count = 0;
    assert(list->type == FIELD_LIST && (rule->op != RULE_DISTINCT || list->high <= DISTINCT_MAX));
    if (!value->is_present || reader_array(&check.reader, &count) != ERR_OK || count > (uint64_t)list->high) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct element element;
        if (next_element(&check, list, &element) != ERR_OK) {
            return;
        }
        struct scope scope = {element_rows(list), element.values, element.seen, context};
        const struct value *field = &element.values[rule->field];
        if (rule->op == RULE_SOME) {
            is_some = is_some || (field->is_present && keeps(&scope, rule));
        } else if (rule->op == RULE_DISTINCT ? is_repeated(values, &distinct, field) : is_broken(&scope, rule)) {
            tell_element(list, i, rule, faults);
        }
    }
    if (rule->op == RULE_SOME && !is_some && told.count == 0) {
        tell(rule, list->key, faults);
    }
}

void rules_check(const struct record *record, uint64_t seen, const struct record_context *context, bool is_advice,
                 struct faults *faults)
{
    const struct scope whole = {record->kind->fields, record->values, seen, context};
    const struct rule *rule = NULL;
    for (size_t i = 0; (rule = rule_at(record->kind, i)); i++) {
        if (rule->is_advice != is_advice) {
            continue;
        }
        if (rule->within != 0) {
            check_within(record, rule, context, faults);
        } else if (is_broken(&whole, rule)) {
            tell(rule, record->kind->fields[rule->field].key, faults);
        }
    }
}
