#include <czmq.h>
#include <inttypes.h>
#include <openssl/rand.h>

#include "common/text.h"
#include "hub/admin.h"
#include "hub/cli.h"
#include "hub/cli_keys.h"

enum { IMPORT_LINE_MAX = 65536 };

/* A name goes into a configuration file, a terminal and a page: no quotes, no control characters. */
static bool is_name(const char *name)
{
    size_t count = 0;
    struct view text = {(const uint8_t *)name, strlen(name)};
    if (!utf8_check(text, &count) || count < 2 || count > 100) {
        return false;
    }
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_code_of(const struct enumeration *codes, const char *text, size_t size)
{
    return enumeration_index(codes, (struct view){(const uint8_t *)text, size}) >= 0;
}

static bool are_sectors(const char *sectors)
{
    int count = 0;
    for (const char *at = sectors; *at; count++) {
        size_t size = strcspn(at, ",");
        if (!is_code_of(&enum_sector, at, size)) {
            return false;
        }
        at += size + (at[size] == ',');
    }
    return count >= 1 && count <= 10;
}

static struct view view_of(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

/* Says what is wrong with an institution's data, or NULL. */
static const char *judge_entity(const struct options *options, const char *uscc, const char *name, const char *type,
                                const char *sectors, const char *district)
{
    if (!uscc || !uscc_check(view_of(uscc))) {
        return tr("--uscc: not a unified social credit code (18 characters, check digit)",
                  "--uscc：不是有效的统一社会信用代码（18 位，含校验位）");
    }
    if (!name || !is_name(name)) {
        return tr("--name: 2 to 100 characters without quotes", "--name：2 至 100 个字符，不含引号");
    }
    if (!type || !is_code_of(&enum_entity_type, type, strlen(type))) {
        return tr("--type: one of enterprise, university, institute, hospital, other",
                  "--type：应为 enterprise、university、institute、hospital、other 之一");
    }
    if (!sectors || !are_sectors(sectors)) {
        return tr("--sector: one to ten codes, separated by commas; see `agn-hub schema review_report`",
                  "--sector：1 至 10 个领域代码，用逗号分隔；见 agn-hub schema review_report");
    }
    if (!district || !district_check(view_of(district)) || strncmp(district, options->city, 4) != 0) {
        return tr("--district: a six-digit district code within this city",
                  "--district：应为本市范围内的六位行政区划代码");
    }
    return NULL;
}

/* FRAMES: role, party, name, type, sectors, district, code. */
static void add_party(zmsg_t *request, const char *const frames[7], int64_t hours)
{
    for (size_t i = 0; i < 7; i++) {
        zmsg_addstr(request, frames[i]);
    }
    zmsg_addstrf(request, "%" PRId64, hours);
}

int cli_entity_add(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"uscc", false, NULL},   {"name", false, NULL},     {"type", false, NULL},
                                   {"sector", false, NULL}, {"district", false, NULL}, {"valid-hours", false, NULL}};
    size_t count = sizeof arguments / sizeof *arguments;
    size_t rest = 0;
    struct options options;
    char reason[512];
    int64_t hours = 0;
    if (!cli_parse(argc, argv, arguments, count, NULL, 0, &rest) || !cli_link_hours(arguments, count, &hours)) {
        return 2;
    }
    if (options_load(home, &options, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    const char *uscc = cli_value(arguments, count, "uscc");
    const char *fault =
        judge_entity(&options, uscc, arguments[1].value, arguments[2].value, arguments[3].value, arguments[4].value);
    if (fault) {
        return cli_fail("%s", fault), 2;
    }
    zmsg_t *request = admin_request("party-add", NULL);
    zlist_t *codes = cli_codes();
    const char *const frames[7] = {
        "entity",           uscc, arguments[1].value, arguments[2].value, arguments[3].value, arguments[4].value,
        cli_add_code(codes)};
    add_party(request, frames, hours);
    return cli_call_for_links(home, request, codes);
}

static const char *json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void join_sectors(const json_t *object, char *out, size_t size)
{
    size_t index = 0;
    json_t *sector = NULL;
    out[0] = '\0';
    json_array_foreach(json_object_get(object, "sectors"), index, sector)
    {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s", used ? "," : "",
                 json_is_string(sector) ? json_string_value(sector) : "?");
    }
}

/* One institution a line: {uscc, name, type, sectors, district}; all are registered in one transaction, or none. */
static int import_lines(const struct home *home, const struct options *options, FILE *file, const char *path)
{
    static char line[IMPORT_LINE_MAX];
    zmsg_t *request = admin_request("party-add", NULL);
    zlist_t *codes = cli_codes();
    int number = 0;
    int status = 0;
    while (status == 0 && fgets(line, sizeof line, file)) {
        char sectors[256];
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        number++;
        join_sectors(object, sectors, sizeof sectors);
        const char *fault = object ? judge_entity(options, json_text(object, "uscc"), json_text(object, "name"),
                                                  json_text(object, "type"), sectors, json_text(object, "district"))
                                   : tr("not a JSON object", "不是 JSON 对象");
        if (fault) {
            status = cli_fail("%s:%d: %s", path, number, fault);
        } else {
            const char *const frames[7] = {
                "entity", json_text(object, "uscc"),     json_text(object, "name"), json_text(object, "type"),
                sectors,  json_text(object, "district"), cli_add_code(codes)};
            add_party(request, frames, LINK_HOURS);
        }
        json_decref(object);
    }
    if (status == 0 && ferror(file)) {
        status = cli_fail("%s: %s", path, strerror(errno));
    } else if (status == 0 && number == 0) {
        status = cli_fail(tr("%s: no institution in it", "%s：其中没有机构"), path);
    }
    if (status == 0) {
        return cli_call_for_links(home, request, codes);
    }
    zmsg_destroy(&request);
    zlist_destroy(&codes);
    return status;
}

int cli_entity_import(const struct home *home, int argc, char **argv)
{
    const char *rest[1];
    size_t count = 0;
    struct options options;
    char reason[512];
    if (!cli_parse(argc, argv, NULL, 0, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (options_load(home, &options, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    FILE *file = fopen(rest[0], "r");
    if (!file) {
        return cli_fail("%s: %s", rest[0], strerror(errno));
    }
    int status = import_lines(home, &options, file, rest[0]);
    fclose(file);
    return status;
}

/* PEER: named by its name or its code, an institution by its code alone. */
static int set_state(const struct home *home, int argc, char **argv, const char *state, bool is_peer)
{
    struct argument arguments[] = {{"reason", false, NULL}};
    const char *rest[1];
    size_t count = 0;
    char party[RECORD_PARTY_SIZE];
    if (!cli_parse(argc, argv, arguments, 1, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    if (is_peer && !cli_find_party(home, rest[0], "province", party)) {
        return 1;
    }
    zmsg_t *request = admin_request("set-state", arguments[0].value);
    zmsg_addstr(request, is_peer ? party : rest[0]);
    zmsg_addstr(request, state);
    return admin_call(home, &request);
}

int cli_entity_suspend(const struct home *home, int argc, char **argv)
{
    return set_state(home, argc, argv, "suspended", false);
}

int cli_entity_resume(const struct home *home, int argc, char **argv)
{
    return set_state(home, argc, argv, "active", false);
}

int cli_entity_revoke(const struct home *home, int argc, char **argv)
{
    return set_state(home, argc, argv, "revoked", false);
}

int cli_peer_revoke(const struct home *home, int argc, char **argv)
{
    return set_state(home, argc, argv, "revoked", true);
}

static const struct table_column party_columns[] = {
    {"party", "code", "代码", false},
    {"name", "name", "名称", false},
    {"entity_type", "type", "类型", false},
    {"sectors", "sectors", "领域", false},
    {"district", "district", "区划", false},
    {"state", "state", "状态", false},
    {"last_seq", "sent", "已编号", true},
    {"stored", "held", "已存", true},
    {"refused", "refused", "退回", true},
    {"missing", "missing", "缺号", true},
    {"last_at", "last heard", "最近接收", false},
    {"link", "open link", "未用链接", false},
    {"link_until", "until", "链接有效期至", false},
};
enum { PARTY_COLUMNS = sizeof party_columns / sizeof *party_columns };

struct listing {
    struct store *store;
    struct table *table;
    const char *role;
    const char *party;
    int utc_offset_minutes;
    int64_t now;
};

static const struct label state_labels[] = {{"invited", "invited", "待加入"},
                                            {"active", "active", "正常"},
                                            {"suspended", "suspended", "已暂停"},
                                            {"revoked", "revoked", "已吊销"}};
static const struct enumeration state_codes = {"party_state", state_labels, 4};

static const struct label link_labels[] = {{"join", "to join", "加入"}, {"replace", "to replace the keys", "替换密钥"}};

/* In the last two columns; UNTIL holds the text of the last. */
static void add_link(const struct listing *listing, const struct party *party, char until[20], const char **cells,
                     const char **labels)
{
    struct invitation open;
    if (store_open_invitation(listing->store, party->row, listing->now, &open) == ERR_OK) {
        const struct label *link = &link_labels[open.replaces];
        local_time_text(open.expires_at, listing->utc_offset_minutes, until);
        cells[PARTY_COLUMNS - 2] = link->code;
        labels[PARTY_COLUMNS - 2] = tr(link->en, link->zh);
        cells[PARTY_COLUMNS - 1] = until;
    }
}

static void list_party(void *self, const struct party *party)
{
    struct listing *listing = self;
    char numbers[4][24];
    char at[20] = "";
    char until[20];
    if (strcmp(party->role, listing->role) != 0 || (listing->party && strcmp(party->party, listing->party) != 0)) {
        return;
    }
    uint64_t held = party->stored + party->refused;
    const uint64_t values[] = {party->given_out, party->stored, party->refused,
                               party->given_out > held ? party->given_out - held : 0};
    for (int i = 0; i < 4; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%" PRIu64, values[i]);
    }
    if (party->last_at > 0) {
        local_time_text(party->last_at, listing->utc_offset_minutes, at);
    }
    bool zh = text_is_chinese();
    const char *cells[PARTY_COLUMNS] = {party->party,
                                        party->name,
                                        party->entity_type,
                                        party->sectors,
                                        party->district,
                                        party->state,
                                        numbers[0],
                                        numbers[1],
                                        numbers[2],
                                        numbers[3],
                                        at};
    const char *labels[PARTY_COLUMNS] = {0};
    labels[2] = enumeration_label(&enum_entity_type, party->entity_type, zh);
    labels[5] = enumeration_label(&state_codes, party->state, zh);
    add_link(listing, party, until, cells, labels);
    table_row(listing->table, cells, labels);
}

/* IS_ONE: the one named, with its keys below where a person reads. */
static int list_parties(const struct home *home, int argc, char **argv, const char *role, bool is_one)
{
    struct argument arguments[] = {{"json", true, NULL}, {"csv", true, NULL}};
    const char *rest[1] = {NULL};
    size_t count = 0;
    struct options options;
    if (!cli_parse(argc, argv, arguments, 2, rest, is_one, &count) || (is_one && count != 1)) {
        return cli_usage();
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    enum table_form form = cli_form(arguments, 2);
    struct listing listing = {store,
                              table_open(stdout, form, party_columns, PARTY_COLUMNS),
                              role,
                              rest[0],
                              (int)options.utc_offset_minutes,
                              clock_ms()};
    err_t err = store_each_party(store, list_party, &listing);
    size_t rows = table_close(listing.table);
    if (err == ERR_OK && is_one && rows > 0 && form == TABLE_TEXT) {
        putchar('\n');
        err = cli_list_keys(store, rest[0], form, (int)options.utc_offset_minutes);
    }
    store_close(store);
    if (err == ERR_OK && is_one && rows == 0) {
        return cli_fail(tr("no party %s is registered", "没有登记 %s"), rest[0]);
    }
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}

int cli_entity_list(const struct home *home, int argc, char **argv)
{
    return list_parties(home, argc, argv, "entity", false);
}

int cli_entity_show(const struct home *home, int argc, char **argv)
{
    return list_parties(home, argc, argv, "entity", true);
}

int cli_peer_list(const struct home *home, int argc, char **argv)
{
    return list_parties(home, argc, argv, "province", false);
}

int cli_peer_add(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"name", false, NULL}, {"valid-hours", false, NULL}};
    size_t rest = 0;
    uint8_t random[6];
    char party[32] = "province-";
    int64_t hours = 0;
    if (!cli_parse(argc, argv, arguments, 2, NULL, 0, &rest) || !arguments[0].value) {
        return cli_usage();
    }
    if (!cli_link_hours(arguments, 2, &hours)) {
        return 2;
    }
    if (!is_name(arguments[0].value)) {
        return cli_fail("%s", tr("--name: 2 to 100 characters without quotes", "--name：2 至 100 个字符，不含引号")), 2;
    }
    if (RAND_bytes(random, sizeof random) != 1) {
        return 1;
    }
    hex_text(random, sizeof random, party + strlen(party));
    zmsg_t *request = admin_request("party-add", NULL);
    zlist_t *codes = cli_codes();
    const char *const frames[7] = {"province", party, arguments[0].value, "", "", "", cli_add_code(codes)};
    add_party(request, frames, hours);
    return cli_call_for_links(home, request, codes);
}

int cli_entity_invite(const struct home *home, int argc, char **argv)
{
    return cli_invite(home, argc, argv, "entity");
}

int cli_entity_keys(const struct home *home, int argc, char **argv)
{
    return cli_party_keys(home, argc, argv, "entity");
}

int cli_entity_key_revoke(const struct home *home, int argc, char **argv)
{
    return cli_key_revoke(home, argc, argv, "entity");
}

int cli_peer_invite(const struct home *home, int argc, char **argv)
{
    return cli_invite(home, argc, argv, "province");
}

int cli_peer_keys(const struct home *home, int argc, char **argv)
{
    return cli_party_keys(home, argc, argv, "province");
}

int cli_peer_key_revoke(const struct home *home, int argc, char **argv)
{
    return cli_key_revoke(home, argc, argv, "province");
}
