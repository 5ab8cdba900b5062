#include "hub/terms.h"

#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "proto/period.h"

err_t site_terms_open(const struct home *home, int utc_offset_minutes, struct site_terms *ret_site,
                      char reterr_reason[512])
{
    char path[PATH_SIZE];
    *ret_site = (struct site_terms){0};
    term_settings_default(utc_offset_minutes, &ret_site->settings);
    home_file(home, "terms.conf", path);
    err_t err = term_config_load(path, &ret_site->settings, reterr_reason);
    if (err != ERR_OK) {
        return err;
    }
    home_file(home, "calendar.txt", path);
    err = calendar_load(path, &ret_site->calendar, reterr_reason);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    ret_site->settings.add_working_days = calendar_add_working_days;
    ret_site->settings.calendar = ret_site->calendar;
    return ERR_OK;
}

char *site_terms_text(const struct site_terms *site)
{
    enum { LINE = 64 + LENGTH_TEXT_SIZE };
    char *days = calendar_text(site->calendar);
    size_t size = (size_t)(TERMS + 1) * LINE + strlen(days) + 1;
    char *text = mem_alloc(size);
    size_t used = 0;
    struct term_settings standard;
    term_settings_default(site->settings.utc_offset_minutes, &standard);
    for (int i = 0; i < TERMS; i++) {
        char length[LENGTH_TEXT_SIZE];
        char usual[LENGTH_TEXT_SIZE];
        term_length_text(site->settings.lengths[i], length);
        term_length_text(standard.lengths[i], usual);
        if (strcmp(length, usual) != 0) {
            used += (size_t)snprintf(text + used, LINE, "term %.50s = %s\n", terms[i].label->code, length);
        }
    }
    if (site->settings.period != standard.period) {
        used += (size_t)snprintf(text + used, LINE, "period = %s\n",
                                 site->settings.period == PERIOD_MONTH ? "month" : "quarter");
    }
    snprintf(text + used, size - used, "%s", days);
    free(days);
    return text;
}

int site_terms_uncovered_year(const struct site_terms *site, int64_t now_ms)
{
    enum { AHEAD_DAYS = 30 };
    int64_t today = day_of(now_ms, site->settings.utc_offset_minutes);
    int year = period_of_day(today, PERIOD_YEAR).year;
    int next = period_of_day(today + AHEAD_DAYS, PERIOD_YEAR).year;
    if (!calendar_covers(site->calendar, year)) {
        return year;
    }
    return calendar_covers(site->calendar, next) ? 0 : next;
}

void site_terms_tell_calendar(const struct site_terms *site, int64_t now_ms)
{
    int year = site_terms_uncovered_year(site, now_ms);
    if (year) {
        fprintf(
            stderr,
            tr("agn-hub: calendar.txt names no day of %d, so its holidays count as worked days; add them after the "
               "State Council's notice and reload the hub\n",
               "agn-hub：calendar.txt 中没有 %d 年的日期，该年节假日将按工作日计算；请按国务院办公厅通知补充并重新加载"
               "枢纽配置\n"),
            year);
    }
}

void site_terms_close(struct site_terms *site)
{
    calendar_free(site->calendar);
    *site = (struct site_terms){0};
}
