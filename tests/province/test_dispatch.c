/* What holds the sending up, as `outbox` shows it. */
#include "tests/test.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "province/dispatch.h"
#include "tests/home.h"

enum { HUB = 1 };

static const struct membership membership = {.hub_signing_key = {.size = 32, .bytes = {1}}};
static const int64_t retry_ms = 1000;

struct site {
    struct home home;
    struct outbox *outbox;
    struct dispatch *dispatch;
};

static int make_site(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    char reason[256];
    assert_non_null(site);
    make_home(&site->home);
    assert_int_equal(outbox_open(&site->home, 100, &site->outbox, reason), ERR_OK);
    site->dispatch = dispatch_open(site->outbox, HUB, &membership, &retry_ms);
    *state = site;
    return 0;
}

static int drop_site(void **state)
{
    struct site *site = *state;
    dispatch_close(site->dispatch);
    outbox_close(site->outbox);
    remove_home(&site->home);
    free(site);
    return 0;
}

static struct view text_view(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static void refuse(struct site *site, uint64_t batch, const char *code)
{
    const struct refuse refuse = {
        .has_batch = true, .batch = batch, .code = text_view(code), .reason = text_view("no")};
    dispatch_refuse(site->dispatch, &refuse);
}

/* Of a batch whose deliveries were settled before. */
static void receive(struct site *site, uint64_t batch)
{
    static const uint8_t epoch[EPOCH_SIZE] = {7};
    const struct receipt_body start = {
        .party = text_view("p"), .hub = text_view("hub"), .epoch = {epoch, EPOCH_SIZE}, .at = 5};
    struct receipt_body body;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    receipt_body_begin(&buffer, &start);
    const struct receipt receipt = {.batch = batch, .body = {(const uint8_t *)buffer.data, buffer.size}};
    assert_int_equal(receipt_body_decode(receipt.body, &body), ERR_OK);
    dispatch_receipt(site->dispatch, &body, &receipt);
    msgpack_sbuffer_destroy(&buffer);
}

static void assert_trouble(struct site *site, const char *expected)
{
    sqlite3_stmt *stmt = db_prepare(outbox_db(site->outbox), "select trouble from peer where hub = 1");
    assert_int_equal(db_step(stmt), ERR_OK);
    assert_string_equal(db_column_str(stmt, 0), expected);
    sqlite3_finalize(stmt);
}

static void test_a_receipt_ends_what_was_said_of_a_busy_hub(void **state)
{
    struct site *site = *state;
    refuse(site, 2, "busy");
    assert_trouble(site, "busy");
    receive(site, 1);
    assert_trouble(site, "");
}

static void test_what_has_stopped_the_sending_outlasts_the_receipt_of_an_earlier_batch(void **state)
{
    struct site *site = *state;
    refuse(site, 2, "not_permitted");
    receive(site, 1);
    assert_trouble(site, "not_permitted");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_site, drop_site)
    const struct CMUnitTest tests[] = {
        TEST(test_a_receipt_ends_what_was_said_of_a_busy_hub),
        TEST(test_what_has_stopped_the_sending_outlasts_the_receipt_of_an_earlier_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
