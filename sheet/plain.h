/* sheet/plain.h - the values of a field as people write them: 是 for true, 2026年3月5日 for a date, a label for its
 * code.
 *
 * A plain text is short, without blanks around it, with width and compatibility folded (NFKC). Everything here makes
 * new references. */
#ifndef SHEET_PLAIN_H
#define SHEET_PLAIN_H

#include <jansson.h>

#include "proto/schema.h"

/* NULL: the text is no value of ROW's type. Times without a zone are of the site's. */
json_t *plain_value(const struct field *row, const char *plain, int utc_offset_minutes);
/* As the record has them; days and milliseconds since 1970. A day is one of the years 1 to 9999; NULL: a time is not.
 */
json_t *plain_date(int64_t days);
json_t *plain_time(int64_t ms);

#endif
