/* What the institutions have of their inboxes: the cursors that they acknowledge, noted where something waits for it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "hub/desk.h"
#include "hub/store_delivery.h"

enum { RECEIVED_A_ROUND = 256 };

void desk_note_received(struct desk *desk, int64_t party, uint64_t cursor)
{
    struct desk_received *received = &desk->received;
    size_t row = (size_t)party;
    if (cursor == 0) {
        return; /* it has nothing, and 0 stands for who does not wait */
    }
    if (row >= received->room) {
        size_t room = (row + 1) * 2;
        received->upto = mem_grow(received->upto, room, sizeof *received->upto);
        received->waiting = mem_grow(received->waiting, room, sizeof *received->waiting);
        memset(received->upto + received->room, 0, (room - received->room) * sizeof *received->upto);
        received->room = room;
    }
    if (received->upto[row] == 0) {
        received->waiting[received->count++] = party;
    }
    received->upto[row] = cursor > received->upto[row] ? cursor : received->upto[row];
}

err_t desk_receive(struct desk *desk, int64_t now, bool *ret_has_more)
{
    struct desk_received *received = &desk->received;
    err_t err = ERR_OK;
    while (err == ERR_OK && received->taken < received->count && received->taken < RECEIVED_A_ROUND) {
        int64_t party = received->waiting[received->taken++];
        err = store_note_received(desk->store, party, received->upto[party], now);
    }
    *ret_has_more = received->taken < received->count;
    return err;
}

void desk_end_receive(struct desk *desk, bool is_committed)
{
    struct desk_received *received = &desk->received;
    for (size_t i = 0; is_committed && i < received->taken; i++) {
        received->upto[received->waiting[i]] = 0;
    }
    if (is_committed && received->taken > 0) {
        received->count -= received->taken;
        memmove(received->waiting, received->waiting + received->taken, received->count * sizeof *received->waiting);
    }
    received->taken = 0;
}

void desk_free_received(struct desk *desk)
{
    free(desk->received.upto);
    free(desk->received.waiting);
    desk->received = (struct desk_received){0};
}
