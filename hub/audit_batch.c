/* One batch: its bytes against its hashes, the signature over those, and its records stored anew. */
#include "hub/audit_parts.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "hub/intake.h"
#include "hub/store_clock.h"
#include "hub/store_facts.h"
#include "proto/check.h"
#include "proto/kinds.h"

struct reading {
    struct audit *audit;
    const struct batch_row *row;
    struct party party;
    struct kept_batch kept;
    uint32_t next; /* the first position behind those of the records that were read */
    uint32_t count;
    struct {
        uint32_t position;
        uint64_t number;
    } records[BATCH_ITEMS_MAX];
};

static void say_of(const struct reading *reading, const char *code, const char *detail)
{
    char subject[64];
    snprintf(subject, sizeof subject, "batch %" PRId64, reading->row->id);
    audit_say(reading->audit, code, subject, "%s", detail);
}

static void say_record(const struct reading *reading, uint64_t number, const char *code, const char *detail)
{
    char subject[64];
    snprintf(subject, sizeof subject, "record %" PRIu64, number);
    audit_say(reading->audit, code, subject, "%s", detail);
}

/* ---- the signature ---- */

struct signer {
    const struct batch_row *row;
    const struct signing_key *key;
    bool is_known, fits;
    int64_t ended_at; /* of the key, where it is known; 0: it has not ended */
};

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
    submit_signed_bytes(hub_key->curve_key, signer->row->hashes.at,
                        (uint32_t)(signer->row->hashes.size / RECORD_HASH_SIZE), &covered);
    signer->fits = signature_check(signer->key, suite_label(signing_key_suite(signer->key)),
                                   (struct view){(const uint8_t *)covered.data, covered.size}, signer->row->signature);
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

/* A row of theirs that cannot be read was named when the registry was copied: there they are all readable. */
static err_t check_signature(struct reading *reading)
{
    struct audit *audit = reading->audit;
    struct signing_key key = {0};
    struct signer signer = {.row = reading->row, .key = &key};
    char detail[200];
    char at[25];
    err_t err = ERR_OK;
    if (signing_key_take(reading->row->signing_key, &key) == ERR_OK) {
        err = store_each_key(audit->replay, reading->party.row, try_party_key, &signer);
        err = err == ERR_OK ? store_each_key(audit->replay, audit->replay->city_row, try_hub_key, &signer) : err;
    }
    if (!signer.fits) {
        snprintf(detail, sizeof detail, tr("the signature of %s does not fit its hashes", "%s 的签名与其摘要不符"),
                 reading->party.party);
        say_of(reading, "batch_unsigned", detail);
    } else if (!signer.is_known) {
        snprintf(detail, sizeof detail, tr("signed by a key that was never one of %s", "签名密钥从未属于 %s"),
                 reading->party.party);
        say_of(reading, "key_unknown", detail);
    } else if (signer.ended_at && reading->row->at > signer.ended_at + UNDER_WAY_MS) {
        time_text(signer.ended_at, at);
        snprintf(detail, sizeof detail,
                 tr("signed by a key of %s that had ended at %s", "签名所用的 %s 的密钥已于 %s 失效"),
                 reading->party.party, at);
        say_of(reading, "key_ended", detail);
    }
    return err;
}

/* ---- its records ---- */

/* Where among the hashes the record stands: as its row says, unless its bytes say otherwise. False: nowhere. */
static bool find_position(const struct reading *reading, const struct logged *logged,
                          const uint8_t hash[RECORD_HASH_SIZE], uint32_t *ret_position)
{
    bool is_there = logged->position >= reading->next && logged->position < reading->kept.count;
    *ret_position = is_there ? (uint32_t)logged->position : reading->next;
    if (is_there && memcmp(reading->kept.items[*ret_position].hash, hash, RECORD_HASH_SIZE) == 0) {
        return true;
    }
    for (uint32_t i = reading->next; i < reading->kept.count; i++) {
        if (memcmp(reading->kept.items[i].hash, hash, RECORD_HASH_SIZE) == 0) {
            *ret_position = i;
            return true;
        }
    }
    return *ret_position < reading->kept.count;
}

static err_t read_item(void *self, const struct logged *logged)
{
    struct reading *reading = self;
    struct audit *audit = reading->audit;
    uint8_t hash[RECORD_HASH_SIZE];
    char detail[200];
    uint32_t position = 0;
    bool is_gone = false;
    audit->sums.records++;
    suite_hash_leaf(audit->seen->settings.suite, logged->bytes, hash);
    if (!find_position(reading, logged, hash, &position)) {
        say_record(reading, logged->number, "record_changed",
                   tr("its batch has no hash for it", "所属批次中没有它的摘要"));
        return ERR_OK;
    }
    struct kept_item *item = &reading->kept.items[position];
    bool is_same = memcmp(item->hash, hash, RECORD_HASH_SIZE) == 0;
    err_t err = is_same ? ERR_OK : audit_is_erased(audit, logged, &is_gone);
    audit->sums.erased += is_gone;
    if (err == ERR_OK && !is_same && !is_gone) {
        snprintf(detail, sizeof detail, tr("its bytes are not those that %s signed", "其字节并非 %s 所签署"),
                 reading->party.party);
        say_record(reading, logged->number, "record_changed", detail);
    }
    item->offset = (size_t)logged->offset;
    item->size = logged->bytes.size;
    item->has_number = true;
    reading->records[reading->count].position = position;
    reading->records[reading->count++].number = logged->number;
    reading->next = position + 1;
    return err;
}

static err_t read_records(struct reading *reading)
{
    char detail[200];
    const struct batch_row *row = reading->row;
    uint64_t count = row->hashes.size / RECORD_HASH_SIZE;
    reading->kept = (struct kept_batch){.id = row->id, .at = row->at, .bytes = row->bytes};
    reading->kept.count = count < BATCH_ITEMS_MAX ? (uint32_t)count : BATCH_ITEMS_MAX;
    for (uint32_t i = 0; i < reading->kept.count; i++) {
        memcpy(reading->kept.items[i].hash, row->hashes.at + (size_t)i * RECORD_HASH_SIZE, RECORD_HASH_SIZE);
    }
    err_t err = store_each_logged(reading->audit->seen, row->id, read_item, reading);
    if (err == ERR_OK && reading->count != row->stored) {
        snprintf(detail, sizeof detail,
                 tr("it has stored %" PRIu64 " records from number %" PRIu64 " on, and %" PRIu32 " of them are there",
                    "该批存入 %" PRIu64 " 条记录（自编号 %" PRIu64 " 起），现存 %" PRIu32 " 条"),
                 row->stored, row->first_number, reading->count);
        say_of(reading, "record_missing", detail);
    }
    return err;
}

/* ---- storing them anew ---- */

/* A number that the ledger knows the record by, and that is not the next: those between are gone, and keep theirs. */
static err_t count_gone(struct reading *reading, uint32_t index, uint64_t next, uint64_t *ret_gone)
{
    uint64_t number = reading->records[index].number;
    bool is_known = false;
    *ret_gone = 0;
    if (number <= next) {
        return ERR_OK;
    }
    err_t err =
        audit_has_leaf(reading->audit, number, reading->kept.items[reading->records[index].position].hash, &is_known);
    *ret_gone = is_known ? number - next : 0;
    return err;
}

/* Of those that are gone before the first record the leaves alone are wanted; those within have a place each. */
static err_t keep_numbers(struct reading *reading)
{
    uint64_t gone = 0;
    uint64_t next = reading->audit->replay->number + 1;
    err_t err = count_gone(reading, 0, next, &gone);
    err = err == ERR_OK ? audit_skip(reading->audit, next + gone) : err;
    next = reading->audit->replay->number + 2;
    for (uint32_t i = 1; i < reading->count && err == ERR_OK; i++) {
        uint32_t first = reading->records[i - 1].position + 1;
        err = count_gone(reading, i, next, &gone);
        gone = gone <= reading->records[i].position - first ? gone : 0;
        for (uint64_t k = 0; k < gone && err == ERR_OK; k++) {
            struct kept_item *item = &reading->kept.items[first + k];
            err = audit_leaf(reading->audit, next + k, item->hash);
            item->has_number = err == ERR_OK;
        }
        next += gone + 1;
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    return err;
}

static void compare_outcomes(struct reading *reading, const struct batch *batch)
{
    char detail[160];
    if (reading->count == reading->row->stored && batch->first_number != reading->row->first_number) {
        say_of(reading, "replay_differs", tr("its records begin with another number", "其记录的起始编号不同"));
    }
    for (uint32_t i = 0; i < reading->count; i++) {
        uint64_t number = reading->records[i].number;
        const struct batch_item *item = &batch->items[reading->records[i].position];
        if (item->outcome != OUTCOME_STORED || item->number != number) {
            snprintf(detail, sizeof detail,
                     tr("stored anew it has outcome %d and number %" PRIu64, "重新存入后结果为 %d，编号为 %" PRIu64),
                     (int)item->outcome, item->number);
            say_record(reading, number, "replay_differs", detail);
        }
    }
}

static err_t put_again(struct reading *reading)
{
    struct audit *audit = reading->audit;
    struct intake intake = {.suite = audit->seen->settings.suite,
                            .utc_offset_minutes = audit->seen->settings.utc_offset_minutes};
    struct facts facts;
    const struct kept_item *first = &reading->kept.items[reading->records[0].position];
    struct passing passing = {
        reading->records[0].number, reading->row->at, {reading->row->bytes.at + first->offset, first->size}};
    err_t err = audit_follow_act(audit, reading->party.row, &passing);
    err = err == ERR_OK ? keep_numbers(reading) : err;
    err = err == ERR_OK ? store_facts_in(audit->seen, reading->party.row, reading->row->id, &facts) : err;
    if (err != ERR_OK) {
        return err;
    }
    snprintf(reading->party.entity_type, sizeof reading->party.entity_type, "%s", facts.entity_type);
    struct batch *batch = intake_again(&intake, &reading->party, &reading->kept);
    err = store_put_batch(audit->replay, batch);
    if (err == ERR_OK) {
        compare_outcomes(reading, batch);
    } else if (err != ERR_FULL && err != ERR_BUSY) {
        say_of(reading, "replay_differs", tr("its records cannot be stored anew", "其中的记录无法重新存入"));
        err = ERR_OK;
    }
    batch_free(batch);
    return err;
}

err_t audit_batch(struct audit *audit, const struct batch_row *row)
{
    struct reading reading = {.audit = audit, .row = row};
    audit->sums.batches++;
    err_t err = store_party_at(audit->replay, row->party, &reading.party);
    if (err == ERR_NOT_FOUND) {
        say_of(&reading, "party_missing",
               tr("the registry has no institution for it: its records are not counted anew",
                  "登记册中没有其机构；其中的记录不再重算"));
        return ERR_OK;
    }
    err = err == ERR_OK ? check_signature(&reading) : err;
    err = err == ERR_OK ? read_records(&reading) : err;
    return err == ERR_OK && reading.count > 0 ? put_again(&reading) : err;
}
