/* proto/prose.h - text that a person wrote: well formed, without control characters, in NFC.
 *
 * One pass counts and classifies; only text with characters that could be out of NFC pays for normalising. */
#ifndef PROTO_PROSE_H
#define PROTO_PROSE_H

#include "proto/reader.h"

enum prose_flaw { PROSE_SOUND, PROSE_BAD_UTF8, PROSE_BAD_CHARACTER };

/* `is_stable`: every character is known to be in NFC beside any other of its sort, so the text is. */
struct prose {
    size_t count; /* code points */
    bool is_stable;
};

/* PROSE_BAD_CHARACTER: a control character other than LF and TAB, or more than 30 combining marks in a row (UAX #15's
 * stream-safe bound, without which normalising takes time by the square of the length). */
enum prose_flaw prose_scan(struct view text, struct prose *ret_prose);

/* TEXT has passed prose_scan(). */
bool prose_is_nfc(struct view text);

/* The text in NFC, to be freed; NULL where there is nothing to normalise, or nothing that could be. */
char *prose_to_nfc(struct view text, size_t *ret_size);

#endif
