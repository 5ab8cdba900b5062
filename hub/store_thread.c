/* What a record does to the thread that it belongs to: judged first, applied when the record is in. */
#include "hub/store_delivery.h"
#include "hub/store_put.h"

#include <string.h>

struct place put_place(const struct put *put, const struct batch_item *item)
{
    return (struct place){put->batch_id, item->bytes.at - put->base, (int64_t)item->bytes.size};
}

err_t put_find_party(struct put *put, struct view party, struct party *ret_party)
{
    char name[RECORD_PARTY_SIZE];
    if (party.size >= sizeof name) {
        return ERR_NOT_FOUND;
    }
    memcpy(name, party.at, party.size);
    name[party.size] = '\0';
    return store_find_party(put->store, name, ret_party);
}

err_t thread_load(struct put *put, const struct stored *referred, struct thread *ret)
{
    err_t err = store_load_thread(put->store, referred->owner, referred->root, ret);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    struct stored root;
    err = put_find_record(put, referred->owner, referred->root, &root);
    const struct kind *kind = err == ERR_OK ? kind_by_number(root.kind) : NULL;
    if (!kind) {
        return err == ERR_OK || err == ERR_NOT_FOUND ? ERR_IO : err;
    }
    *ret = (struct thread){.owner = referred->owner, .kind = kind, .content = root.place};
    memcpy(ret->root, referred->root, RECORD_ID_SIZE);
    ret->facts.received_at = put->now;
    return root.place.batch == put->batch_id ? ERR_OK
                                             : store_batch_time(put->store, root.place.batch, &ret->facts.received_at);
}

/* The record that is referred to: one of the owner's, or what an authority filed in a thread of the owner. */
static err_t find_referred(struct put *put, const struct party *owner, const uint8_t id[RECORD_ID_SIZE],
                           struct stored *ret)
{
    err_t err = put_find_record(put, owner->row, id, ret);
    const int64_t others[] = {put->batch->party_row, put->store->city_row};
    for (size_t i = 0; i < 2 && err == ERR_NOT_FOUND; i++) {
        err = put_find_record(put, others[i], id, ret);
        err = err == ERR_OK && ret->owner != owner->row ? ERR_NOT_FOUND : err;
    }
    return err;
}

/* Whose thread the record means: the addressee's, or the filer's own. ERR_NOT_FOUND: there is no such party. */
static err_t find_owner(struct put *put, const struct batch_item *item, struct party *ret_owner)
{
    const struct projection *projection = &item->projection;
    if (projection->addressee.size > 0) {
        return put_find_party(put, projection->addressee, ret_owner);
    }
    *ret_owner = (struct party){.row = put->batch->party_row};
    snprintf(ret_owner->role, sizeof ret_owner->role, "%s", role_name(put->batch->role));
    return ERR_OK;
}

/* The province cannot name the owner of a thread whose reporter's name was withheld from it: then the owner is that of
 * the one record with this id. ERR_NOT_FOUND: there is none, or two parties have used the id. */
static err_t find_withheld(struct put *put, const uint8_t id[RECORD_ID_SIZE], struct party *ret_owner,
                           struct stored *ret)
{
    sqlite3_stmt *stmt = store_statement(put->store, FIND_HOLDERS);
    db_bind_view(stmt, 1, (struct view){id, RECORD_ID_SIZE});
    err_t err = db_step(stmt);
    int64_t row = err == ERR_OK ? sqlite3_column_int64(stmt, 0) : 0;
    err_t more = err == ERR_OK ? db_step(stmt) : err;
    sqlite3_reset(stmt);
    if (err != ERR_OK || more != ERR_NOT_FOUND) {
        return more == ERR_OK ? ERR_NOT_FOUND : more;
    }
    err = put_find_record(put, row, id, ret);
    return err == ERR_OK ? store_party_at(put->store, ret->owner, ret_owner) : err;
}

static void say_not_permitted(const struct projection *projection, struct faults *faults)
{
    fault_add(faults, "record_not_permitted", projection->action == NO_ACTION ? "kind" : "action",
              "this party may not file it: who may is said in docs/records.md, \"Filed by\" and \"Life cycle\"");
}

static err_t judge_step(struct put *put, const struct projection *projection, const struct party *owner,
                        const char *field, struct move *move, struct faults *faults)
{
    const struct thread *thread = &move->thread;
    move->step = thread->kind->life ? life_step(thread->kind, projection->kind, projection->action) : NULL;
    if (!move->step) {
        fault_add(faults, "unknown_reference", field, "a %s cannot be followed by a %s", thread->kind->name,
                  projection->kind->name);
        return ERR_OK;
    }
    struct actor actor = {.role = put->batch->role,
                          .owner = (enum role)role_find(owner->role),
                          .is_owner = owner->row == put->batch->party_row};
    if (move->step->whose == WHOSE_DELIVERED) {
        struct delivery delivery;
        err_t err = store_get_delivery(put->store, thread->owner, thread->root, put->batch->party_row, &delivery);
        if (err != ERR_OK && err != ERR_NOT_FOUND) {
            return err;
        }
        actor.is_addressed = err == ERR_OK;
    }
    if (!step_permits(move->step, &actor)) {
        say_not_permitted(projection, faults);
    } else if (!step_fits(move->step, thread->facts.state)) {
        fault_add(faults, "illegal_transition", projection->action == NO_ACTION ? field : "action",
                  "the thread is %s: this is not possible any more or not yet",
                  life_state_code(thread->kind->life, thread->facts.state));
    }
    move->before = thread->facts.state;
    move->next = move->step->to == STATE_STAYS ? thread->facts.state : move->step->to;
    return ERR_OK;
}

static err_t judge_reference(struct put *put, const struct batch_item *item, struct move *move, struct faults *faults)
{
    const struct projection *projection = &item->projection;
    struct party owner;
    struct stored referred;
    const char *field = projection->reference_key;
    err_t err = find_owner(put, item, &owner);
    if (err == ERR_NOT_FOUND) {
        fault_add(faults, "unknown_reference", "addressee", "nobody of this name is registered with this hub");
        return ERR_OK;
    }
    err = err == ERR_OK ? find_referred(put, &owner, projection->reference, &referred) : err;
    if (err == ERR_NOT_FOUND && projection->addressee.size == 0 && put->batch->role == ROLE_PROVINCE) {
        err = find_withheld(put, projection->reference, &owner, &referred);
    }
    if (err == ERR_NOT_FOUND) {
        fault_add(faults, "unknown_reference", field, "the party has no record with this id");
        return ERR_OK;
    }
    err = err == ERR_OK ? thread_load(put, &referred, &move->thread) : err;
    return err == ERR_OK ? judge_step(put, projection, &owner, field, move, faults) : err;
}

static err_t judge_beginning(struct put *put, const struct batch_item *item, struct move *move, struct faults *faults)
{
    const struct projection *projection = &item->projection;
    move->begins = true;
    move->step = life_beginning(projection->kind, projection->action);
    if (!move->step || (move->step->by >> put->batch->role & 1U) == 0) {
        say_not_permitted(projection, faults);
        return ERR_OK;
    }
    move->next = move->step->to;
    move->thread =
        (struct thread){.owner = put->batch->party_row, .kind = projection->kind, .content = put_place(put, item)};
    memcpy(move->thread.root, projection->id, RECORD_ID_SIZE);
    move->thread.facts = (struct thread_facts){.state = move->next, .received_at = put->now};
    if (projection->addressee.size == 0) {
        return ERR_OK;
    }
    struct party about;
    err_t err = put_find_party(put, projection->addressee, &about);
    if (err == ERR_NOT_FOUND) {
        fault_add(faults, "unknown_reference", "addressee", "nobody of this name is registered with this hub");
        return ERR_OK;
    }
    move->thread.about = err == ERR_OK && about.row != put->batch->party_row ? about.row : 0;
    return err;
}

/* A link names a record of the party that this one is about, or of the filer. */
static err_t judge_link(struct put *put, const struct projection *projection, const struct move *move,
                        struct faults *faults)
{
    struct stored linked;
    int64_t party = move->thread.about ? move->thread.about : put->batch->party_row;
    err_t err = put_find_record(put, party, projection->link, &linked);
    if (err == ERR_NOT_FOUND) {
        fault_add(faults, "unknown_reference", projection->kind->link, "the party has no record with this id");
        return ERR_OK;
    }
    return err;
}

err_t thread_judge(struct put *put, const struct batch_item *item, struct move *ret_move, struct faults *faults)
{
    const struct projection *projection = &item->projection;
    *ret_move = (struct move){0};
    if ((projection->kind->filers >> put->batch->role & 1U) == 0) {
        say_not_permitted(projection, faults);
        return ERR_OK;
    }
    err_t err = projection->has_reference ? judge_reference(put, item, ret_move, faults)
                                          : judge_beginning(put, item, ret_move, faults);
    if (err == ERR_OK && faults->count == 0 && projection->has_link) {
        err = judge_link(put, projection, ret_move, faults);
    }
    return err;
}

static bool is_grave(const struct put *put, const struct projection *projection)
{
    return (projection->level > 0 && projection->level <= put->store->settings.uplink_level) ||
           projection->is_shared_up;
}

/* What goes to the province one by one. A thread that went up once is told to its end. */
static bool goes_up(const struct put *put, const struct projection *projection, const struct thread *thread)
{
    switch (projection->kind->up) {
    case UP_ALWAYS:
        return true;
    case UP_GRAVE:
        return thread->is_up || is_grave(put, projection);
    case UP_TO_PROVINCE:
        return store_role_of(put->store, thread->owner) == ROLE_PROVINCE;
    case UP_NEVER:
        break;
    }
    return thread->is_up || thread->kind->up == UP_ALWAYS;
}

static err_t put_uplink(struct put *put, const struct batch_item *item, const struct thread *thread)
{
    struct place place = put_place(put, item);
    sqlite3_stmt *stmt = store_statement(put->store, PUT_UPLINK);
    sqlite3_bind_int64(stmt, 1, (int64_t)++put->store->change);
    sqlite3_bind_int64(stmt, 2, put->batch->party_row);
    sqlite3_bind_int64(stmt, 3, (int64_t)(put->store->number + 1));
    sqlite3_bind_int64(stmt, 4, place.batch);
    sqlite3_bind_int64(stmt, 5, place.offset);
    sqlite3_bind_int64(stmt, 6, place.size);
    sqlite3_bind_text(stmt, 7, life_state_code(thread->kind->life, thread->facts.state), -1, SQLITE_STATIC);
    put->store->is_urgent = true;
    return db_run(stmt);
}

/* The first time that a warning is acknowledged, and the time when it is resolved, are what its sums are made of. */
static void note_times(struct thread *thread, int64_t now)
{
    if (thread->kind->life != &warning_life) {
        return;
    }
    if (thread->facts.acknowledged_at == 0 && thread->facts.state == STATE_ACKNOWLEDGED) {
        thread->facts.acknowledged_at = now;
    }
    if (thread->facts.state == STATE_RESOLVED) {
        thread->facts.resolved_at = now;
    }
}

/* The front has made the cell of a record that speaks for itself, as far as it knew its filer. */
static err_t begin(struct put *put, const struct batch_item *item, const struct thread *thread)
{
    struct projection ignored;
    struct cell cell;
    if (put->is_as_registered && !thread->about && !item->projection.has_link) {
        cells_add(put->store, &item->cell, 1);
        return ERR_OK;
    }
    err_t err = thread_cell(put, thread, &cell, &ignored);
    if (err == ERR_OK) {
        cells_add(put->store, &cell, 1);
    }
    return err;
}

/* Moves the thread's one count from the cell where it stands to where the new record puts it. */
static err_t go_on(struct put *put, const struct batch_item *item, struct move *move)
{
    struct thread *thread = &move->thread;
    struct projection before;
    struct cell cell;
    if (move->next == thread->facts.state && !move->step->is_content) {
        return ERR_OK;
    }
    err_t err = thread_cell(put, thread, &cell, &before);
    if (err != ERR_OK) {
        return err;
    }
    cells_add(put->store, &cell, -1);
    thread->is_up = thread->is_up || (thread->kind->up == UP_GRAVE && is_grave(put, &before) && !before.is_rehearsal);
    thread->content = move->step->is_content ? put_place(put, item) : thread->content;
    thread->facts.state = move->next;
    note_times(thread, put->now);
    err = thread_cell(put, thread, &cell, &before);
    if (err == ERR_OK) {
        cells_add(put->store, &cell, 1);
        thread->is_up =
            thread->is_up || (thread->kind->up == UP_GRAVE && is_grave(put, &before) && !before.is_rehearsal);
    }
    return err;
}

/* What is linked to a thread, by any of its records, is found from its root. */
static err_t put_link(struct put *put, const struct batch_item *item, const struct move *move)
{
    struct stored linked;
    int64_t party = move->thread.about ? move->thread.about : put->batch->party_row;
    err_t err = put_find_record(put, party, item->projection.link, &linked);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = store_statement(put->store, PUT_LINK);
    sqlite3_bind_int64(stmt, 1, party);
    db_bind_view(stmt, 2, (struct view){linked.root, RECORD_ID_SIZE});
    sqlite3_bind_int64(stmt, 3, put->batch->party_row);
    db_bind_view(stmt, 4, (struct view){item->projection.id, RECORD_ID_SIZE});
    sqlite3_bind_int64(stmt, 5, put->now);
    return db_run(stmt);
}

err_t thread_apply(struct put *put, const struct batch_item *item, struct move *move)
{
    struct thread *thread = &move->thread;
    err_t err = ERR_OK;
    if (move->begins) {
        err = begin(put, item, thread);
    } else {
        err = go_on(put, item, move);
    }
    bool is_up = err == ERR_OK && !item->projection.is_rehearsal && goes_up(put, &item->projection, thread);
    bool is_moved = !move->begins && (thread->facts.state != move->before || move->step->is_content);
    if (err == ERR_OK && (is_moved || thread->about)) {
        err = store_save_thread(put->store, thread);
    }
    if (err == ERR_OK && item->projection.kind->number == KIND_ACCEPTANCE &&
        thread->kind->number == KIND_ENTITY_REGISTRATION) {
        err = register_accepted(put, thread);
    }
    err = err == ERR_OK && item->projection.has_link ? put_link(put, item, move) : err;
    err = err == ERR_OK && is_up ? put_uplink(put, item, thread) : err;
    return err == ERR_OK && (put->batch->role != ROLE_ENTITY || move->step->whose == WHOSE_DELIVERED)
               ? deliver(put, item, move)
               : err;
}
