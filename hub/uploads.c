#include "hub/uploads.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/media.h"
#include "common/mem.h"
#include "common/text.h"
#include "hub/part.h"

enum { PURGE_EVERY_MS = 600000, HALF_CREDIT = BLOB_CREDIT / 2 * BLOB_CHUNK_MAX };

static const char *disk_code(err_t err)
{
    return err == ERR_FULL ? "disk_full" : "store_failed";
}

static void say_done(struct uploads *uploads, const struct speaker *speaker, struct view hash, const char *code)
{
    struct message message = {.type = MESSAGE_BLOB_DONE};
    message.blob_done =
        (struct blob_done){.session = speaker->session, .sha256 = hash, .code = {(const uint8_t *)code, strlen(code)}};
    uploads->say(uploads->self, speaker->row, speaker->session, &message);
}

static void say_want(struct uploads *uploads, struct upload *upload)
{
    struct message message = {.type = MESSAGE_BLOB_WANT};
    message.blob_want = (struct blob_want){.session = upload->session,
                                           .sha256 = {upload->part.item.hash, BLOB_HASH_SIZE},
                                           .offset = upload->taken,
                                           .credit = BLOB_CREDIT};
    upload->limit = upload->taken + (uint64_t)BLOB_CREDIT * BLOB_CHUNK_MAX;
    if (upload->limit > upload->part.item.size) {
        upload->limit = upload->part.item.size;
    }
    uploads->say(uploads->self, upload->row, upload->session, &message);
}

/* ROW 0: a free one. */
static struct upload *find_slot(struct uploads *uploads, int64_t row)
{
    for (int i = 0; i < UPLOADS_MAX; i++) {
        if (uploads->slots[i].row == row) {
            return &uploads->slots[i];
        }
    }
    return NULL;
}

/* What could not be synced has to come again: of its failure the kernel tells once, and a second sync would succeed. */
static err_t sync_part(struct uploads *uploads, struct upload *upload)
{
    if (upload->taken == upload->part.durable) {
        return ERR_OK;
    }
    err_t err = part_sync(upload->fd);
    err = err == ERR_OK ? shelf_note(uploads->shelf, upload->part.number, upload->taken, clock_ms()) : err;
    if (err == ERR_OK) {
        upload->part.durable = upload->taken;
    } else {
        upload->taken = upload->part.durable;
    }
    return err;
}

static void free_slot(struct upload *upload)
{
    close(upload->fd);
    upload->row = 0;
}

/* What has come is kept as far as the disk allows. */
static void leave(struct uploads *uploads, struct upload *upload)
{
    err_t err = sync_part(uploads, upload);
    if (err != ERR_OK) {
        log_debug("blob-part", "party=%s error=\"%s\" going back to what is durable", upload->party, err_name(err));
    }
    free_slot(upload);
}

void uploads_end(struct uploads *uploads, int64_t row)
{
    struct upload *upload = find_slot(uploads, row);
    if (upload) {
        leave(uploads, upload);
    }
}

void uploads_end_all(struct uploads *uploads)
{
    for (int i = 0; i < UPLOADS_MAX; i++) {
        if (uploads->slots[i].row) {
            leave(uploads, &uploads->slots[i]);
        }
    }
}

/* "" when the content is what it was said to be. What is wrong for good is thrown away. */
static const char *check_content(struct uploads *uploads, const struct upload *upload)
{
    char path[PATH_SIZE];
    const char *type = NULL;
    const char *code = "";
    shelf_part_path(uploads->shelf, upload->part.number, path);
    err_t err = part_has_hash(path, upload->part.item.hash);
    if (err == ERR_INVALID) {
        code = "hash_mismatch";
    } else if (err == ERR_OK) {
        err = media_find(path, &type);
        bool is_same = err == ERR_OK && strcmp(type, upload->part.item.media_type) == 0;
        code = is_same ? "" : err == ERR_IO ? disk_code(err) : "type_mismatch";
        err = is_same || err == ERR_IO ? err : ERR_INVALID;
    } else {
        code = disk_code(err);
    }
    if (err == ERR_INVALID && shelf_drop(uploads->shelf, upload->part.number) != ERR_OK) {
        log_error("blob-drop", "party=%s number=%" PRId64 " a part that is wrong stays until it is old", upload->party,
                  upload->part.number);
    }
    return code;
}

/* All of it is here. The note comes before the check, so that what was checked is never asked for again. */
static void finish(struct uploads *uploads, struct upload *upload)
{
    struct speaker speaker = {upload->row, upload->session, upload->party};
    struct shelf_part part = upload->part;
    err_t err = sync_part(uploads, upload);
    const char *code = err == ERR_OK ? check_content(uploads, upload) : disk_code(err);
    if (!*code) {
        err = shelf_keep(uploads->shelf, upload->party, &part, clock_ms());
        code = err == ERR_OK ? "kept" : disk_code(err);
    }
    log_info("blob-done", "party=%s bytes=%" PRIu64 " code=%s", upload->party, part.item.size, code);
    say_done(uploads, &speaker, (struct view){part.item.hash, BLOB_HASH_SIZE}, code);
    free_slot(upload);
}

/* A free slot, or one that whoever has it does not use; NULL: there is none. */
static struct upload *vacate_slot(struct uploads *uploads)
{
    struct upload *slot = find_slot(uploads, 0);
    if (slot) {
        return slot;
    }
    slot = &uploads->slots[0];
    for (int i = 1; i < UPLOADS_MAX; i++) {
        slot = uploads->slots[i].heard_ms < slot->heard_ms ? &uploads->slots[i] : slot;
    }
    if (clock_monotonic_ms() - slot->heard_ms < UPLOAD_YIELD_MS) {
        return NULL;
    }
    leave(uploads, slot);
    return slot;
}

/* What the others have been promised room for and may yet send. */
static uint64_t still_to_come(const struct uploads *uploads)
{
    uint64_t bytes = 0;
    for (int i = 0; i < UPLOADS_MAX; i++) {
        const struct upload *upload = &uploads->slots[i];
        bytes += upload->row ? upload->part.item.size - upload->taken : 0;
    }
    return bytes;
}

static bool has_room(const struct uploads *uploads, uint64_t bytes)
{
    return shelf_room(uploads->shelf) >= uploads->min_free + bytes;
}

/* NULL when the offer may be taken. *ret_slot is a free one then. */
static const char *judge_offer(struct uploads *uploads, const char *party, const struct shelf_item *item,
                               struct upload **ret_slot)
{
    struct shelf_item known;
    uint64_t used = 0;
    uint64_t parts = 0;
    err_t err = shelf_find(uploads->shelf, party, item->hash, &known);
    if (err == ERR_OK) {
        return "kept";
    }
    if (!media_is_taken((struct view){(const uint8_t *)item->media_type, strlen(item->media_type)})) {
        return "bad_media_type";
    }
    err = err == ERR_NOT_FOUND ? shelf_used(uploads->shelf, party, item->hash, &used, &parts) : err;
    if (err != ERR_OK) {
        return disk_code(err);
    }
    if (used + (item->size + 4095) / 4096 * 4096 > uploads->quota) {
        return "quota_exceeded";
    }
    *ret_slot = parts < SHELF_PARTS_MAX ? vacate_slot(uploads) : NULL;
    if (!*ret_slot) {
        return "busy";
    }
    return has_room(uploads, still_to_come(uploads) + item->size) ? NULL : "disk_full";
}

static void on_offer(struct uploads *uploads, const struct speaker *speaker, const struct message *message)
{
    const struct blob_offer *offer = &message->blob_offer;
    struct shelf_item item = {.size = offer->size};
    struct upload *upload = NULL;
    char path[PATH_SIZE];
    memcpy(item.hash, offer->sha256.at, BLOB_HASH_SIZE);
    snprintf(item.media_type, sizeof item.media_type, "%.*s", (int)offer->media_type.size,
             (const char *)offer->media_type.at);
    uploads_end(uploads, speaker->row);
    const char *code = judge_offer(uploads, speaker->party, &item, &upload);
    if (code) {
        say_done(uploads, speaker, offer->sha256, code);
        return;
    }
    *upload = (struct upload){.session = speaker->session, .heard_ms = clock_monotonic_ms()};
    snprintf(upload->party, sizeof upload->party, "%s", speaker->party);
    err_t err = shelf_begin(uploads->shelf, speaker->party, &item, clock_ms(), &upload->part);
    shelf_part_path(uploads->shelf, upload->part.number, path);
    err = err == ERR_OK ? part_open(path, upload->part.durable, &upload->fd, &upload->part.durable) : err;
    if (err != ERR_OK) {
        say_done(uploads, speaker, offer->sha256, disk_code(err));
        return;
    }
    upload->row = speaker->row;
    upload->taken = upload->part.durable;
    if (upload->taken == item.size) {
        finish(uploads, upload); /* only the last step was missing */
    } else {
        say_want(uploads, upload);
    }
}

/* "" when the chunk was taken. */
static const char *take_chunk(struct uploads *uploads, struct upload *upload, const struct blob_chunk *chunk)
{
    if (chunk->offset != upload->taken || chunk->offset + chunk->bytes.size > upload->limit) {
        return "bad_offset";
    }
    err_t err = part_write(upload->fd, chunk->offset, chunk->bytes);
    if (err != ERR_OK) {
        return disk_code(err);
    }
    upload->taken += chunk->bytes.size;
    upload->heard_ms = clock_monotonic_ms();
    if (upload->taken < upload->part.item.size && upload->taken - upload->part.durable >= UPLOAD_SYNC) {
        err = sync_part(uploads, upload);
    }
    return err == ERR_OK ? "" : disk_code(err);
}

static bool wants_more(const struct upload *upload)
{
    return upload->limit < upload->part.item.size && upload->limit - upload->taken <= HALF_CREDIT;
}

static void on_chunk(struct uploads *uploads, const struct speaker *speaker, const struct message *message)
{
    const struct blob_chunk *chunk = &message->blob_chunk;
    struct upload *upload = find_slot(uploads, speaker->row);
    bool is_expected = upload && upload->session == speaker->session &&
                       memcmp(upload->part.item.hash, chunk->sha256.at, BLOB_HASH_SIZE) == 0;
    const char *code = is_expected ? take_chunk(uploads, upload, chunk) : "bad_offset";
    if (!*code && wants_more(upload) && !has_room(uploads, 0)) {
        code = "disk_full";
    }
    if (*code) {
        uploads_end(uploads, speaker->row);
        say_done(uploads, speaker, chunk->sha256, code);
    } else if (upload->taken == upload->part.item.size) {
        finish(uploads, upload);
    } else if (wants_more(upload)) {
        say_want(uploads, upload);
    }
}

/* ERR_OK and the next offset when a chunk went out. */
static err_t send_chunk(struct uploads *uploads, const struct speaker *speaker, const struct shelf_item *item,
                        uint64_t *offset)
{
    char path[PATH_SIZE];
    uint64_t left = item->size - *offset;
    size_t size = left < BLOB_CHUNK_MAX ? (size_t)left : BLOB_CHUNK_MAX;
    uint8_t *bytes = mem_alloc(size);
    shelf_content_path(uploads->shelf, item->hash, path);
    err_t err = part_read(path, *offset, bytes, size);
    if (err == ERR_OK) {
        struct message message = {.type = MESSAGE_BLOB_CHUNK};
        message.blob_chunk = (struct blob_chunk){.session = speaker->session,
                                                 .sha256 = {item->hash, BLOB_HASH_SIZE},
                                                 .offset = *offset,
                                                 .bytes = {bytes, size}};
        uploads->say(uploads->self, speaker->row, speaker->session, &message);
        *offset += size;
    } else {
        log_error("blob-unreadable", "path=%s error=\"%s\"", path, err_name(err));
    }
    free(bytes);
    return err;
}

static void on_want(struct uploads *uploads, const struct speaker *speaker, const struct message *message)
{
    const struct blob_want *want = &message->blob_want;
    struct shelf_item item;
    uint64_t offset = want->offset;
    uint64_t credit = want->credit < BLOB_CREDIT ? want->credit : BLOB_CREDIT;
    err_t err = shelf_find(uploads->shelf, speaker->party, want->sha256.at, &item);
    if (err != ERR_OK || offset > item.size) {
        const char *code = err == ERR_OK ? "bad_offset" : err == ERR_NOT_FOUND ? "not_found" : disk_code(err);
        say_done(uploads, speaker, want->sha256, code);
        return;
    }
    for (uint64_t i = 0; i < credit && offset < item.size && err == ERR_OK; i++) {
        err = send_chunk(uploads, speaker, &item, &offset);
    }
    if (err != ERR_OK || offset == item.size) {
        say_done(uploads, speaker, want->sha256, err == ERR_OK ? "kept" : "store_failed");
    }
}

void uploads_on_message(struct uploads *uploads, const struct speaker *speaker, const struct message *message)
{
    if (message->type == MESSAGE_BLOB_OFFER) {
        on_offer(uploads, speaker, message);
    } else if (message->type == MESSAGE_BLOB_CHUNK) {
        on_chunk(uploads, speaker, message);
    } else if (message->type == MESSAGE_BLOB_WANT) {
        on_want(uploads, speaker, message);
    }
}

void uploads_tick(struct uploads *uploads)
{
    int64_t now = clock_monotonic_ms();
    for (int i = 0; i < UPLOADS_MAX; i++) {
        struct upload *upload = &uploads->slots[i];
        if (upload->row && now - upload->heard_ms > UPLOAD_SILENCE_MS) {
            leave(uploads, upload);
        }
    }
    if (uploads->purged_ms == 0 || now - uploads->purged_ms > PURGE_EVERY_MS) {
        uint64_t count = 0;
        uploads->purged_ms = now;
        err_t err = shelf_purge(uploads->shelf, clock_ms() - (int64_t)PART_LIFE_HOURS * 3600000, &count);
        if (err != ERR_OK || count > 0) {
            log_info("blob-purged", "parts=%" PRIu64 " result=\"%s\"", count, err_name(err));
        }
    }
}
