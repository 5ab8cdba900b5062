/* proto/rights.h - the one function that everything leaving the city passes.
 *
 * Fields marked confidential in the schema are removed at every depth; keys unknown to the schema are removed too,
 * since nobody has said that they may leave. */
#ifndef PROTO_RIGHTS_H
#define PROTO_RIGHTS_H

#include <msgpack.h>

#include "proto/record.h"

/* Appends to BUFFER the record as it may leave. BYTES have passed record_check(). The names of the reporter are left
 * out where the record says so, or where HIDES_REPORTER: the warning that it is about says so. */
MUST_CHECK err_t rights_strip(struct view bytes, bool hides_reporter, msgpack_sbuffer *buffer);

/* Whether the institution's name must be hidden: reporter_confidential. */
bool rights_hides_reporter(const struct record *record);

#endif
