/* Whether the attachments that an item names are there, as its sender says they are: PROTOCOL.md §9, Order. */

#include "common/mem.h"
#include "hub/uploads.h"
#include "proto/message_blob.h"

static void add_mismatch(struct faults *faults, int index, const char *field, const char *reason)
{
    char path[FAULT_FIELD_SIZE];
    snprintf(path, sizeof path, "attachments[%d].%s", index, field);
    fault_add(faults, "bad_value", path, "%s", reason);
}

/* The retry code of what is missing; NULL: nothing. What is wrong goes into FAULTS. */
static const char *judge_item(struct shelf *shelf, const char *party, struct view bytes, struct faults *faults)
{
    struct blob_refs refs = blob_refs_of(bytes);
    struct blob_ref ref;
    const char *code = NULL;
    for (int i = 0; blob_refs_next(&refs, &ref); i++) {
        struct shelf_item item;
        err_t err = shelf_find(shelf, party, ref.sha256.at, &item);
        if (err != ERR_OK) {
            code = err == ERR_NOT_FOUND ? "missing_blob" : "store_failed";
            continue;
        }
        if (ref.size != item.size) {
            add_mismatch(faults, i, "size", "the attachment that was uploaded has another size");
        }
        if (!view_is(ref.media_type, item.media_type)) {
            add_mismatch(faults, i, "media_type", "the attachment that was uploaded is of another type");
        }
    }
    return code;
}

void uploads_judge(struct uploads *uploads, struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        struct faults faults = {.count = 0};
        if (item->faults) {
            continue; /* it is refused as it is */
        }
        item->retry = judge_item(uploads->shelf, batch->party, item->bytes, &faults);
        if (faults.count > 0) {
            item->retry = NULL; /* no upload would mend it */
            item->faults = mem_alloc(sizeof *item->faults);
            *item->faults = faults;
        }
    }
}
