/* proto/message_blob.h - the attachments that a record names (PROTOCOL.md §9): what must be at the hub before it. */
#ifndef PROTO_MESSAGE_BLOB_H
#define PROTO_MESSAGE_BLOB_H

#include "proto/reader.h"

/* One entry of a record's `attachments`. The views point into the record. */
struct blob_ref {
    struct view sha256, name, media_type;
    uint64_t size;
};

struct blob_refs {
    struct reader reader;
    uint32_t left;
};

/* LIST is the encoded value of `attachments`; empty: none. */
struct blob_refs blob_refs_over(struct view list);
/* The same, looked for in a whole record. */
struct blob_refs blob_refs_of(struct view record);
/* False at the end. RECORD has passed record_check(); of any other bytes, what has no hash and size is left out. */
bool blob_refs_next(struct blob_refs *refs, struct blob_ref *ret_ref);

#endif
