#include "agent/views.h"

#include <stdlib.h>
#include <string.h>

#include "agent/proof.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/mem.h"
#include "common/text.h"

static const uint64_t TIME_LAST_MS = 4102444799999; /* 2099-12-31 */

/* 0: null. */
static void set_time(json_t *object, const char *key, int64_t ms)
{
    char text[25];
    time_text(ms, text);
    json_object_set_new(object, key, ms ? json_string(text) : json_null());
}

static void set_count(json_t *object, const char *key, uint64_t number)
{
    json_object_set_new(object, key, number ? json_integer((json_int_t)number) : json_null());
}

static json_t *hex_view(struct view bytes)
{
    char *text = mem_alloc(2 * bytes.size + 1);
    hex_text(bytes.at, bytes.size, text);
    json_t *json = json_string(text);
    free(text);
    return json;
}

json_t *faults_view(const struct faults *faults)
{
    json_t *list = json_array();
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        json_array_append_new(list, json_pack("{ss ss ss ss ss}", "code", fault->code, "field", fault->field, "reason",
                                              fault->reason, "en", fault_label(fault->code, 0), "zh",
                                              fault_label(fault->code, 1)));
    }
    return list;
}

json_t *accepted_view(const struct item *item)
{
    char id[37];
    record_id_text(item->id, id);
    json_t *object =
        json_pack("{ss sI ss ss}", "id", id, "seq", (json_int_t)item->seq, "kind", item->kind, "title", item->title);
    set_time(object, "accepted_at", item->accepted_at);
    return object;
}

json_t *item_view(struct spool *spool, const struct item *item)
{
    struct faults faults;
    json_t *object = accepted_view(item);
    json_object_set_new(object, "hash", hex_view((struct view){item->hash, RECORD_HASH_SIZE}));
    json_object_set_new(object, "state", json_string(state_code(item->state)));
    set_count(object, "number", item->number);
    set_time(object, "outcome_at", item->outcome_at);
    set_count(object, "corrected_by", item->corrected_by);
    if (item->state >= ITEM_REJECTED && spool_faults(spool, item->seq, &faults) == ERR_OK) {
        json_object_set_new(object, "faults", faults_view(&faults));
    }
    return object;
}

err_t record_view(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], json_t **ret_view)
{
    struct item item;
    uint8_t *bytes = NULL;
    size_t size = 0;
    err_t err = spool_find(spool, id, &item);
    if (err != ERR_OK) {
        return err;
    }
    err = spool_bytes(spool, item.seq, &bytes, &size);
    if (err == ERR_OK) {
        *ret_view = item_view(spool, &item);
        json_object_set_new(*ret_view, "record", record_to_json((struct view){bytes, size}));
    }
    free(bytes);
    return err == ERR_NOT_FOUND ? ERR_IO : err; /* a part of what must be whole */
}

json_t *proof_view(const struct proof *proof, const struct stored_receipt *receipt)
{
    static const char *const outcomes[] = {"stored", "duplicate", "rejected", "retry"};
    const struct receipt *signed_by_hub = &receipt->receipt;
    const struct inclusion *inclusion = &receipt->inclusion;
    json_t *object = json_pack("{sb sb ss ss ss}", "verified", proof->is_verified, "in_ledger", proof->is_in_ledger,
                               "outcome", outcomes[proof->outcome], "hub", proof->hub, "party", proof->party);
    if (proof->flaw) {
        json_object_set_new(object, "flaw", json_string(proof->flaw));
    }
    set_count(object, "number", proof->number);
    set_time(object, "at", proof->at);
    set_time(object, "signed_at", proof->signed_at);
    json_object_set_new(object, "epoch", hex_view(receipt->epoch));
    json_object_set_new(object, "body", hex_view(signed_by_hub->body));
    json_object_set_new(object, "head", hex_view(signed_by_hub->head));
    json_object_set_new(object, "algorithm",
                        json_stringn((const char *)signed_by_hub->algorithm.at, signed_by_hub->algorithm.size));
    json_object_set_new(object, "signature", hex_view(signed_by_hub->signature));
    json_object_set_new(object, "hub_key", hex_view(receipt->hub_key));
    json_object_set_new(object, "index", json_integer((json_int_t)signed_by_hub->index));
    json_object_set_new(object, "count", json_integer((json_int_t)signed_by_hub->count));
    json_object_set_new(object, "path", hex_view(signed_by_hub->path));
    json_object_set_new(object, "proof", hex_view(signed_by_hub->proof));
    if (inclusion->head.size > 0) {
        json_object_set_new(object, "inclusion",
                            json_pack("{so so so so}", "head", hex_view(inclusion->head), "signature",
                                      hex_view(inclusion->signature), "hub_key", hex_view(inclusion->hub_key), "path",
                                      hex_view(inclusion->path)));
    }
    return object;
}

err_t receipt_view(struct spool *spool, const uint8_t id[RECORD_ID_SIZE], json_t **ret_view)
{
    struct item item;
    struct stored_receipt receipt = {.bytes = NULL};
    struct proof proof;
    uint8_t *bytes = NULL;
    size_t size = 0;
    err_t err = spool_find(spool, id, &item);
    if (err != ERR_OK) {
        return err;
    }
    json_t *answer = json_null();
    if (item.receipt) {
        err = spool_bytes(spool, item.seq, &bytes, &size);
        err = err == ERR_OK ? spool_receipt(spool, &item, &receipt) : err;
        if (err == ERR_OK) {
            proof_check(&item, (struct view){bytes, size}, &receipt, &proof);
            answer = proof_view(&proof, &receipt);
        }
        free(bytes);
        free(receipt.bytes);
    }
    if (err == ERR_OK) {
        *ret_view = item_view(spool, &item);
        json_object_set_new(*ret_view, "receipt", answer);
    }
    return err == ERR_NOT_FOUND ? ERR_IO : err;
}

/* One value of an event, by its type on the wire: a record as its kind's table says, an id as a UUID. */
static json_t *event_value(const char *key, const struct token *token)
{
    char text[37];
    size_t size = strlen(key);
    bool is_time = strcmp(key, "at") == 0 || (size > 3 && strcmp(key + size - 3, "_at") == 0);
    switch (token->type) {
    case TOKEN_BOOL:
        return json_boolean(token->flag);
    case TOKEN_UINT:
        if (!is_time || token->number > TIME_LAST_MS) {
            return json_integer((json_int_t)token->number);
        }
        time_text((int64_t)token->number, text);
        return json_string(text);
    case TOKEN_STR:
        return json_stringn((const char *)token->view.at, token->view.size);
    case TOKEN_BIN:
        if (strcmp(key, "record") == 0) {
            return record_to_json(token->view);
        }
        if (token->view.size != RECORD_ID_SIZE) {
            return hex_view(token->view);
        }
        record_id_text(token->view.at, text);
        return json_string(text);
    default:
        return NULL;
    }
}

/* What is neither scalar nor readable is left out: a later version may add it. */
static json_t *event_view(struct view event)
{
    struct reader reader = reader_over(event.at, event.size);
    json_t *object = json_object();
    uint32_t pairs = 0;
    err_t err = reader_map(&reader, &pairs);
    while (err == ERR_OK && pairs-- > 0) {
        struct view key, whole;
        struct token token;
        char name[64];
        err = reader_str(&reader, &key);
        err = err == ERR_OK ? reader_skip(&reader, &whole) : err;
        if (err != ERR_OK || key.size >= sizeof name) {
            continue;
        }
        memcpy(name, key.at, key.size);
        name[key.size] = '\0';
        struct reader inner = reader_over(whole.at, whole.size);
        if (reader_next(&inner, &token) == ERR_OK) {
            json_t *value = event_value(name, &token);
            json_object_set_new(object, name, value ? value : json_null());
        }
    }
    return object;
}

json_t *message_view(const struct inbox_entry *entry, int64_t read_at)
{
    json_t *object = json_pack("{sI so}", "cursor", (json_int_t)entry->row, "event", event_view(entry->event));
    set_time(object, "taken_at", entry->taken_at);
    set_time(object, "read_at", read_at);
    return object;
}

static json_t *attachment_view(const struct blob_note *note)
{
    return json_pack("{so ss sI ss ss ss ss}", "sha256", hex_view((struct view){note->hash, BLOB_HASH_SIZE}), "name",
                     note->name, "size", (json_int_t)note->size, "state", blob_state_code(note->state), "code",
                     note->code, "en", fault_label(note->code, 0), "zh", fault_label(note->code, 1));
}

err_t attachments_view(struct spool *spool, json_t **ret_view)
{
    enum { PAGE = 32 };
    uint64_t counts[BLOB_STATES] = {0};
    struct blob_note *page = mem_alloc(PAGE * sizeof *page);
    json_t *faults = json_array();
    int64_t after = 0;
    size_t count = PAGE;
    err_t err = ERR_OK;
    while (err == ERR_OK && count == PAGE) {
        err = spool_list_blobs(spool, after, page, PAGE, &count);
        for (size_t i = 0; err == ERR_OK && i < count; i++) {
            bool is_in_way = page[i].state != BLOB_KEPT && page[i].records > 0;
            counts[page[i].state] += page[i].state == BLOB_KEPT || is_in_way;
            after = page[i].row;
            if (is_in_way && page[i].code[0]) {
                json_array_append_new(faults, attachment_view(&page[i]));
            }
        }
    }
    free(page);
    *ret_view = json_pack("{sI sI sI so}", "waiting", (json_int_t)counts[BLOB_WAITING], "kept",
                          (json_int_t)counts[BLOB_KEPT], "refused", (json_int_t)counts[BLOB_REFUSED], "faults", faults);
    return err;
}

err_t status_view(const struct home *home, const struct membership *membership, struct spool *spool, json_t **ret_view)
{
    struct counts counts;
    struct connection connection;
    json_t *attachments = NULL;
    err_t err = spool_counts(spool, &counts);
    if (err == ERR_OK) {
        err = spool_connection(spool, &connection);
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    err = err == ERR_OK ? attachments_view(spool, &attachments) : err;
    if (err != ERR_OK) {
        json_decref(attachments);
        return err;
    }
    bool is_running = wake_is_heard(home);
    json_t *link = json_pack("{sb sb ss ss}", "running", is_running, "connected", is_running && connection.is_ready,
                             "reason", connection.reason, "refusal", connection.refusal);
    set_time(link, "since", connection.since_ms);
    json_t *states = json_object();
    for (int i = 0; i < ITEM_STATES; i++) {
        json_object_set_new(states, state_code((enum item_state)i), json_integer((json_int_t)counts.by_state[i]));
    }
    *ret_view = json_pack("{ss ss ss ss so so sI}", "party", membership->party, "name", membership->name, "hub",
                          membership->hub, "city", membership->city, "link", link, "counts", states, "last_seq",
                          (json_int_t)counts.last_seq);
    set_time(*ret_view, "oldest_waiting_at", counts.oldest_waiting_at);
    json_object_set_new(*ret_view, "attachments", attachments);
    return ERR_OK;
}
