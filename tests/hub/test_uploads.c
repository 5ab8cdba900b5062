/* PROTOCOL.md §9's table, message by message, with the test in the peer's place. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): syscall() */
#include "tests/hub/hub_sample.h"

#include <openssl/sha.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/shelf.h"
#include "hub/uploads.h"
#include "tests/full_disk.h"
#include "tests/home.h"

enum { SIZE = 300000, SAID_MAX = 64, PEER = 3 };

struct said {
    enum message_type type;
    uint64_t offset, credit, size;
    char code[33];
};

struct rig {
    struct home home;
    struct shelf *shelf;
    struct uploads *uploads;
    struct said said[SAID_MAX];
    size_t count;
    uint8_t content[SIZE];
    uint8_t hash[BLOB_HASH_SIZE];
};

static bool fails_sync; /* the next time */

/* Stands in for libc's. */
int fsync(int fd)
{
    bool fails = fails_sync;
    fails_sync = false;
    errno = EIO;
    return fails ? -1 : (int)syscall(SYS_fsync, fd);
}

static const struct speaker peer = {PEER, 1, "91330106000000001X"};

static void hear(void *self, int64_t row, uint64_t session, const struct message *message)
{
    struct rig *rig = self;
    struct said *said = &rig->said[rig->count++];
    assert_int_equal(row, PEER);
    assert_int_equal(session, 1);
    assert_in_range(rig->count, 1, SAID_MAX);
    *said = (struct said){.type = message->type};
    if (message->type == MESSAGE_BLOB_WANT) {
        said->offset = message->blob_want.offset;
        said->credit = message->blob_want.credit;
    } else if (message->type == MESSAGE_BLOB_CHUNK) {
        said->offset = message->blob_chunk.offset;
        said->size = message->blob_chunk.bytes.size;
        assert_memory_equal(message->blob_chunk.bytes.at, rig->content + said->offset, said->size);
    } else {
        snprintf(said->code, sizeof said->code, "%.*s", (int)message->blob_done.code.size,
                 (const char *)message->blob_done.code.at);
    }
}

static void start(struct rig *rig)
{
    char reason[256];
    assert_int_equal(shelf_open(&rig->home, true, &rig->shelf, reason), ERR_OK);
    rig->uploads = mem_alloc(sizeof *rig->uploads);
    *rig->uploads = (struct uploads){.shelf = rig->shelf, .quota = 1 << 20, .say = hear, .self = rig};
    rig->count = 0;
}

/* As kill -9 does: nothing is put in order. */
static void crash(struct rig *rig)
{
    shelf_close(rig->shelf);
    free(rig->uploads);
    start(rig);
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    make_home(&rig->home);
    for (size_t i = 0; i < SIZE; i++) {
        rig->content[i] = (uint8_t)(i * 2654435761U >> 13);
    }
    memcpy(rig->content, "%PDF-", 5);
    SHA256(rig->content, SIZE, rig->hash);
    start(rig);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    uploads_end_all(rig->uploads);
    shelf_close(rig->shelf);
    free(rig->uploads);
    remove_home(&rig->home);
    free(rig);
    return 0;
}

static void offer(struct rig *rig, const char *type, uint64_t size)
{
    struct message message = {.type = MESSAGE_BLOB_OFFER};
    message.blob_offer = (struct blob_offer){.session = 1,
                                             .sha256 = {rig->hash, BLOB_HASH_SIZE},
                                             .size = size,
                                             .media_type = {(const uint8_t *)type, strlen(type)}};
    rig->count = 0;
    uploads_on_message(rig->uploads, &peer, &message);
}

static void chunk(struct rig *rig, uint64_t offset, size_t size)
{
    struct message message = {.type = MESSAGE_BLOB_CHUNK};
    message.blob_chunk = (struct blob_chunk){
        .session = 1, .sha256 = {rig->hash, BLOB_HASH_SIZE}, .offset = offset, .bytes = {rig->content + offset, size}};
    rig->count = 0;
    uploads_on_message(rig->uploads, &peer, &message);
}

static void want(struct rig *rig, uint64_t offset, uint64_t credit)
{
    struct message message = {.type = MESSAGE_BLOB_WANT};
    message.blob_want =
        (struct blob_want){.session = 1, .sha256 = {rig->hash, BLOB_HASH_SIZE}, .offset = offset, .credit = credit};
    rig->count = 0;
    uploads_on_message(rig->uploads, &peer, &message);
}

static void assert_done(const struct rig *rig, const char *code)
{
    assert_int_equal(rig->count, 1);
    assert_int_equal(rig->said[0].type, MESSAGE_BLOB_DONE);
    assert_string_equal(rig->said[0].code, code);
}

static void assert_want(const struct rig *rig, uint64_t offset)
{
    assert_int_equal(rig->count, 1);
    assert_int_equal(rig->said[0].type, MESSAGE_BLOB_WANT);
    assert_int_equal(rig->said[0].offset, offset);
    assert_int_equal(rig->said[0].credit, BLOB_CREDIT);
}

static void upload(struct rig *rig, uint64_t from)
{
    for (uint64_t at = from; at < SIZE; at += BLOB_CHUNK_MAX) {
        chunk(rig, at, SIZE - at < BLOB_CHUNK_MAX ? (size_t)(SIZE - at) : BLOB_CHUNK_MAX);
    }
}

static size_t count_files(const struct rig *rig, const char *folder)
{
    char command[2 * PATH_SIZE];
    unsigned count = 0;
    snprintf(command, sizeof command, "find '%s/attachments/%s' -maxdepth 1 -type f ! -name 'registry*' | wc -l",
             rig->home.path, folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%u", &count), 1);
    pclose(pipe);
    return count;
}

static void test_an_attachment_is_kept_and_served(void **state)
{
    struct rig *rig = *state;
    offer(rig, "application/pdf", SIZE);
    assert_want(rig, 0);
    upload(rig, 0);
    assert_done(rig, "kept");
    assert_int_equal(count_files(rig, ""), 1);
    assert_int_equal(count_files(rig, "parts"), 0);
    crash(rig);
    offer(rig, "application/pdf", SIZE);
    assert_done(rig, "kept");
    want(rig, 0, 512);
    assert_int_equal(rig->count, 4);
    assert_int_equal(rig->said[2].offset + rig->said[2].size, SIZE);
    assert_string_equal(rig->said[3].code, "kept");
    want(rig, BLOB_CHUNK_MAX, 1);
    assert_int_equal(rig->count, 1);
    assert_int_equal(rig->said[0].type, MESSAGE_BLOB_CHUNK);
    want(rig, SIZE, 1);
    assert_done(rig, "kept");
    want(rig, SIZE + 1, 1);
    assert_done(rig, "bad_offset");
}

static void test_what_is_not_durable_is_sent_again(void **state)
{
    struct rig *rig = *state;
    offer(rig, "application/pdf", SIZE);
    chunk(rig, 0, BLOB_CHUNK_MAX);
    crash(rig); /* the part was written, and never synced */
    offer(rig, "application/pdf", SIZE);
    assert_want(rig, 0);
    chunk(rig, 0, 1000);
    uploads_end(rig->uploads, PEER); /* the end of a session syncs it */
    crash(rig);
    offer(rig, "application/pdf", SIZE);
    assert_want(rig, 1000);
    upload(rig, 1000);
    assert_done(rig, "kept");
}

static void test_a_chunk_out_of_turn_ends_the_upload(void **state)
{
    struct rig *rig = *state;
    chunk(rig, 0, 10);
    assert_done(rig, "bad_offset");
    offer(rig, "application/pdf", SIZE);
    chunk(rig, 10, 10);
    assert_done(rig, "bad_offset");
    chunk(rig, 0, 10);
    assert_done(rig, "bad_offset");
    offer(rig, "application/pdf", 5);
    assert_want(rig, 0);
    chunk(rig, 0, 6);
    assert_done(rig, "bad_offset");
}

static void test_wrong_contents_are_thrown_away(void **state)
{
    struct rig *rig = *state;
    offer(rig, "image/png", SIZE);
    upload(rig, 0);
    assert_done(rig, "type_mismatch");
    assert_int_equal(count_files(rig, "parts"), 0);
    offer(rig, "application/pdf", SIZE);
    assert_want(rig, 0);
    rig->content[7]++;
    upload(rig, 0);
    assert_done(rig, "hash_mismatch");
    assert_int_equal(count_files(rig, "parts") + count_files(rig, ""), 0);
    want(rig, 0, 1);
    assert_done(rig, "not_found");
}

static void test_what_is_not_allowed_is_said_before_a_byte(void **state)
{
    struct rig *rig = *state;
    offer(rig, "text/html", SIZE);
    assert_done(rig, "bad_media_type");
    rig->uploads->quota = SIZE - 1;
    offer(rig, "application/pdf", SIZE);
    assert_done(rig, "quota_exceeded");
    rig->uploads->quota = 1 << 20;
    rig->uploads->min_free = UINT64_MAX / 2;
    offer(rig, "application/pdf", SIZE);
    assert_done(rig, "disk_full");
    rig->uploads->min_free = 0;
    for (int i = 0; i < UPLOADS_MAX; i++) {
        rig->uploads->slots[i] = (struct upload){.row = 100 + i, .fd = -1, .heard_ms = clock_monotonic_ms()};
    }
    offer(rig, "application/pdf", SIZE);
    assert_done(rig, "busy");
    memset(rig->uploads->slots, 0, sizeof rig->uploads->slots);
}

/* Those who offer and never send must not keep out who does. */
static void test_the_slot_that_is_silent_longest_yields(void **state)
{
    struct rig *rig = *state;
    int64_t now = clock_monotonic_ms();
    for (int i = 0; i < UPLOADS_MAX; i++) {
        rig->uploads->slots[i] =
            (struct upload){.row = 100 + i, .fd = -1, .heard_ms = now - (i == 7) * UPLOAD_YIELD_MS};
    }
    offer(rig, "application/pdf", SIZE);
    assert_want(rig, 0);
    assert_int_equal(rig->uploads->slots[7].row, PEER);
    upload(rig, 0);
    assert_done(rig, "kept");
    memset(rig->uploads->slots, 0, sizeof rig->uploads->slots);
}

static void upload_zeros(struct rig *rig, uint64_t from, uint64_t end)
{
    static const uint8_t zeros[BLOB_CHUNK_MAX];
    struct message message = {.type = MESSAGE_BLOB_CHUNK};
    for (uint64_t at = from; at < end; at += sizeof zeros) {
        rig->count = 0;
        message.blob_chunk = (struct blob_chunk){
            .session = 1, .sha256 = {rig->hash, BLOB_HASH_SIZE}, .offset = at, .bytes = {zeros, sizeof zeros}};
        uploads_on_message(rig->uploads, &peer, &message);
    }
}

/* Those that are under way have been promised room, and whoever else fills the disk meanwhile is noticed. */
static void test_uploads_together_leave_the_reserve_alone(void **state)
{
    struct rig *rig = *state;
    struct upload *other = &rig->uploads->slots[UPLOADS_MAX - 1];
    const uint64_t half = BLOB_CREDIT / 2 * BLOB_CHUNK_MAX;
    rig->uploads->quota = UPLOAD_SYNC;
    *other =
        (struct upload){.row = 100, .fd = -1, .heard_ms = clock_monotonic_ms(), .part.item.size = UINT64_C(1) << 60};
    offer(rig, "application/pdf", UPLOAD_SYNC);
    assert_done(rig, "disk_full");
    other->taken = other->part.item.size;
    offer(rig, "application/pdf", UPLOAD_SYNC);
    assert_want(rig, 0);
    upload_zeros(rig, 0, half);
    assert_want(rig, half);
    rig->uploads->min_free = UINT64_MAX / 2;
    upload_zeros(rig, half, 2 * half);
    assert_done(rig, "disk_full");
    *other = (struct upload){.row = 0};
}

/* As the kernel tells of a failed disk: once. */
static void test_what_could_not_be_synced_is_sent_again(void **state)
{
    struct rig *rig = *state;
    rig->uploads->quota = 2 * UPLOAD_SYNC;
    offer(rig, "application/pdf", UPLOAD_SYNC + 1);
    fails_sync = true;
    upload_zeros(rig, 0, UPLOAD_SYNC);
    assert_false(fails_sync);
    assert_done(rig, "store_failed");
    offer(rig, "application/pdf", UPLOAD_SYNC + 1);
    assert_want(rig, 0);
}

static void test_a_full_disk_is_told_and_passes(void **state)
{
    struct rig *rig = *state;
    offer(rig, "application/pdf", SIZE);
    limit_files(200000);
    chunk(rig, 0, BLOB_CHUNK_MAX);
    chunk(rig, BLOB_CHUNK_MAX, BLOB_CHUNK_MAX);
    limit_files(RLIM_INFINITY);
    assert_done(rig, "disk_full");
    offer(rig, "application/pdf", SIZE);
    assert_want(rig, BLOB_CHUNK_MAX);
    upload(rig, BLOB_CHUNK_MAX);
    assert_done(rig, "kept");
}

/* The content has its name, the registry does not know: nothing that happens to the part may touch the content. */
static void test_a_part_that_is_a_content_already_is_never_cut(void **state)
{
    struct rig *rig = *state;
    char part[PATH_SIZE];
    char content[PATH_SIZE];
    struct stat file;
    offer(rig, "application/pdf", SIZE);
    chunk(rig, 0, BLOB_CHUNK_MAX);
    chunk(rig, BLOB_CHUNK_MAX, BLOB_CHUNK_MAX);
    shelf_part_path(rig->shelf, 1, part);
    shelf_content_path(rig->shelf, rig->hash, content);
    assert_int_equal(link(part, content), 0);
    crash(rig);
    offer(rig, "application/pdf", SIZE);
    assert_want(rig, 0);
    assert_int_equal(stat(content, &file), 0);
    assert_int_equal(file.st_size, 2 * BLOB_CHUNK_MAX);
    upload(rig, 0); /* what lies under the name is not this content: it is replaced */
    assert_done(rig, "kept");
    want(rig, 0, 8);
    assert_int_equal(rig->count, 4);
}

/* The party has sent the same content. */
static void keep_for(struct rig *rig, const char *party)
{
    char path[PATH_SIZE];
    struct shelf_item item = {.size = SIZE, .media_type = "application/pdf"};
    struct shelf_part part;
    memcpy(item.hash, rig->hash, BLOB_HASH_SIZE);
    assert_int_equal(shelf_begin(rig->shelf, party, &item, 1, &part), ERR_OK);
    shelf_part_path(rig->shelf, part.number, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(rig->content, 1, SIZE, file), SIZE);
    fclose(file);
    assert_int_equal(shelf_keep(rig->shelf, party, &part, 1), ERR_OK);
}

static void test_a_content_goes_with_its_last_upload(void **state)
{
    static const struct speaker neighbour = {PEER, 1, "91330106000000002Y"};
    struct rig *rig = *state;
    struct message message = {.type = MESSAGE_BLOB_WANT};
    message.blob_want = (struct blob_want){.session = 1, .sha256 = {rig->hash, BLOB_HASH_SIZE}, .credit = 1};
    offer(rig, "application/pdf", SIZE);
    upload(rig, 0);
    keep_for(rig, neighbour.party);
    assert_int_equal(shelf_remove(rig->shelf, peer.party, rig->hash), ERR_OK);
    want(rig, 0, 1);
    assert_done(rig, "not_found");
    rig->count = 0;
    uploads_on_message(rig->uploads, &neighbour, &message);
    assert_int_equal(rig->said[0].type, MESSAGE_BLOB_CHUNK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(shelf_remove(rig->shelf, neighbour.party, rig->hash), ERR_OK);
        assert_int_equal(count_files(rig, ""), 0);
    }
    crash(rig);
    offer(rig, "application/pdf", SIZE);
    assert_want(rig, 0);
    upload(rig, 0);
    assert_done(rig, "kept");
}

/* It ends before the registry knows of the content, and the peer does not come back. A content that another has stays.
 */
static void test_a_part_that_is_given_up_leaves_no_content(void **state)
{
    struct rig *rig = *state;
    char part[PATH_SIZE];
    char content[PATH_SIZE];
    uint64_t count = 0;
    for (int i = 0; i < 2; i++) {
        offer(rig, "application/pdf", SIZE);
        chunk(rig, 0, BLOB_CHUNK_MAX);
        shelf_part_path(rig->shelf, 1, part);
        shelf_content_path(rig->shelf, rig->hash, content);
        if (i == 0) {
            assert_int_equal(link(part, content), 0);
        } else {
            keep_for(rig, "91330106000000002Y");
        }
        crash(rig);
        assert_int_equal(shelf_purge(rig->shelf, INT64_MAX, &count), ERR_OK);
        assert_int_equal(count, 1);
        assert_int_equal(count_files(rig, ""), (size_t)i);
        assert_int_equal(count_files(rig, "parts"), 0);
    }
}

/* A crash between the rows and the file: the second time the file goes. */
static void test_a_removal_that_was_cut_is_finished(void **state)
{
    struct rig *rig = *state;
    char path[PATH_SIZE];
    shelf_content_path(rig->shelf, rig->hash, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(shelf_remove(rig->shelf, peer.party, rig->hash), ERR_OK);
    assert_int_equal(count_files(rig, ""), 0);
}

/* One more, which nobody has uploaded. */
#define MISSING                                                                                                        \
    ",{\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"name\":\"b\","                \
    "\"media_type\":\"image/png\",\"size\":1,\"role\":\"plan\"}"

static void test_records_wait_for_their_attachments(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *type;
        int size;
        const char *field;
    } cases[] = {{"application/pdf", SIZE, NULL},
                 {"application/pdf", SIZE - 1, "attachments[0].size"},
                 {"image/png", SIZE, "attachments[0].media_type"}};
    char hash[2 * BLOB_HASH_SIZE + 1];
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            char text[1024];
            struct faults faults = {.count = 0};
            msgpack_sbuffer record;
            hex_text(rig->hash, BLOB_HASH_SIZE, hash);
            snprintf(text, sizeof text,
                     "{\"kind\":\"review_report\",\"attachments\":[{\"sha256\":\"%s\",\"name\":\"a\",\"media_type\":"
                     "\"%s\",\"size\":%d,\"role\":\"plan\"}%s]}",
                     hash, cases[i].type, cases[i].size, cases[i].field ? MISSING : "");
            json_t *json = json_loads(text, 0, NULL);
            msgpack_sbuffer_init(&record);
            assert_int_equal(record_from_json(json, &record, &faults), ERR_OK);
            struct batch *batch = batch_new(1);
            snprintf(batch->party, sizeof batch->party, "%s", peer.party);
            batch->items[0].bytes = (struct view){(const uint8_t *)record.data, record.size};
            uploads_judge(rig->uploads, batch);
            if (round == 0) {
                assert_string_equal(batch->items[0].retry, "missing_blob");
                assert_null(batch->items[0].faults);
            } else if (cases[i].field) {
                assert_null(batch->items[0].retry); /* no upload would mend it */
                assert_string_equal(batch->items[0].faults->list[0].code, "bad_value");
                assert_string_equal(batch->items[0].faults->list[0].field, cases[i].field);
            } else {
                assert_null(batch->items[0].faults);
                assert_null(batch->items[0].retry);
            }
            batch_free(batch);
            msgpack_sbuffer_destroy(&record);
            json_decref(json);
        }
        offer(rig, "application/pdf", SIZE);
        upload(rig, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_attachment_is_kept_and_served, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_durable_is_sent_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_chunk_out_of_turn_ends_the_upload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_contents_are_thrown_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_allowed_is_said_before_a_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_slot_that_is_silent_longest_yields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_uploads_together_leave_the_reserve_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_could_not_be_synced_is_sent_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_told_and_passes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_content_goes_with_its_last_upload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_removal_that_was_cut_is_finished, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_part_that_is_given_up_leaves_no_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_part_that_is_a_content_already_is_never_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_records_wait_for_their_attachments, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
