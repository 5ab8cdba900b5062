#include "hub/audit_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/intake.h"
#include "hub/store_clock.h"
#include "hub/store_facts.h"
#include "hub/store_ledger.h"

void audit_say(struct audit *audit, const char *code, const char *subject, const char *format, ...)
{
    struct finding finding = {.code = code};
    va_list args;
    va_start(args, format);
    vsnprintf(finding.detail, sizeof finding.detail, format, args);
    va_end(args);
    snprintf(finding.subject, sizeof finding.subject, "%s", subject);
    audit->sums.findings++;
    audit->order->on_finding(audit->order->self, &finding);
}

/* ---- one batch ---- */

struct reading {
    struct audit *audit;
    struct party party;
    int64_t id, at;
    uint64_t first_number;
    struct view hashes;
    uint32_t count; /* records of it */
    struct view items[BATCH_ITEMS_MAX];
    uint8_t leaves[BATCH_ITEMS_MAX][RECORD_HASH_SIZE];
    uint64_t numbers[BATCH_ITEMS_MAX];
    uint8_t *bytes; /* of the items, copied */
    size_t used, room;
};

static err_t read_item(void *self, const struct logged *logged)
{
    struct reading *reading = self;
    struct audit *audit = reading->audit;
    uint8_t hash[RECORD_HASH_SIZE];
    char subject[64];
    if (reading->count == BATCH_ITEMS_MAX || reading->used + logged->bytes.size > reading->room ||
        logged->hash.size != RECORD_HASH_SIZE) {
        return ERR_INVALID;
    }
    suite_hash_leaf(audit->seen->settings.suite, logged->bytes, hash);
    bool is_same = memcmp(logged->hash.at, hash, RECORD_HASH_SIZE) == 0;
    bool is_gone = false;
    err_t err = is_same ? ERR_OK : audit_is_erased(audit, logged, &is_gone);
    if (err != ERR_OK) {
        return err;
    }
    audit->sums.erased += is_gone;
    if (!is_same && !is_gone) {
        snprintf(subject, sizeof subject, "record %" PRIu64, logged->number);
        audit_say(audit, "record_changed", subject,
                  tr("its bytes are not those that %s signed", "其字节并非 %s 所签署"), logged->party.party);
    }
    memcpy(reading->bytes + reading->used, logged->bytes.at, logged->bytes.size);
    memcpy(reading->leaves[reading->count], logged->hash.at, RECORD_HASH_SIZE);
    reading->items[reading->count] = (struct view){reading->bytes + reading->used, logged->bytes.size};
    reading->numbers[reading->count++] = logged->number;
    reading->used += logged->bytes.size;
    audit->sums.records++;
    return ERR_OK;
}

struct signer {
    const struct reading *reading;
    const struct signing_key *key;
    struct view signature;
    bool is_known, fits;
    int64_t ended_at; /* of the key, where it is known; 0: it has not ended */
};

/* A batch is taken under the time of its commit, a moment after its key was looked at. */
enum { UNDER_WAY_MS = 60 * 1000 };

static void try_hub_key(void *self, const struct party_key *hub_key, const char *reason, struct view proof)
{
    struct signer *signer = self;
    msgpack_sbuffer covered;
    (void)reason;
    (void)proof;
    if (signer->fits) {
        return;
    }
    msgpack_sbuffer_init(&covered);
    submit_signed_bytes(hub_key->curve_key, signer->reading->hashes.at,
                        (uint32_t)(signer->reading->hashes.size / RECORD_HASH_SIZE), &covered);
    signer->fits = signature_check(signer->key, suite_label(signing_key_suite(signer->key)),
                                   (struct view){(const uint8_t *)covered.data, covered.size}, signer->signature);
    msgpack_sbuffer_destroy(&covered);
}

static void try_party_key(void *self, const struct party_key *key, const char *reason, struct view proof)
{
    struct signer *signer = self;
    (void)reason;
    (void)proof;
    if (signing_key_equal(&key->signing_key, signer->key)) {
        signer->is_known = true;
        signer->ended_at = key->revoked_at ? key->revoked_at : key->until;
    }
}

/* The batch is signed, by a key that the registry knows as its party's. */
static err_t check_signature(struct reading *reading, struct view key_bytes, struct view signature)
{
    struct audit *audit = reading->audit;
    struct signing_key key = {0};
    struct signer signer = {.reading = reading, .key = &key, .signature = signature};
    char subject[64];
    char at[25];
    err_t err = signing_key_take(key_bytes, &key);
    if (err == ERR_OK) {
        err = store_each_key(audit->seen, reading->party.row, try_party_key, &signer);
        err = err == ERR_OK ? store_each_key(audit->seen, audit->seen->city_row, try_hub_key, &signer) : err;
        if (err != ERR_OK) {
            return err;
        }
    }
    snprintf(subject, sizeof subject, "batch %" PRId64, reading->id);
    if (!signer.fits) {
        audit_say(audit, "batch_unsigned", subject,
                  tr("the signature of %s does not fit its hashes", "%s 的签名与其摘要不符"), reading->party.party);
    } else if (!signer.is_known) {
        audit_say(audit, "key_unknown", subject, tr("signed by a key that was never one of %s", "签名密钥从未属于 %s"),
                  reading->party.party);
    } else if (signer.ended_at && reading->at > signer.ended_at + UNDER_WAY_MS) {
        time_text(signer.ended_at, at);
        audit_say(audit, "key_ended", subject,
                  tr("signed by a key of %s that had ended at %s", "签名所用的 %s 的密钥已于 %s 失效"),
                  reading->party.party, at);
    }
    return ERR_OK;
}

static err_t put_again(struct reading *reading)
{
    struct audit *audit = reading->audit;
    struct intake intake = {.suite = audit->seen->settings.suite,
                            .utc_offset_minutes = audit->seen->settings.utc_offset_minutes};
    struct facts facts;
    char subject[64];
    err_t err = store_facts_in(audit->seen, reading->party.row, reading->id, &facts);
    if (err != ERR_OK || reading->count == 0) {
        return err;
    }
    snprintf(reading->party.entity_type, sizeof reading->party.entity_type, "%s", facts.entity_type);
    struct batch *batch = intake_again(&intake, &reading->party, reading->items, reading->count, reading->at);
    for (uint32_t i = 0; i < batch->count; i++) {
        memcpy(batch->items[i].hash, reading->leaves[i], RECORD_HASH_SIZE); /* also of what was erased since */
    }
    err = store_put_batch(audit->replay, batch);
    for (uint32_t i = 0; i < batch->count && err == ERR_OK; i++) {
        const struct batch_item *item = &batch->items[i];
        if (item->outcome != OUTCOME_STORED || item->number != reading->numbers[i]) {
            snprintf(subject, sizeof subject, "record %" PRIu64, reading->numbers[i]);
            audit_say(audit, "replay_differs", subject,
                      tr("stored anew it has outcome %d and number %" PRIu64, "重新存入后结果为 %d，编号为 %" PRIu64),
                      (int)item->outcome, item->number);
        }
    }
    batch_free(batch);
    return err;
}

/* ---- all of them ---- */

static const char batches_sql[] = "select id, party, at, first_number, hashes, signing_key, signature, length(bytes), "
                                  "stored from batch order by id";

/* Numbers are given out one after the other: where one batch is left out, all that follows would differ. */
static void say_cut(struct audit *audit, int64_t batch)
{
    char subject[64];
    snprintf(subject, sizeof subject, "batch %" PRId64, batch);
    audit_say(audit, "party_missing", subject,
              tr("the registry has no institution for it; what was stored from here on is not counted anew",
                 "登记册中没有其机构；此后所存内容不再重算"));
    audit->is_cut = true;
}

static err_t go_through(struct audit *audit, sqlite3_stmt *batch, struct reading *reading)
{
    size_t size = (size_t)sqlite3_column_int64(batch, 7);
    reading->id = sqlite3_column_int64(batch, 0);
    reading->at = sqlite3_column_int64(batch, 2);
    reading->first_number = (uint64_t)sqlite3_column_int64(batch, 3);
    reading->hashes = db_column_view(batch, 4);
    reading->count = 0;
    reading->used = 0;
    if (size > reading->room) {
        free(reading->bytes);
        reading->bytes = mem_alloc(size);
        reading->room = size;
    }
    audit->sums.batches++;
    err_t err = store_party_at(audit->seen, sqlite3_column_int64(batch, 1), &reading->party);
    if (err == ERR_NOT_FOUND) {
        say_cut(audit, reading->id);
        return ERR_OK;
    }
    err = err == ERR_OK ? check_signature(reading, db_column_view(batch, 5), db_column_view(batch, 6)) : err;
    err = err == ERR_OK ? store_each_logged(audit->seen, reading->id, read_item, reading) : err;
    if (err == ERR_OK && reading->count != (uint64_t)sqlite3_column_int64(batch, 8)) {
        char subject[64];
        snprintf(subject, sizeof subject, "batch %" PRId64, reading->id);
        audit_say(audit, "record_missing", subject,
                  tr("it has stored %" PRId64 " records from number %" PRIu64 " on, and %" PRIu32 " of them are there",
                     "该批存入 %" PRId64 " 条记录（自编号 %" PRIu64 " 起），现存 %" PRIu32 " 条"),
                  (int64_t)sqlite3_column_int64(batch, 8), reading->first_number, reading->count);
    }
    return err == ERR_OK && !audit->is_cut ? put_again(reading) : err;
}

/* Commits where the hub did, and compares the roots. */
static err_t meet_head(struct audit *audit, sqlite3_stmt *head, err_t *more)
{
    char subject[64];
    uint64_t size = (uint64_t)sqlite3_column_int64(head, 0);
    struct view root = db_column_view(head, 1);
    err_t err = store_commit(audit->replay);
    const struct tree_head *ours = store_group_head(audit->replay);
    if (err == ERR_OK &&
        (ours->size != size || root.size != sizeof ours->root || memcmp(root.at, ours->root, sizeof ours->root) != 0)) {
        snprintf(subject, sizeof subject, "ledger of %" PRIu64, size);
        audit_say(audit, "head_differs", subject,
                  tr("its root is not that of the records' hashes", "其根与由记录摘要算得者不符"));
    }
    audit->sums.heads++;
    *more = db_step(head);
    return err == ERR_OK ? store_begin(audit->replay) : err;
}

/* The newest records are gone, and a head that they made is there. */
static void say_short(struct audit *audit, uint64_t size)
{
    char subject[64];
    snprintf(subject, sizeof subject, "ledger of %" PRIu64, size);
    audit_say(
        audit, "record_missing", subject,
        tr("there are %" PRIu64 " records, and this head stands for more", "现有记录 %" PRIu64 " 条，少于该台账头所载"),
        audit->sums.records);
}

static err_t replay(struct audit *audit)
{
    struct reading reading = {.audit = audit};
    sqlite3_stmt *batch = db_prepare(audit->seen->db, batches_sql);
    sqlite3_stmt *head = db_prepare(audit->seen->db, "select size, root from head order by size");
    err_t err = store_begin(audit->replay);
    err_t more = db_step(head);
    err = err == ERR_OK ? db_step(batch) : err;
    while (err == ERR_OK) {
        uint64_t last = (uint64_t)(sqlite3_column_int64(batch, 3) + sqlite3_column_int64(batch, 8)) - 1;
        err = go_through(audit, batch, &reading);
        if (err == ERR_OK && more == ERR_OK && !audit->is_cut && last >= (uint64_t)sqlite3_column_int64(head, 0)) {
            err = meet_head(audit, head, &more);
        }
        err = err == ERR_OK ? db_step(batch) : err;
    }
    err = err == ERR_NOT_FOUND ? store_commit(audit->replay) : err;
    if (err == ERR_OK && more == ERR_OK && !audit->is_cut) {
        say_short(audit, (uint64_t)sqlite3_column_int64(head, 0));
    }
    sqlite3_finalize(batch);
    sqlite3_finalize(head);
    free(reading.bytes);
    return more == ERR_OK || more == ERR_NOT_FOUND ? err : more;
}

static void find_city(struct audit *audit)
{
    sqlite3_stmt *city = db_prepare(audit->seen->db, "select row from party where role = 'city'");
    if (db_step(city) == ERR_OK) {
        audit->seen->city_row = sqlite3_column_int64(city, 0);
        store_set_city(audit->replay, audit->seen->city_row);
    }
    sqlite3_finalize(city);
}

/* What is sorted goes to files beside the scratch store: it may be more than fits into memory. */
static err_t sort_in_files(struct audit *audit)
{
    if (setenv("SQLITE_TMPDIR", audit->order->scratch->path, 1) != 0) {
        return ERR_IO;
    }
    err_t err = db_exec(audit->seen->db, "pragma temp_store=file");
    return err == ERR_OK ? db_exec(audit->replay->db, "pragma temp_store=file") : err;
}

static err_t audit_stores(struct audit *audit)
{
    struct moment moment;
    err_t err = sort_in_files(audit);
    err = err == ERR_OK ? store_look(audit->seen, &moment) : err;
    if (err != ERR_OK) {
        return err;
    }
    err = audit_copy_registry(audit);
    find_city(audit);
    err = err == ERR_OK ? replay(audit) : err;
    err = err == ERR_OK && !audit->is_cut ? audit_count_duties(audit) : err;
    err = err == ERR_OK && !audit->is_cut ? audit_compare(audit) : err;
    store_end_look(audit->seen);
    return err;
}

err_t audit_run(const struct audit_order *order, struct audit_sums *ret_sums, char reterr_reason[256])
{
    struct audit audit = {.order = order};
    err_t err = store_open(order->home, false, order->settings, &audit.seen, reterr_reason);
    err = err == ERR_OK ? store_open(order->scratch, true, order->settings, &audit.replay, reterr_reason) : err;
    if (err == ERR_OK) {
        err = audit_stores(&audit);
        snprintf(reterr_reason, 256, "%s", err == ERR_OK ? "" : err_text(err));
    }
    store_close(audit.replay);
    store_close(audit.seen);
    *ret_sums = audit.sums;
    return err;
}
