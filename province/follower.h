/* province/follower.h - one hub: its link, and what arrives on it put into the replica.
 *
 *   FOLLOW from the stored cursor on every new session; each EVENTS is applied in one transaction and acknowledged only
 *   after it; GAP, another epoch or a head before our cursor start a resync; a replica that cannot be written, or a hub
 *   that owes events and sends none, ends the session: a new one starts again from the stored cursor, and nothing that
 *   was under way in the old one can be taken for its continuation. Over the same session the dispatch sends what the
 *   province has filed. */
#ifndef PROVINCE_FOLLOWER_H
#define PROVINCE_FOLLOWER_H

#include "common/link.h"
#include "province/dispatch.h"
#include "province/hubs.h"
#include "province/inquiry.h"
#include "province/replica.h"
#include "province/settings.h"

/* Borrowed for the follower's life. */
struct follower_site {
    zloop_t *loop;
    struct replica *replica;
    struct outbox *outbox;
    struct witness *witness;
    const struct keyring *keys;
    const struct settings *settings;
};

struct follower;

/* Copies MEMBER. */
struct follower *follower_open(const struct follower_site *site, const struct hub_member *member);
/* Takes NULL. Not from inside a link's callback or a timer: a timer of the link may be due in the same round. */
void follower_close(struct follower *follower);

int64_t follower_hub(const struct follower *follower);
bool follower_is_of(const struct follower *follower, const struct hub_member *member);

/* Looks after progress; true when follower_renew() should be called (where follower_close() may be). */
bool follower_check(struct follower *follower, int64_t now_monotonic);
void follower_renew(struct follower *follower);
/* The ring has other keys now: a new session is due. */
void follower_keys_changed(struct follower *follower);

/* Asks for a head of the ledger where it is due, and sends what waits for this hub: a few times a second, and IS_ASKED
 * at once when something was filed. */
void follower_send(struct follower *follower, int64_t now_monotonic, bool is_asked);
/* Holds the hub's ledger now to what somebody else was shown. */
void follower_witness(struct follower *follower);

#endif
