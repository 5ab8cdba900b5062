/* hub/part.h - the file of an attachment that is being uploaded, and what is compared when it is whole.
 *
 * Bytes that were written count only after part_sync(): a crash of the machine may leave anything beyond. ERR_FULL: no
 * room; ERR_IO: the rest. */
#ifndef HUB_PART_H
#define HUB_PART_H

#include "proto/message.h"

/* Opens the file, made where it is absent, and cuts it to what is durable; *ret_durable is less where the file is
 * shorter. *ret_fd is the caller's to close. */
MUST_CHECK err_t part_open(const char *path, uint64_t durable, int *ret_fd, uint64_t *ret_durable);
MUST_CHECK err_t part_write(int fd, uint64_t offset, struct view bytes);
MUST_CHECK err_t part_sync(int fd);

/* ERR_INVALID when the file's SHA-256 is another one. */
MUST_CHECK err_t part_has_hash(const char *path, const uint8_t hash[BLOB_HASH_SIZE]);
/* The same, and writes the file to OUT on the way; what was written is good only when this returns ERR_OK. */
MUST_CHECK err_t part_copy(const char *path, const uint8_t hash[BLOB_HASH_SIZE], int out);

/* SIZE bytes from OFFSET on; ERR_TRUNCATED when the file ends before. */
MUST_CHECK err_t part_read(const char *path, uint64_t offset, void *ret_bytes, size_t size);

#endif
