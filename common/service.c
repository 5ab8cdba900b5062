#include "common/service.h"

#include <systemd/sd-daemon.h>

/* Of the time that the manager waits: one that is late by as much is not killed. */
enum { SIGNS = 4 };

void service_ready(struct service *ret_service)
{
    uint64_t limit_us = 0;
    *ret_service = (struct service){0};
    if (sd_watchdog_enabled(0, &limit_us) > 0) {
        ret_service->period_ms = (int64_t)(limit_us / 1000 / SIGNS);
    }
    sd_notify(0, "READY=1");
}

void service_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

bool service_is_due(const struct service *service, int64_t now_ms)
{
    return service->period_ms > 0 && now_ms - service->told_ms >= service->period_ms;
}

void service_alive(struct service *service, int64_t now_ms)
{
    if (service_is_due(service, now_ms)) {
        service->told_ms = now_ms;
        sd_notify(0, "WATCHDOG=1");
    }
}
