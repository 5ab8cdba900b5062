#include "hub/news.h"

#include "common/mem.h"

void news_wake(zsock_t *to_feeder, int64_t row)
{
    struct mail *mail = mail_new(MAIL_COMMITTED);
    mail->row = row;
    mail_send(to_feeder, &mail);
}

/* Each by its row, or all when they are many. */
static void wake_inboxes(struct store *store, zsock_t *to_feeder)
{
    const int64_t *parties = NULL;
    size_t count = store_mailed(store, &parties);
    if (count > MAILED_MAX) {
        news_wake(to_feeder, ROW_ALL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        news_wake(to_feeder, parties[i]);
    }
}

void news_tell(struct store *store, zsock_t *to_feeder)
{
    struct mail *uplink = mail_new(MAIL_COMMITTED);
    uplink->is_urgent = store_has_urgent(store);
    mail_send(to_feeder, &uplink);
    wake_inboxes(store, to_feeder);
}

void news_tell_party(struct store *store, const struct party *party, zsock_t *to_front, zsock_t *to_feeder)
{
    struct registrant registrant = {.party = *party};
    if (store_load_keys(store, party->row, &registrant.keys) != ERR_OK) {
        registrant.keys.count = 0; /* in doubt nobody comes in */
    }
    struct mail *mail = mail_new(MAIL_PARTY);
    mail->registrant = (struct registrant *)mem_copy(&registrant, sizeof registrant);
    mail_send(to_front, &mail);
    news_wake(to_feeder, party->row);
}
