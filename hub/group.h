/* hub/group.h - one group of mails in one transaction: what becomes of each, and the failure of all. */
#ifndef HUB_GROUP_H
#define HUB_GROUP_H

#include "hub/mail.h"
#include "hub/store.h"

/* Decides the outcomes of COUNT mails and makes them durable. In between the batches are lent to TO_FRONT (DECIDED),
 * which signs their receipts meanwhile; afterwards TO_FEEDER hears what is new. Without ERR_OK some or all are as
 * group_fail() leaves them, and nothing of those is stored; what is returned is the last failure. */
MUST_CHECK err_t group_write(struct store *store, zsock_t *to_front, zsock_t *to_feeder, struct mail **mails,
                             size_t count);

/* Says in each of COUNT mails that it was not written, for ERR: its sender shall come again. */
void group_fail(struct mail **mails, size_t count, err_t err);

#endif
