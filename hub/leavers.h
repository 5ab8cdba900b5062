/* hub/leavers.h - the writer's side of an attachment's leaving: hub/store_attached.h. */
#ifndef HUB_LEAVERS_H
#define HUB_LEAVERS_H

#include "hub/mail.h"
#include "hub/store.h"

struct leavers {
    zsock_t *to_blobs;
    size_t under_way; /* told to the blobs actor, not answered */
    bool has_failed;  /* one of those told together */
};

/* Tells the blobs actor of the next ones, where it has answered for the last. Between groups: what is read must have
 * been committed. */
MUST_CHECK err_t leavers_send(struct leavers *leavers, struct store *store);
/* Takes the answer, once what it says is in the store, or could not be written. True: there may be more to send now. */
bool leavers_note(struct leavers *leavers, struct mail *mail);

#endif
