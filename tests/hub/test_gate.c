#include <string.h>

#include "hub/gate.h"
#include "tests/test.h"

enum { NOW = 1000000 };

static struct registrant registrant_with(int64_t row, const char *state, size_t keys)
{
    struct registrant registrant = {.party.row = row, .keys.count = keys};
    snprintf(registrant.party.state, sizeof registrant.party.state, "%s", state);
    for (size_t i = 0; i < keys; i++) {
        registrant.keys.list[i] = (struct party_key){.row = row * 10 + (int64_t)i, .since = 1};
        memset(registrant.keys.list[i].curve_key, (int)(row * 10) + (int)i, KEY_SIZE);
    }
    return registrant;
}

static bool comes_in(struct gate *gate, const struct registrant *registrant, size_t key, int64_t now)
{
    const struct pass *pass = gate_find(gate, registrant->keys.list[key].curve_key, now);
    return pass && pass->party == registrant->party.row && pass->key.row == registrant->keys.list[key].row;
}

static void test_only_an_active_partys_key_comes_in(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    struct registrant registrant = registrant_with(1, "active", 1);
    assert_false(comes_in(gate, &registrant, 0, NOW));
    gate_put(gate, &registrant);
    assert_true(comes_in(gate, &registrant, 0, NOW));
    snprintf(registrant.party.state, sizeof registrant.party.state, "suspended");
    gate_put(gate, &registrant);
    assert_false(comes_in(gate, &registrant, 0, NOW));
    gate_close(gate);
}

static void test_the_city_never_comes_in(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    struct registrant registrant = registrant_with(1, "active", 1);
    snprintf(registrant.party.role, sizeof registrant.party.role, "city");
    gate_put(gate, &registrant);
    assert_false(comes_in(gate, &registrant, 0, NOW));
    assert_null(gate_known(gate, registrant.keys.list[0].curve_key));
    gate_close(gate);
}

static void test_a_former_key_comes_in_until_its_overlap_ends(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    struct registrant registrant = registrant_with(1, "active", 2);
    registrant.keys.list[1].until = NOW;
    gate_put(gate, &registrant);
    assert_true(comes_in(gate, &registrant, 0, NOW - 1));
    assert_true(comes_in(gate, &registrant, 1, NOW - 1));
    assert_true(comes_in(gate, &registrant, 0, NOW));
    assert_false(comes_in(gate, &registrant, 1, NOW));
    assert_non_null(gate_known(gate, registrant.keys.list[1].curve_key));
    gate_close(gate);
}

static void test_a_revoked_key_stays_out_and_the_others_come_in(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    struct registrant registrant = registrant_with(1, "active", 2);
    struct registrant other = registrant_with(2, "active", 1);
    gate_put(gate, &registrant);
    gate_put(gate, &other);
    registrant.keys.list[0].revoked_at = 5;
    gate_put(gate, &registrant);
    assert_false(comes_in(gate, &registrant, 0, NOW));
    assert_true(comes_in(gate, &registrant, 1, NOW));
    assert_true(comes_in(gate, &other, 0, NOW));
    gate_close(gate);
}

static void test_a_key_that_a_party_has_no_more_is_forgotten(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    struct registrant registrant = registrant_with(1, "active", 2);
    gate_put(gate, &registrant);
    registrant.keys.count = 1;
    gate_put(gate, &registrant);
    registrant.keys.count = 2;
    assert_true(comes_in(gate, &registrant, 0, NOW));
    assert_null(gate_known(gate, registrant.keys.list[1].curve_key));
    gate_close(gate);
}

static void test_the_fifth_wrong_code_locks_the_address_for_a_minute(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    for (int i = 0; i < 4; i++) {
        gate_wrong_code(gate, "10.0.0.1", 1000);
    }
    assert_int_equal(gate_locked_ms(gate, "10.0.0.1", 1000), 0);
    gate_wrong_code(gate, "10.0.0.1", 1000);
    assert_int_equal(gate_locked_ms(gate, "10.0.0.1", 1000), LOCK_OUT_MS);
    assert_int_equal(gate_locked_ms(gate, "10.0.0.2", 1000), 0);
    assert_int_equal(gate_locked_ms(gate, "10.0.0.1", 1000 + LOCK_OUT_MS), 0);
    gate_close(gate);
}

static void test_a_right_code_clears_the_count(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    for (int i = 0; i < 8; i++) {
        gate_wrong_code(gate, "10.0.0.1", 1000);
        if (i == 3) {
            gate_right_code(gate, "10.0.0.1");
        }
    }
    assert_int_equal(gate_locked_ms(gate, "10.0.0.1", 1000), 0);
    gate_close(gate);
}

static void test_many_addresses_do_not_fill_the_memory(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    char address[32];
    for (int i = 0; i < 3 * LOCK_ADDRESSES_MAX; i++) {
        snprintf(address, sizeof address, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        gate_wrong_code(gate, address, i);
    }
    gate_close(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_an_active_partys_key_comes_in),
        cmocka_unit_test(test_the_city_never_comes_in),
        cmocka_unit_test(test_a_former_key_comes_in_until_its_overlap_ends),
        cmocka_unit_test(test_a_revoked_key_stays_out_and_the_others_come_in),
        cmocka_unit_test(test_a_key_that_a_party_has_no_more_is_forgotten),
        cmocka_unit_test(test_the_fifth_wrong_code_locks_the_address_for_a_minute),
        cmocka_unit_test(test_a_right_code_clears_the_count),
        cmocka_unit_test(test_many_addresses_do_not_fill_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
