#include "proto/kind_rows.h"

#include <string.h>

/* The record kinds, each a file proto/kind_NAME.c. */

const struct field common_fields[COMMON_FIELDS] = {
#include "proto/fields_common.def"
};

static const struct kind *const kinds[] = {
    &kind_review_report,         &kind_risk_warning,       &kind_entity_registration, &kind_committee_registration,
    &kind_zero_report,           &kind_annual_report,      &kind_withdrawal,          &kind_acceptance,
    &kind_return_for_correction, &kind_rereview_request,   &kind_rereview_decision,   &kind_notice,
    &kind_notice_answer,         &kind_notice_read,        &kind_shared_warning,      &kind_city_plan,
    &kind_plan_progress,         &kind_administrative_act,
};

const struct kind *kind_find(struct view name)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (view_is(name, kinds[i]->name)) {
            return kinds[i];
        }
    }
    return NULL;
}

const struct kind *kind_by_number(int number)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i]->number == number) {
            return kinds[i];
        }
    }
    return NULL;
}

const struct kind *kind_at(size_t index)
{
    return index < COUNT(kinds) ? kinds[index] : NULL;
}

int kind_field(const struct kind *kind, const char *key)
{
    for (size_t i = 0; i < kind->field_count; i++) {
        if (kind->fields[i].key[0] == key[0] && strcmp(kind->fields[i].key, key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const char *const role_names[ROLES] = {"entity", "city", "province"};

int role_find(const char *name)
{
    for (int i = 0; i < ROLES; i++) {
        if (strcmp(role_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *role_name(enum role role)
{
    return role_names[role];
}
