#include "hub/mail.h"

#include "tests/test.h"

static void test_a_mail_to_one_that_has_ended_is_thrown_away(void **state)
{
    (void)state;
    zsock_t *reader = zsock_new_pull("@inproc://test-mail");
    zsock_t *writer = zsock_new_push(">inproc://test-mail");
    assert_non_null(reader);
    assert_non_null(writer);
    struct mail *mail = mail_new(MAIL_TICK);
    mail_send(writer, &mail);
    assert_null(mail);
    mail = mail_receive(reader, true);
    assert_non_null(mail);
    assert_int_equal(mail->type, MAIL_TICK);
    mail_free(mail);
    zsock_destroy(&reader);
    while (zsock_events(writer) & ZMQ_POLLOUT) {
        zclock_sleep(1); /* libzmq takes the reader down behind our back */
    }
    mail = mail_new(MAIL_TICK);
    mail_send(writer, &mail); /* would wait for ever if it waited */
    assert_null(mail);
    zsock_destroy(&writer);
}

static void test_a_mail_may_be_sent_before_the_other_is_there(void **state)
{
    (void)state;
    zsock_t *writer = zsock_new_push(">inproc://test-late");
    struct mail *mail = mail_new(MAIL_TICK);
    mail_send(writer, &mail);
    zsock_t *reader = zsock_new_pull("@inproc://test-late");
    mail = mail_receive(reader, true);
    assert_non_null(mail);
    mail_free(mail);
    zsock_destroy(&writer);
    zsock_destroy(&reader);
}

int main(void)
{
    zsys_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mail_to_one_that_has_ended_is_thrown_away),
        cmocka_unit_test(test_a_mail_may_be_sent_before_the_other_is_there),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zsys_shutdown();
    return failed;
}
