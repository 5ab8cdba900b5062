/* common/service.h - what the service manager is told (systemd's sd_notify): that the program is ready, that it stops,
 * and, where its watchdog asks for it, that work goes on. Nothing where no manager started the program.
 *
 * A sign of life is given by what has just been done, never by a timer alone: the program that calls service_alive()
 * has seen its loops turn. */
#ifndef COMMON_SERVICE_H
#define COMMON_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

struct service {
    int64_t period_ms; /* between two signs of life; 0: nobody asks */
    int64_t told_ms;
};

void service_ready(struct service *ret_service);
void service_stopping(void);

/* Whether a sign of life is wanted by now. NOW_MS is clock_monotonic_ms(). */
bool service_is_due(const struct service *service, int64_t now_ms);
/* Gives it, where it is due. */
void service_alive(struct service *service, int64_t now_ms);

#endif
