/* The composite warnings that the hub raised by itself, with their evidence. */

#include "common/text.h"
#include "hub/cli.h"
#include "hub/store_signal.h"

struct listing {
    struct table *table; /* NULL: JSON */
    bool is_lines;       /* an object each */
    size_t count;
};

static void print_json(struct listing *listing, const struct raised *raised, const char *id, const char *day,
                       const char *at)
{
    json_t *evidence = json_array();
    for (size_t i = 0; i + RECORD_ID_SIZE <= raised->evidence.size; i += RECORD_ID_SIZE) {
        char text[37];
        record_id_text(raised->evidence.at + i, text);
        json_array_append_new(evidence, json_string(text));
    }
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "rule", raised->rule, "cluster", raised->cluster, "day",
                            day, "raised_at", at, "id", id, "evidence", evidence);
    if (!listing->is_lines) {
        fputs(listing->count == 0 ? "[\n" : ",\n", stdout);
    }
    json_dumpf(row, stdout, JSON_COMPACT);
    if (listing->is_lines) {
        putchar('\n');
    }
    json_decref(row);
}

static void print_raised(void *self, const struct raised *raised)
{
    struct listing *listing = self;
    char id[37];
    char day[11];
    char at[25];
    char count[24];
    record_id_text(raised->id, id);
    date_text(raised->day, day);
    time_text(raised->at, at);
    if (listing->table) {
        const char *cells[] = {raised->rule, raised->cluster, day, at, count, id};
        snprintf(count, sizeof count, "%zu", raised->evidence.size / RECORD_ID_SIZE);
        table_row(listing->table, cells, NULL);
    } else {
        print_json(listing, raised, id, day, at);
    }
    listing->count++;
}

int cli_raised(struct store *store, enum table_form form)
{
    static const struct table_column heads[] = {
        {"rule", "rule", "规则", false},        {"cluster", "cluster", "聚集", false},
        {"day", "last day", "截至日", false},   {"raised_at", "raised at", "发出时间", false},
        {"warnings", "warnings", "件数", true}, {"id", "id", "编号", false},
    };
    struct listing listing = {.is_lines = form == TABLE_JSON_LINES};
    bool is_json = form == TABLE_JSON || form == TABLE_JSON_LINES;
    listing.table = is_json ? NULL : table_open(stdout, form, heads, sizeof heads / sizeof *heads);
    err_t err = store_each_raised(store, print_raised, &listing);
    if (listing.table) {
        table_close(listing.table);
    } else if (!listing.is_lines) {
        puts(listing.count ? "\n]" : "[]");
    }
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}
