#include "agent/vocabulary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"

static const struct label states[] = {
    [ITEM_ACCEPTED] = {"accepted", "accepted here", "已在本机受理"},
    [ITEM_RECEIVED] = {"received", "received by the city", "市级已接收"},
    [ITEM_REJECTED] = {"rejected", "rejected", "被退回"},
    [ITEM_CORRECTED] = {"corrected", "not taken, since corrected", "未被接收，已更正重报"},
    [ITEM_DISCARDED] = {"discarded", "not taken, since discarded", "未被接收，已放弃"},
};

static const struct label standings[] = {
    {"active", "active", "正常"},
    {"suspended", "suspended", "已暂停"},
    {"revoked", "revoked", "已吊销"},
};

static const struct label blob_states[] = {
    [BLOB_WAITING] = {"waiting", "to be uploaded", "待上传"},
    [BLOB_KEPT] = {"kept", "with the city", "市级已保存"},
    [BLOB_REFUSED] = {"refused", "refused", "未被接受"},
};

#define OR_GIVE_UP_EN                                                                                                  \
    "; or replace the record: agn-agent submit --corrects ID FILE, or give it up: agn-agent discard ID --yes"
#define OR_GIVE_UP_ZH "；或更换记录：agn-agent submit --corrects ID 文件，或放弃：agn-agent discard ID --yes"

/* By the code of the hub, or our own. */
static const struct label blob_advices[] = {
    {"quota_exceeded", "ask the city's operator for more room, then: agn-agent attachment retry" OR_GIVE_UP_EN,
     "请联系市级管理员增加空间，然后执行：agn-agent attachment retry" OR_GIVE_UP_ZH},
    {"bad_media_type",
     "the hub does not take this type: ask its operator, then: agn-agent attachment retry" OR_GIVE_UP_EN,
     "枢纽不接受此类型：请联系市级管理员，然后执行：agn-agent attachment retry" OR_GIVE_UP_ZH},
    {"type_mismatch",
     "the hub judges the content otherwise: update agn-agent, then: agn-agent attachment retry" OR_GIVE_UP_EN,
     "枢纽对文件内容的判断不同：请升级 agn-agent，然后执行：agn-agent attachment retry" OR_GIVE_UP_ZH},
    {"unsupported", "the hub is of an older version: ask its operator to update it" OR_GIVE_UP_EN,
     "枢纽版本较旧：请联系市级管理员升级" OR_GIVE_UP_ZH},
    {BLOB_FILE_MISSING, "put the same file back: agn-agent attachment put FILE",
     "请重新放入同一文件：agn-agent attachment put FILE"},
    {BLOB_FILE_DAMAGED, "put the same file back: agn-agent attachment put FILE",
     "请重新放入同一文件：agn-agent attachment put FILE"},
    {"unreadable", "check the permissions of the agent's home", "请检查代理主目录的权限"},
    {"disk_full", "no room on the disk, here or at the hub: it is tried again", "本机或枢纽磁盘空间不足：将自动重试"},
};

const char *blob_state_code(enum blob_state state)
{
    return blob_states[state].code;
}

const char *blob_state_label(enum blob_state state)
{
    return text_is_chinese() ? blob_states[state].zh : blob_states[state].en;
}

const char *blob_advice(const char *code)
{
    for (size_t i = 0; i < sizeof blob_advices / sizeof *blob_advices; i++) {
        if (strcmp(blob_advices[i].code, code) == 0) {
            return text_is_chinese() ? blob_advices[i].zh : blob_advices[i].en;
        }
    }
    return "";
}

void blob_text(const struct blob_note *note, char *out, size_t size)
{
    const char *advice = blob_advice(note->code);
    if (!*note->code) {
        snprintf(out, size, "%s%s%s", note->name, tr(": ", "："), blob_state_label(note->state));
        return;
    }
    snprintf(out, size, tr("%s: %s (%s)%s%s", "%s：%s（%s）%s%s"), note->name, note->code,
             fault_label(note->code, text_is_chinese()), *advice ? tr(": ", "：") : "", advice);
}

void blob_plain_text(const struct blob_note *note, char *out, size_t size)
{
    snprintf(out, size, "%s %s", *note->code ? note->code : blob_state_code(note->state), note->name);
}

const char *state_code(enum item_state state)
{
    return states[state].code;
}

const char *state_label(enum item_state state)
{
    return text_is_chinese() ? states[state].zh : states[state].en;
}

int state_of_code(const char *code)
{
    for (int i = 0; i < ITEM_STATES; i++) {
        if (strcmp(states[i].code, code) == 0) {
            return i;
        }
    }
    return -1;
}

void state_codes(char *out, size_t size)
{
    out[0] = '\0';
    for (int i = 0; i < ITEM_STATES; i++) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s", i ? ", " : "", states[i].code);
    }
}

const char *standing_label(struct view state)
{
    for (size_t i = 0; i < sizeof standings / sizeof *standings; i++) {
        if (view_is(state, standings[i].code)) {
            return text_is_chinese() ? standings[i].zh : standings[i].en;
        }
    }
    return NULL;
}

void age_text(int64_t ms, char out[32])
{
    int64_t seconds = ms > 0 ? ms / 1000 : 0;
    if (seconds < 120) {
        snprintf(out, 32, tr("%" PRId64 " s", "%" PRId64 " 秒"), seconds);
    } else if (seconds < 7200) {
        snprintf(out, 32, tr("%" PRId64 " min", "%" PRId64 " 分钟"), seconds / 60);
    } else if (seconds < 172800) {
        snprintf(out, 32, tr("%" PRId64 " h", "%" PRId64 " 小时"), seconds / 3600);
    } else {
        snprintf(out, 32, tr("%" PRId64 " d", "%" PRId64 " 天"), seconds / 86400);
    }
}

/* The fault with everything in it safe to print. */
static struct fault safe_fault(const struct fault *fault)
{
    struct fault safe = {0};
    log_safe(fault->code, strlen(fault->code), safe.code, sizeof safe.code);
    log_safe(fault->field, strlen(fault->field), safe.field, sizeof safe.field);
    log_safe(fault->reason, strlen(fault->reason), safe.reason, sizeof safe.reason);
    return safe;
}

void fault_text(const struct fault *fault, char *out, size_t size)
{
    struct fault safe = safe_fault(fault);
    const char *label = fault_label(safe.code, text_is_chinese());
    const char *field = *safe.field ? safe.field : tr("record", "整条记录");
    if (strcmp(label, safe.code) == 0) {
        snprintf(out, size, "%s: %s: %s", field, safe.code, safe.reason);
    } else {
        snprintf(out, size, "%s: %s (%s): %s", field, safe.code, label, safe.reason);
    }
}

void fault_plain_text(const struct fault *fault, char *out, size_t size)
{
    struct fault safe = safe_fault(fault);
    snprintf(out, size, "%s %s: %s", safe.code, safe.field, safe.reason);
}
