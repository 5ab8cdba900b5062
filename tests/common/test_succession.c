/* A pair names its successor by exact bytes, as others compute them; and a peer follows its hub from one pair to the
 * next, and nobody else. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/succession.h"
#include "common/text.h"
#include "tests/test.h"

enum { SINCE = 1000 };

static size_t read_hex(const json_t *vector, const char *key, uint8_t *ret_bytes, size_t room)
{
    const char *hex = json_string_value(json_object_get(vector, key));
    assert_true(strlen(hex) / 2 <= room);
    assert_int_equal(hex_parse(hex, ret_bytes, strlen(hex) / 2), ERR_OK);
    return strlen(hex) / 2;
}

/* "AGN/1 successor" 00, the two CURVE keys, the time, the signing key. */
static void check_vector(const json_t *vector)
{
    uint8_t text[256];
    uint8_t proof[SIGNATURE_SIZE];
    struct signing_key key;
    size_t size = read_hex(vector, "text", text, sizeof text);
    read_hex(vector, "signature", proof, sizeof proof);
    assert_int_equal(signing_key_parse(json_string_value(json_object_get(vector, "public")), &key), ERR_OK);
    struct successor successor = {.curve_key = {text + 48, KEY_SIZE},
                                  .signing_key = {text + 88, size - 88},
                                  .proof = {proof, sizeof proof},
                                  .since = UINT64_C(1795996800000)};
    assert_true(successor_is_proved(&successor, text + 16, &key));
    assert_false(successor_is_proved(&successor, text + 48, &key));
    successor.since++;
    assert_false(successor_is_proved(&successor, text + 16, &key));
    successor.since = UINT64_MAX;
    assert_false(successor_is_proved(&successor, text + 16, &key));
    successor.since = UINT64_C(1795996800000);
    successor.curve_key.at = text + 16;
    assert_false(successor_is_proved(&successor, text + 16, &key));
    successor.curve_key.size = 0;
    assert_false(successor_is_proved(&successor, text + 16, &key));
}

static void test_vectors_of_others_fit(void **state)
{
    (void)state;
    size_t index = 0;
    size_t seen = 0;
    json_t *vector = NULL;
    json_t *vectors = json_load_file(VECTORS_DIR "/suites.json", JSON_REJECT_DUPLICATES, NULL);
    json_array_foreach(vectors, index, vector)
    {
        if (strcmp(json_string_value(json_object_get(vector, "name")), "a successor") == 0) {
            check_vector(vector);
            seen++;
        }
    }
    assert_int_equal(seen, 2);
    json_decref(vectors);
}

/* What FORMER says of NEXT; the proof is good until the next call. */
static struct successor statement(const struct identity *former, const struct identity *next)
{
    static uint8_t proof[SIGNATURE_SIZE];
    successor_sign(former, next, SINCE, proof);
    return (struct successor){.curve_key = {next->curve_public, KEY_SIZE},
                              .signing_key = signing_key_view(&next->signing.key),
                              .proof = {proof, sizeof proof},
                              .since = SINCE};
}

static struct membership join(const struct identity *hub)
{
    struct membership membership = {.endpoint = "tcp://127.0.0.1:7701", .hub_signing_key = hub->signing.key};
    memcpy(membership.hub_key, hub->curve_public, KEY_SIZE);
    return membership;
}

static void make_pairs(const struct suite *suite, struct identity *ret_pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(identity_make(suite, &ret_pairs[i]), ERR_OK);
    }
}

static void test_only_the_hub_itself_is_followed(void **state)
{
    (void)state;
    struct identity pairs[3];
    make_pairs(&suite_ed25519, pairs, 3);
    struct membership membership = join(&pairs[0]);
    struct successor next = statement(&pairs[2], &pairs[1]);
    assert_false(membership_note_successor(&membership, &next));
    assert_false(membership_note_successor(&membership, &(struct successor){0}));
    assert_false(membership_has_successor(&membership));
    next = statement(&pairs[0], &pairs[1]);
    assert_true(membership_note_successor(&membership, &next));
    assert_false(membership_note_successor(&membership, &next));
    assert_true(membership_has_successor(&membership));
    assert_memory_equal(membership.hub_key, pairs[0].curve_public, KEY_SIZE);
    /* the successor speaks for itself only once it is in use */
    struct successor after = statement(&pairs[1], &pairs[2]);
    assert_false(membership_note_successor(&membership, &after));
    membership_take_successor(&membership);
    assert_memory_equal(membership.hub_key, pairs[1].curve_public, KEY_SIZE);
    assert_false(membership_has_successor(&membership));
    assert_false(membership_note_successor(&membership, &next));
    after = statement(&pairs[1], &pairs[2]);
    assert_true(membership_note_successor(&membership, &after));
}

static void test_a_pair_of_another_suite_is_no_successor(void **state)
{
    (void)state;
    struct identity hub;
    struct identity other;
    make_pairs(&suite_ed25519, &hub, 1);
    make_pairs(&suite_sm2_sm3, &other, 1);
    struct membership membership = join(&hub);
    const struct successor next = statement(&hub, &other);
    assert_false(membership_note_successor(&membership, &next));
}

static void expect_trust(const struct suite *suite)
{
    enum { PAIRS = FORMER_HUB_KEYS_MAX + 3 };
    struct identity pairs[PAIRS];
    struct home home;
    char folder[] = "/tmp/agn-succession-XXXXXX";
    char path[PATH_SIZE];
    char reason[256];
    make_pairs(suite, pairs, PAIRS);
    assert_non_null(mkdtemp(folder));
    home_resolve(folder, "agn-test", &home);
    struct membership membership = join(&pairs[0]);
    for (size_t i = 1; i < PAIRS; i++) {
        const struct successor next = statement(&pairs[i - 1], &pairs[i]);
        assert_true(membership_note_successor(&membership, &next));
        assert_int_equal(membership_save(&home, "hub.zpl", &membership), ERR_OK);
        assert_int_equal(membership_load(&home, "hub.zpl", &membership, reason), ERR_OK);
        assert_memory_equal(membership.next_hub_key, pairs[i].curve_public, KEY_SIZE);
        assert_false(membership_trusts(&membership, &pairs[i].signing.key));
        membership_take_successor(&membership);
        assert_int_equal(membership_save(&home, "hub.zpl", &membership), ERR_OK);
        assert_int_equal(membership_load(&home, "hub.zpl", &membership, reason), ERR_OK);
        assert_false(membership_has_successor(&membership));
    }
    for (size_t i = 0; i < PAIRS; i++) {
        assert_int_equal(membership_trusts(&membership, &pairs[i].signing.key), i + 1 + FORMER_HUB_KEYS_MAX >= PAIRS);
    }
    home_file(&home, "hub.zpl", path);
    assert_int_equal(remove(path), 0);
    assert_int_equal(remove(folder), 0);
}

static void test_the_former_keys_are_kept_as_far_as_there_is_room(void **state)
{
    (void)state;
    expect_trust(&suite_ed25519);
    expect_trust(&suite_sm2_sm3);
}

static void test_who_joins_a_hub_again_forgets_none_of_its_keys(void **state)
{
    (void)state;
    struct identity pairs[4];
    make_pairs(&suite_ed25519, pairs, 4);
    struct membership former = join(&pairs[0]);
    struct successor next = statement(&pairs[0], &pairs[1]);
    assert_true(membership_note_successor(&former, &next));
    membership_take_successor(&former);
    next = statement(&pairs[1], &pairs[2]);
    assert_true(membership_note_successor(&former, &next));

    struct membership joined = join(&pairs[1]);
    assert_true(membership_go_on(&former, &joined));
    assert_true(membership_trusts(&joined, &pairs[0].signing.key));
    assert_true(membership_has_successor(&joined));

    joined = join(&pairs[2]); /* the hub has begun to use the pair that it had announced */
    assert_true(membership_go_on(&former, &joined));
    assert_true(membership_trusts(&joined, &pairs[0].signing.key));
    assert_true(membership_trusts(&joined, &pairs[1].signing.key));
    assert_false(membership_has_successor(&joined));

    joined = join(&pairs[3]);
    assert_false(membership_go_on(&former, &joined));
    assert_false(membership_trusts(&joined, &pairs[1].signing.key));
    joined = join(&pairs[1]); /* the pair that says who speaks, with another one that signs */
    joined.hub_signing_key = pairs[3].signing.key;
    assert_false(membership_go_on(&former, &joined));
}

static void test_the_leaks_of_a_hub_travel_as_a_list(void **state)
{
    (void)state;
    const struct suite *const suites[] = {&suite_ed25519, &suite_sm2_sm3};
    for (size_t s = 0; s < 2; s++) {
        struct identity pairs[LEAKS_TOLD_MAX];
        struct leak leaks[LEAKS_TOLD_MAX];
        struct leak read[LEAKS_TOLD_MAX];
        uint8_t bytes[LEAKS_SIZE_MAX + 64];
        make_pairs(suites[s], pairs, LEAKS_TOLD_MAX);
        size_t key_size = pairs[0].signing.key.size;
        for (size_t i = 0; i < LEAKS_TOLD_MAX; i++) {
            leaks[i] = (struct leak){.key = pairs[i].signing.key, .at = SINCE - (int64_t)i};
        }
        for (size_t count = 0; count <= LEAKS_TOLD_MAX; count++) {
            size_t size = leaks_encode(leaks, count, bytes);
            assert_int_equal(leaks_decode((struct view){bytes, size}, key_size, read), count);
            for (size_t i = 0; i < count; i++) {
                assert_true(read[i].at == leaks[i].at && read[i].since == leaks[i].at);
                assert_true(signing_key_equal(&read[i].key, &leaks[i].key));
            }
            assert_int_equal(leaks_decode((struct view){bytes, size + 1}, key_size, read), 0);
        }
        assert_int_equal(leaks_decode((struct view){bytes, 9 * (8 + key_size)}, key_size, read), 0);
        bytes[0] = 0x80; /* no time */
        assert_int_equal(leaks_decode((struct view){bytes, 8 + key_size}, key_size, read), 0);
    }
}

static bool is_leak(const struct membership *membership, const struct identity *hub, int64_t since)
{
    for (size_t i = 0; i < membership->leak_count; i++) {
        if (signing_key_equal(&membership->leaks[i].key, &hub->signing.key)) {
            return membership->leaks[i].since == since && membership->leaks[i].at == SINCE;
        }
    }
    return false;
}

/* The hub's own line is 0, 1; 1 leaked, and the thief has named 2 and announced 3; the hub has 4. */
static void test_what_a_leaked_key_has_named_was_never_the_hubs(void **state)
{
    (void)state;
    struct identity pairs[5];
    make_pairs(&suite_ed25519, pairs, 5);
    struct membership former = join(&pairs[0]);
    for (size_t i = 1; i < 4; i++) {
        struct successor next = statement(&pairs[i - 1], &pairs[i]);
        assert_true(membership_note_successor(&former, &next));
        if (i < 3) {
            membership_take_successor(&former);
        }
    }
    struct membership joined = join(&pairs[4]);
    assert_false(membership_note_leaks(&former, &joined));
    assert_int_equal(joined.leak_count, 0);
    joined.leaks[joined.leak_count++] = (struct leak){pairs[1].signing.key, SINCE, SINCE};
    assert_true(membership_note_leaks(&former, &joined));
    assert_int_equal(joined.leak_count, 3);
    assert_true(is_leak(&joined, &pairs[1], SINCE) && is_leak(&joined, &pairs[2], LEAKED_EVER) &&
                is_leak(&joined, &pairs[3], LEAKED_EVER));

    joined = join(&pairs[3]); /* 2 was the hub's, too, and leaked later; 3 is what it has */
    joined.leaks[joined.leak_count++] = (struct leak){pairs[2].signing.key, SINCE + 1, SINCE + 1};
    joined.leaks[joined.leak_count++] = (struct leak){pairs[1].signing.key, SINCE, SINCE};
    assert_true(membership_note_leaks(&former, &joined));
    assert_int_equal(joined.leak_count, 2);

    joined = join(&pairs[4]); /* the last of the line leaked: all before it is the hub's */
    joined.leaks[joined.leak_count++] = (struct leak){pairs[3].signing.key, SINCE, SINCE};
    assert_true(membership_note_leaks(&former, &joined));
    assert_int_equal(joined.leak_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_of_others_fit),
        cmocka_unit_test(test_only_the_hub_itself_is_followed),
        cmocka_unit_test(test_a_pair_of_another_suite_is_no_successor),
        cmocka_unit_test(test_the_former_keys_are_kept_as_far_as_there_is_room),
        cmocka_unit_test(test_who_joins_a_hub_again_forgets_none_of_its_keys),
        cmocka_unit_test(test_the_leaks_of_a_hub_travel_as_a_list),
        cmocka_unit_test(test_what_a_leaked_key_has_named_was_never_the_hubs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
