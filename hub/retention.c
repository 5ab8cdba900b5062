#include "hub/retention.h"

#include <czmq.h>
#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/zpl.h"
#include "hub/acts.h"
#include "hub/days.h"
#include "hub/store_clock.h"
#include "proto/check.h"
#include "proto/kinds.h"

enum { MONTHS_MAX = 1200, STEP_RECORDS = 64, STEP_MS = 20 };
_Static_assert(STEP_RECORDS + BATCH_ITEMS_MAX <= ERASED_MAX, "the audit reads so many of one act");

/* ---- the file ---- */

static const char *read_line(zconfig_t *line, struct retention *retention)
{
    const char *name = zconfig_name(line);
    const char *text = zconfig_value(line);
    char *end = NULL;
    long months = text ? strtol(text, &end, 10) : 0;
    const struct kind *kind = kind_find((struct view){(const uint8_t *)name, strlen(name)});
    if (!kind || kind->number == KIND_ADMINISTRATIVE_ACT) {
        return tr("no kind that has a term; see `agn-hub schema`", "不是可设期限的记录种类；见 agn-hub schema");
    }
    if (!text || end == text || *end || months < 1 || months > MONTHS_MAX || zconfig_child(line)) {
        return tr("expected a number of months, 1 to 1200", "应为月数，1 至 1200");
    }
    if (retention->months[kind->number]) {
        return tr("stands twice", "重复");
    }
    retention->months[kind->number] = months;
    retention->is_set = true;
    return NULL;
}

/* Into FRESH, which is empty. */
static err_t read_file(const char *path, struct retention *fresh, char reterr_reason[512])
{
    zconfig_t *file = zpl_open(path, reterr_reason);
    const char *fault = NULL;
    if (!file) {
        return ERR_INVALID;
    }
    for (zconfig_t *line = zconfig_child(file); line && !fault; line = zconfig_next(line)) {
        fault = read_line(line, fresh);
        if (fault) {
            char place[ZPL_PLACE_SIZE];
            zpl_place(path, NULL, zconfig_name(line), place);
            snprintf(reterr_reason, 512, "%s: %.60s: %.200s", place, zconfig_name(line), fault);
        }
    }
    zconfig_destroy(&file);
    return fault ? ERR_INVALID : ERR_OK;
}

err_t retention_load(const struct home *home, struct retention *retention, char reterr_reason[512])
{
    char path[PATH_SIZE];
    struct retention fresh = {0};
    home_file(home, RETENTION_FILE, path);
    err_t err = home_has(home, RETENTION_FILE) ? read_file(path, &fresh, reterr_reason) : ERR_OK;
    if (err == ERR_OK) {
        memcpy(retention->months, fresh.months, sizeof fresh.months);
        retention->is_set = fresh.is_set;
        retention->done_day = INT64_MIN;
        retention->is_under_way = false;
    }
    return err;
}

void retention_done(struct retention *retention)
{
    free(retention->acknowledged);
    *retention = (struct retention){0};
}

char *retention_text(const struct retention *retention)
{
    enum { LINE = 96 };
    char *text = mem_alloc((size_t)RETENTION_KINDS * LINE);
    size_t used = 0;
    *text = '\0';
    for (int number = 1; number < RETENTION_KINDS; number++) {
        if (retention->months[number]) {
            used += (size_t)snprintf(text + used, LINE, "retention %.60s = %" PRId64 "\n", kind_by_number(number)->name,
                                     retention->months[number]);
        }
    }
    return text;
}

/* ---- the followers ---- */

void retention_acknowledge(struct retention *retention, int64_t party_row, uint64_t cursor)
{
    size_t row = (size_t)party_row;
    if (row >= retention->capacity) {
        size_t capacity = (row + 1) * 2;
        retention->acknowledged = mem_grow(retention->acknowledged, capacity, sizeof *retention->acknowledged);
        memset(retention->acknowledged + retention->capacity, 0,
               (capacity - retention->capacity) * sizeof *retention->acknowledged);
        retention->capacity = capacity;
    }
    retention->acknowledged[row] = cursor;
}

struct followers {
    int64_t *rows;
    bool *are_up;
    size_t count;
};

/* Who was let in and not turned out for good will come for what is his. */
static void note_follower(void *self, const struct party *party)
{
    struct followers *all = self;
    if (party->has_keys && strcmp(party->state, "revoked") != 0 && strcmp(party->role, "city") != 0) {
        all->rows = mem_grow(all->rows, all->count + 1, sizeof *all->rows);
        all->are_up = mem_grow(all->are_up, all->count + 1, sizeof *all->are_up);
        all->are_up[all->count] = strcmp(party->role, "province") == 0;
        all->rows[all->count++] = party->row;
    }
}

/* Once a pass: acknowledgements only grow, so what is found here may be too careful, never too bold. */
static err_t look_at_followers(struct retention *retention, struct store *store)
{
    struct followers all = {0};
    retention->up_to = retention->down_to = UINT64_MAX;
    err_t err = store_each_party(store, note_follower, &all);
    for (size_t i = 0; i < all.count && err == ERR_OK; i++) {
        uint64_t number = 0;
        uint64_t *least = all.are_up[i] ? &retention->up_to : &retention->down_to;
        size_t row = (size_t)all.rows[i];
        uint64_t cursor = row < retention->capacity ? retention->acknowledged[row] : 0;
        err = store_first_unread(store, all.are_up[i] ? "uplink" : "inbox", all.rows[i], cursor, &number);
        *least = number < *least ? number : *least;
    }
    free(all.rows);
    free(all.are_up);
    return err;
}

/* ---- a step ---- */

struct due {
    int64_t party;
    uint8_t id[RECORD_ID_SIZE];
};

struct step {
    struct retention *retention;
    struct city *city;
    struct store *store;
    int64_t now;
    const struct kind *kind; /* whose batches are gone through */
    struct due due[STEP_RECORDS + BATCH_ITEMS_MAX];
    uint8_t left[STEP_RECORDS + BATCH_ITEMS_MAX][RECORD_HASH_SIZE]; /* of each */
    size_t count;
};

static bool is_awaited(const struct retention *retention, const struct logged *logged)
{
    return logged->number >= retention->up_to || (logged->role != ROLE_ENTITY && logged->number >= retention->down_to);
}

/* What is still needed is remembered, and looked at again every day. */
static err_t judge(void *self, const struct logged *logged)
{
    struct step *step = self;
    struct value id;
    bool is_needed = false;
    if (check_peek(logged->bytes, &id) != step->kind ||
        !store_hash_left(step->store, logged->bytes, step->left[step->count])) {
        return ERR_OK;
    }
    err_t err = store_is_erased(step->store, logged->party.row, logged->id);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    err = store_has_clock(step->store, logged->owner, logged->root, &is_needed);
    if (err == ERR_OK && (is_needed || is_awaited(step->retention, logged))) {
        return store_retain(step->store, logged->batch, step->kind, true);
    }
    step->due[step->count].party = logged->party.row;
    memcpy(step->due[step->count++].id, logged->id, RECORD_ID_SIZE);
    return err;
}

/* What the hub took before then has had its time. INT64_MIN where the kind is kept for ever. */
static int64_t term_start(const struct step *step)
{
    int offset = step->city->intake.utc_offset_minutes;
    int months = (int)step->retention->months[step->kind->number];
    return months > 0 ? day_start(date_add_months(day_of(step->now, offset), -months), offset) : INT64_MIN;
}

static void cursor_key(const struct kind *kind, char ret_key[64])
{
    snprintf(ret_key, 64, "retention:%.50s", kind->name);
}

/* Goes on through the batches that are old enough, and that the desk has been through: their clocks are known. One that
 * a wrong clock has dated beyond today holds nobody up, and is looked at again. *ret_is_end: no more of them are. */
static err_t walk(struct step *step, int64_t until, bool *ret_is_end)
{
    int64_t before = term_start(step);
    char key[64];
    char place[24];
    int64_t last = 0;
    int64_t head = 0;
    cursor_key(step->kind, key);
    char *noted = store_noted(step->store, key);
    int64_t batch = noted ? strtoll(noted, NULL, 10) : 0;
    int64_t start = batch;
    err_t err = store_desk(step->store, &last, &head);
    free(noted);
    *ret_is_end = false;
    while (err == ERR_OK && !*ret_is_end && step->count < STEP_RECORDS && clock_monotonic_ms() < until) {
        int64_t at = 0;
        err = batch < last ? store_batch_time(step->store, batch + 1, &at) : ERR_OK;
        bool is_misdated = at > step->now;
        *ret_is_end = batch >= last || (at >= before && !is_misdated);
        if (err == ERR_OK && !*ret_is_end) {
            batch++;
            err = is_misdated ? store_retain(step->store, batch, step->kind, true)
                              : store_each_logged(step->store, batch, judge, step);
        }
    }
    snprintf(place, sizeof place, "%" PRId64, batch);
    return err == ERR_OK && batch > start ? store_note(step->store, key, place) : err;
}

/* One batch of those retained; ERR_NOT_FOUND: there are no more. */
static err_t look_again(struct step *step)
{
    struct retention *retention = step->retention;
    err_t err = store_next_retained(step->store, &retention->retained_batch, &retention->retained_kind);
    step->kind = err == ERR_OK ? kind_by_number(retention->retained_kind) : NULL;
    if (!step->kind) {
        return err;
    }
    int64_t at = 0;
    err = store_batch_time(step->store, retention->retained_batch, &at);
    if (err != ERR_OK || at >= term_start(step)) {
        return err; /* its term is longer now than it was: the walk does not come by here again */
    }
    err = store_retain(step->store, retention->retained_batch, step->kind, false);
    return err == ERR_OK ? store_each_logged(step->store, retention->retained_batch, judge, step) : err;
}

/* Until some are found, or the time is over; of one kind, since each kind's erasing is an act of its own. */
static err_t gather(struct step *step, bool *ret_has_more)
{
    const struct retention *retention = step->retention;
    int64_t until = clock_monotonic_ms() + STEP_MS;
    err_t err = ERR_OK;
    *ret_has_more = true;
    while ((err = look_again(step)) == ERR_OK && step->count == 0 && clock_monotonic_ms() < until) {
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    err = ERR_OK;
    for (int number = 1; number < RETENTION_KINDS && err == ERR_OK; number++) {
        bool is_end = true;
        step->kind = kind_by_number(number);
        if (step->kind && retention->months[number]) {
            err = walk(step, until, &is_end);
        }
        if (!is_end || step->count > 0) {
            return err;
        }
    }
    *ret_has_more = false;
    return err;
}

static err_t erase_due(struct step *step)
{
    char detail[64 + LEFT_TEXT];
    char left[LEFT_TEXT];
    struct filed filed;
    struct faults faults;
    if (step->count == 0) {
        return ERR_OK;
    }
    store_bind_left(step->store, step->left[0], step->count, left);
    snprintf(detail, sizeof detail, "%zu; %" PRId64 " months; %s", step->count,
             step->retention->months[step->kind->number], left);
    struct act_note note = {ACT_RETENTION, NULL, step->kind->name, detail, ""};
    err_t err = acts_file(step->city, step->store, &note, step->now, &filed, &faults);
    for (size_t i = 0; i < step->count && err == ERR_OK; i++) {
        err = store_erase(step->store, step->due[i].party, step->due[i].id, filed.id, step->now);
    }
    return err;
}

/* What is erased does not come back, and a clock may be wrong for some hours, midnight among them: a day counts where
 * the hub has seen the two before it, so that the clock has gone through the whole of one. */
static err_t confirm_day(struct store *store, int64_t today, bool *ret_is_confirmed)
{
    static const char key[] = "retention_day";
    enum { ROW = 3 };
    struct days days = days_seen(store, key);
    bool is_news = days.last != today;
    err_t err = days_see(store, key, today, &days);
    *ret_is_confirmed = days.in_a_row >= ROW;
    if (is_news && !*ret_is_confirmed) {
        log_info("retention-waits",
                 "text=\"the two days before this one were not both seen: nothing is erased today\"");
    }
    return err;
}

/* A pass is of one day: where a step finds another one, because it is past midnight or the clock has jumped, that day
 * has to be confirmed, too. */
static err_t begin_pass(struct retention *retention, struct store *store, int64_t today)
{
    if (retention->is_under_way && retention->pass_day == today) {
        return ERR_OK;
    }
    retention->pass_day = today;
    retention->retained_batch = 0;
    retention->retained_kind = 0;
    err_t err = confirm_day(store, today, &retention->is_under_way);
    return err == ERR_OK && retention->is_under_way ? look_at_followers(retention, store) : err;
}

err_t retention_run(struct retention *retention, struct city *city, struct store *store, int64_t now, bool *ret_erased,
                    bool *ret_has_more)
{
    struct step step = {.retention = retention, .city = city, .store = store, .now = now};
    int64_t today = day_of(now, city->intake.utc_offset_minutes);
    *ret_erased = *ret_has_more = false;
    if (!retention->is_set || retention->done_day == today) {
        return ERR_OK;
    }
    err_t err = store_begin(store);
    err = err == ERR_OK ? begin_pass(retention, store, today) : err;
    err = err == ERR_OK && retention->is_under_way ? gather(&step, ret_has_more) : err;
    err = err == ERR_OK ? erase_due(&step) : err;
    err = err == ERR_OK ? store_commit(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
        retention->is_under_way = false;
        *ret_has_more = false;
        return err;
    }
    *ret_erased = step.count > 0;
    if (!*ret_has_more) {
        retention->done_day = today;
        retention->is_under_way = false;
    }
    return ERR_OK;
}
