/* agent/attachment.h - the two files of the command `attachment`. */
#ifndef AGENT_ATTACHMENT_H
#define AGENT_ATTACHMENT_H

#include "agent/arguments.h"
#include "agent/office.h"

/* Writes the attachment with this SHA-256, or all of the record with this id, to files; fetches from the hub what is
 * not here. The exit code. */
int attachment_get(struct office *office, const struct arguments *arguments, const char *text);

#endif
