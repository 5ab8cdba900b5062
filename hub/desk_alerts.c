/* Reminders before, words after, and the case that is opened when nobody asked for it. */
#include "hub/desk.h"

#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "hub/history.h"
#include "proto/rights.h"

enum { ALERTS_MAX = 64 };

static struct view text_view(const char *text)
{
    return (struct view){(const uint8_t *)text, strlen(text)};
}

static void encode_alert(const struct clock_row *row, const struct alert *alert, int64_t now, bool is_named,
                         msgpack_sbuffer *buffer)
{
    struct event event = {.type = EVENT_CLOCK};
    struct view root = {row->root, row->root_size};
    event.clock = (struct clock_event){.at = now,
                                       .due_at = row->clock.due_at,
                                       .term = text_view(row->clock.term->label->code),
                                       .stage = text_view(enum_alert_stage.labels[alert->stage].code)};
    if (row->root_size == RECORD_ID_SIZE) {
        event.clock.root = root;
    } else {
        event.clock.period = root;
    }
    if (is_named) {
        event.clock.entity = text_view(row->party.party);
        event.clock.entity_name = text_view(row->party.name);
    }
    event_encode(&event, buffer);
}

/* The hub opens the case of a listed activity for which nobody asked for an expert re-review. */
static err_t open_case(struct desk *desk, const struct clock_row *row, int64_t now)
{
    struct history history = {0};
    struct filed filed;
    struct faults faults;
    char report[37];
    char today[11];
    err_t err = history_read(desk->store, &row->party, row->root, desk->site.settings.utc_offset_minutes, &history);
    const struct value *item =
        err == ERR_OK && history.content.kind ? record_get(&history.content, "rereview_list_item") : NULL;
    if (item) {
        record_id_text(row->root, report);
        date_text(day_of(now, desk->site.settings.utc_offset_minutes), today);
        json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "kind", "rereview_request", "report_id",
                                   report, "addressee", row->party.party, "rereview_list_item",
                                   enum_rereview_list_item.labels[item->number].code, "materials",
                                   "清单内活动未申请专家复核，由枢纽按规定发起，材料以审查情况报送为准", "received_on",
                                   today, "is_emergency", history.facts.is_emergency);
        err = city_file(desk->city, desk->store, object, now, &filed, &faults);
        json_decref(object);
        if (err == ERR_INVALID) {
            log_error("case-refused", "report=%s field=%s reason=\"%s\"", report, faults.list[0].field,
                      faults.list[0].reason);
            err = ERR_OK; /* the clock stays overdue and is listed */
        } else if (err == ERR_OK) {
            log_info("case-opened", "report=%s entity=%s", report, row->party.party);
        }
    }
    history_done(&history);
    return err;
}

/* Whoever asked in a warning to be withheld is not named beside its id either: the warning goes up without a name. Nor
 * is anybody whose content cannot be read. */
static err_t find_withheld(struct desk *desk, const struct clock_row *row, bool *ret_is_withheld)
{
    struct history history = {0};
    struct party owner;
    *ret_is_withheld = false;
    if (row->root_size != RECORD_ID_SIZE) {
        return ERR_OK;
    }
    err_t err = store_party_at(desk->store, row->owner, &owner);
    err = err == ERR_OK ? history_read(desk->store, &owner, row->root, desk->site.settings.utc_offset_minutes, &history)
                        : err;
    *ret_is_withheld = err == ERR_OK && (!history.content.kind || rights_hides_reporter(&history.content));
    history_done(&history);
    return err;
}

static err_t tell(struct desk *desk, const struct clock_row *row, const struct alert *alert, int64_t now)
{
    bool goes_in = (alert->told & TOLD_ENTITY) && strcmp(row->party.role, "entity") == 0;
    bool goes_up = (alert->told & TOLD_PROVINCE) && !row->clock.is_drill;
    err_t err = ERR_OK;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    encode_alert(row, alert, now, false, &buffer);
    if (goes_in) {
        err = store_put_event(desk->store, row->party.row, now, (struct view){(uint8_t *)buffer.data, buffer.size});
    }
    if (err == ERR_OK && goes_up) {
        bool is_withheld = false;
        err = find_withheld(desk, row, &is_withheld);
        msgpack_sbuffer_clear(&buffer);
        encode_alert(row, alert, now, !is_withheld, &buffer);
        struct view event = {(uint8_t *)buffer.data, buffer.size};
        err = err == ERR_OK ? store_put_uplink_event(desk->store, event) : err;
    }
    msgpack_sbuffer_destroy(&buffer);
    if (alert->stage != ALERT_BEFORE) {
        log_warn("clock-overdue", "term=%s entity=%s stage=%s", row->clock.term->label->code, row->party.party,
                 enum_alert_stage.labels[alert->stage].code);
    }
    bool is_case = row->clock.term->event == EVENT_REREVIEW_REQUESTED && row->clock.term->end == END_EVENT;
    return err == ERR_OK && is_case && alert->stage == ALERT_OVERDUE && !row->clock.is_drill ? open_case(desk, row, now)
                                                                                             : err;
}

static err_t look_at(struct desk *desk, const struct clock_row *before, int64_t now)
{
    struct clock_row row = *before;
    struct alert alert;
    err_t err = ERR_OK;
    while (err == ERR_OK && clock_alert_due(&row.clock, row.done, now, &desk->site.settings, &alert)) {
        row.done = alert.index + 1;
        err = tell(desk, &row, &alert, now);
    }
    desk_settle(desk, &row, now);
    return err == ERR_OK ? desk_put_clock(desk, before, &row) : err;
}

err_t desk_alerts(struct desk *desk, int64_t now, bool *ret_has_more)
{
    struct clock_row *rows = mem_grow(NULL, ALERTS_MAX, sizeof *rows);
    size_t count = 0;
    err_t err = store_clocks_due(desk->store, now, rows, ALERTS_MAX, &count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = look_at(desk, &rows[i], now);
    }
    *ret_has_more = count == ALERTS_MAX;
    free(rows);
    return err;
}
