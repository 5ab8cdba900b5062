/* Whether a record whose bytes have changed was erased, and by whose act. */
#include "hub/audit_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "hub/store_clock.h"
#include "proto/check.h"
#include "proto/kinds.h"
#include "proto/rights.h"

static const char act_sql[] =
    "select r.batch, r.offset, r.size, e.act, (select count(*) from erased o where o.act = e.act) from erased e join "
    "record r on r.id = e.act and r.kind = ?3 join party p on p.row = r.party and p.role = 'city' where e.party = ?1 "
    "and e.id = ?2";

/* One erasing names the record; the end of a term names the kind, and how many went at most. */
static bool is_of(const struct record *act, const struct logged *logged, const struct kind *kind, int64_t count)
{
    char text[64];
    char owner[RECORD_PARTY_SIZE + 64];
    uint8_t id[RECORD_ID_SIZE];
    const struct value *code = record_get(act, "act");
    const struct value *subject = record_get(act, "subject");
    const struct value *detail = record_get(act, "detail");
    if (!code || !subject || !detail || !detail->is_present) {
        return false;
    }
    if (code->number == ACT_ERASE) {
        snprintf(text, sizeof text, "%.*s", (int)subject->view.size, (const char *)subject->view.at);
        snprintf(owner, sizeof owner, "%s %s", kind->name, logged->party.party);
        return record_id_parse(text, id) == ERR_OK && memcmp(id, logged->id, RECORD_ID_SIZE) == 0 &&
               view_is(detail->view, owner);
    }
    snprintf(text, sizeof text, "%.*s", (int)detail->view.size, (const char *)detail->view.at);
    return code->number == ACT_RETENTION && view_is(subject->view, kind->name) && strtoll(text, NULL, 10) >= count;
}

static err_t find_act(struct audit *audit, const struct logged *logged, const struct kind *kind, bool *ret_is_by_act)
{
    struct view bytes;
    struct record act;
    struct faults ignored = {0};
    struct record_context context = {.now_ms = clock_ms(),
                                     .utc_offset_minutes = audit->seen->settings.utc_offset_minutes};
    sqlite3_stmt *get = store_borrow(audit->seen, act_sql);
    sqlite3_bind_int64(get, 1, logged->party.row);
    db_bind_view(get, 2, (struct view){logged->id, RECORD_ID_SIZE});
    sqlite3_bind_int(get, 3, KIND_ADMINISTRATIVE_ACT);
    err_t err = db_step(get);
    if (err == ERR_OK) {
        int64_t count = sqlite3_column_int64(get, 4);
        err = store_get_item(audit->seen, sqlite3_column_int64(get, 0), sqlite3_column_int64(get, 1),
                             sqlite3_column_int64(get, 2), &bytes);
        *ret_is_by_act = err == ERR_OK && record_check(bytes, &context, &act, &ignored) == ERR_OK &&
                         is_of(&act, logged, kind, count);
    }
    store_return(audit->seen, get);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

err_t audit_is_erased(struct audit *audit, const struct logged *logged, bool *ret_is)
{
    msgpack_sbuffer left;
    struct value id;
    const struct kind *kind = check_peek(logged->bytes, &id);
    *ret_is = false;
    err_t err = kind ? find_act(audit, logged, kind, ret_is) : ERR_OK;
    if (err != ERR_OK || !*ret_is) {
        return err;
    }
    msgpack_sbuffer_init(&left);
    *ret_is = rights_remnant(logged->bytes, &left) == ERR_OK && left.size == logged->bytes.size &&
              memcmp(left.data, logged->bytes.at, left.size) == 0;
    msgpack_sbuffer_destroy(&left);
    return ERR_OK;
}
