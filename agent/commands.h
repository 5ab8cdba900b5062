/* agent/commands.h - one function a command; each returns the program's exit code. */
#ifndef AGENT_COMMANDS_H
#define AGENT_COMMANDS_H

#include "agent/arguments.h"

int cmd_join(const struct home *home, const struct arguments *arguments);
int cmd_key(const struct home *home, const struct arguments *arguments);
int cmd_cap(const struct home *home, const struct arguments *arguments);
int cmd_submit(const struct home *home, const struct arguments *arguments);
int cmd_sync(const struct home *home, const struct arguments *arguments);
int cmd_run(const struct home *home, const struct arguments *arguments);
int cmd_status(const struct home *home, const struct arguments *arguments);
int cmd_list(const struct home *home, const struct arguments *arguments);
int cmd_export(const struct home *home, const struct arguments *arguments);
int cmd_template(const struct home *home, const struct arguments *arguments);
int cmd_receipt(const struct home *home, const struct arguments *arguments);
int cmd_evidence(const struct home *home, const struct arguments *arguments);
int cmd_verify(const struct home *home, const struct arguments *arguments);
int cmd_inbox(const struct home *home, const struct arguments *arguments);
int cmd_answer(const struct home *home, const struct arguments *arguments);
int cmd_correct(const struct home *home, const struct arguments *arguments);
int cmd_withdraw(const struct home *home, const struct arguments *arguments);
int cmd_discard(const struct home *home, const struct arguments *arguments);
int cmd_statement(const struct home *home, const struct arguments *arguments);
int cmd_compile(const struct home *home, const struct arguments *arguments);
int cmd_attachment(const struct home *home, const struct arguments *arguments);
int cmd_config(const struct home *home, const struct arguments *arguments);

#endif
