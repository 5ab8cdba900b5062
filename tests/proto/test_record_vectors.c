#include "tests/proto/sample.h"

#include "tests/proto/vectors.h"

/* proto/vectors/records.json, made by tests/vectors/make_records.py from the text of the protocol alone. Its clock is
 * 2026-11-23T00:00:00Z, its zone UTC+8 and its speaker 914403001922038216: sample_context. */

static int load(void **state)
{
    (void)state;
    return load_vectors("records.json");
}

static const char *text_of(const json_t *vector, const char *key)
{
    return json_string_value(json_object_get(vector, key));
}

static void assert_vector(const json_t *vector)
{
    struct record record;
    struct faults faults;
    size_t size = 0;
    uint8_t *bytes = bytes_of(vector, &size);
    bool is_ok = json_is_true(json_object_get(vector, "ok"));
    err_t err = record_check((struct view){bytes, size}, &sample_context, &record, &faults);
    if ((err == ERR_OK) != is_ok) {
        print_error("%s: %s\n", text_of(vector, "name"), err == ERR_OK ? "accepted" : faults.list[0].reason);
    }
    assert_int_equal(err == ERR_OK, is_ok);
    if (!is_ok) {
        if (strcmp(faults.list[0].field, text_of(vector, "field")) != 0) {
            print_error("%s: %s\n", text_of(vector, "name"), faults.list[0].field);
        }
        assert_string_equal(faults.list[0].code, text_of(vector, "error"));
        assert_string_equal(faults.list[0].field, text_of(vector, "field"));
    }
    free(bytes);
}

static void assert_encoded(const json_t *vector, const json_t *value)
{
    struct faults faults;
    msgpack_sbuffer buffer;
    size_t size = 0;
    uint8_t *bytes = bytes_of(vector, &size);
    msgpack_sbuffer_init(&buffer);
    if (record_from_json(value, &buffer, &faults) != ERR_OK || buffer.size != size) {
        print_error("%s: encoded otherwise\n", text_of(vector, "name"));
    }
    assert_int_equal(buffer.size, size);
    assert_memory_equal(buffer.data, bytes, size);
    if (json_is_true(json_object_get(vector, "ok"))) {
        json_t *again = record_to_json((struct view){bytes, size});
        assert_true(json_equal(again, value));
        json_decref(again);
    }
    msgpack_sbuffer_destroy(&buffer);
    free(bytes);
}

static void test_every_vector_is_judged_as_it_says(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    assert_true(json_array_size(vectors) >= 40);
    json_array_foreach(vectors, index, vector)
    {
        assert_vector(vector);
    }
}

static void test_every_value_is_encoded_to_its_bytes(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    size_t encoded = 0;
    json_array_foreach(vectors, index, vector)
    {
        const json_t *value = json_object_get(vector, "value");
        if (json_is_object(value)) {
            assert_encoded(vector, value);
            encoded++;
        }
    }
    assert_true(encoded >= 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_vector_is_judged_as_it_says),
        cmocka_unit_test(test_every_value_is_encoded_to_its_bytes),
    };
    return cmocka_run_group_tests(tests, load, unload_vectors);
}
