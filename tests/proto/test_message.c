#include <stdlib.h>
#include <string.h>

#include "proto/message.h"
#include "tests/proto/vectors.h"
#include "tests/test.h"

static int load(void **state)
{
    (void)state;
    return load_vectors("messages.json");
}

static bool is_good(const json_t *vector)
{
    return json_is_true(json_object_get(vector, "ok"));
}

static void test_good_messages_decode_and_encode_to_the_same_bytes(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    json_array_foreach(vectors, index, vector)
    {
        struct message message;
        char reason[128];
        size_t size = 0;
        if (!is_good(vector)) {
            continue;
        }
        uint8_t *bytes = bytes_of(vector, &size);
        assert_int_equal(message_decode((struct view){bytes, size}, &message, reason), ERR_OK);
        if (!json_is_true(json_object_get(vector, "whole"))) {
            free(bytes);
            continue; /* our encoder writes optional keys too */
        }
        msgpack_sbuffer buffer;
        msgpack_sbuffer_init(&buffer);
        message_encode(&message, &buffer);
        assert_int_equal(buffer.size, size);
        assert_memory_equal(buffer.data, bytes, size);
        msgpack_sbuffer_destroy(&buffer);
        free(bytes);
    }
}

static void test_bad_messages_are_refused_with_a_reason(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    json_array_foreach(vectors, index, vector)
    {
        struct message message;
        char reason[128] = "";
        size_t size = 0;
        if (is_good(vector)) {
            continue;
        }
        uint8_t *bytes = bytes_of(vector, &size);
        err_t err = message_decode((struct view){bytes, size}, &message, reason);
        bool is_later = strcmp(json_string_value(json_object_get(vector, "error")), "unsupported") == 0;
        if (err == ERR_OK) {
            print_error("accepted: %s\n", json_string_value(json_object_get(vector, "name")));
        }
        assert_int_not_equal(err, ERR_OK);
        assert_int_equal(err == ERR_NOT_FOUND, is_later);
        assert_int_not_equal(strlen(reason), 0);
        free(bytes);
    }
}

static void test_every_prefix_of_a_good_message_is_refused(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    json_array_foreach(vectors, index, vector)
    {
        size_t size = 0;
        uint8_t *bytes = is_good(vector) ? bytes_of(vector, &size) : NULL;
        for (size_t end = 0; end < size; end++) {
            struct message message;
            char reason[128];
            uint8_t *prefix = malloc(end ? end : 1);
            memcpy(prefix, bytes, end);
            assert_int_not_equal(message_decode((struct view){prefix, end}, &message, reason), ERR_OK);
            free(prefix);
        }
        free(bytes);
    }
}

static void test_extra_elements_and_unknown_keys_are_ignored(void **state)
{
    (void)state;
    static const uint8_t extra[] = {0x95, 5, 7, 9, 0xa1, 'x', 0x91, 0xc0}; /* PING with two more */
    static const uint8_t unknown[] = {0x94, 4,    0xa4, 'b',  'u', 's',
                                      'y',  0xa0, 0x81, 0xa1, 'z', 0x90}; /* REFUSE, detail {z: []} */
    struct message message;
    char reason[128];
    assert_int_equal(message_decode((struct view){extra, sizeof extra}, &message, reason), ERR_OK);
    assert_int_equal(message.ping.token, 9);
    assert_int_equal(message_decode((struct view){unknown, sizeof unknown}, &message, reason), ERR_OK);
    assert_false(message.refuse.has_batch);
}

static void test_a_batch_over_the_limit_is_counted_not_kept(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    struct message message;
    char reason[128];
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 6);
    msgpack_pack_uint64(&packer, MESSAGE_SUBMIT);
    msgpack_pack_uint64(&packer, 1);
    msgpack_pack_uint64(&packer, 1);
    msgpack_pack_array(&packer, 1000);
    for (int i = 0; i < 1000; i++) {
        msgpack_pack_bin_with_body(&packer, "x", 1);
    }
    msgpack_pack_str_with_body(&packer, "ed25519", 7);
    msgpack_pack_bin_with_body(&packer, "s", 1);
    assert_int_equal(message_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &message, reason),
                     ERR_OK);
    assert_int_equal(message.submit.count, 1000);
    assert_int_equal(message.submit.batch, 1);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_a_receipt_body_round_trips(void **state)
{
    (void)state;
    static const uint8_t bytes[SIGNATURE_SIZE] = {1, 2, 3};
    struct faults faults = {0};
    struct receipt_body body;
    struct result result;
    msgpack_sbuffer encoded;
    msgpack_sbuffer buffer;
    fault_add(&faults, "missing", "sector", "sector is required");
    msgpack_sbuffer_init(&encoded);
    msgpack_sbuffer_init(&buffer);
    faults_encode(&faults, &encoded);
    const struct receipt_body start = {.party = {(const uint8_t *)"party", 5},
                                       .hub = {(const uint8_t *)"hub", 3},
                                       .epoch = {bytes, EPOCH_SIZE},
                                       .at = 5,
                                       .signature = {bytes, SIGNATURE_SIZE},
                                       .party_key = {bytes, 33},
                                       .hub_curve_key = {bytes, KEY_SIZE},
                                       .count = 3};
    receipt_body_begin(&buffer, &start);
    struct result stored = {.outcome = OUTCOME_STORED, .id = {bytes, 16}, .hash = {bytes, 32}, .number = 7, .at = 8};
    struct result rejected = {.outcome = OUTCOME_REJECTED,
                              .hash = {bytes, 32},
                              .faults = {(const uint8_t *)encoded.data, encoded.size},
                              .at = 9};
    struct result retry = {.outcome = OUTCOME_RETRY,
                           .id = {bytes, 16},
                           .hash = {bytes, 32},
                           .code = {(const uint8_t *)"disk_full", 9},
                           .after_ms = 10};
    receipt_body_add(&buffer, &stored);
    receipt_body_add(&buffer, &rejected);
    receipt_body_add(&buffer, &retry);
    for (size_t end = 0; end < buffer.size; end++) {
        assert_int_not_equal(receipt_body_decode((struct view){(const uint8_t *)buffer.data, end}, &body), ERR_OK);
    }
    assert_int_equal(receipt_body_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &body), ERR_OK);
    assert_int_equal(body.count, 3);
    assert_int_equal(body.signature.size, SIGNATURE_SIZE);
    assert_int_equal(body.party_key.size, 33);
    assert_int_equal(body.hub_curve_key.size, KEY_SIZE);
    assert_int_equal(result_next(&body.results, &result), ERR_OK);
    assert_int_equal(result.number, 7);
    assert_int_equal(result_next(&body.results, &result), ERR_OK);
    assert_int_equal(result.id.size, 0);
    assert_int_equal(faults_decode(result.faults, &faults), ERR_OK);
    assert_string_equal(faults.list[0].field, "sector");
    assert_int_equal(result_next(&body.results, &result), ERR_OK);
    assert_true(view_is(result.code, "disk_full"));
    assert_int_equal(result_next(&body.results, &result), ERR_TRUNCATED);
    msgpack_sbuffer_destroy(&encoded);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_an_event_round_trips_and_an_unknown_type_is_told_apart(void **state)
{
    (void)state;
    static const uint8_t unknown[] = {0x81, 0xa4, 't', 'y', 'p', 'e', 0xa1, 'x'};
    struct event event = {.type = EVENT_RECORD};
    struct event again;
    msgpack_sbuffer buffer;
    event.record = (struct record_event){.number = 3,
                                         .received_at = 4,
                                         .entity_type = {(const uint8_t *)"hospital", 8},
                                         .state = {(const uint8_t *)"raised", 6},
                                         .record = {unknown, 8}};
    msgpack_sbuffer_init(&buffer);
    event_encode(&event, &buffer);
    for (size_t end = 0; end < buffer.size; end++) {
        assert_int_not_equal(event_decode((struct view){(const uint8_t *)buffer.data, end}, &again), ERR_OK);
    }
    assert_int_equal(event_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &again), ERR_OK);
    assert_int_equal(again.record.number, 3);
    assert_int_equal(again.record.entity.size, 0);
    assert_int_equal(event_decode((struct view){unknown, sizeof unknown}, &again), ERR_NOT_FOUND);
    msgpack_sbuffer_destroy(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_messages_decode_and_encode_to_the_same_bytes),
        cmocka_unit_test(test_bad_messages_are_refused_with_a_reason),
        cmocka_unit_test(test_every_prefix_of_a_good_message_is_refused),
        cmocka_unit_test(test_extra_elements_and_unknown_keys_are_ignored),
        cmocka_unit_test(test_a_batch_over_the_limit_is_counted_not_kept),
        cmocka_unit_test(test_a_receipt_body_round_trips),
        cmocka_unit_test(test_an_event_round_trips_and_an_unknown_type_is_told_apart),
    };
    return cmocka_run_group_tests(tests, load, unload_vectors);
}
