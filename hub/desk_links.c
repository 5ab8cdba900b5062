/* What the records of one thread tell of another: a report follows up those before it, a request for re-review names
 * its report. */
#include "hub/desk.h"

#include <string.h>

#include "hub/history.h"
#include "proto/kinds.h"

enum { ROOTS_MAX = 32 };

/* The party whose record RECORD is about: the addressee, or FILER. */
static err_t find_about(struct desk *desk, const struct record *record, const struct party *filer,
                        struct party *ret_party)
{
    const struct value *addressee = &record->values[COMMON_ADDRESSEE];
    char name[RECORD_PARTY_SIZE];
    *ret_party = *filer;
    if (!addressee->is_present) {
        return ERR_OK;
    }
    snprintf(name, sizeof name, "%.*s", (int)addressee->view.size, (const char *)addressee->view.at);
    return store_find_party(desk->store, name, ret_party);
}

err_t desk_inherits_emergency(struct desk *desk, const struct party *owner, const struct history *history,
                              bool *ret_is_emergency)
{
    const struct value *link = record_get(&history->content, "report_id");
    struct history report = {0};
    struct party party;
    uint8_t root[RECORD_ID_SIZE];
    if (!link || history->facts.is_emergency) {
        return ERR_OK;
    }
    err_t err = find_about(desk, &history->content, owner, &party);
    err = err == ERR_OK ? store_root_of(desk->store, party.row, link->view.at, root) : err;
    err =
        err == ERR_OK ? history_read(desk->store, &party, root, desk->site.settings.utc_offset_minutes, &report) : err;
    *ret_is_emergency = err == ERR_OK && report.facts.is_emergency;
    history_done(&report);
    return err;
}

static bool is_rehearsal(const struct record *content)
{
    const struct value *rehearsal = record_get(content, "rehearsal");
    return rehearsal && rehearsal->number == 1;
}

/* What is looked for in the threads that tell of one with CONTENT: the first that counts. */
struct search {
    struct desk *desk;
    const struct record *content;
    int64_t found_at; /* 0: none yet */
};

/* What was withdrawn has told nothing, and what only rehearses ends nothing real. */
static err_t look_at_mention(void *self, const struct mention *mention)
{
    struct search *search = self;
    struct desk *desk = search->desk;
    struct history other = {0};
    struct party owner;
    if (search->found_at != 0) {
        return ERR_OK;
    }
    err_t err = store_party_at(desk->store, mention->owner, &owner);
    err = err == ERR_OK
              ? history_read(desk->store, &owner, mention->root, desk->site.settings.utc_offset_minutes, &other)
              : err;
    if (err == ERR_OK && other.kind && other.content.kind) {
        bool is_withdrawn = (other.kind->life->uncounted >> other.facts.state & 1U) != 0;
        bool counts = !is_withdrawn && (!is_rehearsal(&other.content) || is_rehearsal(search->content));
        search->found_at = counts ? mention->at : 0;
    }
    history_done(&other);
    return err;
}

err_t desk_find_mentions(struct desk *desk, int64_t owner, const uint8_t root[RECORD_ID_SIZE],
                         const struct history *history, int64_t events[TERM_EVENTS])
{
    char activity[ACTIVITY_SIZE];
    struct search request = {.desk = desk, .content = &history->content};
    struct search follow_up = request;
    desk_read_activity(&history->content, activity);
    err_t err = store_each_link(desk->store, owner, root, look_at_mention, &request);
    if (err == ERR_OK && *activity) {
        err = store_each_follow_up(desk->store, owner, activity, history->number, look_at_mention, &follow_up);
    }
    events[EVENT_REREVIEW_REQUESTED] = request.found_at;
    events[EVENT_FOLLOWED_UP] = follow_up.found_at;
    return err;
}

static err_t reckon_activity(struct desk *desk, int64_t party, const char *activity, int64_t now)
{
    uint8_t roots[ROOTS_MAX][RECORD_ID_SIZE];
    uint8_t last[RECORD_ID_SIZE] = {0};
    size_t count = ROOTS_MAX;
    err_t err = ERR_OK;
    while (err == ERR_OK && count == ROOTS_MAX) {
        struct view after = {last, sizeof last};
        err = store_roots_of_activity(desk->store, party, activity, after, roots, ROOTS_MAX, &count);
        for (size_t i = 0; i < count && err == ERR_OK; i++) {
            err = desk_thread(desk, party, roots[i], now);
            memcpy(last, roots[i], RECORD_ID_SIZE);
        }
    }
    return err;
}

/* The next report of an activity at stage follow-up or closing ends the follow-up clocks of those before it. */
static err_t follow_up(struct desk *desk, const struct logged *logged, const struct record *record, int64_t now)
{
    char activity[ACTIVITY_SIZE];
    err_t err = ERR_OK;
    const struct value *stage = record_get(record, "review_stage");
    const struct value *decided = record_get(record, "decided_on");
    bool is_amendment = memcmp(logged->id, logged->root, RECORD_ID_SIZE) != 0; /* of a report that was noted before */
    if (!stage || (stage->number != STAGE_FOLLOW_UP && stage->number != STAGE_CLOSING)) {
        return ERR_OK;
    }
    desk_read_activity(record, activity);
    if (!is_amendment) {
        struct mention mention = {.owner = logged->party.row,
                                  .at = decided ? day_start(decided->number, desk->site.settings.utc_offset_minutes)
                                                : logged->at};
        memcpy(mention.root, logged->root, RECORD_ID_SIZE);
        err = store_note_follow_up(desk->store, activity, logged->number, &mention);
    }
    return err == ERR_OK ? reckon_activity(desk, logged->party.row, activity, now) : err;
}

/* A record that names another thread (a request for re-review names its report) changes that one's clocks. */
static err_t linked(struct desk *desk, const struct party *filer, const struct record *record, int64_t now)
{
    struct party party;
    uint8_t root[RECORD_ID_SIZE];
    const struct value *link = record->kind->link ? record_get(record, record->kind->link) : NULL;
    if (!link) {
        return ERR_OK;
    }
    err_t err = find_about(desk, record, filer, &party);
    err = err == ERR_OK ? store_root_of(desk->store, party.row, link->view.at, root) : err;
    return err == ERR_OK ? desk_thread(desk, party.row, root, now) : err;
}

/* The clocks that a withdrawn thread had ended run again. */
static err_t take_back(struct desk *desk, const struct logged *logged, int64_t now)
{
    struct history history = {0};
    struct party owner;
    char activity[ACTIVITY_SIZE];
    err_t err = store_party_at(desk->store, logged->owner, &owner);
    err = err == ERR_OK
              ? history_read(desk->store, &owner, logged->root, desk->site.settings.utc_offset_minutes, &history)
              : err;
    if (err == ERR_OK && history.content.kind) {
        desk_read_activity(&history.content, activity);
        err = *activity ? reckon_activity(desk, owner.row, activity, now) : ERR_OK;
        err = err == ERR_OK ? linked(desk, &owner, &history.content, now) : err;
    }
    history_done(&history);
    return err;
}

err_t desk_mentioned(struct desk *desk, const struct logged *logged, const struct record *record, int64_t now)
{
    switch (record->kind->number) {
    case KIND_REVIEW_REPORT:
        return follow_up(desk, logged, record, now);
    case KIND_WITHDRAWAL:
        return take_back(desk, logged, now);
    default:
        return linked(desk, &logged->party, record, now);
    }
}
