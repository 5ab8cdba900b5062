#include "hub/unsent.h"
#include "tests/test.h"

static zmq_msg_t message_of(struct unsent *unsent, size_t size)
{
    static const char bytes[4096];
    msgpack_sbuffer buffer;
    zmq_msg_t message;
    msgpack_sbuffer_init(&buffer);
    msgpack_sbuffer_write(&buffer, bytes, size);
    unsent_message(unsent, &buffer, &message);
    assert_int_equal(zmq_msg_size(&message), size);
    return message;
}

static void test_counts_until_it_is_let_go(void **state)
{
    (void)state;
    struct unsent *total = unsent_open(NULL);
    struct unsent *one = unsent_open(total);
    struct unsent *other = unsent_open(total);
    zmq_msg_t messages[] = {message_of(one, 1000), message_of(one, 24), message_of(other, 4096),
                            message_of(NULL, 4096)};
    assert_int_equal(unsent_bytes(one), 1024);
    assert_int_equal(unsent_bytes(other), 4096);
    assert_int_equal(unsent_bytes(total), 5120);
    zmq_msg_close(&messages[0]);
    assert_int_equal(unsent_bytes(one), 24);
    assert_int_equal(unsent_bytes(total), 4120);
    for (int i = 1; i < 4; i++) {
        zmq_msg_close(&messages[i]);
    }
    assert_int_equal(unsent_bytes(total), 0);
    unsent_close(one);
    unsent_close(other);
    unsent_close(total);
}

/* libzmq may hold a message longer than the front lives; a sanitizer sees what is freed twice or never. */
static void test_an_account_lives_until_its_last_message(void **state)
{
    (void)state;
    struct unsent *total = unsent_open(NULL);
    struct unsent *one = unsent_open(total);
    zmq_msg_t message = message_of(one, 1000);
    unsent_close(one);
    assert_int_equal(unsent_bytes(total), 1000);
    unsent_close(total);
    zmq_msg_close(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_until_it_is_let_go),
        cmocka_unit_test(test_an_account_lives_until_its_last_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
