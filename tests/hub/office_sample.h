/* tests/hub/office_sample.h - the city of city_sample.h, and an administrator who asks for things over the control
 * socket. */
#ifndef TESTS_HUB_OFFICE_SAMPLE_H
#define TESTS_HUB_OFFICE_SAMPLE_H

#include "tests/hub/city_sample.h"

#include "hub/admin.h"

struct office {
    struct town *town;
    struct operators operators;
    struct admin admin;
    char said[ADMIN_TEXT];
};

static inline int office_setup(void **state)
{
    struct office *office = calloc(1, sizeof *office);
    void *town = NULL;
    assert_int_equal(town_setup(&town), 0);
    office->town = town;
    office->operators.count = 1;
    office->operators.list[0] = (struct person){
        .user = "zhouqm", .name = "周启明", .uid = 7, .is_known = true, .roles = 1U << OPERATOR_ADMINISTRATOR};
    office->operators.is_mapped = true;
    office->admin = (struct admin){
        .store = office->town->bench->store, .city = &office->town->city, .operators = &office->operators};
    *state = office;
    return 0;
}

static inline int office_teardown(void **state)
{
    struct office *office = *state;
    void *town = office->town;
    free(office);
    return town_teardown(&town);
}

/* Whether it was done; what was said is the office's. FRAMES, the last of which is NULL: what follows the reason. */
static inline bool ask(struct office *office, const char *name, const char *const *frames)
{
    zmsg_t *request = admin_request(name, "演练");
    for (; *frames; frames++) {
        zmsg_addstr(request, *frames);
    }
    zmsg_t *reply = admin_run(&office->admin, 7, request);
    bool is_done = zframe_streq(zmsg_first(reply), "ok");
    char *text = zframe_strdup(zmsg_next(reply));
    snprintf(office->said, sizeof office->said, "%s", text);
    free(text);
    zmsg_destroy(&request);
    zmsg_destroy(&reply);
    return is_done;
}

#define ASK(office, name, ...) ask(office, name, (const char *const[]){__VA_ARGS__, NULL})

#define OFFICE_TEST(name) cmocka_unit_test_setup_teardown(name, office_setup, office_teardown)

#endif
