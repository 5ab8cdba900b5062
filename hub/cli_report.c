#include <string.h>

#include "common/text.h"
#include "hub/cli.h"
#include "hub/report_file.h"

static err_t write_html(const struct report *report, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        return ERR_IO;
    }
    err_t err = report_html(report, file);
    return fclose(file) == 0 ? err : ERR_IO;
}

/* One file that is asked for. */
struct output {
    const char *path; /* NULL: not wanted */
    err_t (*write)(const struct report *report, const char *path);
};
enum { OUTPUTS = 2 };

static int write_outputs(const struct home *home, const struct report *report, const struct output outputs[OUTPUTS])
{
    char reason[512];
    for (int i = 0; i < OUTPUTS; i++) {
        if (outputs[i].path && report_file_put(home, outputs[i].path, report, outputs[i].write, reason) != ERR_OK) {
            return cli_fail("%s", reason);
        }
    }
    for (int i = 0; i < OUTPUTS; i++) {
        if (outputs[i].path) {
            printf("%s\n", outputs[i].path);
        }
    }
    for (size_t i = 0; i < report->remark_count; i++) {
        fprintf(stderr, "agn-hub: %s\n", report->remarks[i]);
    }
    return 0;
}

/* Without a name for either, both are written here, named after the period. */
static void name_outputs(struct output outputs[OUTPUTS], struct span span, char ret_names[OUTPUTS][32])
{
    static const char *const endings[OUTPUTS] = {"xlsx", "html"};
    char period[PERIOD_TEXT_SIZE];
    span_text(span, period);
    if (outputs[0].path || outputs[1].path) {
        return;
    }
    for (int i = 0; i < OUTPUTS; i++) {
        snprintf(ret_names[i], 32, "agn-report-%s.%s", period, endings[i]);
        outputs[i].path = ret_names[i];
    }
}

static int make_report(const struct home *home, struct span span, bool is_chinese, bool is_forced,
                       const struct output outputs[OUTPUTS])
{
    char reason[512];
    struct options options;
    struct report report;
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    for (int i = 0; i < OUTPUTS; i++) {
        if (outputs[i].path && !report_file_is_free(home, outputs[i].path, is_forced, reason)) {
            store_close(store);
            return cli_fail("%s", reason);
        }
    }
    err_t err = report_collect(store, &options, span, is_chinese, clock_ms(), &report);
    store_close(store);
    int status = err == ERR_OK ? write_outputs(home, &report, outputs) : cli_fail("%s", err_text(err));
    report_free(&report);
    return status;
}

int cli_report(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"period", false, NULL},
                                   {"xlsx", false, NULL},
                                   {"html", false, NULL},
                                   {"lang", false, NULL},
                                   {"force", true, NULL}};
    size_t count = sizeof arguments / sizeof *arguments;
    size_t rest = 0;
    char names[OUTPUTS][32];
    struct span span;
    if (!cli_parse(argc, argv, arguments, count, NULL, 0, &rest)) {
        return 2;
    }
    const char *period = arguments[0].value;
    const char *lang = arguments[3].value ? arguments[3].value : "zh";
    struct output outputs[OUTPUTS] = {{arguments[1].value, report_xlsx}, {arguments[2].value, write_html}};
    if (!period) {
        return cli_usage();
    }
    if (span_parse(period, &span) != ERR_OK) {
        return cli_fail(tr("--period %s: a month (2026-07), quarter (2026-Q3), half (2026-H2) or year (2026)",
                           "--period %s：请填月（2026-07）、季度（2026-Q3）、半年（2026-H2）或年（2026）"),
                        period),
               2;
    }
    if (strcmp(lang, "zh") != 0 && strcmp(lang, "en") != 0) {
        return cli_fail(tr("--lang %s: zh or en", "--lang %s：zh 或 en"), lang), 2;
    }
    for (int i = 0; i < OUTPUTS; i++) {
        if (outputs[i].path && !*outputs[i].path) {
            return cli_fail(tr("--xlsx and --html need the name of a file", "--xlsx 与 --html 需要文件名")), 2;
        }
    }
    if (outputs[0].path && outputs[1].path && strcmp(outputs[0].path, outputs[1].path) == 0) {
        return cli_fail(tr("--xlsx and --html name the same file", "--xlsx 与 --html 不能是同一文件")), 2;
    }
    name_outputs(outputs, span, names);
    return make_report(home, span, strcmp(lang, "zh") == 0, arguments[4].value != NULL, outputs);
}
