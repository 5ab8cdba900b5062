#include "hub/doors.h"

#include <string.h>
#include <sys/socket.h>

#include <czmq.h>

#include "common/mem.h"
#include "common/text.h"

enum { ADDRESS_SIZE_MAX = 16, NET64_SIZE = 8, NONE = -1 };

struct address {
    int64_t open, waiting; /* connections, and those of them in no session */
    struct rate accepts;
};

/* Those in no session are a list, by the time since when: the oldest first. */
struct door {
    struct connection connection;
    struct address *address;
    int endpoint;
    bool is_known, is_waiting;
    int64_t since_ms;
    uint64_t base;
    int previous, next;
};

struct doors {
    struct door_limits limits;
    struct door *by_fd;
    size_t capacity, count;
    int first, last;
    zhashx_t *addresses; /* hex → struct address * (owned) */
};

static void destroy_item(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

struct doors *doors_open(void)
{
    struct doors *doors = mem_alloc(sizeof *doors);
    doors->first = doors->last = NONE;
    doors->addresses = zhashx_new();
    zhashx_set_destructor(doors->addresses, destroy_item);
    return doors;
}

void doors_close(struct doors *doors)
{
    if (doors) {
        zhashx_destroy(&doors->addresses);
        free(doors->by_fd);
        free(doors);
    }
}

void doors_configure(struct doors *doors, const struct door_limits *limits)
{
    doors->limits = *limits;
}

/* Who has one IPv6 address has the whole network of 64 bits. */
static void address_key(const struct sockaddr_storage *far_end, char ret_key[2 * ADDRESS_SIZE_MAX + 1])
{
    if (far_end->ss_family == AF_INET6) {
        hex_text(((const struct sockaddr_in6 *)far_end)->sin6_addr.s6_addr, NET64_SIZE, ret_key);
    } else if (far_end->ss_family == AF_INET) {
        hex_text((const uint8_t *)&((const struct sockaddr_in *)far_end)->sin_addr, sizeof(struct in_addr), ret_key);
    } else {
        snprintf(ret_key, 2 * ADDRESS_SIZE_MAX + 1, "local");
    }
}

/* Those that have nothing open are forgotten, whatever they have taken: an attacker with many addresses must not fill
 * the memory. */
static void shed_addresses(struct doors *doors)
{
    zlistx_t *keys = zhashx_keys(doors->addresses);
    for (const char *key = zlistx_first(keys); key; key = zlistx_next(keys)) {
        const struct address *address = zhashx_lookup(doors->addresses, key);
        if (address->open == 0) {
            zhashx_delete(doors->addresses, key);
        }
    }
    zlistx_destroy(&keys);
}

static struct address *find_address(struct doors *doors, const struct sockaddr_storage *far_end)
{
    char key[2 * ADDRESS_SIZE_MAX + 1];
    address_key(far_end, key);
    struct address *address = zhashx_lookup(doors->addresses, key);
    if (!address) {
        if (zhashx_size(doors->addresses) >= DOOR_ADDRESSES_MAX) {
            shed_addresses(doors);
        }
        address = mem_alloc(sizeof *address);
        zhashx_insert(doors->addresses, key, address);
    }
    return address;
}

/* ---- the list of those in no session ---- */

static void enlist(struct doors *doors, int fd, int64_t now_ms)
{
    struct door *door = &doors->by_fd[fd];
    door->is_waiting = true;
    door->since_ms = now_ms;
    door->previous = doors->last;
    door->next = NONE;
    if (doors->last != NONE) {
        doors->by_fd[doors->last].next = fd;
    } else {
        doors->first = fd;
    }
    doors->last = fd;
    door->address->waiting++;
}

static void delist(struct doors *doors, int fd)
{
    struct door *door = &doors->by_fd[fd];
    if (!door->is_waiting) {
        return;
    }
    *(door->previous != NONE ? &doors->by_fd[door->previous].next : &doors->first) = door->next;
    *(door->next != NONE ? &doors->by_fd[door->next].previous : &doors->last) = door->previous;
    door->is_waiting = false;
    door->address->waiting--;
}

/* ---- what happens to a connection ---- */

static struct door *find_door(const struct doors *doors, int fd)
{
    return fd >= 0 && (size_t)fd < doors->capacity && doors->by_fd[fd].is_known ? &doors->by_fd[fd] : NULL;
}

static void make_room(struct doors *doors, size_t fd)
{
    if (fd >= doors->capacity) {
        size_t capacity = (fd + 1) * 2;
        doors->by_fd = mem_grow(doors->by_fd, capacity, sizeof *doors->by_fd);
        memset(doors->by_fd + doors->capacity, 0, (capacity - doors->capacity) * sizeof *doors->by_fd);
        doors->capacity = capacity;
    }
}

static void forget(struct doors *doors, struct door *door)
{
    delist(doors, door->connection.fd);
    door->is_known = false;
    door->address->open--;
    doors->count--;
}

static void remember(struct doors *doors, int endpoint, const struct connection *connection, struct address *address,
                     int64_t now_ms)
{
    make_room(doors, (size_t)connection->fd);
    doors->by_fd[connection->fd] =
        (struct door){.connection = *connection, .address = address, .endpoint = endpoint, .is_known = true};
    address->open++;
    doors->count++;
    enlist(doors, connection->fd, now_ms);
}

/* It leaves the list, so that each is given once. */
bool doors_oldest(struct doors *doors, struct connection *ret_victim)
{
    if (doors->first == NONE) {
        return false;
    }
    *ret_victim = doors->by_fd[doors->first].connection;
    delist(doors, ret_victim->fd);
    return true;
}

enum door_verdict doors_accepted(struct doors *doors, int endpoint, const struct connection *connection, int64_t now_ms,
                                 struct connection *ret_victim)
{
    const struct door_limits *limits = &doors->limits;
    struct door *old = find_door(doors, connection->fd);
    if (old) {
        forget(doors, old); /* its end is still on the way here, from the other endpoint */
    }
    struct address *address = find_address(doors, &connection->far_end);
    bool is_many = limits->address_connections > 0 && address->waiting >= limits->address_connections;
    bool is_fast = rate_wait_ms(&limits->accepts, &address->accepts, 1, now_ms) > 0;
    remember(doors, endpoint, connection, address, now_ms);
    if (is_many || is_fast) {
        *ret_victim = *connection;
        return DOOR_ADDRESS;
    }
    rate_take(&limits->accepts, &address->accepts, 1, now_ms);
    if (doors->count > limits->connections) {
        return doors_oldest(doors, ret_victim) ? DOOR_SHORT : DOOR_OPEN; /* this one, if no other */
    }
    return DOOR_OPEN;
}

void doors_closed(struct doors *doors, int endpoint, int fd)
{
    struct door *door = find_door(doors, fd);
    if (door && door->endpoint == endpoint) {
        forget(doors, door);
    }
}

void doors_in_session(struct doors *doors, const struct connection *connection, bool is_in, int64_t now_ms)
{
    const struct door *door = find_door(doors, connection->fd);
    if (!door || !connection_is(&door->connection, connection)) {
        return;
    }
    if (is_in) {
        delist(doors, connection->fd);
    } else if (!door->is_waiting) {
        doors->by_fd[connection->fd].base = UINT64_MAX;
        enlist(doors, connection->fd, now_ms);
    }
}

void doors_each_waiting(struct doors *doors,
                        void (*each)(void *self, const struct connection *connection, uint64_t *base), void *self)
{
    for (int fd = doors->first; fd != NONE; fd = doors->by_fd[fd].next) {
        each(self, &doors->by_fd[fd].connection, &doors->by_fd[fd].base);
    }
}

bool doors_overdue(struct doors *doors, int64_t now_ms, struct connection *ret_victim)
{
    bool is_due = doors->first != NONE && now_ms - doors->by_fd[doors->first].since_ms >= NO_SESSION_MS;
    return is_due && doors_oldest(doors, ret_victim);
}

size_t doors_room(const struct doors *doors)
{
    return doors->count < doors->limits.connections ? doors->limits.connections - doors->count : 0;
}

size_t doors_count(const struct doors *doors)
{
    return doors->count;
}
