#include <string.h>

#include "tests/test.h"
#include <arpa/inet.h>

#include "hub/doors.h"

enum { FIRST, SECOND };

static struct connection from(const char *address, int fd)
{
    struct connection connection;
    memset(&connection, 0, sizeof connection);
    connection.fd = fd;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&connection.far_end;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&connection.far_end;
    bool is_v6 = strchr(address, ':') != NULL;
    connection.far_end.ss_family = is_v6 ? AF_INET6 : AF_INET;
    assert_int_equal(
        inet_pton(is_v6 ? AF_INET6 : AF_INET, address, is_v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr), 1);
    return connection;
}

static struct doors *doors_with(size_t connections, int64_t of_address, int64_t per_minute)
{
    struct doors *doors = doors_open();
    struct door_limits limits = {.connections = connections,
                                 .address_connections = of_address,
                                 .accepts = {.amount = per_minute, .period_ms = 60000, .burst_ms = 60000}};
    doors_configure(doors, &limits);
    return doors;
}

static enum door_verdict accept_from(struct doors *doors, const char *address, int fd, int64_t now, int *ret_victim)
{
    struct connection victim = {.fd = -1};
    struct connection connection = from(address, fd);
    enum door_verdict verdict = doors_accepted(doors, FIRST, &connection, now, &victim);
    *ret_victim = victim.fd;
    return verdict;
}

static void in_session(struct doors *doors, const char *address, int fd, bool is_in, int64_t now)
{
    struct connection connection = from(address, fd);
    doors_in_session(doors, &connection, is_in, now);
}

static void test_an_address_has_so_many_outside_a_session(void **state)
{
    (void)state;
    struct doors *doors = doors_with(1000, 2, 0);
    int victim = -1;
    assert_int_equal(accept_from(doors, "10.0.0.1", 10, 0, &victim), DOOR_OPEN);
    assert_int_equal(accept_from(doors, "10.0.0.1", 11, 0, &victim), DOOR_OPEN);
    assert_int_equal(accept_from(doors, "10.0.0.1", 12, 0, &victim), DOOR_ADDRESS);
    assert_int_equal(victim, 12);
    assert_int_equal(accept_from(doors, "10.0.0.2", 13, 0, &victim), DOOR_OPEN);
    doors_closed(doors, FIRST, 12);
    in_session(doors, "10.0.0.1", 10, true, 0);
    assert_int_equal(accept_from(doors, "10.0.0.1", 12, 0, &victim), DOOR_OPEN);
    in_session(doors, "10.0.0.1", 10, false, 0);
    assert_int_equal(accept_from(doors, "10.0.0.1", 14, 0, &victim), DOOR_ADDRESS);
    assert_int_equal(doors_count(doors), 5);
    doors_close(doors);
}

static void test_an_address_makes_so_many_a_minute(void **state)
{
    (void)state;
    struct doors *doors = doors_with(1000, 0, 60);
    int victim = -1;
    for (int i = 0; i < 60; i++) {
        assert_int_equal(accept_from(doors, "10.0.0.1", 10, 0, &victim), DOOR_OPEN);
        doors_closed(doors, FIRST, 10);
    }
    assert_int_equal(accept_from(doors, "10.0.0.1", 10, 0, &victim), DOOR_ADDRESS);
    doors_closed(doors, FIRST, 10);
    assert_int_equal(accept_from(doors, "10.0.0.1", 10, 1000, &victim), DOOR_OPEN);
    doors_close(doors);
}

static void test_a_network_of_64_bits_is_one_address(void **state)
{
    (void)state;
    struct doors *doors = doors_with(1000, 1, 0);
    int victim = -1;
    assert_int_equal(accept_from(doors, "2001:db8:1:2::1", 10, 0, &victim), DOOR_OPEN);
    assert_int_equal(accept_from(doors, "2001:db8:1:2:ffff::9", 11, 0, &victim), DOOR_ADDRESS);
    assert_int_equal(accept_from(doors, "2001:db8:1:3::1", 12, 0, &victim), DOOR_OPEN);
    doors_close(doors);
}

static void test_short_of_descriptors_the_longest_without_a_session_goes(void **state)
{
    (void)state;
    struct doors *doors = doors_with(3, 0, 0);
    int victim = -1;
    for (int fd = 10; fd < 13; fd++) {
        assert_int_equal(accept_from(doors, "10.0.0.1", fd, fd, &victim), DOOR_OPEN);
    }
    in_session(doors, "10.0.0.1", 10, true, 20);
    assert_int_equal(accept_from(doors, "10.0.0.1", 13, 30, &victim), DOOR_SHORT);
    assert_int_equal(victim, 11);
    assert_int_equal(accept_from(doors, "10.0.0.1", 14, 31, &victim), DOOR_SHORT);
    assert_int_equal(victim, 12); /* 11 was given, though its end has not been told */
    in_session(doors, "10.0.0.1", 13, true, 40);
    in_session(doors, "10.0.0.1", 14, true, 40);
    assert_int_equal(accept_from(doors, "10.0.0.1", 15, 50, &victim), DOOR_SHORT);
    assert_int_equal(victim, 15); /* nobody loses a session for a stranger */
    doors_close(doors);
}

static void test_who_says_nothing_goes(void **state)
{
    (void)state;
    struct doors *doors = doors_with(100, 0, 0);
    struct connection overdue;
    int victim = -1;
    accept_from(doors, "10.0.0.1", 10, 0, &victim);
    accept_from(doors, "10.0.0.1", 11, 1, &victim);
    accept_from(doors, "10.0.0.1", 12, 2, &victim);
    in_session(doors, "10.0.0.1", 10, true, 5);
    doors_closed(doors, FIRST, 12);
    assert_false(doors_overdue(doors, NO_SESSION_MS, &overdue));
    assert_true(doors_overdue(doors, NO_SESSION_MS + 1, &overdue));
    assert_int_equal(overdue.fd, 11);
    assert_false(doors_overdue(doors, 3 * NO_SESSION_MS, &overdue));
    in_session(doors, "10.0.0.1", 10, false, 3 * NO_SESSION_MS);
    assert_true(doors_overdue(doors, 4 * NO_SESSION_MS, &overdue));
    assert_int_equal(overdue.fd, 10);
    doors_close(doors);
}

/* The session of a connection that has gone ends later than the next connection gets its descriptor. */
static void test_the_end_of_a_former_connections_session_leaves_the_next_alone(void **state)
{
    (void)state;
    struct doors *doors = doors_with(100, 0, 0);
    struct connection overdue;
    int victim = -1;
    accept_from(doors, "10.0.0.1", 10, 0, &victim);
    in_session(doors, "10.0.0.1", 10, true, 1);
    doors_closed(doors, FIRST, 10);
    accept_from(doors, "10.0.0.2", 10, 2, &victim);
    in_session(doors, "10.0.0.2", 10, true, 3);
    in_session(doors, "10.0.0.1", 10, false, 4);
    assert_false(doors_overdue(doors, 4 + NO_SESSION_MS, &overdue));
    in_session(doors, "10.0.0.2", 10, false, 5);
    in_session(doors, "10.0.0.1", 10, true, 6); /* nor is what it says late a session of this one */
    assert_true(doors_overdue(doors, 5 + NO_SESSION_MS, &overdue));
    doors_close(doors);
}

/* A descriptor that was closed at one endpoint comes again at the other before its end is told. */
static void test_events_of_two_endpoints_out_of_order(void **state)
{
    (void)state;
    struct doors *doors = doors_with(100, 1, 0);
    struct connection victim;
    struct connection connection = from("10.0.0.1", 10);
    assert_int_equal(doors_accepted(doors, FIRST, &connection, 0, &victim), DOOR_OPEN);
    connection = from("10.0.0.2", 10);
    assert_int_equal(doors_accepted(doors, SECOND, &connection, 0, &victim), DOOR_OPEN);
    doors_closed(doors, FIRST, 10);
    assert_int_equal(doors_count(doors), 1);
    doors_closed(doors, SECOND, 10);
    assert_int_equal(doors_count(doors), 0);
    connection = from("10.0.0.1", 11);
    assert_int_equal(doors_accepted(doors, FIRST, &connection, 0, &victim), DOOR_OPEN);
    doors_close(doors);
}

static void test_many_addresses_do_not_fill_the_memory(void **state)
{
    (void)state;
    struct doors *doors = doors_with(100, 1, 10);
    char address[32];
    int victim = -1;
    accept_from(doors, "10.255.0.1", 11, 0, &victim);
    for (int i = 0; i < 3 * DOOR_ADDRESSES_MAX; i++) {
        snprintf(address, sizeof address, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        assert_int_equal(accept_from(doors, address, 10, i, &victim), DOOR_OPEN);
        doors_closed(doors, FIRST, 10);
    }
    assert_int_equal(accept_from(doors, "10.255.0.1", 10, 0, &victim), DOOR_ADDRESS); /* what is open is remembered */
    doors_close(doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_has_so_many_outside_a_session),
        cmocka_unit_test(test_an_address_makes_so_many_a_minute),
        cmocka_unit_test(test_a_network_of_64_bits_is_one_address),
        cmocka_unit_test(test_short_of_descriptors_the_longest_without_a_session_goes),
        cmocka_unit_test(test_who_says_nothing_goes),
        cmocka_unit_test(test_the_end_of_a_former_connections_session_leaves_the_next_alone),
        cmocka_unit_test(test_events_of_two_endpoints_out_of_order),
        cmocka_unit_test(test_many_addresses_do_not_fill_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
