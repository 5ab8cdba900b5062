/* tests/bench/records.h - the records that the load files: about 1 KiB each, with the fields that institutions fill in.
 *
 * A record follows from its sequence number alone, so that two runs file the same work. */
#ifndef TESTS_BENCH_RECORDS_H
#define TESTS_BENCH_RECORDS_H

#include <msgpack.h>

#include "proto/record.h"

/* Append one record to BUFFER. MEMBER sets the entity's few sectors, SEQ the rest: nine in ten go by the general
 * procedure, nine in ten of these are approved, decided within the last 60 days. */
void records_review(size_t member, uint64_t seq, int64_t now_ms, msgpack_sbuffer *buffer);
/* A warning of level 2, which goes up to the province at once. */
void records_warning(size_t member, uint64_t seq, int64_t now_ms, msgpack_sbuffer *buffer);

#endif
