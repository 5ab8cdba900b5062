#include "agent/courier_note.h"

#include <inttypes.h>

#include "common/log.h"
#include "common/text.h"

enum { SLOW_MS = 2000 };

static void save(struct notice *notice, const char *reason, int64_t next_try_ms)
{
    struct connection *connection = &notice->connection;
    connection->next_try_ms = next_try_ms;
    snprintf(connection->reason, REASON_SIZE, "%s", reason);
    if (spool_note_connection(notice->spool, connection) != ERR_OK) {
        log_debug("status-not-noted", "ready=%d", connection->is_ready);
    }
}

void notice_set(struct notice *notice, bool is_ready, const char *reason, int64_t next_try_ms)
{
    notice->connection.is_ready = is_ready;
    notice->connection.since_ms = clock_ms();
    notice->slowed_ms = 0;
    save(notice, reason, next_try_ms);
}

void notice_refuse(struct notice *notice, const char *reason)
{
    struct connection *connection = &notice->connection;
    char as_before[REASON_SIZE];
    snprintf(as_before, sizeof as_before, "%s", connection->reason);
    snprintf(connection->refusal, REASON_SIZE, "%s", reason);
    notice_set(notice, connection->is_ready, as_before, connection->next_try_ms);
}

void notice_slow(struct notice *notice, const struct refuse *refusal, int64_t wait_ms)
{
    bool is_told = notice->slowed_ms > 0;
    notice->slowed_ms = clock_monotonic_ms() + wait_ms;
    if (!is_told) {
        char code[32];
        char reason[400];
        char text[REASON_SIZE];
        log_safe(refusal->code.at, refusal->code.size, code, sizeof code);
        log_safe(refusal->reason.at, refusal->reason.size, reason, sizeof reason);
        snprintf(text, sizeof text, "%s (%s)", fault_label(code, text_is_chinese()), reason);
        save(notice, text, clock_ms() + wait_ms);
    }
}

void notice_tick(struct notice *notice, int64_t now_monotonic)
{
    if (notice->slowed_ms > 0 && now_monotonic > notice->slowed_ms + SLOW_MS) {
        notice->slowed_ms = 0;
        save(notice, "", 0);
    }
}

void note_welcome(const struct welcome_effect *effect, const char *endpoint)
{
    if (effect->is_epoch_changed) {
        log_error("hub-epoch-changed",
                  "hub=%s sent_again=%" PRIu64 " text=\"the hub's store is another one than before: "
                  "a restored backup? what only the former one confirmed is sent again\"",
                  endpoint, effect->sent_again);
    }
    if (effect->is_hub_behind) {
        log_error("hub-behind",
                  "hub=%s sent_again=%" PRIu64
                  " text=\"the hub holds less than it has confirmed: a backup was put back? "
                  "all that it confirmed is sent again\"",
                  endpoint, effect->sent_again);
    }
    if (effect->is_spool_behind) {
        log_error("spool-behind-hub",
                  "text=\"the hub holds more of this entity than this spool: another home, or a "
                  "lost one? numbering goes on above\" seq=%" PRIu64,
                  effect->last_seq);
    }
}
