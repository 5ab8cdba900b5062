/* hub/cli.h - the verbs of agn-hub and what they share. */
#ifndef HUB_CLI_H
#define HUB_CLI_H

#include "common/home.h"
#include "common/table.h"
#include "hub/options.h"
#include "hub/store.h"

/* A command: its words, and what may follow them in one way or several, a line each. */
struct verb {
    const char *name;
    /* Gets its own arguments, argv[0] being the last of its words, and returns the exit status. */
    int (*run)(const struct home *home, int argc, char **argv);
    const char *usage, *en, *zh;
};
/* Runs it, and has cli_usage() speak of it. */
int cli_run_verb(const struct verb *verb, const struct home *home, int argc, char **argv);
void cli_print_verb(FILE *file, const struct verb *verb);

int cli_init(const struct home *home, int argc, char **argv);
int cli_config(const struct home *home, int argc, char **argv);
int cli_run(const struct home *home, int argc, char **argv);
int cli_schema(const struct home *home, int argc, char **argv);
int cli_key_show(const struct home *home, int argc, char **argv);
int cli_key_seal(const struct home *home, int argc, char **argv);
int cli_key_unseal(const struct home *home, int argc, char **argv);
int cli_key_rotate(const struct home *home, int argc, char **argv);
int cli_entity_add(const struct home *home, int argc, char **argv);
int cli_entity_import(const struct home *home, int argc, char **argv);
int cli_entity_list(const struct home *home, int argc, char **argv);
int cli_entity_show(const struct home *home, int argc, char **argv);
int cli_entity_invite(const struct home *home, int argc, char **argv);
int cli_entity_keys(const struct home *home, int argc, char **argv);
int cli_entity_key_revoke(const struct home *home, int argc, char **argv);
int cli_entity_suspend(const struct home *home, int argc, char **argv);
int cli_entity_resume(const struct home *home, int argc, char **argv);
int cli_entity_revoke(const struct home *home, int argc, char **argv);
int cli_peer_add(const struct home *home, int argc, char **argv);
int cli_peer_list(const struct home *home, int argc, char **argv);
int cli_peer_invite(const struct home *home, int argc, char **argv);
int cli_peer_keys(const struct home *home, int argc, char **argv);
int cli_peer_key_revoke(const struct home *home, int argc, char **argv);
int cli_peer_revoke(const struct home *home, int argc, char **argv);
int cli_query(const struct home *home, int argc, char **argv);
int cli_show(const struct home *home, int argc, char **argv);
int cli_history(const struct home *home, int argc, char **argv);
int cli_stats(const struct home *home, int argc, char **argv);
int cli_report(const struct home *home, int argc, char **argv);
int cli_signals(const struct home *home, int argc, char **argv);
int cli_due(const struct home *home, int argc, char **argv);
int cli_terms(const struct home *home, int argc, char **argv);
int cli_plan(const struct home *home, int argc, char **argv);
int cli_deliveries(const struct home *home, int argc, char **argv);
int cli_statement(const struct home *home, int argc, char **argv);
int cli_cap(const struct home *home, int argc, char **argv);
int cli_accept(const struct home *home, int argc, char **argv);
int cli_return(const struct home *home, int argc, char **argv);
int cli_warning(const struct home *home, int argc, char **argv);
int cli_share(const struct home *home, int argc, char **argv);
int cli_rereview(const struct home *home, int argc, char **argv);
int cli_file(const struct home *home, int argc, char **argv);
int cli_attachment_list(const struct home *home, int argc, char **argv);
int cli_attachment_get(const struct home *home, int argc, char **argv);
int cli_ledger_audit(const struct home *home, int argc, char **argv);
int cli_audit_log(const struct home *home, int argc, char **argv);
int cli_prune(const struct home *home, int argc, char **argv);
int cli_erase(const struct home *home, int argc, char **argv);
/* Of `query --full`: the records that FILTER lets through with all fields that may leave. */
int cli_export(struct store *store, const struct record_filter *filter, enum table_form form);
/* Of `share --pending`: what waits to be shared. */
int cli_shares_waiting(const struct home *home, enum table_form form);
/* Of `signals --raised`: what the hub raised by itself. */
int cli_raised(struct store *store, enum table_form form);

/* One option that a verb knows; `flag` options take no value. */
struct argument {
    const char *name; /* without the dashes */
    bool is_flag;
    const char *value; /* set by cli_parse: NULL when absent, "" for a flag that is there */
};
/* Fills the rows; what is left over goes to ret_rest (at most rest_max). False when something is not known: the reason
 * has been printed, return 2. */
bool cli_parse(int argc, char **argv, struct argument *arguments, size_t count, const char **ret_rest, size_t rest_max,
               size_t *ret_rest_count);
const char *cli_value(const struct argument *arguments, size_t count, const char *name);

/* The number of the option NAME; what *ret_number was stays where it is absent. False after the reason has been
 * printed: return 2. */
bool cli_number(const struct argument *arguments, size_t count, const char *name, int64_t low, int64_t high,
                int64_t *ret_number);

/* The id of a record. False after the reason has been printed: return 2. */
bool cli_record_id(const char *text, uint8_t ret_id[RECORD_ID_SIZE]);
/* --from and --to as days. NULL, or what is wrong. */
const char *cli_days(const struct argument *arguments, size_t count, struct record_filter *filter);

/* 2, after printing how the verb that runs is written. */
int cli_usage(void);
/* 1, after printing. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A read handle of the home's store; NULL after the reason has been printed. */
struct store *cli_open_store(const struct home *home, struct options *ret_options);
/* The city's own party, with the hub's public keys: whoever may read the store need not read the key file. False after
 * the reason has been printed. */
bool cli_city(struct store *store, const struct options *options, struct registrant *ret_city);
/* A verb that has "csv" among its arguments takes --jsonl and --xlsx FILE without naming them. */
enum table_form cli_form(const struct argument *arguments, size_t count);
/* After the verb: writes the workbook of --xlsx, unless cli_fail() was called. STATUS, or 1 where that failed or not
 * all of standard output could be written. */
int cli_finish(int status);

#endif
