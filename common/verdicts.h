/* common/verdicts.h - what a receipt said of the items of a spool or an outbox. */
#ifndef COMMON_VERDICTS_H
#define COMMON_VERDICTS_H

#include "proto/fault.h"
#include "proto/message.h"

struct verdict {
    uint64_t seq;
    enum outcome outcome;
    int64_t after_ms;           /* retry: an hour at most */
    char code[FAULT_CODE_SIZE]; /* retry */
};

struct verdicts {
    uint32_t count;
    struct verdict list[BATCH_ITEMS_MAX];
    uint32_t ignored; /* results that match no item by id and hash */
};

/* RESULT is that of the item SEQ. There is room: a receipt has at most BATCH_ITEMS_MAX results. */
void verdicts_add(struct verdicts *verdicts, uint64_t seq, const struct result *result);

#endif
