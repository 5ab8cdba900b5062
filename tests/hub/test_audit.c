/* The audit of small stores: nothing is found in what the hub made, and what somebody changes of it is named. */
#include "tests/hub/city_sample.h"

#include "common/text.h"
#include "hub/acts.h"
#include "hub/audit.h"

struct found {
    struct audit_sums sums;
    size_t listed;
    char text[65536]; /* code, subject and detail of each, a line */
};

static void note_finding(void *self, const struct finding *finding)
{
    struct found *found = self;
    size_t used = strlen(found->text);
    found->listed++;
    snprintf(found->text + used, sizeof found->text - used, "%s %s: %s\n", finding->code, finding->subject,
             finding->detail);
}

static err_t audit(const struct home *home, struct found *ret_found)
{
    struct home scratch;
    char reason[256];
    struct audit_order order = {home, &scratch, &bench_settings, note_finding, ret_found};
    make_home(&scratch);
    memset(ret_found, 0, sizeof *ret_found);
    err_t err = audit_run(&order, &ret_found->sums, reason);
    remove_home(&scratch);
    return err;
}

static void assert_nothing_found(struct town *town)
{
    struct found found;
    assert_int_equal(audit(&town->bench->home, &found), ERR_OK);
    assert_string_equal(found.text, "");
    assert_int_equal(found.sums.findings, 0);
}

/* As the admin does it: the act and the erasure in one group. */
static void erase(struct town *town, uint8_t n)
{
    uint8_t id[RECORD_ID_SIZE];
    char text[37];
    struct filed filed;
    struct faults faults;
    const struct person person = {.name = "赵敏", .user = "root", .roles = UINT32_MAX};
    memcpy(id, sample_id, sizeof id);
    id[RECORD_ID_SIZE - 1] = n;
    town_id_text(n, text);
    struct act_note note = {ACT_ERASE, &person, text, "entity_registration " SAMPLE_PARTY, "测试"};
    struct store *store = town->bench->store;
    assert_int_equal(store_begin(store), ERR_OK);
    assert_int_equal(acts_file(&town->city, store, &note, SAMPLE_NOW, &filed, &faults), ERR_OK);
    assert_int_equal(store_erase(store, town->bench->party.row, id, filed.id, SAMPLE_NOW), ERR_OK);
    assert_int_equal(store_commit(store), ERR_OK);
}

/* What the registry says of the entity. */
static void assert_registered(struct town *town, const char *name, const char *entity_type, const char *sectors,
                              const char *district)
{
    struct party party;
    assert_int_equal(store_find_party(town->bench->store, SAMPLE_PARTY, &party), ERR_OK);
    assert_string_equal(party.name, name);
    assert_string_equal(party.entity_type, entity_type);
    assert_string_equal(party.sectors, sectors);
    assert_string_equal(party.district, district);
}

static void test_a_registration_that_was_erased_after_its_acceptance(void **state)
{
    struct town *town = *state;
    town_register(town, "enterprise", "330102", 1, 1);
    town_accept(town, 1);
    erase(town, 1);
    assert_registered(town, "甲单位", "enterprise", "healthcare", "330102");
    assert_nothing_found(town);
}

static void test_an_erased_registration_is_accepted_for_what_is_left_of_it(void **state)
{
    struct town *town = *state;
    town_register(town, "enterprise", "330102", 1, 1);
    erase(town, 1);
    town_accept(town, 1);
    assert_registered(town, "甲医院", "enterprise", "healthcare", "330102");
    assert_nothing_found(town);
}

/* What the entity files is signed for the city's hub. */
static int setup(void **state)
{
    int code = town_setup(state);
    struct town *town = *state;
    memcpy(town->bench->intake.hub_key, town->identity.curve_public, KEY_SIZE);
    return code;
}

#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(test_a_registration_that_was_erased_after_its_acceptance),
        TOWN_TEST(test_an_erased_registration_is_accepted_for_what_is_left_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
