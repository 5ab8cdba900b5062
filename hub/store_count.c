/* Where a thread stands in the cells: the one place where those of records are made, apart from what the front has made
 * ahead (store_thread.c). */
#include "hub/store_facts.h"
#include "hub/store_put.h"

#include <string.h>

err_t put_read(struct put *put, const struct place *place, struct record *ret_record)
{
    struct view bytes = {put->base + place->offset, (size_t)place->size};
    if (place->batch != put->batch_id) {
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
        project_cell(&content, &party, &thread->facts, offset, ret_cell);
    }
    return err;
}
