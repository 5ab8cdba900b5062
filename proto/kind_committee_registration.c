#include "proto/kind_rows.h"

/* Ethics committee 科技伦理（审查）委员会. What article 7 asks of its composition is advice to the
 * operator; only the number of members is a bound. */

enum field_index {
    COMMITTEE_COMMITTEE_NAME = COMMON_FIELDS,
    COMMITTEE_ESTABLISHED_ON,
    COMMITTEE_CHAIR,
    COMMITTEE_MEMBERS,
    COMMITTEE_TERM_YEARS,
    COMMITTEE_CHARTER_SHA256,
    COMMITTEE_REGISTERED_PLATFORM_NO,
    COMMITTEE_FIELDS
};

_Static_assert((int)COMMITTEE_FIELDS <= (int)KIND_FIELDS_MAX, "seen fields are bits of 64");

enum member_field { MEMBER_NAME, MEMBER_GENDER, MEMBER_PROFESSION, MEMBER_EXTERNAL, MEMBER_MINORITY };
static const struct field member_fields[] = {
    [MEMBER_NAME] = ROW_SECRET("name", FIELD_TEXT, REQUIRED, 1, 100, "Name", "姓名", "M2023 art. 7"),
    [MEMBER_GENDER] = ROW_CODE("gender", REQUIRED, enum_gender, "Gender", "性别", "M2023 art. 7"),
    [MEMBER_PROFESSION] = ROW_CODE("profession", REQUIRED, enum_profession, "Profession", "专业背景", "M2023 art. 7"),
    [MEMBER_EXTERNAL] =
        ROW("external", FIELD_FLAG, REQUIRED, 0, 1, "From outside the institution", "外部委员", "M2023 art. 7"),
    [MEMBER_MINORITY] =
        ROW("minority", FIELD_FLAG, OPTIONAL, 0, 1, "Of a national minority", "少数民族委员", "M2023 art. 7"),
};
static const struct field member_row[] = {
    ROW_INNER("member", FIELD_MAP, REQUIRED, 0, 0, NULL, member_fields, false, "Member", "委员", "M2023 art. 7"),
};

static const struct field committee_registration_fields[COMMITTEE_FIELDS] = {
#include "proto/fields_common.def"
    [COMMITTEE_COMMITTEE_NAME] =
        ROW("committee_name", FIELD_TEXT, REQUIRED, 2, 200, "Name of the committee", "委员会名称", "M2023 ch. 2"),
    [COMMITTEE_ESTABLISHED_ON] =
        ROW("established_on", FIELD_DATE, REQUIRED, DATE_FIRST, DATE_LAST, "Established on", "设立日期", "M2023 ch. 4"),
    [COMMITTEE_CHAIR] = ROW_SECRET("chair", FIELD_TEXT, REQUIRED, 1, 100, "Chair", "主任委员", "M2023 art. 7"),
    [COMMITTEE_MEMBERS] =
        ROW_INNER("members", FIELD_LIST, REQUIRED, 7, 99, NULL, member_row, false, "Members", "委员", "M2023 art. 7"),
    [COMMITTEE_TERM_YEARS] =
        ROW("term_years", FIELD_NUMBER, REQUIRED, 1, 5, "Term in years", "任期（年）", "M2023 art. 7"),
    [COMMITTEE_CHARTER_SHA256] =
        ROW("charter_sha256", FIELD_HASH, OPTIONAL, 32, 32, "Charter", "章程文件摘要", "M2023 ch. 2"),
    [COMMITTEE_REGISTERED_PLATFORM_NO] = ROW("registered_platform_no", FIELD_TEXT, OPTIONAL, 1, 100,
                                             "Number on the national platform", "国家平台登记编号", "M2023 ch. 4"),
};

static const struct rule committee_registration_rules[] = {
    {.op = RULE_NOT_FUTURE, .field = COMMITTEE_ESTABLISHED_ON, .reason = "later than today"},
    {.op = RULE_SOME,
     .field = MEMBER_GENDER,
     .within = COMMITTEE_MEMBERS,
     .mask = BIT(GENDER_FEMALE),
     .is_advice = true,
     .reason = "M2023 art. 7: no woman among the members"},
    {.op = RULE_SOME,
     .field = MEMBER_GENDER,
     .within = COMMITTEE_MEMBERS,
     .mask = BIT(GENDER_MALE),
     .is_advice = true,
     .reason = "M2023 art. 7: no man among the members"},
    {.op = RULE_SOME,
     .field = MEMBER_PROFESSION,
     .within = COMMITTEE_MEMBERS,
     .mask = BIT(PROFESSION_TECHNICAL),
     .is_advice = true,
     .reason = "M2023 art. 7: no peer of the field of research"},
    {.op = RULE_SOME,
     .field = MEMBER_PROFESSION,
     .within = COMMITTEE_MEMBERS,
     .mask = BIT(PROFESSION_ETHICS),
     .is_advice = true,
     .reason = "M2023 art. 7: no expert in ethics"},
    {.op = RULE_SOME,
     .field = MEMBER_PROFESSION,
     .within = COMMITTEE_MEMBERS,
     .mask = BIT(PROFESSION_LAW),
     .is_advice = true,
     .reason = "M2023 art. 7: no expert in law"},
    {.op = RULE_SOME,
     .field = MEMBER_EXTERNAL,
     .within = COMMITTEE_MEMBERS,
     .mask = IS_TRUE,
     .is_advice = true,
     .reason = "M2023 art. 7: nobody from outside the institution"},
};

/* No field: one an institution. */
static const int committee_registration_unique[] = {-1};

const struct kind kind_committee_registration = {
    .name = "committee_registration",
    .number = KIND_COMMITTEE_REGISTRATION,
    .en = "Ethics committee",
    .zh = "科技伦理（审查）委员会",
    .fields = committee_registration_fields,
    .field_count = COMMITTEE_FIELDS,
    .rules = committee_registration_rules,
    .rule_count = COUNT(committee_registration_rules),
    .unique = committee_registration_unique,
    .family = &record_family,
    .life = &filing_life,
    .references = {"replaces"},
    .filers = BY_ENTITY,
    .priority = 1,
};
