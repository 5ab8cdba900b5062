#include <stdlib.h>
#include <string.h>

#include "proto/message.h"
#include "proto/message_blob.h"
#include "tests/test.h"

static uint8_t hash[BLOB_HASH_SIZE] = {1, 2, 3};

static struct message chunk_of(uint8_t *bytes, size_t size)
{
    struct message message = {.type = MESSAGE_BLOB_CHUNK};
    message.blob_chunk =
        (struct blob_chunk){.session = 5, .sha256 = {hash, BLOB_HASH_SIZE}, .offset = 131072, .bytes = {bytes, size}};
    return message;
}

/* The vectors hold no message of this length. */
static void test_a_chunk_has_at_most_128_kib(void **state)
{
    (void)state;
    uint8_t *bytes = calloc(BLOB_CHUNK_MAX + 1, 1);
    for (size_t size = BLOB_CHUNK_MAX; size <= BLOB_CHUNK_MAX + 1; size++) {
        struct message message = chunk_of(bytes, size);
        struct message again;
        char reason[128];
        msgpack_sbuffer buffer;
        msgpack_sbuffer_init(&buffer);
        message_encode(&message, &buffer);
        err_t err = message_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &again, reason);
        assert_int_equal(err, size <= BLOB_CHUNK_MAX ? ERR_OK : ERR_INVALID);
        if (err == ERR_OK) {
            assert_int_equal(again.blob_chunk.offset, 131072);
            assert_int_equal(again.blob_chunk.bytes.size, size);
            assert_memory_equal(again.blob_chunk.sha256.at, hash, BLOB_HASH_SIZE);
        }
        msgpack_sbuffer_destroy(&buffer);
    }
    free(bytes);
}

static const char two[] = "{\"kind\":\"review_report\",\"attachments\":[{\"sha256\":"
                          "\"0100000000000000000000000000000000000000000000000000000000000000\",\"name\":\"a\","
                          "\"media_type\":\"image/png\",\"size\":7,\"role\":\"plan\",\"more\":[1,{}]},{\"sha256\":"
                          "\"0200000000000000000000000000000000000000000000000000000000000000\",\"name\":\"b\","
                          "\"media_type\":\"application/pdf\",\"size\":67108864,\"role\":\"plan\"}],\"seq\":3}";

static struct view encode(const char *text, msgpack_sbuffer *buffer)
{
    struct faults faults = {.count = 0};
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    msgpack_sbuffer_init(buffer);
    assert_int_equal(record_from_json(json, buffer, &faults), ERR_OK);
    json_decref(json);
    return (struct view){(const uint8_t *)buffer->data, buffer->size};
}

static void test_the_attachments_of_a_record_are_found(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct blob_refs refs = blob_refs_of(encode(two, &buffer));
    struct blob_ref ref;
    assert_true(blob_refs_next(&refs, &ref));
    assert_int_equal(ref.sha256.at[0], 1);
    assert_int_equal(ref.size, 7);
    assert_true(view_is(ref.media_type, "image/png") && view_is(ref.name, "a"));
    assert_true(blob_refs_next(&refs, &ref));
    assert_int_equal(ref.sha256.at[0], 2);
    assert_int_equal(ref.size, 67108864);
    assert_false(blob_refs_next(&refs, &ref));
    assert_false(blob_refs_next(&refs, &ref));
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_record_without_attachments_has_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"kind\":\"review_report\"}", "{\"kind\":\"review_report\",\"attachments\":[]}",
        "{\"kind\":\"review_report\",\"attachments\":7}", "{\"kind\":\"review_report\",\"attachments\":[7]}",
        "{\"kind\":\"review_report\",\"attachments\":[{\"sha256\":7,\"size\":1}]}"};
    struct blob_ref ref;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        msgpack_sbuffer buffer;
        struct blob_refs refs = blob_refs_of(encode(texts[i], &buffer));
        assert_false(blob_refs_next(&refs, &ref));
        msgpack_sbuffer_destroy(&buffer);
    }
    struct blob_refs refs = blob_refs_over((struct view){NULL, 0});
    assert_false(blob_refs_next(&refs, &ref));
}

static void test_a_record_that_is_cut_short_is_read_to_its_end_only(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    struct view record = encode(two, &buffer);
    for (size_t size = 0; size < record.size; size++) {
        uint8_t *part = malloc(size ? size : 1);
        memcpy(part, record.at, size);
        struct blob_refs refs = blob_refs_of((struct view){part, size});
        struct blob_ref ref;
        int count = 0;
        while (blob_refs_next(&refs, &ref)) {
            count++;
        }
        assert_in_range(count, 0, 2);
        free(part);
    }
    msgpack_sbuffer_destroy(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chunk_has_at_most_128_kib),
        cmocka_unit_test(test_the_attachments_of_a_record_are_found),
        cmocka_unit_test(test_a_record_without_attachments_has_none),
        cmocka_unit_test(test_a_record_that_is_cut_short_is_read_to_its_end_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
