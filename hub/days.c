#include "hub/days.h"

#include <inttypes.h>
#include <stdlib.h>

struct days days_seen(struct store *store, const char *key)
{
    struct days days = {.last = INT64_MIN};
    char *noted = store_noted(store, key);
    if (noted) {
        char *end = noted;
        days.last = strtoll(noted, &end, 10);
        days.in_a_row = strtoll(end, NULL, 10);
    }
    free(noted);
    return days;
}

err_t days_see(struct store *store, const char *key, int64_t today, struct days *days)
{
    char text[48];
    if (days->last == today) {
        return ERR_OK;
    }
    days->in_a_row = days->last == today - 1 ? days->in_a_row + 1 : 1;
    days->last = today;
    snprintf(text, sizeof text, "%" PRId64 " %" PRId64, days->last, days->in_a_row);
    return store_note(store, key, text);
}
