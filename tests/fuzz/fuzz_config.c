#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/config.h"
#include "common/identity_file.h"
#include "common/membership.h"
#include "common/signal.h"
#include "common/term_config.h"
#include "hub/operators.h"
#include "hub/retention.h"
#include "proto/prose.h"
#include "tests/fuzz/scratch.h"

/* Any bytes as each of the files that a site writes, options, operators, terms of keeping, signals, terms, holidays,
 * and of those that a program keeps there, the hub that was joined and the keys, before any passphrase. What is refused
 * is refused with a reason and its place; what is taken is within its bounds, can stand in a record and, written again,
 * is the same. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
    int64_t number;
    bool flag;
    char text[CONFIG_TEXT_SIZE];
};

static const struct option_row rows[] = {
    {"number", OPTION_NUMBER, offsetof(struct target, number), "7", -5, 1000, true, "a number", "数字"},
    {"flag", OPTION_FLAG, offsetof(struct target, flag), "no", 0, 1, false, "a flag", "开关"},
    {"text", OPTION_TEXT, offsetof(struct target, text), "x", 1, 20, true, "a text", "文本"},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* The file and the line, or the file alone where there is no such line. */
static void assert_placed(const char *reason, const char *path)
{
    size_t size = strlen(path);
    assert(strncmp(reason, path, size) == 0 && reason[size] == ':');
    assert(reason[size + 1] == ' ' || strtol(reason + size + 1, NULL, 10) > 0);
    (void)reason, (void)size;
}

/* What was set is noted in the ledger. */
static void assert_prose(const char *text)
{
    struct prose prose;
    enum prose_flaw flaw = prose_scan((struct view){(const uint8_t *)text, strlen(text)}, &prose);
    assert(flaw == PROSE_SOUND);
    (void)flaw;
}

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++) {
        count += *text == '\n';
    }
    return count;
}

static void read_options(const char *path)
{
    struct target target;
    struct target again;
    char reason[512] = "";
    if (config_load(path, rows, ROWS, &target, reason) != ERR_OK) {
        assert_placed(reason, path);
        return;
    }
    assert(target.number >= -5 && target.number <= 1000 && strlen(target.text) >= 1 && strlen(target.text) <= 20);
    memset(&again, 0, sizeof again);
    config_reload(rows, ROWS, &again, &target, reason);
    assert(again.number == target.number && strcmp(again.text, target.text) == 0);
    char *text = config_text(rows, ROWS, &target);
    assert_prose(text);
    free(text);
}

/* ---- operators and terms of keeping: by their names in a home ---- */

static struct home linked_home;
static const char *const linked_names[] = {OPERATORS_FILE, RETENTION_FILE};
enum { LINKED = sizeof linked_names / sizeof *linked_names };

static void unlink_home(void)
{
    char name[PATH_SIZE];
    for (size_t i = 0; i < LINKED; i++) {
        home_file(&linked_home, linked_names[i], name);
        unlink(name);
    }
    rmdir(linked_home.path);
}

static void link_home(const char *path)
{
    char name[PATH_SIZE];
    if (*linked_home.path) {
        return;
    }
    snprintf(linked_home.path, sizeof linked_home.path, "/tmp/agn-fuzz-XXXXXX");
    const char *folder = mkdtemp(linked_home.path);
    assert(folder);
    (void)folder;
    for (size_t i = 0; i < LINKED; i++) {
        home_file(&linked_home, linked_names[i], name);
        int linked = symlink(path, name);
        assert(linked == 0);
        (void)linked;
    }
    atexit(unlink_home);
}

static void assert_placed_in_home(const char *reason, const char *name)
{
    char path[PATH_SIZE];
    home_file(&linked_home, name, path);
    assert_placed(reason, path);
}

static void read_operators(void)
{
    static struct operators operators;
    char reason[512] = "";
    if (operators_load(&linked_home, &operators, reason) != ERR_OK) {
        assert_placed_in_home(reason, OPERATORS_FILE);
        return;
    }
    assert(operators.is_mapped && operators.count <= OPERATORS_MAX);
    for (size_t i = 0; i < operators.count; i++) {
        const struct person *person = &operators.list[i];
        assert(*person->user && *person->name && person->roles && person->roles < 1U << OPERATOR_ROLES);
        (void)person;
    }
    char *text = operators_text(&operators);
    assert_prose(text);
    assert(count_lines(text) == operators.count);
    free(text);
}

static void read_retention(void)
{
    struct retention retention = {0};
    char reason[512] = "";
    size_t count = 0;
    if (retention_load(&linked_home, &retention, reason) != ERR_OK) {
        assert_placed_in_home(reason, RETENTION_FILE);
        assert(!retention.is_set);
        return;
    }
    for (int i = 0; i < RETENTION_KINDS; i++) {
        assert(retention.months[i] >= 0 && retention.months[i] <= 1200);
        count += retention.months[i] > 0;
    }
    char *text = retention_text(&retention);
    assert_prose(text);
    assert(count_lines(text) == count && retention.is_set == (count > 0));
    free(text);
}

/* ---- the others ---- */

static void read_signals(const char *path)
{
    static struct signal_rules rules;
    char reason[512] = "";
    if (signal_rules_load(path, &rules, reason) != ERR_OK) {
        assert_placed(reason, path);
        return;
    }
    for (size_t i = 0; i < rules.count; i++) {
        assert_prose(rules.list[i].label);
    }
}

static void read_terms(const char *path)
{
    struct term_settings settings = {0};
    char reason[512] = "";
    if (term_config_load(path, &settings, reason) != ERR_OK) {
        assert_placed(reason, path);
    }
}

static void read_calendar(const char *path)
{
    struct calendar *calendar = NULL;
    char reason[512] = "";
    if (calendar_load(path, &calendar, reason) == ERR_OK) {
        int64_t day = calendar_add_working_days(calendar, 20000, 3);
        assert(day > 20000 && calendar_is_working_day(calendar, day));
        (void)day;
    } else {
        assert_placed(reason, path);
    }
    calendar_free(calendar);
}

/* The name in its folder. */
static const char *home_of(const char *path, struct home *ret_home)
{
    const char *name = strrchr(path, '/');
    snprintf(ret_home->path, sizeof ret_home->path, "%.*s", (int)(name - path), path);
    return name + 1;
}

static void read_membership(const char *path)
{
    static struct membership membership;
    struct home home;
    char reason[256] = "";
    const char *name = home_of(path, &home);
    err_t err = membership_load(&home, name, &membership, reason);
    assert(err == ERR_OK || *reason);
    (void)err;
}

/* As common/seal.h has the bounds. */
static bool is_affordable(const struct seal *seal)
{
    return seal->n >= 1 << 14 && seal->n <= 1 << 20 && seal->r >= 1 && seal->r <= 16 && seal->p >= 1 && seal->p <= 4 &&
           128 * seal->n * seal->r <= 256 << 20;
}

/* A passphrase is tried where that would cost too much alone: then it is not. */
static void read_identity(const char *path)
{
    static const struct kept nothing;
    static const struct view passphrase = {(const uint8_t *)"horse battery", 13};
    uint8_t secret[SEAL_SECRET_SIZE];
    struct kept kept;
    struct home home;
    char reason[256] = "";
    const char *name = home_of(path, &home);
    if (kept_read(&home, name, &kept, reason) != ERR_OK) {
        assert(*reason && memcmp(&kept, &nothing, sizeof kept) == 0);
        return;
    }
    assert(identity_suite(&kept.identity));
    if (kept.is_sealed && !is_affordable(&kept.seal)) {
        err_t err = seal_open(passphrase, passphrase, &kept.seal, secret);
        assert(err == ERR_TOO_LARGE);
        (void)err;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[SCRATCH_SIZE];
    write_scratch(data, size, path);
    link_home(path);
    read_options(path);
    read_operators();
    read_retention();
    read_signals(path);
    read_terms(path);
    read_calendar(path);
    read_membership(path);
    read_identity(path);
    return 0;
}
