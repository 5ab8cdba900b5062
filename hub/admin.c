#include "hub/admin.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/text.h"
#include "hub/acts.h"
#include "hub/admin_keys.h"
#include "hub/duties.h"
#include "hub/sharing.h"
#include "proto/life.h"

enum { PARTY_FRAMES = 8, STATE_REASON_MAX = 100, FILED_LINE = 37, FILED_MAX = ADMIN_TEXT / FILED_LINE };

zmsg_t *admin_fail(const char *reason)
{
    zmsg_t *reply = zmsg_new();
    zmsg_addstr(reply, "error");
    zmsg_addstr(reply, reason);
    return reply;
}

void admin_frame(zmsg_t *request, char *out, size_t size)
{
    char *text = zmsg_popstr(request);
    snprintf(out, size, "%s", text ? text : "");
    free(text);
}

static const char *label_of(const struct enumeration *codes, size_t index)
{
    return tr(codes->labels[index].en, codes->labels[index].zh);
}

static void list_roles(unsigned roles, char *out, size_t size)
{
    size_t used = 0;
    *out = '\0';
    for (unsigned role = 0; role < OPERATOR_ROLES; role++) {
        if (roles >> role & 1U && used < size) {
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? tr(", ", "、") : "",
                                     label_of(&enum_operator_role, role));
        }
    }
}

/* The faults of a record that was not filed, a line each. */
static void list_faults(const struct faults *faults, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < faults->count && used < size; i++) {
        const struct fault *fault = &faults->list[i];
        int more = snprintf(text + used, size - used, "%s%s: %s: %s", i > 0 ? "\n" : "", fault->field,
                            fault_label(fault->code, text_is_chinese()), fault->reason);
        used += more > 0 ? (size_t)more : 0;
    }
}

err_t admin_put_act(struct admin *admin, enum act act, const char *subject, const char *detail)
{
    struct act_note note = {act, admin->person, subject, detail, admin->reason};
    struct faults faults = {0};
    char roles[200];
    if (duty_act(act, admin->person->roles) < 0) {
        list_roles(admin->person->roles, roles, sizeof roles);
        snprintf(admin->text, sizeof admin->text,
                 tr("%s (%s) may not do this (%s): it is an administrator's",
                    "%s（%s）无权执行该操作（%s），须由管理员执行"),
                 admin->person->name, roles, label_of(&enum_act, act));
        admin->is_refused = true;
        return ERR_INVALID;
    }
    if (duty_needs_reason(act) && !*admin->reason) {
        snprintf(admin->text, sizeof admin->text, tr("say why with --reason TEXT (%s)", "请用 --reason 说明原因（%s）"),
                 label_of(&enum_act, act));
        return ERR_INVALID;
    }
    err_t err = acts_file(admin->city, admin->store, &note, clock_ms(), &admin->filed, &faults);
    list_faults(&faults, admin->text, sizeof admin->text);
    return err;
}

err_t admin_invitation(struct admin *admin, zmsg_t *request, char ret_code[ADMIN_CODE],
                       struct invitation *ret_invitation)
{
    char text[24];
    char reason[NUMBER_REASON];
    int64_t hours = 0;
    admin_frame(request, ret_code, ADMIN_CODE);
    admin_frame(request, text, sizeof text);
    err_t err = number_typed("--valid-hours", text, 1, LINK_HOURS_MAX, &hours, reason);
    if (err != ERR_OK) {
        snprintf(admin->text, sizeof admin->text, "%s", reason);
    }
    *ret_invitation = (struct invitation){.code = ret_code, .expires_at = clock_ms() + hours * 3600000, .reason = ""};
    return err;
}

static err_t add_party(struct admin *admin, zmsg_t *request, int64_t now)
{
    struct party party = {0};
    char detail[ADMIN_TEXT];
    char code[ADMIN_CODE];
    struct invitation invitation;
    admin_frame(request, party.role, sizeof party.role);
    admin_frame(request, party.party, sizeof party.party);
    admin_frame(request, party.name, sizeof party.name);
    admin_frame(request, party.entity_type, sizeof party.entity_type);
    admin_frame(request, party.sectors, sizeof party.sectors);
    admin_frame(request, party.district, sizeof party.district);
    err_t err = admin_invitation(admin, request, code, &invitation);
    snprintf(detail, sizeof detail, "%s, %s, %s, %s", party.name, party.entity_type, party.sectors, party.district);
    int role = role_find(party.role);
    enum act act = role == ROLE_ENTITY ? ACT_ENTITY_ADD : ACT_PEER_ADD;
    bool is_peer = role == ROLE_ENTITY || role == ROLE_PROVINCE; /* the city is its hub's own row */
    err = err == ERR_OK && !is_peer ? ERR_INVALID : err;
    err = err == ERR_OK ? store_put_party(admin->store, &party, now) : err;
    if (err == ERR_EXISTS) {
        snprintf(admin->text, sizeof admin->text,
                 tr("%s is registered already; use `invite` for a new join link",
                    "%s 已登记；如需新的加入链接请使用 invite"),
                 party.party);
        return err;
    }
    err = err == ERR_OK ? store_put_invitation(admin->store, party.party, &invitation, now) : err;
    return err == ERR_OK ? admin_put_act(admin, act, party.party, act == ACT_ENTITY_ADD ? detail : party.name) : err;
}

static err_t run_party_add(struct admin *admin, zmsg_t *request)
{
    err_t err = zmsg_size(request) % PARTY_FRAMES == 0 ? ERR_OK : ERR_INVALID;
    while (err == ERR_OK && zmsg_size(request) >= PARTY_FRAMES) {
        err = add_party(admin, request, clock_ms());
    }
    return err;
}

err_t admin_find_peer(struct admin *admin, const char *party, struct party *ret_party)
{
    err_t err = store_find_party(admin->store, party, ret_party);
    if (err == ERR_NOT_FOUND) {
        snprintf(admin->text, sizeof admin->text, tr("no party %s is registered", "没有登记 %s"), party);
    } else if (err == ERR_OK && role_find(ret_party->role) == ROLE_CITY) {
        snprintf(admin->text, sizeof admin->text,
                 tr("%s is the city itself, whose keys are this hub's: see agn-hub key rotate",
                    "%s 即本市，其密钥就是枢纽的密钥：见 agn-hub key rotate"),
                 party);
        err = ERR_INVALID;
    }
    return err;
}

err_t admin_judge_final(struct admin *admin, const struct party *party)
{
    if (strcmp(party->state, "revoked") != 0) {
        return ERR_OK;
    }
    snprintf(admin->text, sizeof admin->text, tr("%s is revoked, which is final", "%s 已吊销，不可恢复"), party->party);
    return ERR_INVALID;
}

static const struct state_act {
    const char *state;
    enum act act;
} state_acts[] = {{"suspended", ACT_SUSPEND}, {"active", ACT_RESUME}, {"revoked", ACT_REVOKE}};

static const struct state_act *find_state_act(const char *state)
{
    for (size_t i = 0; i < sizeof state_acts / sizeof *state_acts; i++) {
        if (strcmp(state_acts[i].state, state) == 0) {
            return &state_acts[i];
        }
    }
    return NULL;
}

static err_t run_set_state(struct admin *admin, zmsg_t *request)
{
    char party[64];
    char state[PARTY_STATE_SIZE];
    struct party now;
    admin_frame(request, party, sizeof party);
    admin_frame(request, state, sizeof state);
    const struct state_act *act = find_state_act(state);
    err_t err = act ? ERR_OK : ERR_INVALID;
    err = err == ERR_OK ? admin_find_peer(admin, party, &now) : err;
    if (err != ERR_OK) {
        return err;
    }
    err = admin_judge_final(admin, &now);
    if (err != ERR_OK) {
        return err;
    }
    if (!now.has_keys && strcmp(state, "revoked") != 0) {
        snprintf(admin->text, sizeof admin->text, tr("%s has not joined yet", "%s 尚未加入"), party);
        return ERR_INVALID;
    }
    size_t points = 0;
    if (!utf8_check((struct view){(const uint8_t *)admin->reason, strlen(admin->reason)}, &points) ||
        points > STATE_REASON_MAX) {
        snprintf(admin->text, sizeof admin->text, "%s",
                 tr("--reason: at most 100 characters, which the institution is told",
                    "--reason：最多 100 个字符，将告知该机构"));
        return ERR_INVALID;
    }
    err = admin_put_act(admin, act->act, party, now.name);
    return err == ERR_OK ? store_set_state(admin->store, party, state, admin->reason, clock_ms(), &admin->changed)
                         : err;
}

err_t admin_cursor(struct store *store, const char *text, uint64_t *ret_cursor, char reterr_reason[ADMIN_TEXT])
{
    uint64_t last = 0;
    int64_t cursor = 0;
    err_t err = store_head(store, "uplink", 0, &last);
    int64_t head = (int64_t)last;
    if (err != ERR_OK) {
        return err;
    }
    err = number_parse(text, 0, head, &cursor);
    if (err != ERR_OK) {
        snprintf(reterr_reason, ADMIN_TEXT,
                 tr("--upto %.80s: expected a cursor, 0 to %" PRId64 ", as `agn-province status` shows it",
                    "--upto %.80s：应为游标 0 至 %" PRId64 "，见 agn-province status"),
                 text, head);
    }
    *ret_cursor = (uint64_t)cursor;
    return err;
}

static err_t run_prune(struct admin *admin, zmsg_t *request)
{
    char upto[24];
    uint64_t cursor = 0;
    uint64_t removed = 0;
    admin_frame(request, upto, sizeof upto);
    err_t err = admin_cursor(admin->store, upto, &cursor, admin->text);
    err = err == ERR_OK ? store_prune_uplink(admin->store, cursor, &removed) : err;
    err = err == ERR_OK ? admin_put_act(admin, ACT_PRUNE, "uplink", upto) : err;
    if (err == ERR_OK) {
        snprintf(admin->text, sizeof admin->text,
                 tr("removed %" PRIu64 " warnings from the uplink stream", "已从上行流清理 %" PRIu64 " 条预警"),
                 removed);
    }
    return err;
}

/* The record says who files it by the operators' file, not by what the command believes. */
static void set_submitter(const struct person *person, int role, json_t *object)
{
    json_object_set_new(object, "submitter",
                        json_pack("{s:s, s:s}", "name", person->name, "role", enum_operator_role.labels[role].zh));
}

/* Whether one of the person's roles may file it. What is no kind at all is left to the check of the record. */
static err_t judge_record(struct admin *admin, json_t *object)
{
    struct faults faults = {0};
    char roles[200];
    const char *name = json_string_value(json_object_get(object, "kind"));
    const char *action = json_string_value(json_object_get(object, "action"));
    const struct kind *kind = name ? kind_find((struct view){(const uint8_t *)name, strlen(name)}) : NULL;
    if (!kind) {
        return ERR_OK;
    }
    struct view code = {(const uint8_t *)action, action ? strlen(action) : 0};
    int role =
        duty_record(kind, action ? enumeration_index(&enum_warning_action, code) : NO_ACTION, admin->person->roles);
    if (role < 0) {
        list_roles(admin->person->roles, roles, sizeof roles);
        fault_add(&faults, "record_not_permitted", action ? "action" : "kind", "not in the role of %s (%s)", roles,
                  admin->person->name);
        list_faults(&faults, admin->text, sizeof admin->text);
        admin->is_refused = true;
        return ERR_INVALID;
    }
    if (admin->operators->is_mapped) {
        set_submitter(admin->person, role, object);
    }
    return ERR_OK;
}

/* A warning is shared once: the copy is noted with the record that it is. */
static err_t file_one(struct admin *admin, json_t *object, struct filed *ret_filed)
{
    struct faults faults = {0};
    struct share_row share = {0};
    bool is_copy = false;
    err_t err = judge_record(admin, object);
    err = err == ERR_OK ? sharing_claim(admin->store, object, &share, &is_copy) : err;
    if (err == ERR_EXISTS) {
        char copy[37];
        record_id_text(share.copy, copy);
        snprintf(admin->text, sizeof admin->text,
                 tr("source_id: the warning is shared already, as %s: correct that one with `replaces`",
                    "source_id：该预警已共享为 %s：请用 replaces 更正该件"),
                 copy);
    }
    if (err != ERR_OK) {
        return err;
    }
    err = city_file(admin->city, admin->store, object, clock_ms(), ret_filed, &faults);
    if (err == ERR_INVALID) {
        list_faults(&faults, admin->text, sizeof admin->text);
    }
    return err == ERR_OK && is_copy ? sharing_claimed(admin->store, &share, ret_filed->id) : err;
}

/* The record that a frame holds. */
static err_t file_frame(struct admin *admin, const char *text, size_t number, struct filed *ret_filed)
{
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    err_t err = json_is_object(object) ? file_one(admin, object, ret_filed) : ERR_INVALID;
    if (!json_is_object(object)) {
        snprintf(admin->text, sizeof admin->text, tr("record %zu is no JSON object", "第 %zu 条记录不是 JSON 对象"),
                 number);
    }
    json_decref(object);
    return err;
}

/* Several records are filed together or not at all. Their ids are told, a line each. */
static err_t run_file(struct admin *admin, zmsg_t *request)
{
    char ids[ADMIN_TEXT] = "";
    size_t count = zmsg_size(request);
    err_t err = ERR_OK;
    if (count == 0 || count > FILED_MAX) {
        snprintf(admin->text, sizeof admin->text, tr("1 to %d records at a time", "一次可报 1 至 %d 条记录"),
                 (int)FILED_MAX);
        return ERR_INVALID;
    }
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct filed filed;
        char *text = zmsg_popstr(request);
        err = file_frame(admin, text, i + 1, &filed);
        free(text);
        if (err == ERR_OK) {
            record_id_text(filed.id, ids + i * FILED_LINE);
            ids[i * FILED_LINE + FILED_LINE - 1] = i + 1 < count ? '\n' : '\0';
        }
    }
    if (err == ERR_OK) {
        memcpy(admin->text, ids, sizeof ids);
    }
    return err;
}

/* On a full disk the reserve is for those that add little: whoever fills the disk must be stopped. Who makes links
 * names the key that the hub has now, of which its registry knows no more than when which one should be. */
static const struct {
    const char *name;
    err_t (*run)(struct admin *admin, zmsg_t *request);
    bool adds_much, makes_links;
} commands[] = {{"party-add", run_party_add, true, true},
                {"invite", admin_invite, false, true},
                {"key-revoke", admin_key_revoke, false, false},
                {"key-leaked", admin_key_leaked, false, false},
                {"key-rotate", admin_key_rotate, false, false},
                {"set-state", run_set_state, false, false},
                {"prune", run_prune, false, false},
                {"erase", admin_erase, false, false},
                {"file", run_file, true, false}};

static zmsg_t *run_command(struct admin *admin, size_t index, zmsg_t *request)
{
    err_t err = store_begin(admin->store);
    err = err == ERR_OK ? commands[index].run(admin, request) : err;
    if (err == ERR_OK) {
        err = store_commit(admin->store);
        *admin->text = err == ERR_OK ? *admin->text : '\0'; /* what it says was not done */
    }
    if (err == ERR_OK && !admin->changed.row) {
        (void)!store_registered(admin->store, &admin->changed);
    }
    if (err != ERR_OK) {
        store_rollback(admin->store);
        return admin_fail(*admin->text ? admin->text : err_text(err));
    }
    zmsg_t *reply = zmsg_new();
    zmsg_addstr(reply, "ok");
    zmsg_addstr(reply, admin->text);
    if (commands[index].makes_links) {
        zmsg_addmem(reply, admin->city->identity->curve_public, KEY_SIZE);
    }
    return reply;
}

zmsg_t *admin_greet(const struct admin *admin, uid_t uid)
{
    static const char *const languages[] = {"en", "zh"};
    char reason[512];
    if (operators_find(admin->operators, uid)) {
        return NULL;
    }
    zmsg_t *reply = zmsg_new();
    zmsg_addstr(reply, "error");
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        text_speak(languages[i]);
        operators_refusal(admin->operators, uid, reason, sizeof reason);
        zmsg_addstr(reply, reason);
    }
    text_speak(NULL);
    return reply;
}

static zmsg_t *answer(struct admin *admin, uid_t uid, zmsg_t *request)
{
    char name[32];
    admin->person = operators_find(admin->operators, uid);
    admin->is_refused = !admin->person;
    admin->is_erased = false;
    *admin->text = '\0';
    admin->changed = (struct party){0};
    if (!admin->person) {
        return admin_greet(admin, uid);
    }
    admin_frame(request, name, sizeof name);
    admin_frame(request, admin->reason, sizeof admin->reason);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return admin->is_full && commands[i].adds_much ? admin_fail(tr("the disk is full", "磁盘已满"))
                                                           : run_command(admin, i, request);
        }
    }
    return admin_fail(
        tr("the hub does not know this command: is it of an older version?", "枢纽不认识该命令：版本是否过旧？"));
}

zmsg_t *admin_run(struct admin *admin, uid_t uid, zmsg_t *request)
{
    char language[4];
    admin_frame(request, language, sizeof language);
    text_speak(language);
    zmsg_t *reply = answer(admin, uid, request);
    text_speak(NULL);
    return reply;
}

void admin_make_code(char ret_code[21])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[20];
    if (RAND_bytes(random, sizeof random) != 1) {
        abort();
    }
    for (int i = 0; i < 20; i++) {
        ret_code[i] = digits[random[i] & 31];
    }
    ret_code[20] = '\0';
}
