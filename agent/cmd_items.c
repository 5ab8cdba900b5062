#include "agent/cmd_items.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/office.h"
#include "agent/progress.h"
#include "agent/vocabulary.h"
#include "common/text.h"

void item_cells(const struct item *item, int utc_offset_minutes, struct item_cells *ret_cells)
{
    struct item_cells *row = ret_cells;
    const struct kind *kind = kind_find((struct view){(const uint8_t *)item->kind, strlen(item->kind)});
    record_id_text(item->id, row->id);
    snprintf(row->seq, sizeof row->seq, "%" PRIu64, item->seq);
    snprintf(row->number, sizeof row->number, "%" PRIu64, item->number);
    time_text(item->accepted_at, row->accepted);
    time_text(item->outcome_at, row->outcome);
    local_time_text(item->accepted_at, utc_offset_minutes, row->accepted_here);
    local_time_text(item->outcome_at, utc_offset_minutes, row->outcome_here);
    const char *cells[ITEM_CELLS] = {row->seq,
                                     row->id,
                                     item->kind,
                                     item->title,
                                     state_code(item->state),
                                     row->accepted,
                                     item->number ? row->number : NULL,
                                     item->outcome_at ? row->outcome : NULL};
    const char *labels[ITEM_CELLS] = {[2] = kind ? tr(kind->en, kind->zh) : NULL,
                                      [ITEM_CELL_STATE] = state_label(item->state),
                                      [5] = row->accepted_here,
                                      [ITEM_CELL_OUTCOME_AT] = item->outcome_at ? row->outcome_here : NULL};
    memcpy(row->cells, cells, sizeof cells);
    memcpy(row->labels, labels, sizeof labels);
}

bool item_state_read(const char *word, int *ret_state)
{
    char codes[128];
    *ret_state = stage_of_code(word) > 0 ? ITEM_RECEIVED : state_of_code(word);
    if (*ret_state < 0) {
        state_codes(codes, sizeof codes);
        complain(tr("--state: expected one of %s, %s, %s, %s", "--state：应为 %s、%s、%s、%s 之一"), codes,
                 stage_code(STAGE_FILED), stage_code(STAGE_READ), stage_code(STAGE_DECIDED));
    }
    return *ret_state >= 0;
}
