/* hub/terms.h - the site's terms: what `agn-hub terms` lists, and the settings that the clocks are reckoned with.
 *
 * HOME/terms.conf may change lengths (common/term_config.h), HOME/calendar.txt names holidays (common/calendar.h);
 * without them the table's lengths hold, and Saturdays and Sundays are off. */
#ifndef HUB_TERMS_H
#define HUB_TERMS_H

#include <stdio.h>

#include "common/calendar.h"
#include "common/home.h"
#include "common/term_config.h"

struct site_terms {
    struct term_settings settings; /* its calendar is `calendar` */
    struct calendar *calendar;
};

/* On failure there is nothing to close; the reason names file and line. */
MUST_CHECK err_t site_terms_open(const struct home *home, int utc_offset_minutes, struct site_terms *ret_site,
                                 char reterr_reason[512]);
void site_terms_close(struct site_terms *site);

/* A line a length or a period that is not the table's, as terms.conf has it, then calendar_text(): what is compared
 * when the files may have changed. The caller frees it. */
char *site_terms_text(const struct site_terms *site);

/* The first year, of the present one and the one that is 30 days away, of which calendar.txt names no day, so that its
 * holidays would count as worked; 0: it names days of both. */
int site_terms_uncovered_year(const struct site_terms *site, int64_t now_ms);
/* Says so to the operator, on stderr; nothing where there is nothing to say. */
void site_terms_tell_calendar(const struct site_terms *site, int64_t now_ms);

/* The tables of docs/clocks.md, in Chinese and English, as the sources have the terms. */
void terms_print_page(FILE *file);

/* A row in words. */
struct term_words {
    char when[240];
    char start[120];
    char length[LENGTH_TEXT_SIZE * 2]; /* as the settings have it */
    char standard[LENGTH_TEXT_SIZE * 2];
    char end[200];
    char before[120];
    char after[200];
};
void term_words(const struct term *term, const struct term_settings *settings, bool chinese,
                struct term_words *ret_words);

#endif
