/* common/json_text.h - a record's JSON text as a person or a program wrote it. */
#ifndef COMMON_JSON_TEXT_H
#define COMMON_JSON_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "proto/fault.h"
#include "proto/reader.h"

/* A new reference. NULL, with the fault added that names line and column, where it is no JSON, or has a key twice. */
json_t *json_text_read(struct view text, struct faults *faults);
/* As json_dumpf(), but what a terminal takes for a command (U+0080 to U+009F) is escaped, which JSON leaves open. */
void json_text_write(const json_t *json, FILE *file, size_t flags);

#endif
