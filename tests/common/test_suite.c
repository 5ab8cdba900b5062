/* Both suites against published values, and what a signature must not fit. */
#include <jansson.h>
#include <string.h>

#include "common/suite.h"
#include "common/text.h"
#include "tests/test.h"

static const struct suite *const both[] = {&suite_ed25519, &suite_sm2_sm3};
enum { BOTH = 2 };

static struct view view_of(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static void assert_hex(const uint8_t *bytes, size_t size, const char *expected)
{
    char hex[2 * SIGNATURE_SIZE + 1];
    hex_text(bytes, size, hex);
    assert_string_equal(hex, expected);
}

/* ---- published values ---- */

/* GB/T 32905-2016, appendix A. */
static void test_sm3_is_that_of_the_standard(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        {"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
        {"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
         "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint8_t hash[SUITE_HASH_SIZE];
        struct view text = view_of(values[i][0]);
        suite_hash(&suite_sm2_sm3, &text, 1, hash);
        assert_hex(hash, SUITE_HASH_SIZE, values[i][1]);
        /* In two parts it is the same. */
        struct view parts[] = {{text.at, 2}, {text.at + 2, text.size - 2}};
        suite_hash(&suite_sm2_sm3, parts, 2, hash);
        assert_hex(hash, SUITE_HASH_SIZE, values[i][1]);
    }
}

/* GB/T 32918.5-2017, appendix A.2 (GM/T 0003.5): the recommended curve, user id 1234567812345678. */
static const char standard_secret[] = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
static const char standard_key[] = "0309f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";
static const char standard_signature[] = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                                         "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

static void test_sm2_is_that_of_the_standard(void **state)
{
    (void)state;
    struct signing_pair pair;
    uint8_t secret[SIGNING_SECRET_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    assert_int_equal(hex_parse(standard_secret, secret, sizeof secret), ERR_OK);
    assert_int_equal(hex_parse(standard_signature, signature, sizeof signature), ERR_OK);
    assert_int_equal(signing_pair_restore(&suite_sm2_sm3, secret, &pair), ERR_OK);
    assert_hex(pair.key.bytes, pair.key.size, standard_key);
    assert_true(signature_check(&pair.key, suite_label(&suite_sm2_sm3), view_of("message digest"),
                                (struct view){signature, sizeof signature}));
}

/* RFC 8032, section 7.1, test 2. */
static void test_ed25519_is_that_of_the_rfc(void **state)
{
    (void)state;
    struct signing_pair pair;
    uint8_t secret[SIGNING_SECRET_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    assert_int_equal(
        hex_parse("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", secret, sizeof secret), ERR_OK);
    assert_int_equal(signing_pair_restore(&suite_ed25519, secret, &pair), ERR_OK);
    assert_hex(pair.key.bytes, pair.key.size, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    signing_pair_sign(&pair, view_of("\x72"), signature);
    assert_hex(signature, sizeof signature,
               "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
               "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

/* RFC 6962's leaf of nothing is the hash of one zero byte; a node of two such is that of 01 and both. */
static void test_leaves_and_nodes_are_told_apart(void **state)
{
    (void)state;
    static const char *const leaves[BOTH] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                             "2daef60e7a0b8f5e024c81cd2ab3109f2b4f155cf83adeb2ae5532f74a157fdf"};
    for (size_t i = 0; i < BOTH; i++) {
        uint8_t leaf[SUITE_HASH_SIZE];
        uint8_t node[SUITE_HASH_SIZE];
        uint8_t plain[SUITE_HASH_SIZE];
        suite_hash_leaf(both[i], view_of(""), leaf);
        assert_hex(leaf, SUITE_HASH_SIZE, leaves[i]);
        suite_hash_node(both[i], leaf, leaf, node);
        struct view parts[] = {{(const uint8_t *)"\x01", 1}, {leaf, SUITE_HASH_SIZE}, {leaf, SUITE_HASH_SIZE}};
        suite_hash(both[i], parts, 3, plain);
        assert_memory_equal(node, plain, SUITE_HASH_SIZE);
    }
}

static size_t read_hex(const json_t *vector, const char *key, uint8_t *ret_bytes, size_t room)
{
    const char *hex = json_string_value(json_object_get(vector, key));
    assert_non_null(hex);
    size_t size = strlen(hex) / 2;
    assert_true(size <= room);
    assert_int_equal(hex_parse(hex, ret_bytes, size), ERR_OK);
    return size;
}

/* Made by implementations that share nothing with ours: tests/vectors/make_suites.py. */
static void check_vector(const json_t *vector)
{
    struct view algorithm = view_of(json_string_value(json_object_get(vector, "algorithm")));
    struct signing_pair pair;
    struct signing_key key;
    uint8_t bytes[4096];
    uint8_t secret[SIGNING_SECRET_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t leaf[SUITE_HASH_SIZE];
    uint8_t hash[SUITE_HASH_SIZE];
    const struct suite *suite = suite_find(algorithm);
    assert_non_null(suite);
    read_hex(vector, "secret", secret, sizeof secret);
    read_hex(vector, "leaf", leaf, sizeof leaf);
    struct view text = {bytes, read_hex(vector, "text", bytes, sizeof bytes)};
    struct view said = {signature, read_hex(vector, "signature", signature, sizeof signature)};
    assert_int_equal(signing_pair_restore(suite, secret, &pair), ERR_OK);
    assert_int_equal(signing_key_parse(json_string_value(json_object_get(vector, "public")), &key), ERR_OK);
    assert_true(signing_key_equal(&pair.key, &key));
    suite_hash_leaf(suite, text, hash);
    assert_memory_equal(hash, leaf, sizeof hash);
    if (signature_check(&key, algorithm, text, said) != json_is_true(json_object_get(vector, "ok"))) {
        fail_msg("%s: %s", json_string_value(json_object_get(vector, "algorithm")),
                 json_string_value(json_object_get(vector, "name")));
    }
}

static void test_vectors_of_others_fit(void **state)
{
    (void)state;
    size_t index = 0;
    json_t *vector = NULL;
    json_t *vectors = json_load_file(VECTORS_DIR "/suites.json", JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_array_size(vectors) > 20);
    json_array_foreach(vectors, index, vector)
    {
        check_vector(vector);
    }
    json_decref(vectors);
}

/* ---- what fits, and what does not ---- */

struct signed_text {
    struct signing_pair pair;
    uint8_t signature[SIGNATURE_SIZE];
};

static const char text[] = "what was said";

static void sign_text(const struct suite *suite, struct signed_text *ret_signed)
{
    assert_int_equal(signing_pair_make(suite, &ret_signed->pair), ERR_OK);
    signing_pair_sign(&ret_signed->pair, view_of(text), ret_signed->signature);
}

static bool fits(const struct signed_text *said, const struct signing_key *key, const char *algorithm, const char *what)
{
    return signature_check(key, view_of(algorithm), view_of(what), (struct view){said->signature, SIGNATURE_SIZE});
}

static void test_a_signature_fits_its_key_and_its_text_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOTH; i++) {
        struct signed_text said;
        struct signed_text other;
        const char *name = suite_name(both[i]);
        sign_text(both[i], &said);
        sign_text(both[i], &other);
        assert_true(fits(&said, &said.pair.key, name, text));
        assert_false(fits(&said, &other.pair.key, name, text));
        assert_false(fits(&said, &said.pair.key, name, "what was sais"));
        assert_false(fits(&said, &said.pair.key, name, ""));
        struct view whole = {said.signature, SIGNATURE_SIZE};
        assert_false(signature_check(&said.pair.key, view_of(name), view_of(text), (struct view){whole.at, 63}));
        for (size_t at = 0; at < SIGNATURE_SIZE; at++) {
            said.signature[at] ^= 1;
            assert_false(fits(&said, &said.pair.key, name, text));
            said.signature[at] ^= 1;
        }
    }
}

static void test_another_algorithm_than_the_keys_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"ed25519", "sm2-sm3", "ED25519", "sm2", "", "ed25519 "};
    for (size_t i = 0; i < BOTH; i++) {
        struct signed_text said;
        sign_text(both[i], &said);
        for (size_t name = 0; name < sizeof names / sizeof *names; name++) {
            assert_int_equal(fits(&said, &said.pair.key, names[name], text), name == i);
        }
    }
}

static void test_a_key_of_another_size_is_none(void **state)
{
    (void)state;
    static const uint8_t bytes[64] = {2};
    struct signed_text said;
    struct signing_key key;
    sign_text(&suite_ed25519, &said);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        err_t err = signing_key_take((struct view){bytes, size}, &key);
        assert_int_equal(err, size == 32 || size == 33 ? ERR_OK : ERR_INVALID);
        assert_int_equal(key.size, err == ERR_OK ? size : 0);
        assert_ptr_equal(signing_key_suite(&key), size == 32 ? &suite_ed25519 : size == 33 ? &suite_sm2_sm3 : NULL);
        assert_false(fits(&said, &key, "ed25519", text));
    }
}

/* All zeros is a point of order four, under which a signature of zeros would fit a message in four. */
static void test_zeros_are_neither_key_nor_signature(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOTH; i++) {
        struct signed_text said;
        sign_text(both[i], &said);
        struct signing_key key = {.size = said.pair.key.size};
        assert_false(fits(&said, &key, suite_name(both[i]), text));
        memset(said.signature, 0, SIGNATURE_SIZE);
        assert_false(fits(&said, &said.pair.key, suite_name(both[i]), text));
        assert_false(fits(&said, &key, suite_name(both[i]), text));
    }
}

static void test_an_sm2_key_is_a_compressed_point_of_the_curve(void **state)
{
    (void)state;
    struct signed_text said;
    sign_text(&suite_sm2_sm3, &said);
    struct signing_key key = said.pair.key;
    for (int first = 0; first < 256; first++) {
        key.bytes[0] = (uint8_t)first;
        assert_int_equal(fits(&said, &key, "sm2-sm3", text), first == said.pair.key.bytes[0]);
    }
    key.bytes[0] = 2;
    memset(key.bytes + 1, 0xff, 32); /* beyond the field */
    assert_false(fits(&said, &key, "sm2-sm3", text));
}

/* GB/T 32918.1, 6.1: the scalar is within 1 to n - 2. */
static void test_an_sm2_secret_has_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *scalar;
        err_t err;
    } scalars[] = {
        {"0000000000000000000000000000000000000000000000000000000000000000", ERR_INVALID},
        {"0000000000000000000000000000000000000000000000000000000000000001", ERR_OK},
        {"fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121", ERR_OK},      /* n - 2 */
        {"fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122", ERR_INVALID}, /* n - 1 */
        {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        uint8_t secret[SIGNING_SECRET_SIZE];
        struct signed_text said;
        assert_int_equal(hex_parse(scalars[i].scalar, secret, sizeof secret), ERR_OK);
        assert_int_equal(signing_pair_restore(&suite_sm2_sm3, secret, &said.pair), scalars[i].err);
        if (scalars[i].err == ERR_OK) {
            signing_pair_sign(&said.pair, view_of(text), said.signature);
            assert_true(fits(&said, &said.pair.key, "sm2-sm3", text));
        }
    }
}

static void test_a_pair_comes_back_from_its_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOTH; i++) {
        struct signed_text said;
        struct signed_text again;
        sign_text(both[i], &said);
        assert_int_equal(signing_pair_restore(both[i], said.pair.secret, &again.pair), ERR_OK);
        assert_true(signing_key_equal(&again.pair.key, &said.pair.key));
        assert_ptr_equal(signing_key_suite(&again.pair.key), both[i]);
        signing_pair_sign(&again.pair, view_of(text), again.signature);
        assert_true(fits(&again, &said.pair.key, suite_name(both[i]), text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sm3_is_that_of_the_standard),
        cmocka_unit_test(test_sm2_is_that_of_the_standard),
        cmocka_unit_test(test_ed25519_is_that_of_the_rfc),
        cmocka_unit_test(test_vectors_of_others_fit),
        cmocka_unit_test(test_leaves_and_nodes_are_told_apart),
        cmocka_unit_test(test_a_signature_fits_its_key_and_its_text_alone),
        cmocka_unit_test(test_another_algorithm_than_the_keys_is_refused),
        cmocka_unit_test(test_a_key_of_another_size_is_none),
        cmocka_unit_test(test_zeros_are_neither_key_nor_signature),
        cmocka_unit_test(test_an_sm2_key_is_a_compressed_point_of_the_curve),
        cmocka_unit_test(test_an_sm2_secret_has_bounds),
        cmocka_unit_test(test_a_pair_comes_back_from_its_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
