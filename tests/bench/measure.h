/* tests/bench/measure.h - clocks, percentiles, what /proc says of the hub, and one flat list of results.
 *
 * Results are numbers under stable names: lines `name value` for a person, one JSON object for a script. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Monotonic seconds. */
double now_s(void);

/* Ends the program with exit 1: a figure from a run that went wrong is worse than none. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct samples {
    double *values;
    size_t count, capacity;
    bool is_sorted;
};
void samples_add(struct samples *samples, double value);
/* The value that SHARE (0 to 1) of the samples do not exceed; 0 without samples. */
double samples_at(struct samples *samples, double share);
void samples_done(struct samples *samples);

struct results {
    FILE *file;
    bool is_json;
    bool has_any;
};
void results_open(struct results *results, FILE *file, bool is_json);
void results_add(struct results *results, const char *name, double value, int decimals);
/* NAME_p50_ms, NAME_p90_ms, NAME_p99_ms; NAME may be "". */
void results_add_latency(struct results *results, const char *name, struct samples *samples_ms);
void results_close(struct results *results);

/* Resident memory in KiB and processor time in seconds of another process. */
double process_rss_kib(long pid);
double process_cpu_s(long pid);

/* An option's number between LOW and HIGH, or fail(). */
double option_number(const char *name, const char *text, double low, double high);

#endif
