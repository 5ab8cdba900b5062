/* What the operator files: each verb makes a record of the city and hands it to the writer. The fields of a verb's
 * record come from the record it answers, by the tables; a person adds only what he decides. */
#include <czmq.h>
#include <jansson.h>
#include <pwd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/text.h"
#include "hub/admin.h"
#include "hub/cli.h"
#include "hub/sharing.h"
#include "proto/life.h"

/* The record that is answered, and what of it counts now. */
struct target {
    int found;
    char party[RECORD_PARTY_SIZE];
    char owner[RECORD_PARTY_SIZE];
    uint8_t root[RECORD_ID_SIZE];
    const struct kind *kind;        /* of the record that was named */
    const struct kind *thread_kind; /* of the record that began the thread */
    json_t *content;                /* the newest record that carries content */
    json_t *leaving;                /* the same without what is confidential */
    bool is_erased;                 /* its content is gone: it can be answered, not said again */
};

static bool is_content(const struct record_row *row)
{
    json_t *record = record_to_json(row->bytes);
    const char *code = json_string_value(json_object_get(record, "action"));
    bool is_content = row->kind == row->thread_kind && (!code || streq(code, "raise") || streq(code, "update"));
    json_decref(record);
    return is_content;
}

static void note_content(void *self, const struct record_row *row)
{
    struct target *target = self;
    target->thread_kind = row->thread_kind;
    if (is_content(row)) {
        json_decref(target->content);
        json_decref(target->leaving);
        target->content = record_to_json(row->bytes);
        target->is_erased = row->erased_at != 0;
        target->leaving = sharing_leaving(row->bytes);
    }
}

static void note_target(void *self, const struct record_row *row)
{
    struct target *target = self;
    target->found++;
    target->kind = row->kind;
    snprintf(target->party, sizeof target->party, "%s", row->party);
    snprintf(target->owner, sizeof target->owner, "%s", row->owner);
    memcpy(target->root, row->root, RECORD_ID_SIZE);
}

static void target_done(struct target *target)
{
    json_decref(target->content);
    json_decref(target->leaving);
}

/* 0, or the exit status after the reason has been printed. */
static int find_target(const struct home *home, const char *text, struct target *ret_target)
{
    struct options options;
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    uint8_t id[RECORD_ID_SIZE];
    *ret_target = (struct target){0};
    if (!cli_record_id(text, id)) {
        return 2;
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    filter.id = id;
    err_t err = store_each_record(store, &filter, note_target, ret_target);
    if (err == ERR_OK && ret_target->found == 1) {
        err = store_each_in_thread(store, ret_target->owner, ret_target->root, note_content, ret_target);
    }
    store_close(store);
    if (err != ERR_OK || ret_target->found != 1 || !ret_target->content) {
        cli_fail(ret_target->found > 1
                     ? tr("%s: two parties have a record with this id", "%s：两个机构有同一编号的记录")
                     : tr("no record %s", "没有记录 %s"),
                 text);
        target_done(ret_target);
        return 1;
    }
    return 0;
}

/* Who acts: --by, or the user of this machine. */
static json_t *submitter(const char *by)
{
    const struct passwd *user = getpwuid(geteuid());
    return json_pack("{s:s, s:s}", "name", by ? by : user ? user->pw_name : "operator", "role", "经办人");
}

static void set_reference(json_t *record, const struct target *target)
{
    char root[37];
    record_id_text(target->root, root);
    json_object_set_new(record, "addressee", json_string(target->owner));
    json_object_set_new(record, "refers_to", json_string(root));
}

/* Takes the record. */
static int file_record(const struct home *home, json_t *record)
{
    char *text = json_dumps(record, JSON_COMPACT);
    zmsg_t *request = admin_request("file", NULL);
    zmsg_addstr(request, text);
    free(text);
    json_decref(record);
    return admin_call(home, &request);
}

/* ---- acceptance and return ---- */

static bool add_fault(json_t *faults, const char *text)
{
    const char *split = strchr(text, '=');
    if (!split || split == text || !split[1]) {
        return false;
    }
    json_array_append_new(faults, json_pack("{s:s#, s:s}", "field", text, (int)(split - text), "reason", split + 1));
    return true;
}

int cli_accept(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"note", false, NULL}, {"by", false, NULL}};
    const char *rest[1];
    size_t count = 0;
    struct target target;
    if (!cli_parse(argc, argv, arguments, 2, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    int status = find_target(home, rest[0], &target);
    if (status != 0) {
        return status;
    }
    json_t *record = json_pack("{s:s, s:o}", "kind", "acceptance", "submitter", submitter(arguments[1].value));
    if (arguments[0].value) {
        json_object_set_new(record, "note", json_string(arguments[0].value));
    }
    set_reference(record, &target);
    target_done(&target);
    return file_record(home, record);
}

int cli_return(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"due", false, NULL}, {"by", false, NULL}};
    const char *rest[51];
    size_t count = 0;
    struct target target;
    if (!cli_parse(argc, argv, arguments, 2, rest, 51, &count) || count < 2) {
        return cli_usage();
    }
    json_t *faults = json_array();
    for (size_t i = 1; i < count; i++) {
        if (!add_fault(faults, rest[i])) {
            json_decref(faults);
            return cli_usage();
        }
    }
    int status = find_target(home, rest[0], &target);
    if (status != 0) {
        json_decref(faults);
        return status;
    }
    json_t *record = json_pack("{s:s, s:o, s:o}", "kind", "return_for_correction", "faults", faults, "submitter",
                               submitter(arguments[1].value));
    if (arguments[0].value) {
        json_object_set_new(record, "due_on", json_string(arguments[0].value));
    }
    set_reference(record, &target);
    target_done(&target);
    return file_record(home, record);
}

/* ---- the life of a warning ---- */

/* True after that has been printed. */
static bool is_gone(const struct target *target, const char *name)
{
    return target->is_erased &&
           cli_fail(tr("%s: its content was erased, so it cannot be said again", "%s：其内容已擦除，无法据此再行报送"),
                    name) != 0;
}

/* A record in which the city says again what the warning says, but for the action and what it decides. */
static json_t *next_warning(const struct target *target, const char *action, const char *by)
{
    static const char *const own[] = {"id",        "schema",    "seq",    "created_at", "in_reply_to", "replaces",
                                      "refers_to", "addressee", "entity", "reason",     "action",      "submitter"};
    json_t *record = json_deep_copy(target->content);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        json_object_del(record, own[i]);
    }
    json_object_set_new(record, "action", json_string(action));
    json_object_set_new(record, "submitter", submitter(by));
    set_reference(record, target);
    return record;
}

int cli_warning(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {
        {"taken", false, NULL}, {"advised", false, NULL}, {"level", false, NULL}, {"by", false, NULL}};
    static const char *const keys[] = {"measures_taken", "measures_advised"};
    const char *rest[1];
    size_t count = 0;
    struct target target;
    int64_t level = 0;
    if (!cli_parse(argc, argv, arguments, 4, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (!cli_number(arguments, 4, "level", 1, 4, &level)) {
        return 2;
    }
    int status = find_target(home, rest[0], &target);
    if (status != 0) {
        return status;
    }
    if (!streq(target.thread_kind->name, "risk_warning")) {
        target_done(&target);
        return cli_fail(tr("%s is no warning", "%s 不是风险预警"), rest[0]);
    }
    if (is_gone(&target, rest[0])) {
        target_done(&target);
        return 1;
    }
    json_t *record = next_warning(&target, argv[0], arguments[3].value);
    for (size_t i = 0; i < 2; i++) {
        if (arguments[i].value) {
            json_object_set_new(record, keys[i], json_string(arguments[i].value));
        }
    }
    if (arguments[2].value) {
        json_object_set_new(record, "level", json_integer(level));
    }
    target_done(&target);
    return file_record(home, record);
}

/* ---- sharing ---- */

/* What the registry of copies says of the warning. False after the reason has been printed. */
static bool find_share(const struct home *home, const struct target *target, struct share_row *ret_row)
{
    struct options options;
    struct party owner;
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return false;
    }
    err_t err = store_find_party(store, target->owner, &owner);
    err = err == ERR_OK ? store_get_share(store, owner.row, target->root, ret_row) : err;
    store_close(store);
    return err == ERR_OK || err == ERR_NOT_FOUND || (cli_fail("%s", err_text(err)), false);
}

/* The copy that is out is changed or taken back. */
static int withdraw_copy(const struct home *home, const struct share_row *row, const char *by)
{
    char id[37];
    record_id_text(row->copy, id);
    return file_record(home, json_pack("{s:s, s:s, s:s, s:o}", "kind", "withdrawal", "replaces", id, "reason",
                                       "来源预警已撤销或不再属于共享范围", "submitter", submitter(by)));
}

static int share_target(const struct home *home, const struct target *target, const struct argument *arguments,
                        const char *name)
{
    struct share_row row = {0};
    char id[37];
    bool has_edits = arguments[0].value || arguments[1].value || arguments[2].value;
    bool is_preview = arguments[4].value != NULL;
    if (!find_share(home, target, &row)) {
        return 1;
    }
    bool is_out = row.has_copy && !row.is_withdrawn;
    record_id_text(row.copy, id);
    if (is_out && row.act == SHARE_WITHDRAW && !has_edits && !is_preview) {
        return withdraw_copy(home, &row, arguments[3].value);
    }
    if (is_out && row.act == SHARE_NOTHING && !has_edits && !is_preview) {
        return cli_fail(tr("%s is shared already, as %s, and nothing of it has changed", "%s 已共享（%s），且无变化"),
                        name, id);
    }
    if (is_gone(target, name)) {
        return 1;
    }
    json_t *audience = arguments[2].value ? json_loads(arguments[2].value, 0, NULL) : sharing_audience(target->leaving);
    if (!audience || !streq(target->thread_kind->name, "risk_warning")) {
        json_decref(audience);
        return cli_fail(
            tr("%s is not to be shared: share_scope is city_only, or it is no warning; name an audience with "
               "--to '{\"sectors\": [\"healthcare\"]}' if you may",
               "%s 不得共享：共享范围为仅限本市，或不是预警；如有权共享请用 --to '{\"sectors\": "
               "[\"healthcare\"]}' 指定对象"),
            name);
    }
    json_t *record = sharing_copy(target->leaving, target->owner, target->root);
    json_object_set_new(record, "submitter", submitter(arguments[3].value));
    json_object_set_new(record, "audience", audience);
    if (is_out) {
        json_object_set_new(record, "replaces", json_string(id));
        json_object_set_new(record, "reason", json_string("来源预警或共享内容已更新"));
    }
    if (arguments[0].value) {
        json_object_set_new(record, "headline", json_string(arguments[0].value));
    }
    if (arguments[1].value) {
        json_object_set_new(record, "measures_advised", json_string(arguments[1].value));
    }
    if (is_preview) {
        json_dumpf(record, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(record);
        return 0;
    }
    return file_record(home, record);
}

int cli_share(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"headline", false, NULL}, {"advised", false, NULL}, {"to", false, NULL},
                                   {"by", false, NULL},       {"preview", true, NULL},  {"pending", true, NULL},
                                   {"json", true, NULL},      {"csv", true, NULL}};
    size_t known = sizeof arguments / sizeof *arguments;
    const char *rest[1];
    size_t count = 0;
    struct target target;
    bool is_parsed = cli_parse(argc, argv, arguments, known, rest, 1, &count);
    if (is_parsed && count == 0 && arguments[5].value) {
        return cli_shares_waiting(home, cli_form(arguments, known));
    }
    if (!is_parsed || count != 1 || arguments[5].value) {
        return cli_usage();
    }
    int status = find_target(home, rest[0], &target);
    if (status != 0) {
        return status;
    }
    status = share_target(home, &target, arguments, rest[0]);
    target_done(&target);
    return status;
}

/* ---- expert re-review ---- */

int cli_rereview(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {
        {"received", false, NULL}, {"emergency", true, NULL}, {"by", false, NULL}, {"materials", false, NULL}};
    const char *rest[1];
    size_t count = 0;
    struct target target;
    struct options options;
    char reason[512];
    char today[11];
    if (!cli_parse(argc, argv, arguments, 4, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (options_load(home, &options, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    int status = find_target(home, rest[0], &target);
    if (status != 0) {
        return status;
    }
    date_text(day_of(clock_ms(), (int)options.utc_offset_minutes), today);
    json_t *item = json_object_get(target.content, "rereview_list_item");
    json_t *record =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:s}", "kind", "rereview_request", "report_id", rest[0], "addressee",
                  target.owner, "received_on", arguments[0].value ? arguments[0].value : today, "is_emergency",
                  arguments[1].value != NULL, "submitter", submitter(arguments[2].value), "materials",
                  arguments[3].value ? arguments[3].value : "审查情况报送所附材料");
    if (item) {
        json_object_set(record, "rereview_list_item", item);
    }
    target_done(&target);
    return file_record(home, record);
}

/* ---- anything else ---- */

/* NULL after the reason has been printed. PATH may be "-". */
static json_t *read_json(const char *path)
{
    char quoted[JSON_ERROR_TEXT_LENGTH]; /* of the file */
    json_error_t error;
    FILE *file = streq(path, "-") ? stdin : fopen(path, "r");
    json_t *root = file ? json_loadf(file, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (!root && (!file || ferror(file))) {
        cli_fail(tr("%s cannot be read: %s", "无法读取 %s：%s"), path, strerror(errno));
    } else if (!root) {
        cli_fail("%s:%d:%d: %s", path, error.line, error.column,
                 log_safe(error.text, strlen(error.text), quoted, sizeof quoted));
    }
    if (file && file != stdin) {
        fclose(file);
    }
    return root;
}

int cli_file(const struct home *home, int argc, char **argv)
{
    const char *rest[1];
    size_t count = 0;
    if (!cli_parse(argc, argv, NULL, 0, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    json_t *root = read_json(rest[0]);
    if (!root) {
        return 1;
    }
    json_t *list = json_is_array(root) ? root : json_pack("[o]", root);
    zmsg_t *request = admin_request("file", NULL);
    size_t index = 0;
    json_t *record = NULL;
    json_array_foreach(list, index, record)
    {
        char *text = json_dumps(record, JSON_COMPACT | JSON_ENCODE_ANY);
        zmsg_addstr(request, text);
        free(text);
    }
    json_decref(list);
    return admin_call(home, &request);
}
