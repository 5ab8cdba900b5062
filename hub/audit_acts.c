/* What the city's administrative acts say, as they pass: they are signed, and stand in the ledger. */
#include "hub/audit_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "hub/options.h"
#include "hub/store_clock.h"
#include "proto/check.h"
#include "proto/kinds.h"

enum { DETAIL = 2048 };

struct act_read {
    int code; /* -1: it is none */
    uint64_t number;
    int64_t at;
    struct value id;
    char detail[DETAIL];
};

static struct act_read read_act(uint64_t number, int64_t at, struct view bytes)
{
    struct record record;
    struct faults ignored = {0};
    struct record_context context = {.now_ms = at};
    struct act_read act = {.code = -1, .number = number, .at = at};
    const struct kind *kind = check_peek(bytes, &act.id);
    if (kind && kind->number == KIND_ADMINISTRATIVE_ACT && record_check(bytes, &context, &record, &ignored) == ERR_OK) {
        const struct value *detail = record_get(&record, "detail");
        act.code = (int)record_get(&record, "act")->number;
        if (detail) {
            snprintf(act.detail, sizeof act.detail, "%.*s", (int)detail->view.size, (const char *)detail->view.at);
        }
    }
    return act;
}

/* ---- how grave a warning goes up one by one ---- */

/* As the hub has it where nothing is said. */
static int standard_level(void)
{
    size_t i = 0;
    while (strcmp(option_rows[i].name, "uplink_level") != 0) {
        i++;
    }
    return (int)strtol(option_rows[i].standard, NULL, 10);
}

static void follow_level(struct audit *audit, const struct act_read *act)
{
    static const char added[] = "+ uplink_level = ";
    static const char removed[] = "- uplink_level = ";
    const char *line = strstr(act->detail, added);
    if (line) {
        audit->replay->settings.uplink_level = (int)strtol(line + strlen(added), NULL, 10);
    } else if (strstr(act->detail, removed)) {
        audit->replay->settings.uplink_level = standard_level();
    }
}

struct beginning {
    struct audit *audit;
    int64_t at;
    bool is_over;
};

/* The first of them say all that is not standard: so many as that takes, of one time. */
static err_t note_first(void *self, const struct logged *logged)
{
    struct beginning *beginning = self;
    struct act_read act = read_act(logged->number, logged->at, logged->bytes);
    bool is_found = beginning->audit->told.first_act != UINT64_MAX;
    if (act.code == ACT_CONFIGURATION && !is_found) {
        beginning->audit->replay->settings.uplink_level = standard_level();
        beginning->audit->told.first_act = act.number;
        beginning->at = act.at;
    }
    beginning->is_over = is_found && (act.code != ACT_CONFIGURATION || act.at != beginning->at);
    if (act.code == ACT_CONFIGURATION && !beginning->is_over) {
        follow_level(beginning->audit, &act);
    }
    return ERR_OK;
}

err_t audit_begin_acts(struct audit *audit)
{
    struct beginning beginning = {.audit = audit};
    sqlite3_stmt *batch = db_prepare(audit->seen->db, "select id from batch where party = ? order by id");
    sqlite3_bind_int64(batch, 1, audit->seen->city_row);
    audit->told.first_act = UINT64_MAX;
    err_t err = db_step(batch);
    while (err == ERR_OK && !beginning.is_over) {
        err = store_each_logged(audit->seen, sqlite3_column_int64(batch, 0), note_first, &beginning);
        err = err == ERR_OK ? db_step(batch) : err;
    }
    sqlite3_finalize(batch);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- what was pruned ---- */

static void follow_pruning(struct audit *audit, const struct act_read *act)
{
    uint64_t cursor = (uint64_t)strtoull(act->detail, NULL, 10);
    audit->told.pruned = cursor > audit->told.pruned ? cursor : audit->told.pruned;
}

/* ---- what an erasure has left ---- */

struct left {
    uint8_t hashes[ERASED_MAX][RECORD_HASH_SIZE];
    size_t count;
    uint64_t first, last; /* of their numbers */
};

static const char left_sql[] = "select r.batch, r.offset, r.size, r.number from erased e join record r on r.party = "
                               "e.party and r.id = e.id where e.act = ? order by r.number limit ?";

static err_t read_left(struct audit *audit, const struct act_read *act, struct left *left)
{
    struct view bytes;
    sqlite3_stmt *get = store_borrow(audit->seen, left_sql);
    db_bind_view(get, 1, act->id.view);
    sqlite3_bind_int(get, 2, ERASED_MAX);
    err_t err = db_step(get);
    while (err == ERR_OK) {
        left->last = (uint64_t)sqlite3_column_int64(get, 3);
        left->first = left->count == 0 ? left->last : left->first;
        err = store_get_item(audit->seen, sqlite3_column_int64(get, 0), sqlite3_column_int64(get, 1),
                             sqlite3_column_int64(get, 2), &bytes);
        if (err == ERR_OK) {
            suite_hash_leaf(audit->seen->settings.suite, bytes, left->hashes[left->count++]);
            err = db_step(get);
        }
    }
    store_return(audit->seen, get);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The act's last word is what store_bind_left() made of them; those of before there was one do not say. */
static err_t check_left(struct audit *audit, const struct act_read *act)
{
    struct left left = {.count = 0};
    char made[LEFT_TEXT];
    char subject[96];
    uint8_t hash[RECORD_HASH_SIZE];
    const char *space = strrchr(act->detail, ' ');
    const char *said = space ? space + 1 : act->detail;
    err_t err = read_left(audit, act, &left);
    if (err != ERR_OK || left.count == 0) {
        return err;
    }
    store_bind_left(audit->seen, left.hashes[0], left.count, made);
    if (hex_parse(said, hash, sizeof hash) != ERR_OK) {
        audit->sums.unbound += left.count;
    } else if (strcmp(said, made) != 0) {
        snprintf(subject, sizeof subject, left.count == 1 ? "record %" PRIu64 : "records %" PRIu64 " to %" PRIu64,
                 left.first, left.last);
        audit_say(audit, "record_changed", subject,
                  tr("what is left of %zu erased records is not what the act left that erased them (record %" PRIu64
                     ")",
                     "%zu 条已擦除记录所余内容与擦除它们的管理行为（记录 %" PRIu64 "）当时所余不符"),
                  left.count, act->number);
    }
    return ERR_OK;
}

err_t audit_follow_act(struct audit *audit, int64_t party, const struct passing *passing)
{
    if (party != audit->replay->city_row) {
        return ERR_OK;
    }
    struct act_read act = read_act(passing->number, passing->at, passing->bytes);
    switch (act.code) {
    case ACT_CONFIGURATION:
        follow_level(audit, &act);
        return ERR_OK;
    case ACT_PRUNE:
        follow_pruning(audit, &act);
        return ERR_OK;
    case ACT_ERASE:
    case ACT_RETENTION:
        return check_left(audit, &act);
    default:
        return ERR_OK;
    }
}
