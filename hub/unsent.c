#include "hub/unsent.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/mem.h"

struct unsent {
    atomic_size_t bytes;
    atomic_size_t holders; /* its owner, its messages, and the accounts that count here */
    struct unsent *total;
};

/* One message: what libzmq hands back with the bytes. */
struct counted {
    struct unsent *unsent;
    size_t size;
};

struct unsent *unsent_open(struct unsent *total)
{
    struct unsent *unsent = mem_alloc(sizeof *unsent);
    unsent->total = total;
    atomic_init(&unsent->holders, 1);
    if (total) {
        atomic_fetch_add(&total->holders, 1);
    }
    return unsent;
}

void unsent_close(struct unsent *unsent)
{
    while (unsent && atomic_fetch_sub(&unsent->holders, 1) == 1) {
        struct unsent *total = unsent->total;
        free(unsent);
        unsent = total;
    }
}

size_t unsent_bytes(const struct unsent *unsent)
{
    return atomic_load(&unsent->bytes);
}

static void let_go(void *data, void *hint)
{
    struct counted *counted = hint;
    free(data);
    if (counted) {
        for (struct unsent *at = counted->unsent; at; at = at->total) {
            atomic_fetch_sub(&at->bytes, counted->size);
        }
        unsent_close(counted->unsent);
        free(counted);
    }
}

void unsent_message(struct unsent *unsent, msgpack_sbuffer *buffer, zmq_msg_t *ret_message)
{
    struct counted *counted = NULL;
    size_t size = buffer->size;
    /* msgpack begins with 8 KiB, and most answers are small. */
    void *bytes = mem_grow(msgpack_sbuffer_release(buffer), 1, size);
    if (unsent) {
        counted = mem_alloc(sizeof *counted);
        *counted = (struct counted){unsent, size};
        atomic_fetch_add(&unsent->holders, 1);
        for (struct unsent *at = unsent; at; at = at->total) {
            atomic_fetch_add(&at->bytes, size);
        }
    }
    zmq_msg_init_data(ret_message, bytes, size, let_go, counted);
}
