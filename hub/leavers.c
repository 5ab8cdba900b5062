#include "hub/leavers.h"

#include "common/mem.h"
#include "hub/store_attached.h"

enum { TOLD_MAX = 8 }; /* each costs the disk some writes, while uploads wait */

err_t leavers_send(struct leavers *leavers, struct store *store)
{
    struct leaver next[TOLD_MAX];
    size_t count = 0;
    err_t err = leavers->under_way == 0 ? store_leavers(store, next, TOLD_MAX, &count) : ERR_OK;
    leavers->has_failed = leavers->has_failed && count == 0;
    for (size_t i = 0; i < count; i++) {
        struct mail *mail = mail_new(MAIL_LEAVE);
        mail->leaver = (struct leaver *)mem_copy(&next[i], sizeof next[i]);
        mail_send(leavers->to_blobs, &mail);
        leavers->under_way++;
    }
    return err;
}

/* What failed is told again with the next tick, not at once. */
bool leavers_note(struct leavers *leavers, struct mail *mail)
{
    leavers->has_failed = leavers->has_failed || mail->leaver->failed;
    mail_free(mail);
    return --leavers->under_way == 0 && !leavers->has_failed;
}
