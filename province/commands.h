/* province/commands.h - one function a command; each returns the program's exit code. */
#ifndef PROVINCE_COMMANDS_H
#define PROVINCE_COMMANDS_H

#include "province/arguments.h"

int cmd_init(const struct home *home, const struct arguments *arguments);
int cmd_key(const struct home *home, const struct arguments *arguments);
int cmd_join(const struct home *home, const struct arguments *arguments);
int cmd_run(const struct home *home, const struct arguments *arguments);
int cmd_status(const struct home *home, const struct arguments *arguments);
int cmd_table(const struct home *home, const struct arguments *arguments);
int cmd_warnings(const struct home *home, const struct arguments *arguments);
int cmd_cap(const struct home *home, const struct arguments *arguments);
int cmd_records(const struct home *home, const struct arguments *arguments);
int cmd_cases(const struct home *home, const struct arguments *arguments);
int cmd_plans(const struct home *home, const struct arguments *arguments);
int cmd_overdue(const struct home *home, const struct arguments *arguments);
int cmd_notices(const struct home *home, const struct arguments *arguments);
int cmd_changes(const struct home *home, const struct arguments *arguments);
int cmd_signals(const struct home *home, const struct arguments *arguments);
int cmd_outbox(const struct home *home, const struct arguments *arguments);
int cmd_notice(const struct home *home, const struct arguments *arguments);
int cmd_warn(const struct home *home, const struct arguments *arguments);
int cmd_file(const struct home *home, const struct arguments *arguments);
int cmd_decide(const struct home *home, const struct arguments *arguments);
int cmd_acknowledge(const struct home *home, const struct arguments *arguments);
int cmd_heads(const struct home *home, const struct arguments *arguments);
int cmd_compare(const struct home *home, const struct arguments *arguments);
int cmd_alarm(const struct home *home, const struct arguments *arguments);
int cmd_config(const struct home *home, const struct arguments *arguments);

#define SOFTWARE "agn-province/" AGN_VERSION

#endif
