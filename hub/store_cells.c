#include "hub/store_sqlite.h"

#include <string.h>

#include "common/mem.h"

static uint32_t hash_of(const struct cell *cell)
{
    uint32_t hash = 2166136261u ^ (uint32_t)cell->day; /* FNV-1a */
    for (const char *at = cell->dims; *at; at++) {
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    }
    return hash;
}

static bool is_same(const struct delta *delta, const struct cell *cell)
{
    return delta->day == cell->day && strcmp(delta->family, cell->family) == 0 && strcmp(delta->dims, cell->dims) == 0;
}

/* Where the cell's number stands, or would. */
static uint32_t *slot_of(struct store *store, const struct cell *cell)
{
    uint32_t slots = store->delta_room * 2;
    uint32_t slot = hash_of(cell) % slots;
    while (store->slots[slot] && !is_same(&store->deltas[store->slots[slot] - 1], cell)) {
        slot = (slot + 1) % slots;
    }
    return &store->slots[slot];
}

static void make_slots(struct store *store)
{
    free(store->slots);
    store->slots = mem_alloc((size_t)store->delta_room * 2 * sizeof *store->slots);
    for (uint32_t i = 0; i < store->delta_count; i++) {
        struct cell cell = {.family = store->deltas[i].family, .day = store->deltas[i].day};
        memcpy(cell.dims, store->deltas[i].dims, sizeof cell.dims);
        *slot_of(store, &cell) = i + 1;
    }
}

/* How many cells a group touches, nobody knows beforehand: a notice that is withdrawn moves those of all who have it,
 * and a clock that is set right opens the periods of years. */
static void make_room(struct store *store)
{
    if (store->delta_count == store->delta_room) {
        store->delta_room = store->delta_room ? store->delta_room * 2 : DELTAS_KEPT;
        store->deltas = mem_grow(store->deltas, store->delta_room, sizeof *store->deltas);
        make_slots(store);
    }
}

void cells_add(struct store *store, const struct cell *cell, int64_t count)
{
    if (!cell->family) {
        return;
    }
    make_room(store);
    uint32_t *slot = slot_of(store, cell);
    if (!*slot) {
        struct delta *fresh = &store->deltas[store->delta_count++];
        *fresh = (struct delta){.family = cell->family, .day = cell->day};
        memcpy(fresh->dims, cell->dims, sizeof fresh->dims);
        *slot = store->delta_count;
    }
    struct delta *delta = &store->deltas[*slot - 1];
    delta->count += count;
    delta->sum += count * cell->sum;
}

err_t cells_flush(struct store *store)
{
    err_t err = ERR_OK;
    for (size_t i = 0; i < store->delta_count && err == ERR_OK; i++) {
        const struct delta *delta = &store->deltas[i];
        if (delta->count == 0 && delta->sum == 0) {
            continue;
        }
        sqlite3_stmt *put = store_statement(store, PUT_CELL);
        sqlite3_bind_text(put, 1, delta->family, -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 2, delta->day);
        sqlite3_bind_text(put, 3, delta->dims, -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 4, delta->count);
        sqlite3_bind_int64(put, 5, delta->sum);
        sqlite3_bind_int64(put, 6, (int64_t)++store->change);
        sqlite3_bind_int64(put, 7, (int64_t)store->number);
        err = db_run(put);
    }
    cells_forget(store);
    return err;
}

err_t cells_bound(struct store *store)
{
    return store->delta_count >= DELTAS_KEPT ? cells_flush(store) : ERR_OK;
}

void cells_forget(struct store *store)
{
    if (store->delta_count == 0) {
        return;
    }
    store->delta_count = 0;
    if (store->delta_room > DELTAS_KEPT) {
        store->delta_room = DELTAS_KEPT;
        store->deltas = mem_grow(store->deltas, DELTAS_KEPT, sizeof *store->deltas);
    }
    make_slots(store);
}
