/* province/arguments.h - the command line, read by one table for all commands. */
#ifndef PROVINCE_ARGUMENTS_H
#define PROVINCE_ARGUMENTS_H

#include <stdint.h>

#include "common/home.h"
#include "common/table.h"

enum { OPERANDS_MAX = 1000, EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

struct arguments {
    const char *home;
    const char *passphrase_file;
    const char *name;
    const char *replace;
    const char *leaked;
    const char *suite;
    const char *family;
    const char *by;
    const char *from;
    const char *to;
    const char *city;
    const char *status;
    const char *level;
    const char *id;
    const char *limit;
    const char *kind;
    const char *state;
    const char *since;
    const char *rules;
    const char *advised;
    const char *person;
    const char *xlsx;
    const char *out;
    const char *export;
    const char *reason;
    enum table_form form;
    bool is_filing;
    bool is_help;
    bool is_version;
    const char *operands[OPERANDS_MAX];
    int operand_count;
};

/* The commands, as bits: which options fit which. */
enum command_bit {
    ON_INIT = 1,
    ON_JOIN = 2,
    ON_RUN = 4,
    ON_STATUS = 8,
    ON_TABLE = 16,
    ON_WARNINGS = 32,
    ON_CONFIG = 64,
    ON_RECORDS = 1 << 7,
    ON_CASES = 1 << 8,
    ON_PLANS = 1 << 9,
    ON_OVERDUE = 1 << 10,
    ON_NOTICES = 1 << 11,
    ON_CHANGES = 1 << 12,
    ON_SIGNALS = 1 << 13,
    ON_OUTBOX = 1 << 14,
    ON_FILE = 1 << 15, /* notice, warn, file */
    ON_DECIDE = 1 << 16,
    ON_ACKNOWLEDGE = 1 << 17,
    ON_CAP = 1 << 18,
    ON_KEY = 1 << 19,
    ON_HEADS = 1 << 20,
    ON_COMPARE = 1 << 21,
    ON_ALARM = 1 << 22,
    ON_ALL = (1 << 23) - 1,
    ON_VIEWS = ON_RECORDS | ON_CASES | ON_PLANS | ON_OVERDUE | ON_NOTICES | ON_CHANGES | ON_OUTBOX,
    ON_LISTINGS = ON_STATUS | ON_TABLE | ON_WARNINGS | ON_SIGNALS | ON_HEADS | ON_VIEWS /* print rows, in every form */
};

/* argv[0] is skipped. Says on stderr what is wrong; false then. The command is the first operand of the program, so it
 * is not among ret_arguments->operands; *ret_command is NULL without one. */
bool arguments_read(int argc, char **argv, const char **ret_command, struct arguments *ret_arguments,
                    unsigned *ret_used);
/* Says which of the USED options do not fit COMMAND; false then. */
bool arguments_fit(unsigned used, unsigned command_bit, const char *command);

/* As number_typed(), and says the reason. */
bool arguments_number(const char *name, const char *text, int64_t low, int64_t high, int64_t *ret_number);
bool arguments_date(const char *option, const char *text, int64_t *ret_day);

/* One line on stderr: program, what, and what to do. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
