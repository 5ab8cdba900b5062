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

/* Appends what is left of a record when its content is erased, in exactly as many bytes: its place in the log, and the
 * codes, numbers and dates that figures and deadlines stand on; no text but the natural key's, nothing confidential, no
 * list. A filler under ERASED_KEY makes up the size. ERR_NOT_FOUND: there is nothing to erase.
 */
#define ERASED_KEY "erased"
MUST_CHECK err_t rights_remnant(struct view bytes, msgpack_sbuffer *buffer);
/* As far as the bytes say: whoever files a record may put that key into it. */
bool rights_is_remnant(struct view bytes);

/* Whether the institution's name must be hidden: reporter_confidential. */
bool rights_hides_reporter(const struct record *record);

#endif
