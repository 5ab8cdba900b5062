#include "tests/bench/measure.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/text.h"

double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void samples_add(struct samples *samples, double value)
{
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : 4096;
        samples->values = mem_grow(samples->values, samples->capacity, sizeof *samples->values);
    }
    samples->values[samples->count++] = value;
    samples->is_sorted = false;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

double samples_at(struct samples *samples, double share)
{
    if (samples->count == 0) {
        return 0;
    }
    if (!samples->is_sorted) {
        qsort(samples->values, samples->count, sizeof *samples->values, compare);
        samples->is_sorted = true;
    }
    size_t index = (size_t)((double)samples->count * share);
    return samples->values[index < samples->count ? index : samples->count - 1];
}

void samples_done(struct samples *samples)
{
    free(samples->values);
    memset(samples, 0, sizeof *samples);
}

void results_open(struct results *results, FILE *file, bool is_json)
{
    *results = (struct results){.file = file, .is_json = is_json};
    if (is_json) {
        fputc('{', file);
    }
}

void results_add(struct results *results, const char *name, double value, int decimals)
{
    if (results->is_json) {
        fprintf(results->file, "%s\"%s\": %.*f", results->has_any ? ", " : "", name, decimals, value);
    } else {
        fprintf(results->file, "%-36s %.*f\n", name, decimals, value);
    }
    results->has_any = true;
}

void results_add_latency(struct results *results, const char *name, struct samples *samples_ms)
{
    static const struct {
        const char *suffix;
        double share;
    } rows[] = {{"p50_ms", 0.5}, {"p90_ms", 0.9}, {"p99_ms", 0.99}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char key[96];
        snprintf(key, sizeof key, "%s%s%s", name, name[0] ? "_" : "", rows[i].suffix);
        results_add(results, key, samples_at(samples_ms, rows[i].share), 4);
    }
}

void results_close(struct results *results)
{
    if (results->is_json) {
        fputs("}\n", results->file);
    }
    fflush(results->file);
}

static FILE *open_proc(long pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
    FILE *file = fopen(path, "r");
    if (!file) {
        fail(tr("no process %ld", "没有进程 %ld"), pid);
    }
    return file;
}

double process_rss_kib(long pid)
{
    char line[256];
    double kib = 0;
    FILE *file = open_proc(pid, "status");
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtod(line + 6, NULL);
        }
    }
    fclose(file);
    return kib;
}

double process_cpu_s(long pid)
{
    enum { FIELDS_BEFORE_TIMES = 11 }; /* proc(5): utime and stime follow, counted from behind the name */
    char line[1024] = "";
    FILE *file = open_proc(pid, "stat");
    char *got = fgets(line, sizeof line, file);
    fclose(file);
    char *at = got ? strrchr(line, ')') : NULL;
    for (int i = 0; at && i <= FIELDS_BEFORE_TIMES; i++) {
        at = strchr(at + 1, ' ');
    }
    if (!at) {
        fail(tr("/proc/%ld/stat is not understood", "无法理解 /proc/%ld/stat"), pid);
    }
    double user = strtod(at, &at);
    double kernel = strtod(at, NULL);
    return (user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

double option_number(const char *name, const char *text, double low, double high)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= low && value <= high)) {
        fprintf(stderr, tr("--%s: expected a number from %g to %g\n", "--%s：应为 %g 至 %g 之间的数\n"), name, low,
                high);
        exit(2);
    }
    return value;
}
