#include "proto/message_blob.h"

#include <string.h>

#include "proto/message.h"

struct blob_refs blob_refs_over(struct view list)
{
    struct blob_refs refs = {.reader = reader_over(list.at, list.size)};
    if (list.size == 0 || reader_array(&refs.reader, &refs.left) != ERR_OK) {
        refs.left = 0;
    }
    return refs;
}

struct blob_refs blob_refs_of(struct view record)
{
    struct reader reader = reader_over(record.at, record.size);
    struct view key;
    struct view value;
    uint32_t pairs = 0;
    err_t err = reader_map(&reader, &pairs);
    while (err == ERR_OK && pairs-- > 0) {
        err = reader_str(&reader, &key);
        err = err == ERR_OK ? reader_skip(&reader, &value) : err;
        if (err == ERR_OK && view_is(key, "attachments")) {
            return blob_refs_over(value);
        }
    }
    return (struct blob_refs){.left = 0};
}

static void take_value(struct view key, struct view value, struct blob_ref *ref)
{
    struct reader reader = reader_over(value.at, value.size);
    const struct {
        const char *key;
        struct view *view;
    } texts[] = {{"name", &ref->name}, {"media_type", &ref->media_type}};
    if (view_is(key, "sha256")) {
        ref->sha256 = reader_bin(&reader, &ref->sha256) == ERR_OK ? ref->sha256 : (struct view){0};
    } else if (view_is(key, "size")) {
        ref->size = reader_uint(&reader, &ref->size) == ERR_OK ? ref->size : 0;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (view_is(key, texts[i].key) && reader_str(&reader, texts[i].view) != ERR_OK) {
            *texts[i].view = (struct view){0};
        }
    }
}

static err_t read_ref(struct reader *reader, struct blob_ref *ref)
{
    struct view key;
    struct view value;
    uint32_t pairs = 0;
    memset(ref, 0, sizeof *ref);
    err_t err = reader_map(reader, &pairs);
    while (err == ERR_OK && pairs-- > 0) {
        err = reader_str(reader, &key);
        err = err == ERR_OK ? reader_skip(reader, &value) : err;
        if (err == ERR_OK) {
            take_value(key, value, ref);
        }
    }
    return err;
}

bool blob_refs_next(struct blob_refs *refs, struct blob_ref *ret_ref)
{
    while (refs->left > 0) {
        refs->left--;
        if (read_ref(&refs->reader, ret_ref) != ERR_OK) {
            refs->left = 0;
            return false;
        }
        if (ret_ref->sha256.size == BLOB_HASH_SIZE) {
            return true;
        }
    }
    return false;
}
