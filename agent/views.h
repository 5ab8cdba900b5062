/* agent/views.h - what the spool holds, as JSON: the same shapes for the local endpoint and for libagn. */
#ifndef AGENT_VIEWS_H
#define AGENT_VIEWS_H

#include <jansson.h>

#include "agent/proof.h"
#include "common/membership.h"

/* New references, all of them. */
json_t *faults_view(const struct faults *faults);
/* Number, id, kind, title, state and times; the hub's faults where it was rejected. */
json_t *item_view(struct spool *spool, const struct item *item);
/* What an acceptance is answered with: what never changes. */
json_t *accepted_view(const struct item *item);
/* What a receipt says and all that proves it, in hex where it is bytes. */
json_t *proof_view(const struct proof *proof, const struct stored_receipt *receipt);
/* ERR_NOT_FOUND: no such record. The proof is made now; `receipt` is null as long as there is none. */
MUST_CHECK err_t receipt_view(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], json_t **ret_view);
/* ERR_NOT_FOUND: no such record. As item_view, with the record itself. */
MUST_CHECK err_t record_view(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], json_t **ret_view);
json_t *message_view(const struct inbox_entry *entry, int64_t read_at);
MUST_CHECK err_t status_view(const struct home *home, const struct membership *membership, struct spool *spool,
                             json_t **ret_view);

/* How many attachments wait or are refused, and each that the hub, or our disk, did not take. */
MUST_CHECK err_t attachments_view(struct spool *spool, json_t **ret_view);

#endif
