/* proto/ident.h - identifiers by parts. */
#ifndef PROTO_IDENT_H
#define PROTO_IDENT_H

#include <stdbool.h>

#include "proto/reader.h"

/* For the validator, which tells two faults apart. 18 characters of the alphabet with a numeric district part: all of
 * GB 32100-2015 but the check character. */
bool uscc_is_formed(struct view code);

/* 0 to 15; -1 for what is no hex digit. */
int hex_digit(char character);

#endif
