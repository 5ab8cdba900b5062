#include <stdio.h>

#include "common/text.h"
#include "hub/cli.h"
#include "hub/terms.h"

static const struct table_column columns[] = {
    {"term", "code", "代码", false},
    {"name", "term", "时限", false},
    {"starts", "starts", "起算", false},
    {"length", "length", "时长", false},
    {"ends", "ends", "终止", false},
    {"before", "before", "到期前提醒", false},
    {"overdue", "overdue: told", "逾期告知", false},
    {"source", "source", "依据", false},
    {"kind", "record", "记录", false},
    {"when", "when", "条件", false},
    {"standard", "standard", "标准时长", false},
};
/* People see the first; programs all. */
enum { COLUMNS = sizeof columns / sizeof *columns, COLUMNS_FOR_PEOPLE = 8 };

static void list_terms(const struct term_settings *settings, enum table_form form)
{
    bool zh = text_is_chinese();
    bool is_for_people = form == TABLE_TEXT;
    struct table *table = table_open(stdout, form, columns, is_for_people ? COLUMNS_FOR_PEOPLE : COLUMNS);
    for (size_t i = 0; i < TERMS; i++) {
        const struct term *term = &terms[i];
        struct term_words words;
        char length[LENGTH_TEXT_SIZE];
        char standard[LENGTH_TEXT_SIZE];
        term_words(term, settings, zh, &words);
        term_length_text(settings->lengths[i], length);
        term_length_text(term->length, standard);
        const char *cells[COLUMNS] = {term->label->code, zh ? term->label->zh : term->label->en,
                                      words.start,       is_for_people ? words.length : length,
                                      words.end,         words.before,
                                      words.after,       term->source,
                                      term->root,        words.when,
                                      standard};
        table_row(table, cells, NULL);
    }
    table_close(table);
}

int cli_terms(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"json", true, NULL}, {"csv", true, NULL}, {"markdown", true, NULL}};
    size_t rest = 0;
    char reason[512];
    struct options options;
    struct site_terms site;
    if (!cli_parse(argc, argv, arguments, 3, NULL, 0, &rest)) {
        return 2;
    }
    if (arguments[2].value) {
        terms_print_page(stdout);
        return 0;
    }
    if (options_load(home, &options, reason) != ERR_OK ||
        site_terms_open(home, (int)options.utc_offset_minutes, &site, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    enum table_form form = cli_form(arguments, 2);
    list_terms(&site.settings, form);
    if (form == TABLE_TEXT) {
        printf(
            tr("\nperiodic reports: each %s; working days: %s\nA changed length applies to cases that begin after the "
               "change; clocks that run keep theirs.\n",
               "\n定期报送周期：每%s；工作日：%s\n时长的变更只适用于变更后开始的事项；已在计时的事项不变。\n"),
            site.settings.period == PERIOD_MONTH ? tr("month", "月") : tr("quarter", "季度"),
            site.calendar ? tr("calendar.txt", "calendar.txt")
                          : tr("Monday to Friday (no calendar.txt)", "周一至周五（没有 calendar.txt）"));
    }
    site_terms_tell_calendar(&site, clock_ms());
    site_terms_close(&site);
    return 0;
}
