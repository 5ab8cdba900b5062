#include "common/verdicts.h"

#include "common/log.h"

enum { RETRY_MAX_MS = 3600000 };

void verdicts_add(struct verdicts *verdicts, uint64_t seq, const struct result *result)
{
    struct verdict *verdict = &verdicts->list[verdicts->count++];
    *verdict = (struct verdict){.seq = seq, .outcome = result->outcome};
    if (result->outcome == OUTCOME_RETRY) {
        verdict->after_ms = result->after_ms < RETRY_MAX_MS ? (int64_t)result->after_ms : RETRY_MAX_MS;
        log_safe(result->code.at, result->code.size, verdict->code, sizeof verdict->code);
    }
}
