/* What a record says of files, put into what it says of contents. */
#include <string.h>

#include "agent/blobs.h"
#include "agent/blobs_spool.h"
#include "common/text.h"

enum { FIELD_TEXT_SIZE = 64 };

/* The work on one entry. */
struct entry {
    const struct home *home;
    struct spool *spool;
    const struct blob_source *source;
    json_t *object;
    size_t index;
    struct faults *faults;
};

static void blame(const struct entry *entry, const char *code, const char *key, const char *reason)
{
    char field[FIELD_TEXT_SIZE];
    snprintf(field, sizeof field, "attachments[%zu].%s", entry->index, key);
    fault_add(entry->faults, code, field, "%s", reason);
}

/* Set after the fact: what the record says already must be true. */
static bool agree(const struct entry *entry, const char *key, const char *found, const char *code)
{
    const char *said = json_string_value(json_object_get(entry->object, key));
    if (said && strcmp(said, found) != 0) {
        char reason[FAULT_REASON_SIZE];
        snprintf(reason, sizeof reason, "the file is %s", found);
        blame(entry, code, key, reason);
        return false;
    }
    json_object_set_new(entry->object, key, json_string(found));
    return true;
}

static void fill(const struct entry *entry, const char *name, const struct blob_file *file)
{
    char hash[(size_t)2 * BLOB_HASH_SIZE + 1];
    const char *slash = strrchr(name, '/');
    hex_text(file->hash, BLOB_HASH_SIZE, hash);
    if (!json_object_get(entry->object, "name")) {
        json_object_set_new(entry->object, "name", json_string(slash ? slash + 1 : name));
    }
    if (agree(entry, "sha256", hash, "hash_mismatch") &&
        agree(entry, "media_type", file->media_type, "type_mismatch")) {
        json_object_set_new(entry->object, "size", json_integer((json_int_t)file->size));
        json_object_del(entry->object, "file");
    }
}

/* The user's file is at fault, as against our disk: false then. */
static bool tell_copy(const struct entry *entry, err_t err)
{
    static const struct {
        err_t err;
        const char *code, *reason;
    } rows[] = {
        {ERR_NOT_FOUND, "unreadable",
         "there is no such file, or it cannot be read, or it is no plain file, or a link leads to it"},
        {ERR_TRUNCATED, "too_short", "the file is empty"},
        {ERR_TOO_LARGE, "too_large", "the file has more than 67108864 bytes"},
        {ERR_INVALID, "bad_media_type", "by its content the file is of no type that is taken (PROTOCOL.md, section 9)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].err == err) {
            blame(entry, rows[i].code, "file", rows[i].reason);
            return false;
        }
    }
    return true;
}

static err_t take_file(const struct entry *entry, const json_t *value)
{
    const char *name = json_string_value(value);
    struct blob_file file;
    if (!name) {
        blame(entry, "wrong_type", "file", "expected the name of a file, as text");
        return ERR_OK;
    }
    if (!entry->source->folder) {
        blame(entry, "not_wanted", "file", "no folder is set from which files may be named here");
        return ERR_OK;
    }
    if (!blobs_may_name(entry->source, name)) {
        blame(entry, "not_wanted", "file",
              "expected a name inside of the folder: not empty, no full path and no \"..\"");
        return ERR_OK;
    }
    err_t err = blobs_copy(entry->home, entry->source, name, &file);
    if (err == ERR_OK) {
        fill(entry, name, &file);
        return ERR_OK;
    }
    return tell_copy(entry, err) ? err : ERR_OK;
}

/* An entry that names its content: one that has been taken before. Its other members are checked by the schema. */
static err_t check_known(const struct entry *entry, const json_t *value)
{
    uint8_t hash[BLOB_HASH_SIZE];
    struct blob_note note;
    const char *text = json_string_value(value);
    if (!text || strlen(text) != (size_t)2 * BLOB_HASH_SIZE || hex_parse(text, hash, BLOB_HASH_SIZE) != ERR_OK) {
        return ERR_OK;
    }
    err_t err = spool_find_blob(entry->spool, hash, &note);
    bool is_gone = err == ERR_OK && note.state != BLOB_KEPT && !blob_is_here(entry->home, hash);
    if (err == ERR_NOT_FOUND || is_gone) {
        blame(entry, "missing_blob", "sha256",
              is_gone ? "the agent's copy of this attachment is gone: name it by \"file\""
                      : "no record of this agent had this attachment: name it by \"file\"");
        return ERR_OK;
    }
    const json_t *size = json_object_get(entry->object, "size");
    const char *type = json_string_value(json_object_get(entry->object, "media_type"));
    if (err == ERR_OK && json_is_integer(size) && (uint64_t)json_integer_value(size) != note.size) {
        blame(entry, "bad_value", "size", "the attachment with this hash has another size");
    }
    if (err == ERR_OK && type && strcmp(type, note.media_type) != 0) {
        blame(entry, "bad_value", "media_type", "the attachment with this hash has another type");
    }
    return err;
}

static err_t take_entry(const struct entry *entry)
{
    const json_t *file = json_object_get(entry->object, "file");
    return file ? take_file(entry, file) : check_known(entry, json_object_get(entry->object, "sha256"));
}

err_t blobs_take(const struct home *home, struct spool *spool, const struct blob_source *source, json_t *record,
                 struct faults *faults)
{
    struct entry entry = {.home = home, .spool = spool, .source = source, .faults = faults};
    json_t *list = json_object_get(record, "attachments");
    size_t before = faults->count;
    err_t err = ERR_OK;
    if (!json_is_array(list) || json_array_size(list) > BLOBS_OF_ITEM) {
        return ERR_OK; /* the schema says what is wrong with it */
    }
    for (size_t i = 0; err == ERR_OK && i < json_array_size(list); i++) {
        entry.object = json_array_get(list, i);
        entry.index = i;
        err = json_is_object(entry.object) ? take_entry(&entry) : ERR_OK;
    }
    return err == ERR_OK && faults->count > before ? ERR_INVALID : err;
}
