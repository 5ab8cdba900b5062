/* agent/cmd_items.h - an item of the spool as a row of a table, and by the word of --state: what list, export and
 * statement have alike. */
#ifndef AGENT_CMD_ITEMS_H
#define AGENT_CMD_ITEMS_H

#include "agent/spool.h"
#include "common/table.h"

enum { ITEM_CELLS = 8, ITEM_CELL_STATE = 4, ITEM_CELL_OUTCOME_AT = 7 };

/* The columns of the cells. */
#define ITEM_COLUMNS                                                                                                   \
    {"seq", "no.", "序号", true}, {"id", "id", "ID", false}, {"kind", "kind", "类型", false},                          \
        {"title", "title", "名称", false}, {"state", "state", "状态", false},                                          \
        {"accepted_at", "accepted", "受理时间", false}, {"number", "hub no.", "市级编号", true},                       \
    {                                                                                                                  \
        "outcome_at", "answered", "答复时间", false                                                                    \
    }

/* Not to be copied: `cells` and `labels`, as table_row() takes them, point into it and into the item. */
struct item_cells {
    const char *cells[ITEM_CELLS];
    const char *labels[ITEM_CELLS];
    char id[37], seq[24], number[24], accepted[25], outcome[25], accepted_here[20], outcome_here[20];
};

void item_cells(const struct item *item, int utc_offset_minutes, struct item_cells *ret_cells);

/* The spool's state behind a word of --state: what an authority has filed, read or decided was received. Says on stderr
 * which words there are; false then. Whether the word is an item's own, progress_of() tells. */
bool item_state_read(const char *word, int *ret_state);

#endif
