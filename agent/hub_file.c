#include "agent/hub_file.h"

#include <inttypes.h>

#include "agent/office.h"
#include "common/log.h"
#include "common/text.h"

void hub_file_init(struct hub_file *hub_file, const struct home *home, const struct membership *membership)
{
    *hub_file = (struct hub_file){.home = home, .membership = membership, .saved = *membership};
}

void hub_file_save(struct hub_file *hub_file, int64_t retry_ms)
{
    err_t err = membership_update(hub_file->home, MEMBERSHIP_FILE, &hub_file->saved, hub_file->membership);
    hub_file->save_ms = 0;
    if (err == ERR_OK) {
        hub_file->saved = *hub_file->membership;
    } else if (err == ERR_NOT_FOUND) {
        hub_file_look(hub_file);
    } else {
        hub_file->save_ms = clock_monotonic_ms() + retry_ms;
        log_error("hub-keys-unsaved", "err=\"%s\" retry_ms=%" PRId64, err_name(err), retry_ms);
    }
}

void hub_file_tick(struct hub_file *hub_file, int64_t retry_ms)
{
    if (hub_file->save_ms > 0 && clock_monotonic_ms() >= hub_file->save_ms) {
        hub_file_save(hub_file, retry_ms);
    }
}

/* One that is gone or damaged says nothing. */
bool hub_file_look(struct hub_file *hub_file)
{
    struct membership present;
    char reason[256];
    if (!hub_file->is_outdated && membership_load(hub_file->home, MEMBERSHIP_FILE, &present, reason) == ERR_OK &&
        !membership_is_same(&present, &hub_file->saved)) {
        log_info("joined-anew", "hub=%s text=\"the session with the former ends\"", present.endpoint);
        hub_file->is_outdated = true;
    }
    return hub_file->is_outdated;
}
