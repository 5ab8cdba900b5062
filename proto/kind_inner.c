#include "proto/kind_rows.h"

/* Rows that several kinds have within theirs. */

const struct field submitter_fields[] = {
    ROW_SECRET("name", FIELD_TEXT, REQUIRED, 1, 100, "Name", "姓名", "PLAN"),
    ROW_SECRET("role", FIELD_TEXT, REQUIRED, 1, 100, "Role", "职务", "PLAN"),
    ROW_SECRET("phone", FIELD_TEXT, OPTIONAL, 3, 40, "Phone", "联系电话", "PLAN"),
    ROW_SECRET("email", FIELD_TEXT, OPTIONAL, 3, 254, "E-mail", "电子邮箱", "PLAN"),
};

static const struct field attachment_fields[] = {
    ROW("sha256", FIELD_HASH, REQUIRED, 32, 32, "SHA-256", "摘要", "PROTOCOL §2"),
    ROW("name", FIELD_TEXT, REQUIRED, 1, 200, "File name", "文件名", "PROTOCOL §2"),
    ROW("media_type", FIELD_TEXT, REQUIRED, 3, 100, "Media type", "媒体类型", "PROTOCOL §2"),
    ROW("size", FIELD_NUMBER, REQUIRED, 1, BLOB_LAST, "Size in bytes", "字节数", "PROTOCOL §2"),
    ROW_CODE("role", REQUIRED, enum_attachment_role, "Role", "用途", "PLAN"),
};
const struct field attachment_row[] = {
    ROW_INNER("attachment", FIELD_MAP, REQUIRED, 0, 0, NULL, attachment_fields, false, "Attachment", "附件", "PLAN"),
};

const struct field harm_kind_row[] = {
    ROW_CODE("harm_kind", REQUIRED, enum_harm_kind, "Kind of harm", "损害类型", "OECD/EU practice"),
};
const struct field sector_row[] = {
    ROW_CODE("sector", REQUIRED, enum_sector, "Sector", "领域", "PLAN"),
};
const struct field entity_type_row[] = {
    ROW_CODE("entity_type", REQUIRED, enum_entity_type, "Kind of institution", "主体类型", "PLAN"),
};
const struct field district_row[] = {
    ROW("district", FIELD_DISTRICT, REQUIRED, 6, 6, "District", "行政区划", "GB/T 2260"),
};
const struct field party_row[] = {
    ROW("party", FIELD_TEXT, REQUIRED, 1, 64, "Institution", "主体标识", "PROTOCOL §7"),
};

/* An empty or absent list names everybody. */
const struct field audience_fields[] = {
    ROW_INNER("entity_types", FIELD_LIST, OPTIONAL, 0, 5, NULL, entity_type_row, false, "Kinds of institution",
              "主体类型", "PLAN"),
    ROW_INNER("sectors", FIELD_LIST, OPTIONAL, 0, 10, NULL, sector_row, false, "Sectors", "领域", "PLAN"),
    ROW_INNER("districts", FIELD_LIST, OPTIONAL, 0, 200, NULL, district_row, false, "Districts", "行政区划", "PLAN"),
    ROW_INNER("entities", FIELD_LIST, OPTIONAL, 0, 5000, NULL, party_row, false, "Named institutions", "指定主体",
              "PLAN"),
};
