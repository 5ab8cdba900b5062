/* province/commands.h - one function a command; each returns the program's exit code. */
#ifndef PROVINCE_COMMANDS_H
#define PROVINCE_COMMANDS_H

#include "province/arguments.h"

int cmd_init(const struct home *home, const struct arguments *arguments);
int cmd_join(const struct home *home, const struct arguments *arguments);
int cmd_run(const struct home *home, const struct arguments *arguments);
int cmd_status(const struct home *home, const struct arguments *arguments);
int cmd_table(const struct home *home, const struct arguments *arguments);
int cmd_warnings(const struct home *home, const struct arguments *arguments);
int cmd_config(const struct home *home, const struct arguments *arguments);

#define SOFTWARE "agn-province/" AGN_VERSION

#endif
