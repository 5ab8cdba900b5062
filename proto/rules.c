#include "proto/rules.h"

static bool holds(const struct record *record, uint64_t seen, const struct condition *condition)
{
    const struct value *value = &record->values[condition->field];
    switch (condition->op) {
    case CONDITION_NONE:
        return true;
    case CONDITION_PRESENT:
        return value->is_present;
    case CONDITION_ABSENT:
        return (seen >> condition->field & 1) == 0;
    case CONDITION_IS:
        return value->is_present && (condition->mask >> value->number & 1) != 0;
    }
    return false;
}

static bool applies(const struct record *record, uint64_t seen, const struct rule *rule)
{
    for (int i = 0; i < RULE_CONDITIONS; i++) {
        if (!holds(record, seen, &rule->when[i])) {
            return false;
        }
    }
    return true;
}

static bool is_future(const struct field *row, int64_t number, const struct record_context *context)
{
    if (row->type == FIELD_DATE) {
        return number > day_of(context->now_ms, context->utc_offset_minutes);
    }
    return number > context->now_ms + CLOCK_SKEW_MS;
}

static bool is_in_domain(const struct record *record, const struct rule *rule)
{
    const struct field *row = &record->kind->fields[rule->field];
    const char *code = row->codes->labels[record->values[rule->field].number].code;
    return code[0] - '1' == record->values[rule->other].number;
}

/* Whether the rule is kept by values that are there. */
static bool keeps(const struct record *record, const struct rule *rule, const struct record_context *context)
{
    int64_t number = record->values[rule->field].number;
    int64_t other = record->values[rule->other].number;
    switch (rule->op) {
    case RULE_NOT_BEFORE:
        return number >= other;
    case RULE_AFTER:
        return number > other;
    case RULE_NOT_FUTURE:
        return !is_future(&record->kind->fields[rule->field], number, context);
    case RULE_WITHIN_MONTHS:
        return number <= date_add_months(other, (int)rule->number);
    case RULE_ONE_OF:
        return (rule->mask >> number & 1) != 0;
    case RULE_AT_LEAST:
        return number >= rule->number;
    case RULE_NOT_ABOVE:
        return number <= other;
    case RULE_SHARE:
        return number * rule->of >= other * rule->number;
    case RULE_IN_DOMAIN:
        return is_in_domain(record, rule);
    case RULE_REQUIRED:
    case RULE_NOT_WANTED:
        break; /* not a matter of values */
    }
    return true;
}

static bool compares_two(enum rule_op op)
{
    return op == RULE_NOT_BEFORE || op == RULE_AFTER || op == RULE_WITHIN_MONTHS || op == RULE_NOT_ABOVE ||
           op == RULE_SHARE || op == RULE_IN_DOMAIN;
}

static bool is_broken(const struct record *record, uint64_t seen, const struct rule *rule,
                      const struct record_context *context)
{
    bool stands = (seen >> rule->field & 1) != 0;
    if (rule->op == RULE_REQUIRED || rule->op == RULE_NOT_WANTED) {
        return stands == (rule->op == RULE_NOT_WANTED) && applies(record, seen, rule);
    }
    if (!record->values[rule->field].is_present ||
        (compares_two(rule->op) && !record->values[rule->other].is_present)) {
        return false;
    }
    return applies(record, seen, rule) && !keeps(record, rule, context);
}

static const char *fault_code(enum rule_op op)
{
    switch (op) {
    case RULE_REQUIRED:
        return "missing";
    case RULE_NOT_WANTED:
        return "not_wanted";
    case RULE_NOT_BEFORE:
    case RULE_AFTER:
        return "bad_order";
    case RULE_NOT_FUTURE:
        return "in_future";
    case RULE_WITHIN_MONTHS:
    case RULE_ONE_OF:
    case RULE_AT_LEAST:
    case RULE_NOT_ABOVE:
    case RULE_SHARE:
    case RULE_IN_DOMAIN:
        break;
    }
    return "rule";
}

void rules_check(const struct record *record, uint64_t seen, const struct record_context *context,
                 struct faults *faults)
{
    for (size_t i = 0; i < record->kind->rule_count; i++) {
        const struct rule *rule = &record->kind->rules[i];
        if (is_broken(record, seen, rule, context)) {
            fault_add(faults, fault_code(rule->op), record->kind->fields[rule->field].key, "%s", rule->reason);
        }
    }
}
