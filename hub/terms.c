#include "hub/terms.h"

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

void site_terms_close(struct site_terms *site)
{
    calendar_free(site->calendar);
    *site = (struct site_terms){0};
}
