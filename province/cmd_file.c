/* notice, warn, file, decide, acknowledge: what the province files. An id that is printed is on disk. */
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "province/commands.h"
#include "province/desk.h"

/* The hubs that a record goes to. */
struct audience {
    int64_t hubs[HUBS_MAX];
    size_t count;
};

static bool is_listed(const char *list, const char *code)
{
    size_t size = strlen(code);
    for (const char *at = list; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        if (strcspn(at, ",") == size && strncmp(at, code, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Every code of the list must be of a joined hub: a mistyped city is not passed over. */
static bool knows_cities(const struct desk *desk, const char *list)
{
    for (const char *at = list; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        int size = (int)strcspn(at, ",");
        bool is_known = false;
        for (size_t i = 0; i < desk->member_count && !is_known; i++) {
            const char *city = desk->members[i].membership.city;
            is_known = (int)strlen(city) == size && strncmp(at, city, (size_t)size) == 0;
        }
        if (!is_known) {
            complain(tr("--city: no hub of the city %.*s is joined; agn-province status lists them",
                        "--city：未加入城市 %.*s 的枢纽；可用 agn-province status 查看"),
                     size, at);
            return false;
        }
    }
    return *list != '\0';
}

/* Into the thread: reference and owner. Without a name the hub finds the owner by the record. */
static void point_at(json_t *fields, const char *key, const struct desk_thread *thread)
{
    char id[37];
    record_id_text(thread->id, id);
    json_object_set_new(fields, key, json_string(id));
    if (*thread->owner) {
        json_object_set_new(fields, "addressee", json_string(thread->owner));
    } else {
        json_object_del(fields, "addressee");
    }
}

static int answer(struct desk *desk, const struct desk_thread *thread, const struct kind *kind, const json_t *fields)
{
    const struct step step = {.root = thread->kind, .kind = kind, .fields = fields, .state = thread->state};
    return desk_may(&step) ? desk_file(desk, fields, &thread->hub, 1, NULL) : EXIT_REFUSED;
}

/* The key of the record that FIELDS go on with; NULL where they begin a thread, or name it wrongly, which the check of
 * the fields will tell. */
static const char *find_reference(const struct kind *kind, const json_t *fields, uint8_t ret_id[RECORD_ID_SIZE])
{
    for (size_t i = 0; i < KIND_REFERENCES && kind->references[i]; i++) {
        const char *text = json_string_value(json_object_get(fields, kind->references[i]));
        if (text && record_id_parse(text, ret_id) == ERR_OK) {
            return kind->references[i];
        }
    }
    return NULL;
}

/* All hubs, or those of the cities named; what goes on with a filing of ours goes where that one went. */
static err_t choose(struct desk *desk, const struct arguments *arguments, const uint8_t *own, struct audience *ret)
{
    ret->count = 0;
    for (size_t i = 0; i < desk->member_count; i++) {
        const struct hub_member *member = &desk->members[i];
        if (arguments->city && !is_listed(arguments->city, member->membership.city)) {
            continue;
        }
        err_t err = own ? outbox_find(desk->outbox, member->hub, own) : ERR_OK;
        if (err == ERR_OK) {
            ret->hubs[ret->count++] = member->hub;
        } else if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    return ERR_OK;
}

/* To those of the hubs chosen that OWN, which it goes on with, was sent to; NULL: it begins a thread. */
static int file_with(struct desk *desk, const struct arguments *arguments, const json_t *fields, const uint8_t *own)
{
    struct audience audience;
    err_t err = choose(desk, arguments, own, &audience);
    if (err != ERR_OK) {
        return look_failed(err);
    }
    if (audience.count == 0) {
        complain(tr("none of these hubs was sent the record that this one goes on with",
                    "这些枢纽均未收到本记录所接续的记录"));
        return EXIT_REFUSED;
    }
    return desk_file(desk, fields, audience.hubs, audience.count, NULL);
}

/* It goes on with what came up: to the hub of that thread alone. */
static int file_answer(struct desk *desk, const struct arguments *arguments, const struct kind *kind, json_t *fields,
                       const char *key)
{
    struct desk_thread thread = {.hub = 0};
    const char *id = json_string_value(json_object_get(fields, key));
    int code = EXIT_REFUSED;
    if (desk_find(desk, id, arguments->city, &thread)) {
        point_at(fields, key, &thread);
        code = answer(desk, &thread, kind, fields);
    }
    json_decref(thread.content);
    return code;
}

static int file_fields(struct desk *desk, const struct arguments *arguments, const struct kind *kind, json_t *fields)
{
    uint8_t id[RECORD_ID_SIZE];
    struct step step = {.kind = kind, .fields = fields, .is_own = true};
    if (arguments->city && !knows_cities(desk, arguments->city)) {
        return EXIT_USAGE;
    }
    const char *key = find_reference(kind, fields, id);
    err_t err = key ? outbox_kind(desk->outbox, id, &step.root) : ERR_OK;
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? file_answer(desk, arguments, kind, fields, key) : look_failed(err);
    }
    return desk_may(&step) ? file_with(desk, arguments, fields, key ? id : NULL) : EXIT_REFUSED;
}

/* NULL after the reason was told. */
static const struct kind *settle_kind(json_t *fields, const char *wanted)
{
    const char *name = json_string_value(json_object_get(fields, "kind"));
    if (wanted && !name) {
        json_object_set_new(fields, "kind", json_string(wanted));
        name = wanted;
    }
    const struct kind *kind = name ? kind_find((struct view){(const uint8_t *)name, strlen(name)}) : NULL;
    if (!kind || (wanted && strcmp(kind->name, wanted) != 0)) {
        complain(tr("kind: expected %s, not %.60s", "kind：应为 %s，而不是 %.60s"),
                 wanted ? wanted : tr("the kind of a record", "记录种类"), name ? name : tr("nothing", "空"));
        return NULL;
    }
    return kind;
}

static int file_kind(const struct home *home, const struct arguments *arguments, const char *wanted)
{
    struct desk desk;
    if (arguments->operand_count != 1) {
        complain(tr("one FILE is expected (- is standard input)", "需要一个文件（- 表示标准输入）"));
        return EXIT_USAGE;
    }
    json_t *fields = desk_read(arguments->operands[0]);
    const struct kind *kind = fields ? settle_kind(fields, wanted) : NULL;
    int code = EXIT_REFUSED;
    if (kind && desk_open(home, &desk)) {
        if (strcmp(kind->name, "risk_warning") == 0 && !json_object_get(fields, "action")) {
            json_object_set_new(fields, "action", json_string("raise"));
        }
        desk_sign(fields, arguments->person);
        code = file_fields(&desk, arguments, kind, fields);
        desk_close(&desk);
    }
    json_decref(fields);
    return code;
}

int cmd_notice(const struct home *home, const struct arguments *arguments)
{
    return file_kind(home, arguments, "notice");
}

int cmd_warn(const struct home *home, const struct arguments *arguments)
{
    return file_kind(home, arguments, "risk_warning");
}

int cmd_file(const struct home *home, const struct arguments *arguments)
{
    return file_kind(home, arguments, NULL);
}

/* ---- answers to what came up ---- */

static bool is_of_kind(const struct desk_thread *thread, const char *kind, const char *id)
{
    if (thread->kind && strcmp(thread->kind->name, kind) == 0) {
        return true;
    }
    complain(tr("%s belongs to no %s", "%s 不属于 %s"), id, kind);
    return false;
}

int cmd_decide(const struct home *home, const struct arguments *arguments)
{
    struct desk desk;
    struct desk_thread thread = {.hub = 0};
    if (arguments->operand_count != 2) {
        complain(tr("decide needs CASE-ID and FILE", "decide 需要案件编号和文件"));
        return EXIT_USAGE;
    }
    json_t *fields = desk_read(arguments->operands[1]);
    const struct kind *kind = fields ? settle_kind(fields, "rereview_decision") : NULL;
    int code = EXIT_REFUSED;
    if (kind && desk_open(home, &desk)) {
        if (desk_find(&desk, arguments->operands[0], arguments->city, &thread) &&
            is_of_kind(&thread, "rereview_request", arguments->operands[0])) {
            point_at(fields, "request_id", &thread);
            desk_sign(fields, arguments->person);
            code = answer(&desk, &thread, kind, fields);
        }
        json_decref(thread.content);
        desk_close(&desk);
    }
    json_decref(fields);
    return code;
}

/* The province says again what the warning says, but for the action. */
static json_t *acknowledgement(const struct desk_thread *thread, const struct arguments *arguments)
{
    static const char *const own[] = {"id",         "schema",    "seq",    "created_at", "in_reply_to",    "replaces",
                                      "refers_to",  "addressee", "entity", "reason",     "measures_taken", "submitter",
                                      "attachments"};
    const struct passwd *user = getpwuid(geteuid());
    json_t *fields = json_deep_copy(thread->content);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        json_object_del(fields, own[i]);
    }
    json_object_set_new(fields, "action", json_string("acknowledge"));
    if (arguments->advised) {
        json_object_set_new(fields, "measures_advised", json_string(arguments->advised));
    }
    point_at(fields, "refers_to", thread);
    desk_sign(fields, arguments->person ? arguments->person : user ? user->pw_name : "province");
    return fields;
}

/* The beginning of a thread may never have come up. */
static bool has_content(const struct desk_thread *thread, const char *id)
{
    if (!thread->content) {
        complain(tr("%s: the record that says what it is about has not come up from hub %" PRId64
                    ": acknowledge it when "
                    "it has",
                    "%s：枢纽 %" PRId64 " 尚未上报说明其内容的记录：请在上报后再确认"),
                 id, thread->hub);
    }
    return thread->content != NULL;
}

int cmd_acknowledge(const struct home *home, const struct arguments *arguments)
{
    struct desk desk;
    struct desk_thread thread = {.hub = 0};
    if (arguments->operand_count != 1) {
        complain(tr("acknowledge needs one WARNING-ID", "acknowledge 需要一个预警编号"));
        return EXIT_USAGE;
    }
    if (!desk_open(home, &desk)) {
        return EXIT_REFUSED;
    }
    int code = EXIT_REFUSED;
    if (desk_find(&desk, arguments->operands[0], arguments->city, &thread) &&
        is_of_kind(&thread, "risk_warning", arguments->operands[0]) && has_content(&thread, arguments->operands[0])) {
        json_t *fields = acknowledgement(&thread, arguments);
        code = answer(&desk, &thread, thread.kind, fields);
        json_decref(fields);
    }
    json_decref(thread.content);
    desk_close(&desk);
    return code;
}
