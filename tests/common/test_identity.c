/* The keys' file: open and sealed, by either suite, and what is done with a file that somebody has changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/identity.h"
#include "common/passphrase.h"
#include "common/seal.h"
#include "tests/test.h"

#define PASSPHRASE "正确的 horse battery"

static const struct suite *const both[] = {&suite_ed25519, &suite_sm2_sm3};
enum { BOTH = 2, FILE_ROOM = 4096 };

struct place {
    struct home home;
    char file[PATH_SIZE];
    char passphrase[PATH_SIZE];
    struct identity identity;
    char reason[256];
};

static void write_text(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void read_text(const char *path, char ret_text[FILE_ROOM])
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    ret_text[fread(ret_text, 1, FILE_ROOM - 1, file)] = '\0';
    fclose(file);
}

static void give(struct place *place, const char *passphrase)
{
    write_text(place->passphrase, passphrase, 0600);
    passphrase_from(place->passphrase);
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    char folder[] = "/tmp/agn-identity-XXXXXX";
    assert_non_null(mkdtemp(folder));
    home_resolve(folder, "test", &place->home);
    home_file(&place->home, "identity.zpl", place->file);
    home_file(&place->home, "passphrase", place->passphrase);
    give(place, PASSPHRASE "\n");
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    remove(place->file);
    remove(place->passphrase);
    home_file(&place->home, "keys.lock", place->file);
    remove(place->file);
    assert_int_equal(rmdir(place->home.path), 0);
    passphrase_from(NULL);
    free(place);
    return 0;
}

static void create(struct place *place, const struct suite *suite)
{
    assert_int_equal(identity_create(&place->home, suite, &place->identity, place->reason), ERR_OK);
}

static err_t load(struct place *place)
{
    struct identity identity;
    err_t err = identity_load(&place->home, &identity, place->reason);
    if (err == ERR_OK) {
        assert_memory_equal(&identity, &place->identity, sizeof identity);
    } else {
        static const struct identity nothing;
        assert_memory_equal(&identity, &nothing, sizeof identity);
    }
    return err;
}

static void test_keys_come_back(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < BOTH; i++) {
        create(place, both[i]);
        assert_int_equal(load(place), ERR_OK);
        assert_ptr_equal(identity_suite(&place->identity), both[i]);
    }
}

static void test_sealed_keys_come_back_with_the_passphrase_alone(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < BOTH; i++) {
        char text[FILE_ROOM];
        create(place, both[i]);
        assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_OK);
        read_text(place->file, text);
        assert_null(strstr(text, "curve_secret"));
        assert_null(strstr(text, "signing_secret"));
        assert_int_equal(load(place), ERR_OK);
        give(place, "正确的 horse batterz");
        assert_int_equal(load(place), ERR_INVALID);
        assert_non_null(strstr(place->reason, "the passphrase does not fit"));
        give(place, PASSPHRASE "\r\n");
        assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_EXISTS);
        assert_int_equal(identity_seal(&place->home, false, place->reason), ERR_OK);
        assert_int_equal(identity_seal(&place->home, false, place->reason), ERR_EXISTS);
        passphrase_from("/nowhere");
        assert_int_equal(load(place), ERR_OK);
        give(place, PASSPHRASE);
    }
}

static void test_public_keys_need_no_passphrase(void **state)
{
    struct place *place = *state;
    static const uint8_t zeros[KEY_SIZE];
    create(place, &suite_sm2_sm3);
    for (int is_sealed = 0; is_sealed < 2; is_sealed++) {
        struct identity identity;
        passphrase_from("/nowhere");
        assert_int_equal(identity_load_public(&place->home, &identity, place->reason), ERR_OK);
        assert_memory_equal(identity.curve_public, place->identity.curve_public, KEY_SIZE);
        assert_true(signing_key_equal(&identity.signing.key, &place->identity.signing.key));
        assert_memory_equal(identity.curve_secret, zeros, KEY_SIZE);
        assert_memory_equal(identity.signing.secret, zeros, SIGNING_SECRET_SIZE);
        give(place, PASSPHRASE);
        assert_int_equal(identity_seal(&place->home, true, place->reason), is_sealed ? ERR_EXISTS : ERR_OK);
    }
}

static void test_a_file_that_others_may_read_is_refused(void **state)
{
    struct place *place = *state;
    static const mode_t modes[] = {0640, 0604, 0660, 0620, 0601};
    create(place, &suite_ed25519);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(place->file, modes[i]), 0);
        assert_int_equal(load(place), ERR_INVALID);
        assert_non_null(strstr(place->reason, "chmod 600 "));
        assert_non_null(strstr(place->reason, place->file));
    }
    assert_int_equal(chmod(place->file, 0400), 0);
    assert_int_equal(load(place), ERR_OK);
    assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_OK);
    assert_int_equal(chmod(place->passphrase, 0644), 0);
    assert_int_equal(load(place), ERR_INVALID);
    assert_non_null(strstr(place->reason, place->passphrase));
}

static void test_a_short_or_absent_passphrase_seals_nothing(void **state)
{
    struct place *place = *state;
    static const char *const texts[] = {"", "\nonly the first line counts", "seven77\n"};
    create(place, &suite_ed25519);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        give(place, texts[i]);
        assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_INVALID);
    }
    passphrase_from("/nowhere");
    assert_int_not_equal(identity_seal(&place->home, true, place->reason), ERR_OK);
    assert_int_equal(load(place), ERR_OK);
}

/* ---- a file that somebody has changed ---- */

/* Puts VALUE in the place of what KEY has; NULL: takes the line out. */
static void change(const char *text, const char *key, const char *value, char ret_text[FILE_ROOM])
{
    char head[64];
    snprintf(head, sizeof head, "\n%s = ", key);
    const char *at = strstr(text, head);
    assert_non_null(at);
    const char *end = strchr(at + 1, '\n');
    if (value) {
        snprintf(ret_text, FILE_ROOM, "%.*s%s%s%s", (int)(at - text), text, head, value, end);
    } else {
        snprintf(ret_text, FILE_ROOM, "%.*s%s", (int)(at - text), text, end);
    }
}

/* The same with the last digit another one: it still decodes. */
static void change_digit(const char *text, const char *key, char ret_text[FILE_ROOM])
{
    char head[64];
    snprintf(head, sizeof head, "\n%s = ", key);
    snprintf(ret_text, FILE_ROOM, "%s", text);
    char *at = strstr(ret_text, head);
    assert_non_null(at);
    char *last = strchr(at + 1, '\n') - 1;
    *last = *last == '0' ? '1' : '0';
}

static void expect_refused(struct place *place, const char *text, const char *what)
{
    write_text(place->file, text, 0600);
    if (load(place) != ERR_INVALID && load(place) != ERR_TOO_LARGE) {
        fail_msg("%s: the changed file was taken", what);
    }
    assert_true(strlen(place->reason) > 20);
}

static void test_each_field_of_a_sealed_file_is_guarded(void **state)
{
    struct place *place = *state;
    static const char *const bytes[] = {"curve_public", "signing_public", "salt", "nonce", "tag", "secrets"};
    static const char *const all[] = {"curve_public", "signing_algorithm", "signing_public", "scrypt_n",
                                      "scrypt_r",     "scrypt_p",          "salt",           "nonce",
                                      "tag",          "secrets",           "sealed"};
    static const char *const values[][2] = {
        {"scrypt_n", "16384"},
        {"scrypt_n", "32769"},
        {"scrypt_n", "0"},
        {"scrypt_n", "2097152"},
        {"scrypt_n", "1073741824"},
        {"scrypt_n", "18446744073709551616"},
        {"scrypt_n", "-1"},
        {"scrypt_n", "1"},
        {"scrypt_r", "9"},
        {"scrypt_r", "0"},
        {"scrypt_r", "1000000"},
        {"scrypt_p", "1"},
        {"scrypt_p", "0"},
        {"scrypt_p", "5"},
        {"signing_algorithm", "ed25519"},
        {"sealed", "none"},
        {"sealed", ""},
        {"salt", "00"},
        {"tag", ""},
        {"secrets", "00"},
    };
    char text[FILE_ROOM];
    char changed[FILE_ROOM];
    create(place, &suite_sm2_sm3);
    assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_OK);
    read_text(place->file, text);
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        change_digit(text, bytes[i], changed);
        expect_refused(place, changed, bytes[i]);
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        change(text, all[i], NULL, changed);
        expect_refused(place, changed, all[i]);
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        change(text, values[i][0], values[i][1], changed);
        expect_refused(place, changed, values[i][0]);
    }
    write_text(place->file, text, 0600);
    assert_int_equal(load(place), ERR_OK);
}

static void test_a_cut_file_is_refused(void **state)
{
    struct place *place = *state;
    char text[FILE_ROOM];
    create(place, &suite_ed25519);
    read_text(place->file, text);
    for (size_t size = 0; size + 1 < strlen(text); size += 3) {
        char cut[FILE_ROOM];
        snprintf(cut, sizeof cut, "%.*s", (int)size, text);
        expect_refused(place, cut, "a cut file");
    }
}

/* More memory than it may cost is refused at once, and nothing is allocated. */
static void test_a_costly_seal_is_not_tried(void **state)
{
    (void)state;
    static const struct seal costly[] = {{.n = 1 << 20, .r = 16, .p = 1},
                                         {.n = UINT64_C(1) << 40, .r = 8, .p = 1},
                                         {.n = 1 << 16, .r = 1 << 20, .p = 1},
                                         {.n = 1 << 16, .r = 8, .p = 1000}};
    static const struct seal fair = {.n = 1 << 14, .r = 8, .p = 1};
    uint8_t secret[SEAL_SECRET_SIZE];
    struct view text = {(const uint8_t *)PASSPHRASE, sizeof PASSPHRASE - 1};
    for (size_t i = 0; i < sizeof costly / sizeof *costly; i++) {
        assert_int_equal(seal_open(text, text, &costly[i], secret), ERR_TOO_LARGE);
    }
    assert_int_equal(seal_open(text, text, &fair, secret), ERR_INVALID);
}

/* Otherwise the next keys would take the place as they are: in the open, though somebody has sealed the home. */
static void test_nothing_is_sealed_amidst_a_change_of_keys(void **state)
{
    struct place *place = *state;
    struct identity next;
    create(place, &suite_ed25519);
    assert_int_equal(identity_prepare_next(&place->home, &next, place->reason), ERR_OK);
    assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_EXISTS);
    assert_non_null(strstr(place->reason, "identity-next.zpl"));
    assert_int_equal(identity_promote_next(&place->home, place->identity.curve_public), ERR_NOT_FOUND); /* others */
    assert_int_equal(identity_promote_next(&place->home, next.curve_public), ERR_OK);
    assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_OK);
}

/* A crash before the end leaves the former keys, and what is announced. */
static void test_fresh_keys_take_the_place_of_all_that_lay_together(void **state)
{
    struct place *place = *state;
    struct identity next;
    struct identity fresh;
    struct identity read;
    create(place, &suite_ed25519);
    assert_int_equal(identity_prepare_next(&place->home, &next, place->reason), ERR_OK);
    assert_int_equal(identity_prepare_fresh(&place->home, NULL, &fresh, place->reason), ERR_OK);
    assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_EXISTS);
    identity_forget_fresh(&place->home);
    assert_int_equal(identity_promote_fresh(&place->home, NULL), ERR_NOT_FOUND);
    assert_int_equal(identity_load_next(&place->home, &next, place->reason), ERR_OK);
    assert_int_equal(identity_prepare_fresh(&place->home, NULL, &fresh, place->reason), ERR_OK);
    assert_int_equal(identity_prepare_fresh(&place->home, NULL, &read, place->reason), ERR_OK);
    assert_memory_equal(&read, &fresh, sizeof read);
    assert_memory_not_equal(read.curve_public, next.curve_public, KEY_SIZE);
    assert_int_equal(identity_load(&place->home, &fresh, place->reason), ERR_OK);
    assert_memory_equal(&fresh, &place->identity, sizeof fresh);
    assert_int_equal(identity_promote_fresh(&place->home, NULL), ERR_OK);
    assert_int_equal(identity_load(&place->home, &fresh, place->reason), ERR_OK);
    assert_memory_equal(&fresh, &read, sizeof fresh);
    assert_int_equal(identity_load_next(&place->home, &next, place->reason), ERR_NOT_FOUND);
}

static void fresh_for(struct place *place, const char *code, struct identity *ret_fresh)
{
    assert_int_equal(identity_prepare_fresh(&place->home, code, ret_fresh, place->reason), ERR_OK);
}

/* A link that was not needed in the end leaves its pair, which who has copied the home since has, too; but one that was
 * only mistyped does not cost the pair of the right one. */
static void test_fresh_keys_are_for_the_link_that_they_were_made_for(void **state)
{
    struct place *place = *state;
    struct identity first;
    struct identity second;
    struct identity again;
    create(place, &suite_ed25519);
    assert_false(identity_awaits_fresh(&place->home));
    fresh_for(place, "FIRST", &first);
    fresh_for(place, "SECOND", &second);
    assert_memory_not_equal(second.curve_public, first.curve_public, KEY_SIZE);
    assert_memory_not_equal(second.signing.key.bytes, first.signing.key.bytes, KEY_SIZE);
    fresh_for(place, "FIRST", &again);
    assert_memory_equal(&again, &first, sizeof again);
    identity_drop_fresh(&place->home, "FIRST");
    assert_true(!identity_has_fresh(&place->home, "FIRST") && identity_has_fresh(&place->home, "SECOND"));
    fresh_for(place, "FIRST", &first);
    assert_int_equal(identity_promote_fresh(&place->home, "SECOND"), ERR_OK);
    assert_int_equal(identity_load(&place->home, &again, place->reason), ERR_OK);
    assert_memory_equal(&again, &second, sizeof again);
    assert_false(identity_awaits_fresh(&place->home));
    assert_int_equal(identity_promote_fresh(&place->home, "FIRST"), ERR_NOT_FOUND);
}

/* Each suite, openly and sealed: the next keys are of the same suite, kept in the same way, and made once. */
static void test_next_keys_are_made_once_and_take_the_place(void **state)
{
    struct place *place = *state;
    for (int i = 0; i < 2 * BOTH; i++) {
        struct identity next;
        struct identity again;
        remove(place->file);
        assert_int_equal(identity_create(&place->home, both[i / 2], &place->identity, place->reason), ERR_OK);
        assert_int_equal(identity_load_next(&place->home, &next, place->reason), ERR_NOT_FOUND);
        if (i % 2 == 1) {
            assert_int_equal(identity_seal(&place->home, true, place->reason), ERR_OK);
            give(place, "another passphrase\n");
            assert_int_not_equal(identity_prepare_next(&place->home, &next, place->reason), ERR_OK);
            give(place, PASSPHRASE "\n");
        }
        assert_int_equal(identity_prepare_next(&place->home, &next, place->reason), ERR_OK);
        assert_ptr_equal(identity_suite(&next), both[i / 2]);
        assert_memory_not_equal(next.curve_public, place->identity.curve_public, KEY_SIZE);
        assert_int_equal(identity_prepare_next(&place->home, &again, place->reason), ERR_OK);
        assert_memory_equal(&next, &again, sizeof next);
        assert_int_equal(identity_promote_next(&place->home, next.curve_public), ERR_OK);
        assert_int_equal(identity_load(&place->home, &again, place->reason), ERR_OK);
        assert_memory_equal(&next, &again, sizeof next);
        assert_int_equal(identity_load_next(&place->home, &next, place->reason), ERR_NOT_FOUND);
        if (i % 2 == 1) {
            give(place, "another passphrase\n");
            assert_int_not_equal(identity_load(&place->home, &again, place->reason), ERR_OK);
            give(place, PASSPHRASE "\n");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sealed_keys_come_back_with_the_passphrase_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_public_keys_need_no_passphrase, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_others_may_read_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_short_or_absent_passphrase_seals_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_field_of_a_sealed_file_is_guarded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_cut_file_is_refused, set_up, tear_down),
        cmocka_unit_test(test_a_costly_seal_is_not_tried),
        cmocka_unit_test_setup_teardown(test_fresh_keys_take_the_place_of_all_that_lay_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fresh_keys_are_for_the_link_that_they_were_made_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_sealed_amidst_a_change_of_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_next_keys_are_made_once_and_take_the_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
