#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/config.h"
#include "common/membership.h"
#include "common/signal.h"
#include "common/term_config.h"
#include "tests/fuzz/scratch.h"

/* Any bytes as each of the files that a site writes: options, signals, terms, holidays, the hub that was joined. What
 * is refused is refused with a reason; what is taken is within its bounds and, written again, the same. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
    int64_t number;
    bool flag;
    char text[CONFIG_TEXT_SIZE];
};

static const struct option_row rows[] = {
    {"number", OPTION_NUMBER, offsetof(struct target, number), "7", -5, 1000, true, "a number"},
    {"flag", OPTION_FLAG, offsetof(struct target, flag), "no", 0, 1, false, "a flag"},
    {"text", OPTION_TEXT, offsetof(struct target, text), "x", 1, 20, true, "a text"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void read_options(const char *path)
{
    struct target target;
    struct target again;
    char reason[512] = "";
    if (config_load(path, rows, ROWS, &target, reason) != ERR_OK) {
        assert(*reason);
        return;
    }
    assert(target.number >= -5 && target.number <= 1000 && strlen(target.text) >= 1 && strlen(target.text) <= 20);
    memset(&again, 0, sizeof again);
    config_reload(rows, ROWS, &again, &target, reason);
    assert(again.number == target.number && strcmp(again.text, target.text) == 0);
    free(config_text(rows, ROWS, &target));
}

static void read_signals(const char *path)
{
    static struct signal_rules rules;
    char reason[512] = "";
    err_t err = signal_rules_load(path, &rules, reason);
    assert(err == ERR_OK || err == ERR_NOT_FOUND || *reason);
    (void)err;
}

static void read_terms(const char *path)
{
    struct term_settings settings = {0};
    char reason[512] = "";
    err_t err = term_config_load(path, &settings, reason);
    assert(err == ERR_OK || *reason);
    (void)err;
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
        assert(*reason);
    }
    calendar_free(calendar);
}

static void read_membership(const char *path)
{
    static struct membership membership;
    struct home home;
    char reason[256] = "";
    const char *name = strrchr(path, '/');
    snprintf(home.path, sizeof home.path, "%.*s", (int)(name - path), path);
    err_t err = membership_load(&home, name + 1, &membership, reason);
    assert(err == ERR_OK || *reason);
    (void)err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[SCRATCH_SIZE];
    write_scratch(data, size, path);
    read_options(path);
    read_signals(path);
    read_terms(path);
    read_calendar(path);
    read_membership(path);
    return 0;
}
