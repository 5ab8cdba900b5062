#include "sheet/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void layout_add(struct layout *layout, const struct column *column)
{
    layout->columns = mem_grow(layout->columns, layout->count + 1, sizeof *layout->columns);
    layout->columns[layout->count++] = *column;
}

void layout_finish(struct layout *layout, const struct kind *kind)
{
    size_t size = strlen(kind->name) + strlen(layout->columns[0].path) + 2;
    layout->first = mem_alloc(size);
    snprintf(layout->first, size, "%s.%s", kind->name, layout->columns[0].path);
    layout->paths = mem_alloc(layout->count * sizeof *layout->paths);
    layout->heads = mem_alloc(layout->count * sizeof *layout->heads);
    for (size_t i = 0; i < layout->count; i++) {
        const struct column *column = &layout->columns[i];
        bool is_number = column->row->type == FIELD_NUMBER && !column->row->codes;
        layout->paths[i] = i > 0 ? column->path : layout->first;
        layout->heads[i] = (struct table_column){layout->paths[i], column->labels[0], column->labels[1], is_number};
    }
}

void layout_done(struct layout *layout)
{
    free(layout->columns);
    free(layout->paths);
    free(layout->heads);
    free(layout->first);
    *layout = (struct layout){0};
}
