/* Where a thread stands in the cells: the one place where those of records are made, apart from what the front has made
 * ahead (store_thread.c). */
#include "hub/store_facts.h"
#include "hub/store_put.h"

err_t put_read(struct put *put, const struct place *place, struct record *ret_record)
{
    struct view bytes;
    if (place->batch == put->batch_id) {
        bytes = (struct view){put->base + place->offset, (size_t)place->size};
    } else {
        err_t err = store_get_item(put->store, place->batch, place->offset, place->size, &bytes);
        if (err != ERR_OK) {
            return err == ERR_NOT_FOUND ? ERR_IO : err;
        }
    }
    struct faults ignored = {0};
    struct record_context context = {.now_ms = put->now, .utc_offset_minutes = put->store->settings.utc_offset_minutes};
    err_t checked = record_check(bytes, &context, ret_record, &ignored);
    (void)checked; /* rules may have changed since; the fields are read all the same */
    return ret_record->kind ? ERR_OK : ERR_IO;
}

/* The facts are those that the content met: of the institution that an authority's thread is about, else of the owner.
 */
static err_t find_facts(struct put *put, const struct thread *thread, struct facts *ret_facts)
{
    bool is_own = !thread->about || store_role_of(put->store, thread->owner) == ROLE_ENTITY;
    return store_facts_in(put->store, is_own ? thread->owner : thread->about, thread->content.batch, ret_facts);
}

/* The place of a record by SQL that names it; ERR_NOT_FOUND where there is none. */
static err_t find_place(struct store *store, sqlite3_stmt *stmt, struct place *ret_place)
{
    err_t err = db_step(stmt);
    if (err == ERR_OK) {
        *ret_place =
            (struct place){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2)};
    }
    store_return(store, stmt);
    return err;
}

static err_t read_opinion(struct put *put, const struct thread *thread, struct record *ret_record)
{
    struct place place;
    sqlite3_stmt *stmt =
        store_borrow(put->store, "select batch, offset, size from record where owner = ? and root = ? and kind = ?");
    sqlite3_bind_int64(stmt, 1, thread->owner);
    db_bind_view(stmt, 2, (struct view){thread->root, RECORD_ID_SIZE});
    sqlite3_bind_int(stmt, 3, KIND_REREVIEW_DECISION);
    err_t err = find_place(put->store, stmt, &place);
    return err == ERR_OK ? put_read(put, &place, ret_record) : err;
}

/* As it stood when the request came: what the institution says later of its report moves no re-review. */
static const char reviewed_sql[] =
    "select batch, offset, size from record where ((owner = ?1 and root = ?2) or (party = ?1 and id = ?2)) and kind = "
    "?3 and (batch, offset) < (?4, ?5) order by batch desc, offset desc limit 1";

static err_t read_reviewed(struct put *put, const struct thread *thread, const uint8_t report[RECORD_ID_SIZE],
                           struct record *ret_record)
{
    struct stored stored;
    struct place place;
    err_t err = put_find_record(put, thread->about ? thread->about : thread->owner, report, &stored);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3_stmt *stmt = store_borrow(put->store, reviewed_sql);
    sqlite3_bind_int64(stmt, 1, stored.owner);
    db_bind_view(stmt, 2, (struct view){stored.root, RECORD_ID_SIZE});
    sqlite3_bind_int(stmt, 3, KIND_REVIEW_REPORT);
    sqlite3_bind_int64(stmt, 4, thread->content.batch);
    sqlite3_bind_int64(stmt, 5, thread->content.offset);
    err = find_place(put->store, stmt, &place);
    return err == ERR_OK ? put_read(put, &place, ret_record) : err;
}

/* Of each record read only numbers are asked for: the next one takes the place of its bytes. */
static err_t rereview_cell(struct put *put, const struct thread *thread, const struct projection *projection,
                           const struct record *content, const struct party_facts *party, struct cell *ret_cell)
{
    struct thread_facts facts = thread->facts;
    struct record opinion;
    struct record reviewed;
    err_t err = facts.state == REREVIEW_DECIDED ? read_opinion(put, thread, &opinion) : ERR_NOT_FOUND;
    facts.opinion = err == ERR_OK ? &opinion : NULL;
    if (err == ERR_OK || err == ERR_NOT_FOUND) {
        err = read_reviewed(put, thread, projection->link, &reviewed);
        facts.reviewed = err == ERR_OK ? &reviewed : NULL;
    }
    if (err == ERR_OK || err == ERR_NOT_FOUND) {
        project_cell(content, party, &facts, put->store->settings.utc_offset_minutes, ret_cell);
        err = ERR_OK;
    }
    return err;
}

err_t thread_cell(struct put *put, const struct thread *thread, struct cell *ret_cell,
                  struct projection *ret_projection)
{
    int offset = put->store->settings.utc_offset_minutes;
    struct record content;
    struct facts facts;
    err_t err = find_facts(put, thread, &facts);
    err = err == ERR_OK ? put_read(put, &thread->content, &content) : err;
    if (err == ERR_OK) {
        struct party_facts party = {.entity_type = facts.entity_type};
        project_record(&content, offset, ret_projection);
        if (thread->kind->number == KIND_REREVIEW_REQUEST) {
            return rereview_cell(put, thread, ret_projection, &content, &party, ret_cell);
        }
        project_cell(&content, &party, &thread->facts, offset, ret_cell);
    }
    return err;
}
