/* agent/blobs.h - the agent's own copies of the files that records name (PROTOCOL.md §9).
 *
 * A file is copied into HOME/blobs under the SHA-256 of its content before the record that names it is accepted, so
 * that nobody need keep it where it was. The copy is on disk when blobs_take() returns. Half-written copies have a name
 * of their own and are removed after a day, as is what no record names in the end. */
#ifndef AGENT_BLOBS_H
#define AGENT_BLOBS_H

#include <jansson.h>

#include "agent/spool.h"

#define BLOBS_FOLDER "blobs"

/* Where the names in a record's `attachments[].file` lead. FOLDER NULL: nowhere, no file may be named. Confined: only
 * to what is inside of FOLDER: no full path, no "..", and no symbolic link on the way. The text is borrowed. */
struct blob_source {
    const char *folder;
    bool is_confined;
};

/* RECORD is a record's JSON form. Each {"file", "role"} of its `attachments` becomes {"sha256", "name", "media_type",
 * "size", "role"}, the file being in HOME then; an entry that names its content by `sha256` must be known to SPOOL.
 * ERR_INVALID: faults say which field and why; what was copied already is removed in time. ERR_FULL, ERR_IO: the home
 * cannot be written. */
MUST_CHECK err_t blobs_take(const struct home *home, struct spool *spool, const struct blob_source *source,
                            json_t *record, struct faults *faults);

/* Whether NAME stays within what SOURCE allows; links on the way show only when it is opened. */
bool blobs_may_name(const struct blob_source *source, const char *name);
/* Copies the file that SOURCE and NAME lead to into HOME. ERR_NOT_FOUND: it cannot be read; ERR_TOO_LARGE,
 * ERR_TRUNCATED (empty), ERR_INVALID (of no type that is taken). */
struct blob_file {
    uint8_t hash[BLOB_HASH_SIZE];
    uint64_t size;
    const char *media_type; /* static */
};
MUST_CHECK err_t blobs_copy(const struct home *home, const struct blob_source *source, const char *name,
                            struct blob_file *ret_file);

void blobs_path(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE], char ret_path[PATH_SIZE]);
bool blob_is_here(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE]);
/* Inside the transaction that stores RECORD: all that it names is still here, or at the hub. ERR_BUSY: not so. */
MUST_CHECK err_t blobs_confirm(const struct home *home, struct spool *spool, struct view record);

/* A download grows in a file of its own, which stands in the home across restarts. */
void blobs_part_path(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE], char ret_path[PATH_SIZE]);
/* The folder, made where it is missing. */
MUST_CHECK err_t blobs_make_folder(const struct home *home);
/* The SHA-256 of the file at PATH. */
MUST_CHECK err_t blobs_hash(const char *path, uint8_t ret_hash[BLOB_HASH_SIZE]);
/* The download is whole: compares its hash and gives it its name, durably. ERR_INVALID: it is another content, and is
 * removed. */
MUST_CHECK err_t blobs_finish_part(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE]);

/* Removes half-written copies that are older than a day. */
void blobs_clean(const struct home *home);
/* Beside that: copies older than a day that no record names, and, where KEEP_DAYS > 0, those whose records have all had
 * their receipt for so long. And texts of records that an older release left in HOME. */
void blobs_sweep(const struct home *home, struct spool *spool, int64_t keep_days);

#endif
