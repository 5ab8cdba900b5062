/* province/heads_file.h - heads of ledgers in a file that somebody else gives: what `heads --export` writes, receipts
 * and evidence of an agent, one of them or many. Every byte may be hostile. */
#ifndef PROVINCE_HEADS_FILE_H
#define PROVINCE_HEADS_FILE_H

#include <stdio.h>

#include "province/witness.h"

/* As it stands in the file. */
struct filed_head {
    uint8_t bytes[HEAD_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    struct signing_key key; /* that has signed it, as the file says */
    bool is_followed; /* one of a province's own list, each of which its program has held to the one before it of the
                         same LINE; where it could not be, an alarm in the list has both */
    int64_t line;     /* where it is */
    bool is_doubted;  /* its owner knows that an old key has signed it */
};

/* Calls TAKE with every head in FILE; with NULL for one that is none. What else than ERR_OK it returns ends the reading
 * and is passed on; *reterr_reason is "" then. ERR_INVALID with a reason: there is more in FILE than JSON objects. */
MUST_CHECK err_t heads_file_read(FILE *file, err_t (*take)(void *self, const struct filed_head *head), void *self,
                                 char reterr_reason[256]);

/* ERR_INVALID: its key has not signed it, or it is no head. */
MUST_CHECK err_t filed_head_check(const struct filed_head *filed, struct kept_head *ret_head);

#endif
