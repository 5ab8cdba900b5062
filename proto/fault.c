#include "proto/fault.h"
#include "proto/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What was cut short may end within a character, and the wire takes only UTF-8. */
static void trim_text(char *text)
{
    size_t size = strlen(text);
    while (size > 0 && !utf8_check((struct view){(const uint8_t *)text, size}, NULL)) {
        text[--size] = '\0';
    }
}

void fault_add(struct faults *faults, const char *code, const char *field, const char *reason, ...)
{
    if (faults->count >= FAULTS_MAX) {
        return;
    }
    struct fault *fault = &faults->list[faults->count++];
    snprintf(fault->code, sizeof fault->code, "%s", code);
    snprintf(fault->field, sizeof fault->field, "%s", field);
    va_list args;
    va_start(args, reason);
    int size = vsnprintf(fault->reason, sizeof fault->reason, reason, args);
    va_end(args);
    if (size >= (int)sizeof fault->reason) {
        trim_text(fault->reason);
    }
}

/* Every code of PROTOCOL.md §8. */
static const struct {
    const char *code, *en, *zh;
} codes[] = {
    {"malformed", "the bytes are not understood", "数据格式无法识别"},
    {"unsupported", "the hub does not support this", "枢纽不支持该功能"},
    {"not_permitted", "this role may not do this", "当前角色无此权限"},
    {"suspended", "the operator has suspended this institution", "管理员已暂停本机构"},
    {"revoked", "the operator has revoked this key", "管理员已吊销本机构密钥"},
    {"key_retired", "another key has taken the place of this one", "该密钥已被新密钥取代"},
    {"key_held", "the party has a key already", "该机构已有密钥"},
    {"new_keys_needed", "these keys are ended, or are to be replaced by others", "该密钥已失效或须由新密钥取代"},
    {"session_superseded", "another machine uses the same key", "另一台机器正在使用同一密钥"},
    {"bad_signature", "the signature does not fit", "签名不符"},
    {"wrong_suite", "the keys are of another signature suite than the hub's", "密钥与枢纽的签名算法套件不一致"},
    {"batch_too_large", "too many records in one batch", "批次记录过多"},
    {"window_exceeded", "too many records without a receipt", "未回执的记录过多"},
    {"busy", "the hub is busy", "枢纽繁忙"},
    {"rate_limited", "more than the hub allows this party in a time", "超出枢纽允许的报送速率"},
    {"stopping", "the hub is shutting down", "枢纽正在停机"},
    {"code_invalid", "the join code is unknown", "加入码无效"},
    {"code_expired", "the join code has expired", "加入码已过期"},
    {"code_used", "the join code has been used", "加入码已被使用"},
    {"other_party", "the join link is another party's", "该加入链接属于另一机构"},
    {"locked_out", "too many wrong codes from this address", "错误次数过多，地址暂被锁定"},
    {"too_large", "the record is too large", "记录过大"},
    {"duplicate_key", "a field appears twice", "字段重复"},
    {"bad_utf8", "the text is not UTF-8", "文本不是有效的 UTF-8"},
    {"not_nfc", "the text is not in normal form C", "文本未规范化（NFC）"},
    {"bad_character", "the text holds a control character", "文本含控制字符"},
    {"wrong_type", "the field has another type", "字段类型不符"},
    {"missing", "a required field is missing", "缺少必填字段"},
    {"unknown_kind", "the kind of record is unknown", "未知的记录种类"},
    {"unknown_schema", "the schema version is unknown", "未知的模式版本"},
    {"bad_value", "not one of the codes", "不是允许的代码"},
    {"too_short", "too short", "内容过短"},
    {"too_long", "too long", "内容过长"},
    {"out_of_range", "out of range", "超出范围"},
    {"bad_format", "wrong format", "格式不正确"},
    {"bad_check_digit", "the check digit does not fit", "校验位不符"},
    {"bad_order", "dates or times in the wrong order", "日期或时间先后不符"},
    {"in_future", "in the future", "晚于当前时间"},
    {"rule", "a rule of the regulation is broken", "不符合办法规定"},
    {"not_wanted", "may not stand with the other fields", "与其他字段冲突，不应填写"},
    {"conflict", "the id is taken by another content", "编号已被其他内容占用"},
    {"not_unique", "the number is taken by another record", "编号已被其他记录使用"},
    {"entity_mismatch", "the record names another institution", "记录所称机构与本机构不符"},
    {"record_not_permitted", "this party may not file this", "本机构无权报送此类记录"},
    {"unknown_reference", "the record referred to is unknown", "所引用的记录不存在"},
    {"illegal_transition", "the state does not allow this action", "当前状态不允许该操作"},
    {"disk_full", "the hub's disk is full", "枢纽磁盘已满"},
    {"overload", "the hub is overloaded", "枢纽过载"},
    {"store_failed", "the hub's store failed", "枢纽存储故障"},
    {"missing_blob", "an attachment is not at the hub yet", "附件尚未上传到枢纽"},
    {"bad_media_type", "files of this type are not taken", "不接受此类型的文件"},
    {"type_mismatch", "the content is not of the stated type", "文件内容与所称类型不符"},
    {"hash_mismatch", "the content does not have the stated hash", "文件内容与摘要不符"},
    {"quota_exceeded", "the institution's room for attachments is used up", "本机构的附件空间已用完"},
    {"not_found", "the hub has no such attachment of this institution", "枢纽中没有本机构的此附件"},
    {"bad_offset", "a part of the attachment came out of turn", "附件分块次序有误"},
    {"file_missing", "the agent's copy of the file is gone", "本机保存的附件副本已不存在"},
    {"file_damaged", "the agent's copy of the file has been changed", "本机保存的附件副本已被改动"},
    {"unreadable", "the file cannot be read", "文件无法读取"},
};

const char *fault_label(const char *code, int chinese)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].code, code) == 0) {
            return chinese ? codes[i].zh : codes[i].en;
        }
    }
    return code;
}
