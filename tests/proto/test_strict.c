#include <stdio.h>
#include <string.h>

#include "proto/message.h"
#include "proto/strict.h"
#include "tests/test.h"

/* Values that nobody looks at, each where a REFUSE's detail may hold them: under an unknown key, two levels deep. */
static const struct {
    const char *name;
    const char *bytes;
    size_t size;
    bool is_good;
} values[] = {
    {"nil", "\xc0", 1, true},
    {"text", "\xa3\xe4\xbc\xa6", 4, true},
    {"bytes that are no text", "\xc4\x02\xff\x00", 4, true},
    {"an empty map", "\x80", 1, true},
    {"a map of two",
     "\x82\xa1"
     "a\x01\xa1"
     "b\x90",
     7, true},
    {"the same key at two levels",
     "\x81\xa1"
     "a\x81\xa1"
     "a\xc0",
     7, true},
    {"eight levels in all", "\x91\x91\x91\x91\x91\x90", 6, true},
    {"nine levels in all", "\x91\x91\x91\x91\x91\x91\x90", 7, false},
    {"text that is no UTF-8", "\xa1\xff", 2, false},
    {"text with a NUL", "\xa1\x00", 2, false},
    {"a key twice",
     "\x82\xa1"
     "a\x01\xa1"
     "a\x02",
     7, false},
    {"a number as key", "\x81\x01\x01", 3, false},
    {"nil as key", "\x91\x81\xc0\xc0", 4, false},
    {"bytes as key",
     "\x81\xc4\x01"
     "a\x01",
     5, false},
    {"a float", "\x91\xca\x00\x00\x00\x00", 6, false},
    {"an ext", "\x91\xd4\x01\x00", 4, false},
};

static void test_what_is_ignored_must_be_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint8_t bytes[64] = {0x94, MESSAGE_REFUSE, 0xa1, 'c', 0xa0, 0x81, 0xa1, 'z'};
        struct message message;
        char reason[128];
        memcpy(bytes + 8, values[i].bytes, values[i].size);
        err_t err = message_decode((struct view){bytes, 8 + values[i].size}, &message, reason);
        if ((err == ERR_OK) != values[i].is_good) {
            print_error("%s\n", values[i].name);
        }
        assert_int_equal(err == ERR_OK, values[i].is_good);
    }
}

static err_t decode_keys(unsigned count, unsigned last)
{
    msgpack_packer packer;
    msgpack_sbuffer buffer;
    struct message message;
    char reason[128];
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 4);
    msgpack_pack_uint64(&packer, MESSAGE_REFUSE);
    msgpack_pack_str_with_body(&packer, "busy", 4);
    msgpack_pack_str_with_body(&packer, "", 0);
    msgpack_pack_map(&packer, count);
    for (unsigned i = 0; i < count; i++) {
        char key[16];
        int size = snprintf(key, sizeof key, "k%u", i + 1 < count ? i : last);
        msgpack_pack_str_with_body(&packer, key, (size_t)size);
        msgpack_pack_nil(&packer);
    }
    err_t err = message_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &message, reason);
    msgpack_sbuffer_destroy(&buffer);
    return err;
}

static void test_keys_are_distinct_and_bounded(void **state)
{
    (void)state;
    assert_int_equal(decode_keys(KEYS_MAX, KEYS_MAX), ERR_OK);
    assert_int_equal(decode_keys(KEYS_MAX, 0), ERR_INVALID);
    assert_int_equal(decode_keys(KEYS_MAX + 1, KEYS_MAX), ERR_INVALID);
}

static void test_a_frame_over_the_limit_is_not_looked_at(void **state)
{
    (void)state;
    static uint8_t bytes[MESSAGE_SIZE_MAX + 1] = {0x92, MESSAGE_WHO, 0xc6, 0x00, 0x0f, 0xff, 0xfa};
    struct message message;
    char reason[128];
    bytes[6] = (uint8_t)((MESSAGE_SIZE_MAX - 7) & 0xff);
    assert_int_equal(message_decode((struct view){bytes, MESSAGE_SIZE_MAX}, &message, reason), ERR_OK);
    bytes[6]++;
    assert_int_equal(message_decode((struct view){bytes, sizeof bytes}, &message, reason), ERR_TOO_LARGE);
}

static void test_a_city_is_six_digits(void **state)
{
    (void)state;
    static const char *const codes[] = {"330100", "33010", "3301000", "33o100", ""};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        static const uint8_t bytes[KEY_SIZE];
        struct message message = {.type = MESSAGE_ENROLLED};
        struct message again;
        char reason[128];
        msgpack_sbuffer buffer;
        msgpack_sbuffer_init(&buffer);
        message.enrolled.city = (struct view){(const uint8_t *)codes[i], strlen(codes[i])};
        message.enrolled.hub_key = (struct view){bytes, KEY_SIZE};
        message.enrolled.epoch = (struct view){bytes, EPOCH_SIZE};
        message_encode(&message, &buffer);
        err_t err = message_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &again, reason);
        assert_int_equal(err, i == 0 ? ERR_OK : ERR_INVALID);
        msgpack_sbuffer_destroy(&buffer);
    }
}

/* {"type": "entity_state", "at": AT, "state": "active", "reason": ""} and one pair more. */
static err_t decode_event(int64_t at, const char *key)
{
    msgpack_packer packer;
    msgpack_sbuffer buffer;
    struct event event = {.type = EVENT_ENTITY_STATE};
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    event.state.at = at;
    event.state.state = (struct view){(const uint8_t *)"active", 6};
    event_encode(&event, &buffer);
    buffer.data[0]++; /* the head of a small map */
    msgpack_pack_str_with_body(&packer, key, strlen(key));
    msgpack_pack_nil(&packer);
    err_t err = event_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &event);
    msgpack_sbuffer_destroy(&buffer);
    return err;
}

static void test_events_are_as_strict(void **state)
{
    (void)state;
    assert_int_equal(decode_event(0, "later"), ERR_OK);
    assert_int_equal(decode_event(0, "state"), ERR_INVALID);
    assert_int_equal(decode_event(0, "\xff"), ERR_INVALID);
    assert_int_equal(decode_event(-1, "later"), ERR_INVALID);
}

static err_t decode_body(const char *party, const char *key)
{
    static const uint8_t epoch[EPOCH_SIZE];
    msgpack_packer packer;
    msgpack_sbuffer buffer;
    struct receipt_body body;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    const struct receipt_body start = {.party = {(const uint8_t *)party, strlen(party)},
                                       .hub = {(const uint8_t *)"hub", 3},
                                       .epoch = {epoch, EPOCH_SIZE},
                                       .at = 1};
    receipt_body_begin(&buffer, &start);
    buffer.data[0]++;
    msgpack_pack_str_with_body(&packer, key, strlen(key));
    msgpack_pack_nil(&packer);
    err_t err = receipt_body_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &body);
    msgpack_sbuffer_destroy(&buffer);
    return err;
}

static void test_receipt_bodies_are_as_strict(void **state)
{
    (void)state;
    assert_int_equal(decode_body("party", "later"), ERR_OK);
    assert_int_equal(decode_body("party", "hub"), ERR_INVALID);
    assert_int_equal(decode_body("\xff", "later"), ERR_INVALID);
    assert_int_equal(decode_body("party", "party_key"), ERR_INVALID); /* nil, and without the others */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_ignored_must_be_well_formed),
        cmocka_unit_test(test_keys_are_distinct_and_bounded),
        cmocka_unit_test(test_a_frame_over_the_limit_is_not_looked_at),
        cmocka_unit_test(test_a_city_is_six_digits),
        cmocka_unit_test(test_events_are_as_strict),
        cmocka_unit_test(test_receipt_bodies_are_as_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
