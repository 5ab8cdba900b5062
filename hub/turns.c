#include "hub/turns.h"

#include <string.h>

#include "common/mem.h"

/* What a party has in a group. */
struct share {
    uint64_t group;
    uint32_t items;
    size_t bytes;
};

struct turns {
    struct mail **waiting; /* in the order of their coming */
    size_t count, capacity;
    struct share *shares; /* by the party's row, which sqlite counts from 1 */
    size_t share_count;
    uint64_t group;
    int64_t last_party;
    int64_t shared_ms; /* when a batch of another party than the one before came; 0: never */
};

struct turns *turns_open(void)
{
    return mem_alloc(sizeof(struct turns));
}

void turns_close(struct turns *turns)
{
    if (turns) {
        for (size_t i = 0; i < turns->count; i++) {
            mail_free(turns->waiting[i]);
        }
        free(turns->waiting);
        free(turns->shares);
        free(turns);
    }
}

/* 0: nobody's. */
static int64_t party_of(const struct mail *mail)
{
    return mail->batch ? mail->batch->party_row : mail->leaver ? mail->leaver->party_row : 0;
}

static void know_party(struct turns *turns, int64_t party, int64_t now_ms)
{
    if (turns->last_party && turns->last_party != party) {
        turns->shared_ms = now_ms;
    }
    turns->last_party = party;
    if ((size_t)party >= turns->share_count) {
        size_t count = 2 * ((size_t)party + 1);
        turns->shares = mem_grow(turns->shares, count, sizeof *turns->shares);
        memset(turns->shares + turns->share_count, 0, (count - turns->share_count) * sizeof *turns->shares);
        turns->share_count = count;
    }
}

void turns_put(struct turns *turns, struct mail *mail, int64_t now_ms)
{
    if (party_of(mail)) {
        know_party(turns, party_of(mail), now_ms);
    }
    if (turns->count == turns->capacity) {
        turns->capacity = turns->capacity ? 2 * turns->capacity : 64;
        turns->waiting = mem_grow(turns->waiting, turns->capacity, sizeof(struct mail *));
    }
    turns->waiting[turns->count++] = mail;
}

size_t turns_waiting(const struct turns *turns)
{
    return turns->count;
}

/* False when the mail has to wait, and with it whatever else the party has sent since. */
static bool take_share(struct turns *turns, const struct mail *mail)
{
    struct share *share = &turns->shares[party_of(mail)];
    if (share->group != turns->group) {
        *share = (struct share){.group = turns->group};
    }
    bool is_first = share->items == 0;
    share->items += mail->batch ? mail->batch->count : 1;
    share->bytes += mail->batch ? zmq_msg_size(&mail->batch->frame) : 0;
    return is_first || (share->items <= SHARE_ITEMS && share->bytes <= SHARE_BYTES);
}

size_t turns_take(struct turns *turns, int64_t now_ms, struct mail *ret_group[GROUP_MAILS_MAX])
{
    bool is_shared = turns->shared_ms && now_ms - turns->shared_ms < SHARE_MS;
    size_t taken = 0, left = 0, items = 0;
    turns->group++;
    for (size_t i = 0; i < turns->count; i++) {
        struct mail *mail = turns->waiting[i];
        bool is_full = taken == GROUP_MAILS_MAX || items >= GROUP_ITEMS_MAX;
        if (is_full || (is_shared && party_of(mail) && !take_share(turns, mail))) {
            turns->waiting[left++] = mail;
        } else {
            items += mail->batch ? mail->batch->count : 1;
            ret_group[taken++] = mail;
        }
    }
    turns->count = left;
    return taken;
}
