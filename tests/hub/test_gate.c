#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "hub/gate.h"

static struct party party_with(int64_t row, uint8_t key, const char *state)
{
    struct party party = {.row = row, .has_keys = true};
    memset(party.curve_key, key, KEY_SIZE);
    snprintf(party.state, sizeof party.state, "%s", state);
    return party;
}

static void test_only_an_active_key_comes_in(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    uint8_t key[KEY_SIZE];
    memset(key, 1, KEY_SIZE);
    assert_null(gate_find(gate, key));
    struct party party = party_with(1, 1, "active");
    gate_put(gate, &party);
    assert_int_equal(gate_find(gate, key)->row, 1);
    party = party_with(1, 1, "suspended");
    gate_put(gate, &party);
    assert_null(gate_find(gate, key));
    gate_close(gate);
}

static void test_a_new_key_of_a_party_ends_the_old_one(void **state)
{
    (void)state;
    struct gate *gate = gate_open();
    struct party party = party_with(1, 1, "active");
    uint8_t old[KEY_SIZE];
    memset(old, 1, KEY_SIZE);
    gate_put(gate, &party);
    party = party_with(1, 2, "active");
    gate_put(gate, &party);
    assert_null(gate_find(gate, old));
    assert_non_null(gate_find(gate, party.curve_key));
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
        cmocka_unit_test(test_only_an_active_key_comes_in),
        cmocka_unit_test(test_a_new_key_of_a_party_ends_the_old_one),
        cmocka_unit_test(test_the_fifth_wrong_code_locks_the_address_for_a_minute),
        cmocka_unit_test(test_a_right_code_clears_the_count),
        cmocka_unit_test(test_many_addresses_do_not_fill_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
