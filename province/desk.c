#include "province/desk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_text.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "proto/kinds.h"
#include "proto/life.h"
#include "proto/project.h"
#include "province/listing.h"

enum { FILE_SIZE_MAX = 4 * 1024 * 1024 };

static struct view text_view(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static void warn_membership(const char *reason)
{
    complain("%s", reason);
}

bool desk_open(const struct home *home, struct desk *ret_desk)
{
    char reason[256];
    memset(ret_desk, 0, sizeof *ret_desk);
    if (!look_open(home, &ret_desk->look)) {
        return false;
    }
    err_t err = hubs_load(home, &ret_desk->members, &ret_desk->member_count, warn_membership);
    if (err != ERR_OK) {
        complain(tr("%s/hubs cannot be read: %s", "无法读取 %s/hubs：%s"), home->path, err_text(err));
    } else if (ret_desk->member_count == 0) {
        complain(tr("%s has joined no hub: agn-province join LINK", "%s 尚未加入任何枢纽：agn-province join LINK"),
                 home->path);
        err = ERR_NOT_FOUND;
    } else if (outbox_open(home, OUTBOX_BUSY_MS, &ret_desk->outbox, reason) != ERR_OK) {
        complain("%s", reason);
        err = ERR_IO;
    }
    if (err != ERR_OK) {
        desk_close(ret_desk);
    }
    return err == ERR_OK;
}

void desk_close(struct desk *desk)
{
    outbox_close(desk->outbox);
    free(desk->members);
    look_close(&desk->look);
}

/* ---- the thread that is answered ---- */

/* ?1 the id of one of its records, ?2 the city or NULL. */
static const char thread_sql[] =
    "select r.hub, r.thread, r.thread_kind,"
    " (select f.owner from record f where f.hub = r.hub and f.generation = r.generation and f.thread = r.thread"
    "  order by f.cursor limit 1),"
    " (select l.state from record l where l.hub = r.hub and l.generation = r.generation and l.thread = r.thread"
    "  order by l.cursor desc limit 1),"
    " (select c.record from record c where c.hub = r.hub and c.generation = r.generation and c.thread = r.thread"
    "  and c.is_content order by c.cursor desc limit 1)"
    " from record r join member h on h.hub = r.hub and h.shown = r.generation"
    " where r.id = ?1 and (?2 is null or h.city = ?2) group by r.hub, r.thread";

static void read_thread(sqlite3_stmt *stmt, struct desk_thread *thread)
{
    struct view id = db_column_view(stmt, 1);
    struct view content = db_column_view(stmt, 5);
    thread->hub = sqlite3_column_int64(stmt, 0);
    memcpy(thread->id, id.at, id.size == RECORD_ID_SIZE ? RECORD_ID_SIZE : 0);
    thread->kind = kind_find(text_view(db_column_str(stmt, 2)));
    snprintf(thread->owner, sizeof thread->owner, "%s", db_column_str(stmt, 3));
    snprintf(thread->state, sizeof thread->state, "%s", db_column_str(stmt, 4));
    thread->content = content.size > 0 ? record_to_json(content) : NULL;
}

bool desk_find(struct desk *desk, const char *id, const char *city, struct desk_thread *ret_thread)
{
    uint8_t bytes[RECORD_ID_SIZE];
    memset(ret_thread, 0, sizeof *ret_thread);
    if (record_id_parse(id, bytes) != ERR_OK) {
        complain(tr("%s is no record's id (UUID); agn-province records lists them",
                    "%s 不是记录编号（UUID）；可用 agn-province records 查看"),
                 id);
        return false;
    }
    sqlite3_stmt *stmt = db_prepare(desk->look.db, thread_sql);
    db_bind_view(stmt, 1, (struct view){bytes, RECORD_ID_SIZE});
    db_bind_str(stmt, 2, city);
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        read_thread(stmt, ret_thread);
        err = db_step(stmt) == ERR_OK ? ERR_EXISTS : ERR_OK;
    }
    sqlite3_finalize(stmt);
    if (err == ERR_EXISTS) {
        complain(
            tr("two threads have a record %s: name the city with --city", "有两条线索含记录 %s：请用 --city 指定城市"),
            id);
    } else if (err == ERR_NOT_FOUND) {
        complain(tr("no city passed up a record %s", "没有城市上报过记录 %s"), id);
    } else if (err != ERR_OK) {
        look_failed(err);
    }
    if (err != ERR_OK) {
        json_decref(ret_thread->content);
        ret_thread->content = NULL;
    }
    return err == ERR_OK;
}

/* ---- the record ---- */

/* NULL: it cannot be read, or is too long. */
static char *read_all(FILE *file, size_t *ret_size)
{
    char *text = mem_alloc(FILE_SIZE_MAX + 1);
    *ret_size = fread(text, 1, FILE_SIZE_MAX + 1, file);
    if (ferror(file) || *ret_size > FILE_SIZE_MAX) {
        errno = ferror(file) ? errno : EFBIG;
        free(text);
        return NULL;
    }
    return text;
}

static void say_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        char field[FAULT_FIELD_SIZE];
        char reason[FAULT_REASON_SIZE];
        log_safe(fault->field, strlen(fault->field), field, sizeof field);
        log_safe(fault->reason, strlen(fault->reason), reason, sizeof reason);
        complain("%s: %s (%s): %s", *field ? field : tr("record", "整条记录"), fault->code,
                 fault_label(fault->code, text_is_chinese()), reason);
    }
}

json_t *desk_read(const char *file)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(file, "rb");
    size_t size = 0;
    char *text = stream ? read_all(stream, &size) : NULL;
    if (!text) {
        complain(tr("%s cannot be read: %s", "无法读取 %s：%s"), file, strerror(errno));
    }
    if (stream && !is_stdin) {
        fclose(stream);
    }
    if (!text) {
        return NULL;
    }
    struct faults faults = {0};
    json_t *json = json_text_read((struct view){(const uint8_t *)text, size}, &faults);
    free(text);
    if (json && !json_is_object(json)) {
        fault_add(&faults, "wrong_type", "", "one record, a JSON object, is expected");
        json_decref(json);
        json = NULL;
    }
    say_faults(&faults);
    return json;
}

void desk_sign(json_t *fields, const char *person)
{
    if (person && !json_object_get(fields, "submitter")) {
        json_object_set_new(fields, "submitter", json_pack("{s:s, s:s}", "name", person, "role", "经办人"));
    }
}

bool desk_may(const struct step *wanted)
{
    const struct kind *kind = wanted->kind;
    const char *code = json_string_value(json_object_get(wanted->fields, "action"));
    int action = code ? enumeration_index(&enum_warning_action, text_view(code)) : NO_ACTION;
    const struct transition *step = wanted->root ? life_step(wanted->root, kind, action) : life_beginning(kind, action);
    if (code && action < 0) {
        return true; /* no step at all: the check of the fields says so */
    }
    if (wanted->root && !step) {
        complain(tr("a %s cannot be followed by a %s", "%s 之后不能接 %s"), wanted->root->name, kind->name);
        return false;
    }
    bool is_allowed = (kind->filers & BY_PROVINCE) && (!step || (step->by & BY_PROVINCE)) &&
                      (wanted->is_own || !step || step->whose != WHOSE_OWN);
    if (!is_allowed) {
        complain(tr("the province may not file a %s%s%s: who may is said in docs/records.md, \"Filed by\" and \"Life "
                    "cycle\"",
                    "省级不得提交 %s%s%s：何方可以提交，见 docs/records.md 的“报送方”与“生命周期”"),
                 kind->name, code ? " " : "", code ? code : "");
        return false;
    }
    int now = wanted->state && wanted->root && wanted->root->life
                  ? enumeration_index(wanted->root->life->states, text_view(wanted->state))
                  : -1;
    if (step && now >= 0 && !step_fits(step, now)) {
        complain(
            tr("the thread is %s: this is not possible any more or not yet", "该线索状态为“%s”：目前不能进行此操作"),
            listing_state(wanted->state));
        return false;
    }
    return true;
}

static const struct membership *member_at(const struct desk *desk, int64_t hub)
{
    for (size_t i = 0; i < desk->member_count; i++) {
        if (desk->members[i].hub == hub) {
            return &desk->members[i].membership;
        }
    }
    return NULL;
}

int desk_file(struct desk *desk, const json_t *fields, const int64_t *hubs, size_t count,
              const struct outbox_memo *memo)
{
    if (json_array_size(json_object_get(fields, "attachments")) > 0) {
        /* A hub that wants the content before the record would never take it. */
        complain(tr("attachments: the province cannot send attachments; leave them out",
                    "attachments：省级暂不能发送附件，请勿填写"));
        return EXIT_REFUSED;
    }
    struct outbox_target *targets = mem_alloc(count * sizeof *targets);
    struct faults faults = {0};
    uint8_t id[RECORD_ID_SIZE];
    char text[37];
    for (size_t i = 0; i < count; i++) {
        const struct membership *member = member_at(desk, hubs[i]);
        if (!member) {
            complain(tr("hub %" PRId64 " is not joined any more: nothing can be sent to it",
                        "枢纽 %" PRId64 " 已不在加入列表中，无法发送"),
                     hubs[i]);
            free(targets);
            return EXIT_REFUSED;
        }
        targets[i] = (struct outbox_target){hubs[i], member->party, membership_suite(member)};
    }
    struct outbox_order order = {.memo = memo,
                                 .fields = fields,
                                 .utc_offset_minutes = (int)desk->look.settings.utc_offset_minutes,
                                 .targets = targets,
                                 .count = count};
    err_t err = outbox_file(desk->outbox, &order, clock_ms(), id, &faults);
    free(targets);
    if (err == ERR_INVALID && faults.count > 0) {
        say_faults(&faults);
    } else if (err != ERR_OK) {
        complain(tr("the outbox could not be written, nothing was filed: %s", "无法写入发件箱，未提交任何内容：%s"),
                 err_text(err));
    }
    if (err != ERR_OK) {
        return EXIT_REFUSED;
    }
    record_id_text(id, text);
    puts(text);
    hubs_wake(desk->look.home, WAKE_OUTBOX);
    return EXIT_DONE;
}
