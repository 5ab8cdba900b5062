/* A file of heads that somebody else gives: which heads are in it, and which of them are signed. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "province/heads_file.h"
#include "tests/test.h"

enum { HEADS_MAX = 8, TEXT_SIZE = 8192 };

struct taken {
    size_t count, none;
    struct filed_head heads[HEADS_MAX];
    err_t answer;
};

static err_t take(void *self, const struct filed_head *head)
{
    struct taken *taken = self;
    if (head) {
        assert_true(taken->count < HEADS_MAX);
        taken->heads[taken->count++] = *head;
    } else {
        taken->none++;
    }
    return taken->answer;
}

static err_t read_text(const char *text, struct taken *taken, char reterr_reason[256])
{
    taken->count = taken->none = 0;
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(file);
    err_t err = heads_file_read(file, take, taken, reterr_reason);
    fclose(file);
    return err;
}

/* The members of an object: a head of SIZE records and what vouches for it, each name after PREFIX. */
static void write_head(const struct signing_pair *pair, uint64_t size, const char *prefix, char ret_text[1024])
{
    const struct tree_head head = {.size = size, .at = 1700000000000};
    uint8_t bytes[HEAD_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    char hex[3][2 * HEAD_SIZE + 1];
    msgpack_sbuffer covered;
    msgpack_sbuffer_init(&covered);
    head_encode(&head, bytes);
    head_signed_bytes((struct view){bytes, HEAD_SIZE}, &covered);
    signing_pair_sign(pair, (struct view){(const uint8_t *)covered.data, covered.size}, signature);
    msgpack_sbuffer_destroy(&covered);
    hex_text(bytes, HEAD_SIZE, hex[0]);
    hex_text(signature, SIGNATURE_SIZE, hex[1]);
    hex_text(pair->key.bytes, pair->key.size, hex[2]);
    snprintf(ret_text, 1024, "\"%shead\":\"%s\",\"%ssignature\":\"%s\",\"%shub_key\":\"%s\"", prefix, hex[0], prefix,
             hex[1], prefix, hex[2]);
}

static void assert_good(const struct filed_head *filed, uint64_t size)
{
    struct kept_head head;
    assert_int_equal(filed_head_check(filed, &head), ERR_OK);
    assert_int_equal(head.head.size, size);
    assert_memory_equal(head.bytes, filed->bytes, HEAD_SIZE);
    assert_memory_equal(head.signature, filed->signature, SIGNATURE_SIZE);
    assert_true(signing_key_equal(&head.key, &filed->key));
}

static void test_heads_are_found_wherever_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *before, *between, *after, *prefix;
    } forms[] = {
        {"[{", "},{", "}]", ""},
        {"{", "}\n{", "}\n", ""},
        {"[{", "}]\n[{", "}]", ""},
        {"{", ",", "}", "known_"},
        {"{\"receipt\":{", "},\"inclusion\":{", "}}", ""},
        {"{\"receipt\":{", ",\"inclusion\":{", "}}}", ""},
    };
    static const struct suite *const suites[] = {&suite_ed25519, &suite_sm2_sm3};
    struct taken taken = {0};
    char first[1024];
    char second[1024];
    char text[TEXT_SIZE];
    char reason[256];
    for (size_t i = 0; i < 2 * sizeof forms / sizeof *forms; i++) {
        struct signing_pair pair;
        assert_int_equal(signing_pair_make(suites[i % 2], &pair), ERR_OK);
        write_head(&pair, 5, "", first);
        write_head(&pair, 9, forms[i / 2].prefix, second);
        snprintf(text, sizeof text, "%s%s%s%s%s", forms[i / 2].before, first, forms[i / 2].between, second,
                 forms[i / 2].after);
        assert_int_equal(read_text(text, &taken, reason), ERR_OK);
        assert_string_equal(reason, "");
        assert_int_equal(taken.count, 2);
        assert_int_equal(taken.none, 0);
        assert_good(&taken.heads[0], 5);
        assert_good(&taken.heads[1], 9);
    }
}

static void test_only_a_head_in_a_list_that_was_followed_stands_for_others(void **state)
{
    (void)state;
    static const struct {
        const char *what, *line;
        bool is_followed;
    } rows[] = {{"\"head\"", "3", true},      {"\"head\"", "null", false},  {"\"head\"", "\"3\"", false},
                {"\"rollback\"", "3", false}, {"\"doubtful\"", "3", false}, {"7", "3", false},
                {"null", "3", false}};
    struct signing_pair pair;
    struct taken taken = {0};
    char members[1024];
    char text[TEXT_SIZE];
    char reason[256];
    assert_int_equal(signing_pair_make(&suite_ed25519, &pair), ERR_OK);
    write_head(&pair, 5, "", members);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "{\"what\":%s,\"line\":%s,%s}", rows[i].what, rows[i].line, members);
        assert_int_equal(read_text(text, &taken, reason), ERR_OK);
        assert_int_equal(taken.heads[0].is_followed, rows[i].is_followed);
        assert_int_equal(taken.heads[0].is_doubted, i == 4);
        assert_int_equal(taken.heads[0].line, rows[i].is_followed ? 3 : 0);
    }
    snprintf(text, sizeof text, "{\"receipt\":{\"what\":\"head\",\"line\":3,%s}}", members);
    assert_int_equal(read_text(text, &taken, reason), ERR_OK);
    assert_false(taken.heads[0].is_followed);
}

static void test_a_head_counts_only_as_its_key_has_signed_it(void **state)
{
    (void)state;
    struct signing_pair pair;
    struct taken taken = {0};
    struct kept_head head;
    char members[1024];
    char text[TEXT_SIZE];
    char reason[256];
    assert_int_equal(signing_pair_make(&suite_ed25519, &pair), ERR_OK);
    write_head(&pair, 5, "", members);
    snprintf(text, sizeof text, "{%s}", members);
    assert_int_equal(read_text(text, &taken, reason), ERR_OK);
    const struct filed_head good = taken.heads[0];
    for (int part = 0; part < 3; part++) {
        struct filed_head other = good;
        uint8_t *bytes[] = {other.bytes, other.signature, other.key.bytes};
        bytes[part][20] ^= 1;
        assert_int_equal(filed_head_check(&other, &head), ERR_INVALID);
    }
}

static void test_what_is_no_head_is_told_and_passed_over(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[{\"head\":\"00\",\"signature\":\"\",\"hub_key\":\"zz\"}]",
        "{\"head\":\"00\"}",
        "{\"receipt\":{\"head\":\"\"}}",
    };
    static const char *const others[] = {"[]",
                                         " \n",
                                         "[,]",
                                         "{}",
                                         "{\"head\":7}",
                                         "{\"head\":null,\"receipt\":1}",
                                         "{\"inclusion\":[{\"head\":\"00\"}]}"};
    struct taken taken = {0};
    char reason[256];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(read_text(texts[i], &taken, reason), ERR_OK);
        assert_int_equal(taken.count, 0);
        assert_int_equal(taken.none, 1);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(read_text(others[i], &taken, reason), ERR_OK);
        assert_int_equal(taken.count + taken.none, 0);
    }
}

/* In words that do nothing to a terminal: the parser quotes the file. */
static void test_what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"[1]", "{",       "{\"head\":\"00\",\"head\":\"01\"}",
                                        "x",   "\x1b[2J", "{\"a\" \"\xc2\x9b[2J\"}"};
    struct taken taken = {0};
    char reason[256];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(read_text(texts[i], &taken, reason), ERR_INVALID);
        assert_non_null(strstr(reason, "line 1"));
        assert_null(strchr(reason, '\x1b'));
        assert_null(strstr(reason, "\xc2\x9b"));
    }
}

static void test_who_takes_them_may_end_it(void **state)
{
    (void)state;
    struct taken taken = {.answer = ERR_IO};
    char reason[256];
    assert_int_equal(read_text("{\"head\":\"\"}{\"head\":\"\"}", &taken, reason), ERR_IO);
    assert_string_equal(reason, "");
    assert_int_equal(taken.none, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_are_found_wherever_they_stand),
        cmocka_unit_test(test_only_a_head_in_a_list_that_was_followed_stands_for_others),
        cmocka_unit_test(test_a_head_counts_only_as_its_key_has_signed_it),
        cmocka_unit_test(test_what_is_no_head_is_told_and_passed_over),
        cmocka_unit_test(test_what_is_no_json_is_refused),
        cmocka_unit_test(test_who_takes_them_may_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
