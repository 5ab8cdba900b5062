#include "hub/gate.h"

#include "common/mem.h"
#include "common/text.h"

struct address {
    int wrong;
    int64_t last_ms;
    int64_t locked_until_ms;
};

struct gate {
    zhashx_t *passes;      /* hex of the CURVE key → struct pass * (owned) */
    zhashx_t *registrants; /* row of the party as text → struct registrant * (owned): what its passes were made of */
    zhashx_t *addresses;   /* text → struct address * (owned) */
};

static void destroy_item(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

static zhashx_t *new_table(void)
{
    zhashx_t *table = zhashx_new();
    zhashx_set_destructor(table, destroy_item);
    return table;
}

struct gate *gate_open(void)
{
    struct gate *gate = mem_alloc(sizeof *gate);
    gate->passes = new_table();
    gate->registrants = new_table();
    gate->addresses = new_table();
    return gate;
}

void gate_close(struct gate *gate)
{
    if (gate) {
        zhashx_destroy(&gate->passes);
        zhashx_destroy(&gate->registrants);
        zhashx_destroy(&gate->addresses);
        free(gate);
    }
}

static void drop_passes(struct gate *gate, const struct registrant *registrant)
{
    char hex[2 * KEY_SIZE + 1];
    for (size_t i = 0; registrant && i < registrant->keys.count; i++) {
        hex_text(registrant->keys.list[i].curve_key, KEY_SIZE, hex);
        zhashx_delete(gate->passes, hex);
    }
}

void gate_put(struct gate *gate, const struct registrant *registrant)
{
    char row[24];
    char hex[2 * KEY_SIZE + 1];
    if (role_find(registrant->party.role) == ROLE_CITY) {
        return;
    }
    snprintf(row, sizeof row, "%lld", (long long)registrant->party.row);
    drop_passes(gate, zhashx_lookup(gate->registrants, row));
    for (size_t i = 0; i < registrant->keys.count; i++) {
        const struct pass pass = {registrant->party.row, strcmp(registrant->party.state, "active") == 0,
                                  registrant->keys.list[i]};
        hex_text(pass.key.curve_key, KEY_SIZE, hex);
        zhashx_update(gate->passes, hex, mem_copy(&pass, sizeof pass));
    }
    zhashx_update(gate->registrants, row, mem_copy(registrant, sizeof *registrant));
}

const struct pass *gate_known(struct gate *gate, const uint8_t curve_key[KEY_SIZE])
{
    char hex[2 * KEY_SIZE + 1];
    hex_text(curve_key, KEY_SIZE, hex);
    return zhashx_lookup(gate->passes, hex);
}

const struct pass *gate_find(struct gate *gate, const uint8_t curve_key[KEY_SIZE], int64_t now_ms)
{
    const struct pass *pass = gate_known(gate, curve_key);
    return pass && pass->is_active && party_key_lets_in(&pass->key, now_ms) ? pass : NULL;
}

int64_t gate_locked_ms(struct gate *gate, const char *address, int64_t now_ms)
{
    const struct address *entry = zhashx_lookup(gate->addresses, address);
    return entry && entry->locked_until_ms > now_ms ? entry->locked_until_ms - now_ms : 0;
}

/* An attacker with many addresses must not fill the memory: old entries go first. */
static void shed_old(struct gate *gate, int64_t now_ms)
{
    if (zhashx_size(gate->addresses) < LOCK_ADDRESSES_MAX) {
        return;
    }
    zlistx_t *names = zhashx_keys(gate->addresses);
    for (const char *name = zlistx_first(names); name; name = zlistx_next(names)) {
        const struct address *entry = zhashx_lookup(gate->addresses, name);
        if (entry->last_ms + LOCK_OUT_MS < now_ms) {
            zhashx_delete(gate->addresses, name);
        }
    }
    zlistx_destroy(&names);
    if (zhashx_size(gate->addresses) >= LOCK_ADDRESSES_MAX) {
        zhashx_purge(gate->addresses);
    }
}

void gate_wrong_code(struct gate *gate, const char *address, int64_t now_ms)
{
    struct address *entry = zhashx_lookup(gate->addresses, address);
    if (!entry) {
        shed_old(gate, now_ms);
        entry = mem_alloc(sizeof *entry);
        zhashx_insert(gate->addresses, address, entry);
    }
    entry->last_ms = now_ms;
    if (++entry->wrong >= WRONG_CODES_MAX) {
        entry->wrong = 0;
        entry->locked_until_ms = now_ms + LOCK_OUT_MS;
    }
}

void gate_right_code(struct gate *gate, const char *address)
{
    zhashx_delete(gate->addresses, address);
}
