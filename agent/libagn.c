/* libagn: the spool for programs in C. What it promises stands in agent/agn.h. */
#include "agent/agn.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/filing.h"
#include "agent/office.h"
#include "agent/reading.h"
#include "agent/views.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/mem.h"

#define KEY_PREFIX "lib/" /* apart from the keys of the local endpoint */
enum { KEY_MAX = 200, OUT_SIZE_MAX = 64 };

struct agn {
    struct home home;
    struct settings settings;
    struct membership membership;
    struct spool *spool;
    struct faults faults;
    char *folder; /* of attachments; NULL: none */
};

/* One request to file. */
struct request {
    const char *key; /* NULL: none */
    const uint8_t *corrects;
    uint8_t digest[DIGEST_SIZE];
    /* For the commit: */
    struct agn *agn;
    struct agn_filed *filed;
    enum agn_result described;
};

static const struct {
    const char *en;
    const char *zh;
} texts[] = {
    [AGN_OK] = {"done", "完成"},
    [AGN_REFUSED] = {"the record breaks a rule; nothing was stored", "记录不符合规则，未保存"},
    [AGN_NOT_FOUND] = {"no such record", "没有该记录"},
    [AGN_NOT_JOINED] = {"this folder is no home of a joined agent: agn-agent join LINK",
                        "该文件夹不是已加入枢纽的代理主目录：agn-agent join LINK"},
    [AGN_MISUSE] = {"a wrong argument", "参数错误"},
    [AGN_TOO_LARGE] = {"over 1 MiB of text", "文本超过 1 MiB"},
    [AGN_KEY_REUSED] = {"the key was used for another text", "该键已用于其他内容"},
    [AGN_BUSY] = {"another process holds the spool; try again", "其他进程正在占用，请重试"},
    [AGN_FULL] = {"the disk is full; nothing was changed", "磁盘已满，未作任何更改"},
    [AGN_FAILED] = {"the spool cannot be used", "数据文件不可用"},
};

const char *agn_result_text(enum agn_result result, int chinese)
{
    size_t index = (size_t)result < sizeof texts / sizeof *texts ? (size_t)result : AGN_FAILED;
    return chinese ? texts[index].zh : texts[index].en;
}

const char *agn_version(void)
{
    return AGN_VERSION;
}

int agn_api_version(void)
{
    return AGN_API_VERSION;
}

static enum agn_result result_of(err_t err)
{
    static const enum agn_result results[] = {
        [ERR_OK] = AGN_OK,
        [ERR_INVALID] = AGN_MISUSE,
        [ERR_TRUNCATED] = AGN_FAILED,
        [ERR_TOO_LARGE] = AGN_TOO_LARGE,
        [ERR_NOT_FOUND] = AGN_NOT_FOUND,
        [ERR_EXISTS] = AGN_FAILED,
        [ERR_BUSY] = AGN_BUSY,
        [ERR_FULL] = AGN_FULL,
        [ERR_IO] = AGN_FAILED,
    };
    return results[err];
}

static enum agn_result open_home(struct agn *agn, int wait_ms, char reason[512])
{
    if (settings_load(&agn->home, &agn->settings, reason) != ERR_OK) {
        return AGN_FAILED;
    }
    log_set_level(LOG_LEVEL_ERROR); /* the caller's stderr is not ours, and the level is the whole library's */
    err_t err = membership_load(&agn->home, MEMBERSHIP_FILE, &agn->membership, reason);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? AGN_NOT_JOINED : AGN_FAILED;
    }
    err = spool_open(&agn->home, membership_suite(&agn->membership), wait_ms, &agn->spool, reason);
    return err == ERR_INVALID ? AGN_FAILED : result_of(err);
}

enum agn_result agn_open(const char *home, int wait_ms, struct agn **ret_agn, char *reason, size_t reason_size)
{
    char why[512] = "";
    if (!ret_agn) {
        return AGN_MISUSE;
    }
    *ret_agn = NULL;
    if (!home || !*home || strlen(home) >= sizeof(struct home) || wait_ms < 0) {
        return AGN_MISUSE;
    }
    struct agn *agn = mem_alloc(sizeof *agn);
    snprintf(agn->home.path, sizeof agn->home.path, "%s", home);
    enum agn_result result = open_home(agn, wait_ms, why);
    if (reason && reason_size > 0) {
        snprintf(reason, reason_size, "%s", why);
    }
    if (result != AGN_OK) {
        agn_close(agn);
        return result;
    }
    *ret_agn = agn;
    return AGN_OK;
}

void agn_close(struct agn *agn)
{
    if (agn) {
        spool_close(agn->spool);
        free(agn->folder);
        free(agn);
    }
}

enum agn_result agn_attachment_folder(struct agn *agn, const char *folder)
{
    if (!agn || (folder && (*folder != '/' || strlen(folder) >= PATH_SIZE))) {
        return AGN_MISUSE;
    }
    free(agn->folder);
    agn->folder = folder ? mem_text(folder) : NULL;
    return AGN_OK;
}

static void describe(uint64_t seq, const uint8_t id[RECORD_ID_SIZE], struct agn_filed *ret_filed)
{
    ret_filed->seq = seq;
    record_id_text(id, ret_filed->id);
}

static enum agn_result describe_seq(struct agn *agn, uint64_t seq, struct agn_filed *ret_filed)
{
    struct item *item = mem_alloc(sizeof *item);
    size_t count = 0;
    err_t err = spool_list(agn->spool, -1, seq - 1, item, 1, &count);
    if (err == ERR_OK && count == 1) {
        describe(item->seq, item->id, ret_filed);
    }
    free(item);
    return err == ERR_OK && count == 0 ? AGN_FAILED : result_of(err);
}

/* AGN_NOT_FOUND: the key is new. */
static enum agn_result find_filed(struct agn *agn, const struct request *request, struct agn_filed *ret_filed)
{
    char key[sizeof KEY_PREFIX + KEY_MAX];
    struct filed_key filed;
    uint8_t *bytes = NULL;
    snprintf(key, sizeof key, KEY_PREFIX "%s", request->key);
    err_t err = spool_find_key(agn->spool, key, &filed, &bytes);
    free(bytes);
    if (err != ERR_OK) {
        return result_of(err);
    }
    if (memcmp(filed.digest, request->digest, DIGEST_SIZE) != 0) {
        return AGN_KEY_REUSED;
    }
    return describe_seq(agn, filed.first_seq, ret_filed);
}

/* In the transaction that stores the record. */
/* In the commit itself: once it is done, nothing may fail any more. */
static err_t on_commit(void *self, const struct filing *filing)
{
    struct request *request = self;
    request->described = describe_seq(request->agn, filing->accepted.first_seq, request->filed);
    if (request->described != AGN_OK || !request->key) {
        return request->described == AGN_OK ? ERR_OK : ERR_IO;
    }
    char key[sizeof KEY_PREFIX + KEY_MAX];
    struct filed_key filed = {.first_seq = filing->accepted.first_seq, .count = 1};
    memcpy(filed.digest, request->digest, DIGEST_SIZE);
    snprintf(key, sizeof key, KEY_PREFIX "%s", request->key);
    return spool_add_key(filing->spool, key, &filed);
}

static enum agn_result take(struct agn *agn, struct request *request, struct view text, struct agn_filed *ret_filed)
{
    struct filing filing = {.home = &agn->home,
                            .files = {.folder = agn->folder, .is_confined = true},
                            .spool = agn->spool,
                            .party = agn->membership.party,
                            .utc_offset_minutes = (int)agn->settings.utc_offset_minutes,
                            .corrects = request->corrects,
                            .on_commit = on_commit,
                            .self = request};
    request->agn = agn;
    request->filed = ret_filed;
    err_t err = filing_take(&filing, text);
    bool is_refused = filing.count > 0 && filing.lines[0].faults;
    if (is_refused) {
        agn->faults = *filing.lines[0].faults;
    }
    enum agn_result result = is_refused ? AGN_REFUSED : result_of(err);
    if (result == AGN_OK) {
        wake_poke(&agn->home);
    }
    filing_done(&filing);
    /* Another process has filed under this key in the meantime: its answer is the first one. */
    return err == ERR_EXISTS && request->key ? find_filed(agn, request, ret_filed) : result;
}

static enum agn_result file(struct agn *agn, struct request *request, const char *json, size_t size,
                            struct agn_filed *ret_filed)
{
    if (!agn || !json || !ret_filed || size == 0) {
        return AGN_MISUSE;
    }
    agn->faults.count = 0;
    if (size > FILING_SIZE_MAX) {
        return AGN_TOO_LARGE;
    }
    if (request->key) {
        SHA256((const unsigned char *)json, size, request->digest);
        enum agn_result result = find_filed(agn, request, ret_filed);
        if (result != AGN_NOT_FOUND) {
            return result;
        }
    }
    return take(agn, request, (struct view){(const uint8_t *)json, size}, ret_filed);
}

enum agn_result agn_file(struct agn *agn, const char *json, size_t size, struct agn_filed *ret_filed)
{
    struct request request = {.key = NULL};
    return file(agn, &request, json, size, ret_filed);
}

enum agn_result agn_file_once(struct agn *agn, const char *key, const char *json, size_t size,
                              struct agn_filed *ret_filed)
{
    struct request request = {.key = key};
    size_t count = 0;
    if (!key || !*key || strlen(key) > KEY_MAX ||
        !utf8_check((struct view){(const uint8_t *)key, strlen(key)}, &count)) {
        return AGN_MISUSE;
    }
    return file(agn, &request, json, size, ret_filed);
}

enum agn_result agn_file_corrected(struct agn *agn, const char *id, const char *json, size_t size,
                                   struct agn_filed *ret_filed)
{
    uint8_t corrects[RECORD_ID_SIZE];
    struct request request = {.corrects = corrects};
    if (!id || record_id_parse(id, corrects) != ERR_OK) {
        return AGN_MISUSE;
    }
    return file(agn, &request, json, size, ret_filed);
}

enum agn_result agn_fault(const struct agn *agn, size_t index, struct agn_fault *ret_fault)
{
    if (!agn || !ret_fault) {
        return AGN_MISUSE;
    }
    if (index >= agn->faults.count) {
        return AGN_NOT_FOUND;
    }
    const struct fault *fault = &agn->faults.list[index];
    snprintf(ret_fault->code, sizeof ret_fault->code, "%s", fault->code);
    snprintf(ret_fault->field, sizeof ret_fault->field, "%s", fault->field);
    snprintf(ret_fault->reason, sizeof ret_fault->reason, "%s", fault->reason);
    return AGN_OK;
}

const char *agn_fault_text(const char *code, int chinese)
{
    return fault_label(code ? code : "", chinese);
}

static void fill_item(const struct item *item, struct agn_item *ret_item)
{
    _Static_assert(sizeof ret_item->title >= TITLE_SIZE && sizeof ret_item->kind >= KIND_SIZE, "texts fit");
    memset(ret_item, 0, sizeof *ret_item);
    ret_item->seq = item->seq;
    record_id_text(item->id, ret_item->id);
    snprintf(ret_item->kind, sizeof ret_item->kind, "%s", item->kind);
    snprintf(ret_item->title, sizeof ret_item->title, "%s", item->title);
    snprintf(ret_item->state, sizeof ret_item->state, "%s", state_code(item->state));
    ret_item->accepted_at = item->accepted_at;
    ret_item->outcome_at = item->outcome_at;
    ret_item->number = item->number;
    ret_item->corrected_by = item->corrected_by;
}

enum agn_result agn_find(struct agn *agn, const char *id, struct agn_item *ret_item)
{
    uint8_t bytes[RECORD_ID_SIZE];
    struct item item;
    if (!agn || !ret_item || !id || record_id_parse(id, bytes) != ERR_OK) {
        return AGN_MISUSE;
    }
    agn->faults.count = 0;
    err_t err = spool_find(agn->spool, bytes, &item);
    if (err == ERR_OK && item.state >= ITEM_REJECTED) {
        err = spool_faults(agn->spool, item.seq, &agn->faults);
    }
    if (err == ERR_OK) {
        fill_item(&item, ret_item);
    }
    return result_of(err);
}

enum agn_result agn_list(struct agn *agn, const char *state, uint64_t after_seq, struct agn_item *ret_items, size_t max,
                         size_t *ret_count)
{
    int wanted = state ? state_of_code(state) : -1;
    if (!agn || !ret_items || !ret_count || (state && wanted < 0) || after_seq > INT64_MAX) {
        return AGN_MISUSE;
    }
    struct item *page = mem_alloc(OUT_SIZE_MAX * sizeof *page);
    size_t count = OUT_SIZE_MAX;
    err_t err = ERR_OK;
    *ret_count = 0;
    while (err == ERR_OK && count == OUT_SIZE_MAX && *ret_count < max) {
        size_t room = max - *ret_count < OUT_SIZE_MAX ? max - *ret_count : OUT_SIZE_MAX;
        err = spool_list(agn->spool, wanted, after_seq, page, room, &count);
        for (size_t i = 0; err == ERR_OK && i < count; i++) {
            fill_item(&page[i], &ret_items[(*ret_count)++]);
            after_seq = page[i].seq;
        }
    }
    free(page);
    return result_of(err);
}

static enum agn_result give_text(err_t err, json_t *view, char **ret_json)
{
    if (err != ERR_OK) {
        return result_of(err);
    }
    *ret_json = json_dumps(view, JSON_COMPACT);
    json_decref(view);
    return *ret_json ? AGN_OK : AGN_FAILED;
}

enum agn_result agn_record(struct agn *agn, const char *id, char **ret_json)
{
    uint8_t bytes[RECORD_ID_SIZE];
    json_t *view = NULL;
    if (!agn || !ret_json || !id || record_id_parse(id, bytes) != ERR_OK) {
        return AGN_MISUSE;
    }
    err_t err = record_view(agn->spool, bytes, &view);
    return give_text(err, view, ret_json);
}

enum agn_result agn_receipt(struct agn *agn, const char *id, char **ret_json)
{
    uint8_t bytes[RECORD_ID_SIZE];
    json_t *view = NULL;
    if (!agn || !ret_json || !id || record_id_parse(id, bytes) != ERR_OK) {
        return AGN_MISUSE;
    }
    err_t err = receipt_view(agn->spool, bytes, &view);
    return give_text(err, view, ret_json);
}

enum agn_result agn_message(struct agn *agn, uint64_t after, char **ret_json, uint64_t *ret_cursor)
{
    struct inbox_entry entry;
    json_t *view = NULL;
    int64_t read_at = 0;
    if (!agn || !ret_json || !ret_cursor || after > INT64_MAX) {
        return AGN_MISUSE;
    }
    err_t err = spool_next_event(agn->spool, (int64_t)after, &entry);
    if (err == ERR_OK) {
        err = spool_read_at(agn->spool, entry.row, &read_at);
        view = err == ERR_OK ? message_view(&entry, read_at) : NULL;
        *ret_cursor = (uint64_t)entry.row;
        free(entry.bytes);
    }
    return give_text(err, view, ret_json);
}

enum agn_result agn_message_read(struct agn *agn, uint64_t cursor)
{
    if (!agn || cursor > INT64_MAX) {
        return AGN_MISUSE;
    }
    struct reader_desk desk = {
        .home = &agn->home, .membership = &agn->membership, .settings = &agn->settings, .spool = agn->spool};
    int64_t at = 0;
    return result_of(reading_note(&desk, (int64_t)cursor, &at));
}

void agn_free(char *json)
{
    free(json);
}
