/* common/json_text.h - a record's JSON text as a person or a program wrote it. */
#ifndef COMMON_JSON_TEXT_H
#define COMMON_JSON_TEXT_H

#include <jansson.h>

#include "proto/fault.h"
#include "proto/reader.h"

/* A new reference. NULL, with the fault added that names line and column, where it is no JSON, or has a key twice. */
json_t *json_text_read(struct view text, struct faults *faults);

#endif
