/* hub/shelf.h - the attachments that the hub keeps (PROTOCOL.md §9): the contents, who has uploaded which of them, and
 * the parts that have begun to come.
 *
 *   HOME/attachments/SHA256        one content, in hex, whole and checked: it never changes
 *   HOME/attachments/parts/N       what has come of part N
 *   HOME/attachments/registry.db   who has uploaded what, and how much of each part is durable
 *
 * The registry is a database of its own, since the writer's is for records alone and must wait for nobody: contents are
 * there before the record that names them, and go after it, so neither file has to agree with the other at the same
 * instant. Put back from a backup, they are put back together.
 *
 * What may be trusted: a row in `upload` was committed after its content and the folder were on the disk. A row in
 * `part` says how much of the part's file is on the disk; beyond that the file holds anything. A file without a row
 * means nothing. A content never changes; it is removed with the last of its uploads.
 *
 * One thread uses one shelf. Only the blobs actor opens it as a writer; hashes are BLOB_HASH_SIZE bytes. */
#ifndef HUB_SHELF_H
#define HUB_SHELF_H

#include "common/home.h"
#include "proto/message.h"
#include "proto/record.h"

enum { MEDIA_TYPE_SIZE = 101, SHELF_PARTS_MAX = 256 };

struct shelf;

struct shelf_item {
    uint8_t hash[BLOB_HASH_SIZE];
    uint64_t size;
    char media_type[MEDIA_TYPE_SIZE];
};

struct shelf_part {
    int64_t number;
    struct shelf_item item;
    uint64_t durable; /* bytes */
};

/* Opens the shelf in HOME; a writer creates it and removes the files of parts that have no row. ERR_NOT_FOUND when a
 * reader finds none. The caller owns *ret_shelf. */
MUST_CHECK err_t shelf_open(const struct home *home, bool is_writer, struct shelf **ret_shelf, char reterr_reason[256]);
/* Takes NULL. */
void shelf_close(struct shelf *shelf);

void shelf_content_path(const struct shelf *shelf, const uint8_t hash[BLOB_HASH_SIZE], char ret_path[PATH_SIZE]);
void shelf_part_path(const struct shelf *shelf, int64_t number, char ret_path[PATH_SIZE]);
/* Bytes that are free where the contents lie. */
uint64_t shelf_room(const struct shelf *shelf);

/* ERR_NOT_FOUND when the party has not uploaded it. */
MUST_CHECK err_t shelf_find(struct shelf *shelf, const char *party, const uint8_t hash[BLOB_HASH_SIZE],
                            struct shelf_item *ret_item);
/* What counts against the party's quota, beside the attachment HASH: uploads and parts, each rounded up to 4,096 bytes;
 * and how many parts there are. */
MUST_CHECK err_t shelf_used(struct shelf *shelf, const char *party, const uint8_t hash[BLOB_HASH_SIZE],
                            uint64_t *ret_bytes, uint64_t *ret_parts);

/* The part of the party for ITEM, made where there is none. One that was begun with another size begins again. */
MUST_CHECK err_t shelf_begin(struct shelf *shelf, const char *party, const struct shelf_item *item, int64_t now_ms,
                             struct shelf_part *ret_part);
/* So much of the part's file is on the disk. */
MUST_CHECK err_t shelf_note(struct shelf *shelf, int64_t number, uint64_t durable, int64_t now_ms);
/* Throws a part away. */
MUST_CHECK err_t shelf_drop(struct shelf *shelf, int64_t number);
/* Throws away the parts to which nothing was written since BEFORE. */
MUST_CHECK err_t shelf_purge(struct shelf *shelf, int64_t before_ms, uint64_t *ret_count);
/* The part, all of it durable and checked, becomes the content, and the party's. Durable when it returns ERR_OK;
 * otherwise the part is still there. */
MUST_CHECK err_t shelf_keep(struct shelf *shelf, const char *party, const struct shelf_part *part, int64_t now_ms);

/* The party has it no longer; where nobody else has, the content goes. Repeated, it does no harm. When it returns
 * ERR_OK that is durable. */
MUST_CHECK err_t shelf_remove(struct shelf *shelf, const char *party, const uint8_t hash[BLOB_HASH_SIZE]);

struct shelf_row {
    const char *party; /* who uploaded it */
    struct shelf_item item;
    int64_t at;   /* UTC ms */
    bool is_part; /* still on its way: `durable` of `size` bytes are here */
    uint64_t durable;
};
/* PARTY: NULL is all. By party and time, uploads before parts. */
MUST_CHECK err_t shelf_each(struct shelf *shelf, const char *party,
                            void (*each)(void *self, const struct shelf_row *row), void *self);
/* Folds the write-ahead log in, where there is anything in it, as far as readers allow. Never waits. */
void shelf_fold(struct shelf *shelf);

#endif
