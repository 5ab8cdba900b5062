/* hub/news.h - what the writer tells the front and the feeder when something is committed. */
#ifndef HUB_NEWS_H
#define HUB_NEWS_H

#include "hub/mail.h"
#include "hub/store.h"

/* Who follows the inbox of the party ROW has something new. ROW_ALL: all who follow one. */
void news_wake(zsock_t *to_feeder, int64_t row);
/* What the last group has put into the uplink and the inboxes. */
void news_tell(struct store *store, zsock_t *to_feeder);
/* The party as it is now, with its keys. */
void news_tell_party(struct store *store, const struct party *party, zsock_t *to_front, zsock_t *to_feeder);

#endif
