/* hub/turns.h - what waits for the writer, or for the checker, and which of it makes the next group.
 *
 * A group is written and answered as a whole, and nobody's batch joins one that is under way. So that who files one
 * record does not wait for all that another has sent, no party has more than a share of a group while others send too.
 * A party's batches stay in their order, and who has waited longest comes first. */
#ifndef HUB_TURNS_H
#define HUB_TURNS_H

#include "hub/mail.h"

enum {
    GROUP_ITEMS_MAX = 4096, /* reached by the last batch, which may go beyond */
    GROUP_MAILS_MAX = 4096,
    /* Of one party; its first batch is taken whatever its size. */
    SHARE_ITEMS = 64,
    SHARE_BYTES = 256 << 10, /* of frames */
    SHARE_MS = 1000          /* after another party's batch, a party has the writer to itself again */
};

struct turns;

struct turns *turns_open(void);
/* Frees what waits. Takes NULL. */
void turns_close(struct turns *turns);

/* Takes MAIL, of any type. LEFT keeps its place behind the party's batches; the rest counts as one item of nobody's. */
void turns_put(struct turns *turns, struct mail *mail, int64_t now_ms);

size_t turns_waiting(const struct turns *turns);

/* Moves the next group, at most GROUP_MAILS_MAX, to RET_GROUP, and returns how many they are: some, if any wait. */
size_t turns_take(struct turns *turns, int64_t now_ms, struct mail *ret_group[GROUP_MAILS_MAX]);

#endif
