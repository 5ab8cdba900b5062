/* What a hub may say, and what follows from it in each state. */
#include <inttypes.h>
#include <string.h>

#include "common/evidence.h"
#include "common/link_parts.h"
#include "common/log.h"
#include "common/succession.h"
#include "common/text.h"

enum { AFTER_MOST_MS = 3600000 };

/* A REFUSE that ends the session, and how long to stay away at least. */
static const struct {
    const char *code;
    int64_t wait_ms;
} ending_codes[] = {{"suspended", REFUSED_MS},
                    {"revoked", REFUSED_MS},
                    {"key_retired", REFUSED_MS},
                    {"session_superseded", BACKOFF_LAST_MS},
                    {"stopping", 1000}};

static bool take_flight(struct link *link, uint64_t batch)
{
    for (size_t i = 0; i < link->flight_count; i++) {
        if (link->flights[i].batch == batch) {
            link->in_flight -= link->flights[i].count;
            link->flight_count--;
            memmove(&link->flights[i], &link->flights[i + 1], (link->flight_count - i) * sizeof *link->flights);
            return true;
        }
    }
    return false;
}

static void note_hub_keys(struct link *link, const struct successor *successor)
{
    bool is_other = link->uses_next_hub;
    if (link->uses_next_hub) {
        membership_take_successor(link->config.membership);
        link->uses_next_hub = false;
        log_info("hub-keys-changed", "hub=%s", link->config.membership->endpoint);
    }
    if (membership_note_successor(link->config.membership, successor)) {
        is_other = true;
        log_info("hub-keys-announced", "hub=%s since=%" PRIu64, link->config.membership->endpoint, successor->since);
    }
    if (is_other) {
        link->handler.on_hub_keys(link->handler.self, link);
    }
}

static void on_welcome(struct link *link, const struct message *message)
{
    const struct welcome *welcome = &message->welcome;
    note_hub_keys(link, &welcome->successor);
    link->state = LINK_READY;
    link->session = welcome->session;
    link->attempts = 0;
    link->in_flight = 0;
    link->flight_count = 0;
    link->proving = 0;
    link->is_unnamed = false;
    link->window = welcome->window < WINDOW_ITEMS ? (uint32_t)welcome->window : WINDOW_ITEMS;
    link->max_batch = welcome->max_batch < BATCH_ITEMS_MAX ? (uint32_t)welcome->max_batch : BATCH_ITEMS_MAX;
    link->ping_ms = welcome->ping_ms < 100 ? 100 : welcome->ping_ms > 600000 ? 600000 : welcome->ping_ms;
    log_info("link-ready", "hub=%s session=%" PRIu64, link->config.membership->endpoint, link->session);
    if (link->handler.on_ready) {
        link->handler.on_ready(link->handler.self, link, welcome);
    }
}

static void on_who(struct link *link, const struct message *message)
{
    (void)message;
    link->state = LINK_GREETING;
    link->opened_ms = clock_monotonic_ms();
    link_greet(link);
}

static void on_refuse(struct link *link, const struct message *message)
{
    const struct refuse *refuse = &message->refuse;
    char code[32];
    char reason[512];
    log_safe(refuse->code.at, refuse->code.size, code, sizeof code);
    log_safe(refuse->reason.at, refuse->reason.size, reason, sizeof reason);
    log_warn("link-refused", "code=%s reason=\"%s\"", code, reason);
    if (refuse->has_batch) {
        take_flight(link, refuse->batch);
    }
    if (link->handler.on_refuse) {
        link->handler.on_refuse(link->handler.self, link, refuse);
    }
    for (size_t i = 0; i < sizeof ending_codes / sizeof *ending_codes; i++) {
        if (strcmp(code, ending_codes[i].code) == 0) {
            char text[600];
            snprintf(text, sizeof text, "%s: %s", fault_label(code, text_is_chinese()), reason);
            link_go_down(link, text, ending_codes[i].wait_ms);
            return;
        }
    }
    if (link->state == LINK_GREETING && refuse->after_ms > 0) {
        char text[600];
        snprintf(text, sizeof text, "%s: %s", fault_label(code, text_is_chinese()), reason);
        link_go_down(link, text, refuse->after_ms < AFTER_MOST_MS ? (int64_t)refuse->after_ms : AFTER_MOST_MS);
    }
}

static void on_ping(struct link *link, const struct message *message)
{
    struct message pong = {.type = MESSAGE_PONG, .ping = message->ping};
    link_send(link, &pong);
}

static void on_pong(struct link *link, const struct message *message)
{
    uint64_t token = message->ping.token;
    /* Of the link's own, hearing it was all. */
    if ((token & PROBE_BIT) && link->handler.on_probed) {
        link->handler.on_probed(link->handler.self, link, token ^ PROBE_BIT);
    }
}

static void on_bye(struct link *link, const struct message *message)
{
    (void)message;
    link_go_down(link, tr("the hub ended the session", "枢纽结束了会话"), 1000);
}

/* Of a receipt that proves what it says: whether that is said of this peer and of what was signed in this session. It
 * will be shown to others, who find that out only then. */
static const char *find_stranger(const struct link *link, const struct receipt_body *body)
{
    const struct membership *membership = link->config.membership;
    if (!view_is(body->party, membership->party)) {
        return tr("it is made out to another party", "回执的抬头是另一机构");
    }
    if (body->signature.size == 0) {
        return NULL; /* an older hub, which names none of it */
    }
    if (!view_equals(body->party_key, signing_key_view(&link->identity.signing.key))) {
        return tr("it names another key than the batch was signed with", "回执所载的签名公钥并非签署该批次的公钥");
    }
    if (!view_equals(body->hub_curve_key, (struct view){membership->hub_key, KEY_SIZE})) {
        return tr("it names another hub's key than the batch was signed for",
                  "回执所载的枢纽公钥并非该批次所对应的公钥");
    }
    return NULL;
}

static const char *find_flaw(const struct link *link, const struct receipt *receipt, struct receipt_body *ret_body)
{
    const struct signing_key *key = &link->config.membership->hub_signing_key;
    const struct signed_head head = {receipt->head, receipt->algorithm, receipt->signature};
    struct tree_head ignored;
    if (!head_is_signed(&head, key)) {
        return tr("the hub's signature does not fit", "枢纽签名不符");
    }
    const char *flaw = receipt_flaw(signing_key_suite(key), receipt, ret_body, &ignored);
    return flaw ? flaw : find_stranger(link, ret_body);
}

static void on_receipt(struct link *link, const struct message *message)
{
    const struct receipt *receipt = &message->receipt;
    struct receipt_body body = {0};
    const char *flaw = find_flaw(link, receipt, &body);
    if (flaw) {
        log_error("receipt-unproved", "batch=%" PRIu64 " reason=\"%s\" ignoring it", receipt->batch, flaw);
        return;
    }
    if (body.signature.size == 0 && !link->is_unnamed) {
        link->is_unnamed = true;
        log_warn("receipt-unnamed",
                 "hub=%s text=\"it does not say which signature was checked, as an older hub's: it proves less\"",
                 link->config.membership->endpoint);
    }
    if (take_flight(link, receipt->batch)) {
        link->moved_ms = clock_monotonic_ms();
    }
    if (link->handler.on_receipt) {
        link->handler.on_receipt(link->handler.self, link, &body, receipt);
    }
}

/* What nobody asked for costs no check of a signature. */
static void on_proof(struct link *link, const struct message *message)
{
    const struct ledger_proof *proof = &message->proof;
    struct signed_head signed_head = {proof->head, proof->algorithm, proof->signature};
    struct tree_head head;
    if (link->proving == 0) {
        log_debug("link-unexpected", "type=%d nothing was asked; ignoring it", (int)message->type);
        return;
    }
    link->proving--;
    if (!head_is_signed(&signed_head, &link->config.membership->hub_signing_key) ||
        head_decode(proof->head, &head) != ERR_OK) {
        log_error("proof-unsigned", "number=%" PRIu64 " the hub's signature does not fit; ignoring it", proof->number);
        return;
    }
    if (link->handler.on_proof) {
        link->handler.on_proof(link->handler.self, link, proof, &head);
    }
}

static void on_events(struct link *link, const struct message *message)
{
    if (link->handler.on_events) {
        link->handler.on_events(link->handler.self, link, &message->events);
    }
}

static void on_gap(struct link *link, const struct message *message)
{
    if (link->handler.on_gap) {
        link->handler.on_gap(link->handler.self, link, &message->gap);
    }
}

static void on_blob(struct link *link, const struct message *message)
{
    if (link->handler.on_blob) {
        link->handler.on_blob(link->handler.self, link, message);
    }
}

/* What a hub may send, in which states. */
static const struct {
    void (*act)(struct link *link, const struct message *message);
    bool is_greeting;
    bool is_ready;
} inputs[] = {
    [MESSAGE_WELCOME] = {on_welcome, true, false}, [MESSAGE_WHO] = {on_who, false, true},
    [MESSAGE_REFUSE] = {on_refuse, true, true},    [MESSAGE_PING] = {on_ping, false, true},
    [MESSAGE_PONG] = {on_pong, false, true},       [MESSAGE_BYE] = {on_bye, false, true},
    [MESSAGE_RECEIPT] = {on_receipt, false, true}, [MESSAGE_EVENTS] = {on_events, false, true},
    [MESSAGE_GAP] = {on_gap, false, true},         [MESSAGE_BLOB_WANT] = {on_blob, false, true},
    [MESSAGE_BLOB_CHUNK] = {on_blob, false, true}, [MESSAGE_BLOB_DONE] = {on_blob, false, true},
    [MESSAGE_PROOF] = {on_proof, false, true},
};

/* Every message with a session number has it first, so one place compares it. */
static bool is_of_session(const struct link *link, const struct message *message)
{
    switch (message->type) {
    case MESSAGE_WELCOME:
    case MESSAGE_WHO:
    case MESSAGE_REFUSE:
        return true;
    case MESSAGE_RECEIPT:
        return message->receipt.session == link->session;
    case MESSAGE_EVENTS:
        return message->events.session == link->session;
    case MESSAGE_GAP:
        return message->gap.session == link->session;
    case MESSAGE_BLOB_WANT:
        return message->blob_want.session == link->session;
    case MESSAGE_BLOB_CHUNK:
        return message->blob_chunk.session == link->session;
    case MESSAGE_BLOB_DONE:
        return message->blob_done.session == link->session;
    case MESSAGE_PROOF:
        return message->proof.session == link->session;
    case MESSAGE_BYE:
        return message->session == link->session;
    default:
        return message->ping.session == link->session;
    }
}

void link_take(struct link *link, struct view frame)
{
    struct message message;
    char reason[128];
    if (message_decode(frame, &message, reason) != ERR_OK) {
        log_warn("link-malformed", "reason=\"%s\" ignoring it", reason);
        return;
    }
    size_t type = (size_t)message.type;
    bool is_known = type < sizeof inputs / sizeof *inputs && inputs[type].act;
    bool is_due = is_known && (link->state == LINK_READY ? inputs[type].is_ready : inputs[type].is_greeting);
    if (!is_due || !is_of_session(link, &message)) {
        log_debug("link-unexpected", "type=%d state=%d ignoring it", (int)message.type, (int)link->state);
        return;
    }
    inputs[type].act(link, &message);
}
