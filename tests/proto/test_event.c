#include "tests/proto/sample.h"

#include "proto/message.h"
#include "tests/proto/vectors.h"

static int load(void **state)
{
    (void)state;
    return load_vectors("events.json");
}

static void test_every_vector_is_judged_as_it_says(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    assert_true(json_array_size(vectors) >= 30);
    json_array_foreach(vectors, index, vector)
    {
        struct event event;
        size_t size = 0;
        uint8_t *bytes = bytes_of(vector, &size);
        err_t err = event_decode((struct view){bytes, size}, &event);
        bool is_ok = json_is_true(json_object_get(vector, "ok"));
        if ((err == ERR_OK) != is_ok) {
            print_error("%s: %d\n", json_string_value(json_object_get(vector, "name")), (int)err);
        }
        assert_int_equal(err == ERR_OK, is_ok);
        assert_int_equal(err == ERR_NOT_FOUND, json_is_true(json_object_get(vector, "unknown")));
        free(bytes);
    }
}

/* Keys may come in another order than the vector's. */
static void assert_again(const uint8_t *bytes, size_t size, const char *name)
{
    struct event event;
    struct event again;
    msgpack_sbuffer buffer;
    assert_int_equal(event_decode((struct view){bytes, size}, &event), ERR_OK);
    msgpack_sbuffer_init(&buffer);
    event_encode(&event, &buffer);
    json_t *given = record_to_json((struct view){bytes, size});
    json_t *made = record_to_json(view_of(&buffer));
    if (!json_equal(given, made)) {
        print_error("%s\n", name);
    }
    assert_true(json_equal(given, made));
    assert_int_equal(event_decode(view_of(&buffer), &again), ERR_OK);
    assert_int_equal(again.type, event.type);
    json_decref(given);
    json_decref(made);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_every_good_event_is_encoded_with_the_same_content(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    json_array_foreach(vectors, index, vector)
    {
        size_t size = 0;
        uint8_t *bytes = bytes_of(vector, &size);
        if (json_is_true(json_object_get(vector, "whole"))) {
            assert_again(bytes, size, json_string_value(json_object_get(vector, "name")));
        }
        free(bytes);
    }
}

static void test_every_prefix_of_a_good_event_is_refused(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    json_array_foreach(vectors, index, vector)
    {
        size_t size = 0;
        uint8_t *bytes = bytes_of(vector, &size);
        for (size_t end = 0; json_is_true(json_object_get(vector, "ok")) && end < size; end++) {
            struct event event;
            assert_int_not_equal(event_decode((struct view){bytes, end}, &event), ERR_OK);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_vector_is_judged_as_it_says),
        cmocka_unit_test(test_every_good_event_is_encoded_with_the_same_content),
        cmocka_unit_test(test_every_prefix_of_a_good_event_is_refused),
    };
    return cmocka_run_group_tests(tests, load, unload_vectors);
}
