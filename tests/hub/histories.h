/* tests/hub/histories.h - a random history of acts, and what must come of it, reckoned apart from the hub's own code.
 *
 * Acts are made in an order in which each makes sense, then sent in another one, some of them twice. What each send
 * must be answered, and which thread is counted where, follows from the rules as the data dictionary words them; none
 * of the hub's tables are read. */
#ifndef TESTS_HUB_HISTORIES_H
#define TESTS_HUB_HISTORIES_H

#include "tests/hub/hub_sample.h"

enum { ACTS_MAX = 28, SENDS_MAX = 2 * ACTS_MAX, CELLS_MAX = 4096, CITY = 3, ACTORS = 4, NUMBERS = 4, NOBODY = -1 };

/* FILE to ACCEPT are of reviews, RAISE to RESOLVE of warnings; the order of the latter is that of warning_actions. */
enum act_type { FILE_REVIEW, AMEND, WITHDRAW, RETURN, ACCEPT, RAISE, UPDATE, CANCEL, ACKNOWLEDGE, HANDLE, RESOLVE };
static const char *const act_names[] = {"file",   "amend",  "withdraw",    "return", "accept", "raise",
                                        "update", "cancel", "acknowledge", "handle", "resolve"};
static const char *const actor_names[ACTORS] = {SAMPLE_PARTY, "91330100799655058B", "91330106589876543X", "330100"};
/* As the registry has them at first; a city has none. */
static const char *const actor_types[ACTORS] = {"hospital", "enterprise", "university", "-"};
static const char *const other_types[] = {"hospital", "enterprise", "institute", "other"};
enum { MOVERS = 2, OTHER_TYPES = 4 }; /* the first actors register anew now and then, as another kind of institution */
static const char *const sectors[] = {"healthcare", "finance", "culture"};

struct act {
    enum act_type type;
    int actor;
    int refers_to; /* index of the act whose record is named; NOBODY: none */
    int root;      /* index of the act that begins the thread */
    int id;        /* index of the act whose id it has: another one's makes a conflict */
    bool is_spoilt, is_rehearsal, is_decided, is_exercise;
    int number, sector, level; /* NUMBER: of the review */
    int day, wait, took;       /* applied or discovered; then days to the acceptance, then to the decision */
};

struct history {
    struct act acts[ACTS_MAX];
    int act_count;
    int sends[SENDS_MAX];
    int send_count;
};

enum stage { NONE, FILED, RETURNED, ACCEPTED, WITHDRAWN, RAISED, ACKNOWLEDGED, HANDLING, RESOLVED, CANCELLED };
static const char *const stage_names[] = {"",       "filed",        "returned", "accepted", "withdrawn",
                                          "raised", "acknowledged", "handling", "resolved", "cancelled"};

/* Of the thread that the act of this index began. */
struct expected_thread {
    enum stage stage;
    int content;      /* the act that says what it is about */
    const char *type; /* of its owner when that came in */
    int64_t received_at, acknowledged_at, resolved_at;
};

/* What the registry says of each actor, and the registration that said so: filed under what stood before. */
struct registry {
    const char *types[ACTORS];
    const char *filed_as[MOVERS]; /* NULL: none is filed */
};

/* Copied before a group and put back when it is rolled back. */
struct reckoning {
    struct registry registry;
    struct expected_thread threads[ACTS_MAX];
    int holder[ACTORS][NUMBERS]; /* root of the thread that has the review number, or NOBODY */
    int first[ACTS_MAX];         /* by id: the act that was decided, or NOBODY */
    enum outcome outcomes[ACTS_MAX];
    uint64_t numbers[ACTS_MAX];
    uint64_t number; /* the last given */
};

struct counted {
    char family[16];
    int64_t day;
    char dims[DIMS_SIZE];
    int64_t count, sum;
};
struct ledger {
    struct counted cells[CELLS_MAX];
    size_t count;
};

/* ---- chance ---- */
static inline uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

static inline bool one_in(uint64_t *seed, uint32_t n)
{
    return chance(seed, n) == 0;
}

/* ---- the making of a history ---- */
static inline struct act begin_act(uint64_t *seed)
{
    struct act act = {.type = one_in(seed, 2) ? FILE_REVIEW : RAISE, .refers_to = NOBODY};
    act.actor = (int)chance(seed, act.type == RAISE ? ACTORS : CITY);
    act.is_spoilt = one_in(seed, 12);
    return act;
}

/* Mostly by who may, now and then by somebody else. */
static inline struct act follow_act(uint64_t *seed, const struct history *history)
{
    struct act act = {.refers_to = (int)chance(seed, (uint32_t)history->act_count)};
    act.root = history->acts[act.refers_to].root;
    const struct act *root = &history->acts[act.root];
    if (root->type == FILE_REVIEW) {
        act.type = (enum act_type)(AMEND + chance(seed, 4));
        act.actor = act.type == RETURN || act.type == ACCEPT ? CITY : root->actor;
    } else {
        act.type = (enum act_type)(UPDATE + chance(seed, 5));
        act.type = one_in(seed, 15) ? WITHDRAW : act.type;
        act.actor = one_in(seed, 2) ? CITY : root->actor;
    }
    if (one_in(seed, 12) && act.type != RETURN && act.type != ACCEPT) {
        act.actor = (int)chance(seed, act.type == AMEND ? CITY : ACTORS);
    }
    return act;
}

static inline void add_act(uint64_t *seed, struct history *history)
{
    struct act act;
    int index = history->act_count;
    bool is_first = index == 0;
    if (!is_first && one_in(seed, 15)) {
        act = history->acts[chance(seed, (uint32_t)index)]; /* the same id and sense in other bytes */
    } else {
        act = is_first || one_in(seed, 4) ? begin_act(seed) : follow_act(seed, history);
        act.id = index;
    }
    act.root = act.refers_to == NOBODY ? act.id : act.root;
    act.is_rehearsal = one_in(seed, 10); /* of what says something */
    act.is_decided = !one_in(seed, 4);
    act.is_exercise = one_in(seed, 5);
    act.number = (int)chance(seed, NUMBERS);
    act.sector = (int)chance(seed, 3);
    act.level = 1 + (int)chance(seed, 4);
    act.day = (int)chance(seed, 12);
    act.wait = (int)chance(seed, 5);
    act.took = (int)chance(seed, 40);
    history->acts[history->act_count++] = act;
}

static inline void make_history(uint64_t *seed, struct history *history)
{
    int count = 4 + (int)chance(seed, ACTS_MAX - 4);
    memset(history, 0, sizeof *history);
    for (int i = 0; i < count; i++) {
        add_act(seed, history);
        history->sends[history->send_count++] = i;
    }
    for (int i = 0; i < count / 3; i++) { /* late, or before what it names */
        int a = (int)chance(seed, (uint32_t)count);
        int b = a + (int)chance(seed, 6);
        if (b < count) {
            int held = history->sends[a];
            history->sends[a] = history->sends[b];
            history->sends[b] = held;
        }
    }
    for (int i = 0; i < count / 2; i++) { /* once more */
        int at = (int)chance(seed, (uint32_t)history->send_count);
        int again = history->sends[chance(seed, (uint32_t)history->send_count)];
        memmove(history->sends + at + 1, history->sends + at,
                (size_t)(history->send_count - at) * sizeof *history->sends);
        history->sends[at] = again;
        history->send_count++;
    }
}

/* ---- what must come of it ---- */
static inline void reckoning_begin(struct reckoning *reckoning, uint64_t number, const struct registry *registry)
{
    memset(reckoning, 0, sizeof *reckoning);
    reckoning->registry = *registry;
    reckoning->number = number;
    for (int i = 0; i < ACTS_MAX; i++) {
        reckoning->first[i] = NOBODY;
    }
    for (int i = 0; i < ACTORS * NUMBERS; i++) {
        reckoning->holder[i / NUMBERS][i % NUMBERS] = NOBODY;
    }
}

static inline bool is_among(enum stage stage, enum stage a, enum stage b, enum stage c)
{
    return stage != NONE && (stage == a || stage == b || stage == c);
}

/* The stage that the act leads to; NONE: it is not allowed. */
static inline enum stage next_stage(const struct act *act, const struct act *root, enum stage now)
{
    bool is_own = act->actor == root->actor;
    bool is_city = act->actor == CITY;
    bool is_review = root->type == FILE_REVIEW;
    bool is_filing_open = is_among(now, FILED, RETURNED, ACCEPTED);
    bool is_warning_open = !is_review && (is_own || is_city) && is_among(now, RAISED, ACKNOWLEDGED, HANDLING);
    switch (act->type) {
    case AMEND:
        return is_review && is_own && is_filing_open ? FILED : NONE;
    case WITHDRAW:
        return is_review && is_own && is_filing_open ? WITHDRAWN : NONE;
    case RETURN:
        return is_review && is_city && is_among(now, FILED, ACCEPTED, NONE) ? RETURNED : NONE;
    case ACCEPT:
        return is_review && is_city && now == FILED ? ACCEPTED : NONE;
    case UPDATE:
        return is_warning_open ? now : NONE;
    case CANCEL:
        return is_warning_open ? CANCELLED : NONE;
    case ACKNOWLEDGE:
        return is_city && now == RAISED ? ACKNOWLEDGED : NONE;
    case HANDLE:
        return is_warning_open ? HANDLING : NONE;
    case RESOLVE:
        return is_city && is_among(now, ACKNOWLEDGED, HANDLING, NONE) ? RESOLVED : NONE;
    default:
        return NONE;
    }
}

/* A number is free where nobody has it, for its own thread, and after a withdrawal. */
static inline bool claim_number(struct reckoning *reckoning, const struct act *act)
{
    int *holder = &reckoning->holder[act->actor][act->number];
    if (*holder != NOBODY && *holder != act->root && reckoning->threads[*holder].stage != WITHDRAWN) {
        return false;
    }
    *holder = act->root;
    return true;
}

/* False: refused. */
static inline bool take_act(struct reckoning *reckoning, const struct history *history, int index, int64_t now)
{
    const struct act *act = &history->acts[index];
    struct expected_thread *thread = &reckoning->threads[act->root];
    enum stage next = act->type == RAISE ? RAISED : FILED;
    if (act->is_spoilt) {
        return false;
    }
    if (act->refers_to == NOBODY) {
        thread->received_at = now;
    } else {
        int named = reckoning->first[history->acts[act->refers_to].id];
        bool is_there = named != NOBODY && reckoning->outcomes[named] == OUTCOME_STORED;
        next = is_there ? next_stage(act, &history->acts[act->root], thread->stage) : NONE;
    }
    bool needs_number = act->type == FILE_REVIEW || act->type == AMEND;
    if (next == NONE || (needs_number && !claim_number(reckoning, act))) {
        return false;
    }
    bool is_content = needs_number || act->type == RAISE || act->type == UPDATE;
    thread->content = is_content ? index : thread->content;
    thread->type = is_content ? reckoning->registry.types[history->acts[act->root].actor] : thread->type;
    thread->stage = next;
    thread->acknowledged_at = act->type == ACKNOWLEDGE ? now : thread->acknowledged_at;
    thread->resolved_at = act->type == RESOLVE ? now : thread->resolved_at;
    return true;
}

/* The answer that a send of the act gets; *ret_number is 0 for a refusal. */
static inline enum outcome reckon(struct reckoning *reckoning, const struct history *history, int index, int64_t now,
                                  uint64_t *ret_number)
{
    int *first = &reckoning->first[history->acts[index].id];
    *ret_number = 0;
    if (*first == NOBODY) {
        *first = index;
        reckoning->outcomes[index] = take_act(reckoning, history, index, now) ? OUTCOME_STORED : OUTCOME_REJECTED;
        if (reckoning->outcomes[index] == OUTCOME_STORED) {
            *ret_number = reckoning->numbers[index] = ++reckoning->number;
        }
        return reckoning->outcomes[index];
    }
    if (*first != index || reckoning->outcomes[index] == OUTCOME_REJECTED) {
        return OUTCOME_REJECTED;
    }
    *ret_number = reckoning->numbers[index];
    return OUTCOME_DUPLICATE;
}

/* ---- cells ---- */
static inline void ledger_add(struct ledger *ledger, const struct counted *cell)
{
    size_t i = 0;
    while (i < ledger->count && (ledger->cells[i].day != cell->day || strcmp(ledger->cells[i].dims, cell->dims) != 0 ||
                                 strcmp(ledger->cells[i].family, cell->family) != 0)) {
        i++;
    }
    if (i == ledger->count) {
        assert_true(ledger->count < CELLS_MAX);
        ledger->cells[ledger->count++] = *cell;
        return;
    }
    ledger->cells[i].count += cell->count;
    ledger->cells[i].sum += cell->sum;
}

static inline int64_t first_day(void)
{
    int64_t day = 0;
    assert_int_equal(date_parse(view_str("2026-06-25"), &day), ERR_OK); /* a month ends among the days */
    return day;
}

static inline struct counted count_review(const struct act *act, const char *type)
{
    struct counted cell = {.family = "review", .count = 1};
    cell.day = first_day() + act->day + (act->is_decided ? act->wait + act->took : 0);
    cell.sum = act->is_decided ? act->took : 0;
    snprintf(cell.dims, sizeof cell.dims, "%s|%s|general|%s|none|initial", sectors[act->sector], type,
             act->is_decided ? "approved" : "-");
    return cell;
}

static inline struct counted count_warning(const struct act *act, const char *type,
                                           const struct expected_thread *thread)
{
    struct counted cell = {.family = "warning", .count = 1};
    int64_t until = thread->resolved_at ? thread->resolved_at : thread->acknowledged_at;
    cell.day = first_day() + act->day + 1; /* discovered at 20:00 UTC: the next day in the city */
    cell.sum = until ? (until - thread->received_at) / 60000 : 0;
    snprintf(cell.dims, sizeof cell.dims, "%s|%s|system_safety|%d|%s|%s", sectors[act->sector], type, act->level,
             act->is_exercise ? "exercise" : "actual", stage_names[thread->stage]);
    return cell;
}

/* Each mover's registration, accepted as soon as it is filed. */
static inline void count_registrations(const struct registry *registry, int64_t day, struct ledger *ledger)
{
    for (int i = 0; i < MOVERS; i++) {
        struct counted cell = {.family = "record", .day = day, .count = 1};
        if (registry->filed_as[i]) {
            snprintf(cell.dims, sizeof cell.dims, "entity_registration|%s|accepted", registry->filed_as[i]);
            ledger_add(ledger, &cell);
        }
    }
}

/* Counts every thread that stands, once. */
static inline void recount(const struct reckoning *reckoning, const struct history *history, struct ledger *ledger)
{
    for (int i = 0; i < history->act_count; i++) {
        const struct expected_thread *thread = &reckoning->threads[i];
        const struct act *content = &history->acts[thread->content];
        if (thread->stage == NONE || thread->stage == WITHDRAWN || content->is_rehearsal) {
            continue;
        }
        struct counted cell = history->acts[i].type == RAISE ? count_warning(content, thread->type, thread)
                                                             : count_review(content, thread->type);
        ledger_add(ledger, &cell);
    }
}

#endif
