/* common/term_config.h - what a site sets about its terms: lengths and the period of reports.
 *
 * One setting a line; `#` begins a comment:
 *
 *     term decision_general = 45 days
 *     term rereview_request = 5 working_days
 *     term acknowledge_1 = 30 hours
 *     term follow_up = 11 months
 *     term annual_report = 03-15
 *     period = month
 *
 * A changed length applies to cases that begin after the change; clocks that run keep theirs (proto/term.h). */
#ifndef COMMON_TERM_CONFIG_H
#define COMMON_TERM_CONFIG_H

#include "proto/term.h"

enum { LENGTH_TEXT_SIZE = 48 };

/* Lays PATH's lines over SETTINGS; where there is no file nothing changes. ERR_INVALID for the first wrong line, with
 * file, line, what was expected and the nearest right name; SETTINGS is then as before. */
MUST_CHECK err_t term_config_load(const char *path, struct term_settings *settings, char reterr_reason[512]);

/* One length, as after the `=`. The reason is without a place. */
MUST_CHECK err_t term_config_set(const char *name, const char *length, struct term_settings *settings,
                                 char reterr_reason[256]);

/* As term_config_set() reads it; "-" where the due date stands in the record. */
void term_length_text(struct term_length length, char ret_text[LENGTH_TEXT_SIZE]);
/* For a person, in one language or the other. */
void term_length_words(struct term_length length, bool chinese, char ret_text[LENGTH_TEXT_SIZE]);

#endif
