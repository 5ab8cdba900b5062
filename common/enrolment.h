/* common/enrolment.h - how a peer comes into a hub's register and changes its keys there (PROTOCOL.md §11): the talk
 * with the hub, and the steps around it that an institution and a province have in common. Each step may be done again.
 */
#ifndef COMMON_ENROLMENT_H
#define COMMON_ENROLMENT_H

#include "common/membership.h"

/* Whom a program enrols. */
struct enrollee {
    const char *role;
    const char *maker; /* the hub's command that makes links for this role */
    const char *software;
    const char *party; /* the only one that it may be, since the home is that one's; NULL: any */
};

/* Enrols with the hub (blocks up to 10 s). ERR_NOT_FOUND where it does not take these keys by this link, ERR_EXISTS
 * where it takes this link from new keys alone, ERR_INVALID with any other refusal, ERR_IO when it cannot be reached;
 * each with what to do in reterr_reason. */
MUST_CHECK err_t enrolment_ask(const struct join_link *link, const struct identity *identity,
                               const struct enrollee *enrollee, struct membership *ret_membership,
                               char reterr_reason[512]);
/* Tells the hub the pair that takes the place of FORMER; as enrolment_ask(). Doing it again changes nothing. */
MUST_CHECK err_t enrolment_succeed(const struct membership *membership, const struct identity *former,
                                   const struct identity *next, const char *software, char reterr_reason[512]);

/* Takes JOIN_LOCK, for the life of the process. */
MUST_CHECK err_t enrolment_lock(const struct home *home, char reterr_reason[512]);

/* Enrols by LINK with the home's keys, which are made where there are none; a link for another role is refused. Where
 * enrolment_join_anew() was cut short by this link it goes on with the pair of then, which may be the only one that the
 * hub takes. Saves no membership. */
MUST_CHECK err_t enrolment_join(const struct home *home, const struct join_link *link, const struct enrollee *enrollee,
                                struct membership *ret_membership, char reterr_reason[512]);
/* The same for a home with keys that the hub takes no more, by a fresh pair. It is kept until the hub has said that it
 * does not have it: the answer to the first time may have been lost. */
MUST_CHECK err_t enrolment_join_anew(const struct home *home, const struct join_link *link,
                                     const struct enrollee *enrollee, struct membership *ret_membership,
                                     char reterr_reason[512]);

/* After either, when the membership is saved: the pair that has joined is the home's, and no other lies there. */
MUST_CHECK err_t enrolment_settle(const struct home *home, const struct join_link *link);

/* Makes every hub know NEXT. */
typedef err_t tell_successor_fn(const void *context, const struct identity *former, const struct identity *next,
                                char reterr_reason[512]);
/* Changes the home's keys: the new pair is made, TELL tells it, and it takes the place of the former one when that was
 * done. */
MUST_CHECK err_t enrolment_rotate(const struct home *home, tell_successor_fn *tell, const void *context,
                                  char reterr_reason[512]);

#endif
