#include "hub/store_sqlite.h"

#include <assert.h>
#include <string.h>

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

void cells_add(struct store *store, const struct cell *cell, int64_t count)
{
    if (!cell->family) {
        return;
    }
    uint32_t slot = hash_of(cell) % DELTA_SLOTS;
    while (store->slots[slot] && !is_same(&store->deltas[store->slots[slot] - 1], cell)) {
        slot = (slot + 1) % DELTA_SLOTS;
    }
    if (!store->slots[slot]) {
        assert(store->delta_count < DELTAS_MAX); /* the writer bounds a group */
        struct delta *fresh = &store->deltas[store->delta_count++];
        *fresh = (struct delta){.family = cell->family, .day = cell->day};
        memcpy(fresh->dims, cell->dims, sizeof fresh->dims);
        store->slots[slot] = (uint16_t)store->delta_count;
    }
    struct delta *delta = &store->deltas[store->slots[slot] - 1];
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

err_t cells_make_room(struct store *store, size_t count)
{
    return store->delta_count + count > DELTAS_MAX ? cells_flush(store) : ERR_OK;
}

void cells_forget(struct store *store)
{
    if (store->delta_count > 0) {
        memset(store->slots, 0, DELTA_SLOTS * sizeof *store->slots);
        store->delta_count = 0;
    }
}
