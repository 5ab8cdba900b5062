/* hub/store_put.h - shared by the files that decide and write one batch: store_batch.c, store_thread.c,
 * store_deliver.c. */
#ifndef HUB_STORE_PUT_H
#define HUB_STORE_PUT_H

#include "hub/store_sqlite.h"
#include "proto/kinds.h"
#include "proto/life.h"

struct put {
    struct store *store;
    struct batch *batch;
    int64_t batch_id;
    const uint8_t *base; /* where the stored bytes of the batch begin */
    bool has_refusals;
    bool is_as_registered; /* the front knew the filer as the registry does now */
    uint64_t last_seq;
    int64_t stored, refused;
    int64_t now;
};

struct stored {
    uint64_t number;
    struct place place;
    int64_t position;
    int kind;
    int64_t owner; /* of its thread */
    uint8_t root[RECORD_ID_SIZE];
};

/* ERR_NOT_FOUND when the party has no record with this id. */
MUST_CHECK err_t put_find_record(struct put *put, int64_t party, const uint8_t id[RECORD_ID_SIZE], struct stored *ret);
MUST_CHECK err_t put_find_party(struct put *put, struct view party, struct party *ret_party);
/* Reads a record that was stored before: it has passed its check then. Bytes of this very batch are not in the store
 * yet. */
MUST_CHECK err_t put_read(struct put *put, const struct place *place, struct record *ret_record);

/* What a record does to the thread that it belongs to. */
struct move {
    struct thread thread;
    const struct transition *step;
    int before; /* the state that it was in */
    int next;
    bool begins;
};

/* The thread of a record that was found; `received_at` is its root's time. */
MUST_CHECK err_t thread_load(struct put *put, const struct stored *referred, struct thread *ret_thread);
/* Where the thread stands in the cells as it is now, and what its content says. */
MUST_CHECK err_t thread_cell(struct put *put, const struct thread *thread, struct cell *ret_cell,
                             struct projection *ret_projection);

/* Looks before anything is written. What is wrong is in FAULTS; err_t speaks of the store alone. */
MUST_CHECK err_t thread_judge(struct put *put, const struct batch_item *item, struct move *ret_move,
                              struct faults *faults);
/* Counts, delivers and passes up. The record itself has been inserted; its number is store->number + 1. */
MUST_CHECK err_t thread_apply(struct put *put, const struct batch_item *item, struct move *move);

MUST_CHECK err_t deliver(struct put *put, const struct batch_item *item, const struct move *move);

/* The thread's registration was accepted: the registry takes it, and keeps what it has said until now. */
MUST_CHECK err_t register_accepted(struct put *put, const struct thread *thread);

struct place put_place(const struct put *put, const struct batch_item *item);

#endif
