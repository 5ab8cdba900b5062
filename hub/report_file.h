/* hub/report_file.h - puts a report's file in place whole or not at all, and never over somebody else's work.
 *
 * HOME/reports.sha256 lists what was written. A file that is there already is replaced when its content is on the list:
 * one that a person has changed since is theirs, and stays. */
#ifndef HUB_REPORT_FILE_H
#define HUB_REPORT_FILE_H

#include "common/home.h"
#include "hub/report.h"

/* Whether a file may be written at PATH: there is none, or one of ours, or IS_FORCED and it is a plain file. The reason
 * otherwise. */
bool report_file_is_free(const struct home *home, const char *path, bool is_forced, char reterr_reason[512]);

/* WRITE puts the report into the file of the name that it is given, which exists and is empty. */
MUST_CHECK err_t report_file_put(const struct home *home, const char *path, const struct report *report,
                                 err_t (*write)(const struct report *report, const char *path),
                                 char reterr_reason[512]);

#endif
