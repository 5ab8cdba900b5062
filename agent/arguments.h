/* agent/arguments.h - the options of all commands, from one table. */
#ifndef AGENT_ARGUMENTS_H
#define AGENT_ARGUMENTS_H

#include <stdint.h>

#include "common/cap.h"
#include "common/home.h"
#include "common/table.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

enum { SETS_MAX = 64 };

struct arguments {
    const char *home;
    const char *corrects;
    const char *state;
    const char *kind;
    const char *out;
    const char *workbook; /* --xlsx */
    const char *reason, *text, *by, *role;
    const char *hub_key; /* hex */
    int64_t timeout_s;   /* 0: not given, as the next three */
    int64_t from, to;
    int64_t year;
    int64_t elements;
    enum table_form form;
    struct cap_set sets[SETS_MAX];
    size_t set_count;
    bool wants_new_keys;
    bool is_cap;
    bool keep_going;
    bool is_sure;
    bool is_help;
    bool is_version;
    int count;
    char *const *operands;
    char used[32]; /* letters of the options that were given */
};

/* Reads all of argv, options and operands in any order. Says on stderr what is wrong; false then. */
bool arguments_read(int argc, char **argv, struct arguments *ret_arguments);
/* Whether every option given is one of LETTERS (or fits every command); says which is not. */
bool arguments_fit(const struct arguments *arguments, const char *letters, const char *command);
/* One line for each of LETTERS and for those that fit every command. */
void arguments_print_help(const char *letters);

#endif
