/* province/outbox_db.h - shared by the outbox's files only. */
#ifndef PROVINCE_OUTBOX_DB_H
#define PROVINCE_OUTBOX_DB_H

#include "province/outbox.h"

enum outbox_statement {
    OUTBOX_GET_PEER,
    OUTBOX_SET_SEQ,
    OUTBOX_SET_EPOCH,
    OUTBOX_SET_TROUBLE,
    OUTBOX_PUT_FILING,
    OUTBOX_PUT_DELIVERY,
    OUTBOX_FIND,
    OUTBOX_KIND,
    OUTBOX_GET_MEMO,
    OUTBOX_SET_MEMO,
    OUTBOX_PICK,
    OUTBOX_MATCH,
    OUTBOX_SETTLE,
    OUTBOX_KEEP_RECEIVED,
    OUTBOX_PUT_RECEIPT,
    OUTBOX_SEND_AGAIN,
    OUTBOX_SEND_ALL_AGAIN,
    OUTBOX_LAST_RECEIVED,
    OUTBOX_LAST_HEAD,
    OUTBOX_STATEMENTS
};

struct outbox {
    sqlite3 *db;
    sqlite3_stmt *statements[OUTBOX_STATEMENTS];
};

/* The statement, reset, with HUB bound to ?1. */
sqlite3_stmt *outbox_statement(struct outbox *outbox, enum outbox_statement which, int64_t hub);
MUST_CHECK err_t outbox_begin(struct outbox *outbox);
/* Commits where ERR is ERR_OK, else rolls back; the outcome of both. */
MUST_CHECK err_t outbox_end(struct outbox *outbox, err_t err);

#endif
