/* agent/cmd_matter.h - what the commands share by which a secretary goes on with a matter: answer, correct, withdraw.
 * What is wrong is said on stderr. */
#ifndef AGENT_CMD_MATTER_H
#define AGENT_CMD_MATTER_H

#include <jansson.h>

#include "agent/arguments.h"
#include "agent/office.h"

bool matter_parse_id(const char *text, uint8_t ret_id[RECORD_ID_SIZE]);
/* The object of a file, - for standard input; NULL after the reason has been said. */
json_t *matter_load_object(const char *path);
/* A record of the spool; NULL: it cannot be read. */
json_t *matter_read_item(struct spool *spool, uint64_t seq);
/* Who files: --by and --role, over what the record says already. */
void matter_set_submitter(json_t *record, const struct arguments *arguments);
/* Prints the id of what was filed, or every fault; the program's exit code. Takes RECORD. */
int matter_file(struct office *office, json_t *record);

#endif
