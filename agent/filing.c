#include "agent/filing.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* First, which pieces there are: a refusal names its line only, and what was accepted is told by what was not. */
static err_t list_lines(struct filing *filing, struct input *input)
{
    struct piece piece;
    err_t err = ERR_OK;
    while ((err = input_next(input, &piece)) == ERR_OK) {
        if (filing->count == FILING_LINES_MAX) {
            return ERR_TOO_LARGE;
        }
        filing->lines[filing->count++].line = piece.line;
        if (!filing->is_lines && filing->count > 1) {
            return ERR_INVALID;
        }
    }
    return err != ERR_NOT_FOUND ? err : filing->count > 0 ? ERR_OK : ERR_INVALID;
}

static void on_refused(void *self, size_t line, const struct faults *faults)
{
    struct filing *filing = self;
    for (size_t i = 0; i < filing->count; i++) {
        if (filing->lines[i].line == line && !filing->lines[i].faults) {
            filing->lines[i].faults = (struct faults *)mem_copy((const char *)faults, sizeof *faults);
            return;
        }
    }
}

static err_t ride(void *self, struct spool *spool)
{
    (void)spool;
    const struct filing *filing = self;
    return filing->on_commit(filing->self, filing);
}

static err_t accept_from(struct filing *filing, struct input *input)
{
    struct accept_order order = {.home = filing->home,
                                 .spool = filing->spool,
                                 .utc_offset_minutes = filing->utc_offset_minutes,
                                 .party = filing->party,
                                 .keep_going = filing->is_lines,
                                 .corrects = filing->corrects,
                                 .files = filing->files,
                                 .on_refused = on_refused,
                                 .self = filing};
    spool_attach(filing->spool, filing->on_commit ? ride : NULL, filing);
    err_t err = accept_input(&order, input, &filing->accepted);
    spool_attach(filing->spool, NULL, NULL);
    return err;
}

err_t filing_take(struct filing *filing, struct view text)
{
    struct input input;
    memset(&filing->accepted, 0, sizeof filing->accepted);
    filing->count = 0;
    filing->lines = mem_alloc(FILING_LINES_MAX * sizeof *filing->lines);
    if (text.size == 0 || text.size > FILING_SIZE_MAX) {
        return text.size == 0 ? ERR_INVALID : ERR_TOO_LARGE;
    }
    err_t err = input_open_text(&input, text, filing->is_lines);
    if (err != ERR_OK) {
        return err;
    }
    err = list_lines(filing, &input);
    input_close(&input);
    err = err == ERR_OK ? input_open_text(&input, text, filing->is_lines) : err;
    if (err == ERR_OK) {
        err = accept_from(filing, &input);
        input_close(&input);
    }
    return err;
}

void filing_done(struct filing *filing)
{
    for (size_t i = 0; i < filing->count; i++) {
        free(filing->lines[i].faults);
    }
    free(filing->lines);
    filing->lines = NULL;
    filing->count = 0;
}
