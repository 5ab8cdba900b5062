/* tests/agent/support.h - a home of its own for each test, records, and a hub's receipts made by hand. */
#ifndef TESTS_AGENT_SUPPORT_H
#define TESTS_AGENT_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/accept.h"
#include "agent/proof.h"
#include "agent/spool_db.h"
#include "agent/spool_hub.h"
#include "common/identity.h"
#include "tests/common/leaves.h"
#include "tests/home.h"
#include "tests/test.h"

#define WARNING_HEAD                                                                                                   \
    "\"kind\":\"risk_warning\",\"submitter\":{\"name\":\"n\",\"role\":\"r\"},\"action\":\"raise\",\"status\":"         \
    "\"actual\",\"headline\":\"four letters\",\"description\":\"at least ten characters\",\"urgency\":\"unknown\","    \
    "\"severity\":\"unknown\",\"certainty\":\"unknown\",\"sector\":\"other\",\"risk_domain\":\"system_safety\","       \
    "\"harm_kind\":[\"none\"],\"discovered_at\":\"2026-01-01T08:00:00+08:00\",\"share_scope\":\"city_only\""
#define WARNING "{" WARNING_HEAD ",\"level\":3}"
#define REPORT_HEAD                                                                                                    \
    "{\"kind\":\"review_report\",\"submitter\":{\"name\":\"n\",\"role\":\"r\"},\"activity_title\":\"a title\","        \
    "\"activity_no\":\"1\",\"round\":1,\"sector\":\"other\",\"lifecycle_phase\":\"testing\",\"summary\":"              \
    "\"at least ten characters\",\"applicant\":{\"name\":\"n\"},\"personal_data\":false,\"minors_involved\":false,"    \
    "\"procedure\":\"general\",\"review_stage\":\"initial\",\"applied_on\":\"2026-01-01\",\"rereview_list_item\":"     \
    "\"none\",\"principles\":{\"wellbeing\":{\"assessment\":\"met\"},\"fairness\":{\"assessment\":\"met\"},"           \
    "\"controllability\":{\"assessment\":\"met\"},\"transparency\":{\"assessment\":\"met\"},\"accountability\":"       \
    "{\"assessment\":\"met\"},\"privacy\":{\"assessment\":\"met\"}},\"risk_grade\":\"low\",\"accepted_on\":"           \
    "\"2026-01-02\",\"members_present\":5,\"votes_for\":4"
#define REPORT REPORT_HEAD "}"

struct place {
    struct home home;
    struct spool *spool;
    struct identity hub; /* signs the receipts */
    struct batch batch;
    struct flights flights;
};

static inline struct spool *open_spool(const struct home *home)
{
    struct spool *spool = NULL;
    char reason[256];
    if (spool_open(home, &suite_ed25519, 200, &spool, reason) != ERR_OK) {
        fail_msg("%s", reason);
    }
    return spool;
}

static inline int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    char reason[256];
    make_home(&place->home);
    assert_int_equal(identity_create(&place->home, &suite_ed25519, &place->hub, reason), ERR_OK);
    place->spool = open_spool(&place->home);
    batch_init(&place->batch);
    *state = place;
    return 0;
}

static inline int tear_down(void **state)
{
    struct place *place = *state;
    spool_close(place->spool);
    identity_done(&place->hub);
    batch_done(&place->batch);
    remove_home(&place->home);
    free(place);
    return 0;
}

/* A file in the home; its path is PATH. */
static inline void write_file(const struct place *place, const char *name, const char *text, char path[PATH_SIZE])
{
    home_file(&place->home, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* COUNT lines of LINE; the caller frees them. */
static inline char *repeat(const char *line, size_t count)
{
    size_t size = strlen(line);
    char *text = calloc(count + 1, size + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++) {
        snprintf(text + i * size, size + 1, "%s", line);
    }
    return text;
}

/* What accept_input() says of TEXT. */
struct told {
    struct accept_result result;
    size_t lines[32];
    struct faults faults[32];
    size_t count;
};

static inline void keep_told(void *self, size_t line, const struct faults *faults)
{
    struct told *told = self;
    if (told->count < 32) {
        told->lines[told->count] = line;
        told->faults[told->count++] = *faults;
    }
}

static inline err_t submit(struct place *place, const char *name, const char *text, bool keep_going,
                           const uint8_t *corrects, struct told *told)
{
    char path[PATH_SIZE];
    char reason[256];
    struct input input;
    memset(told, 0, sizeof *told);
    write_file(place, name, text, path);
    assert_int_equal(input_open(&input, path, &place->home, reason), ERR_OK);
    struct accept_order order = {.home = &place->home,
                                 .spool = place->spool,
                                 .utc_offset_minutes = 480,
                                 .keep_going = keep_going,
                                 .corrects = corrects,
                                 .on_refused = keep_told,
                                 .self = told};
    err_t err = accept_input(&order, &input, &told->result);
    input_close(&input);
    return err;
}

/* One accepted record; its item is ITEM. */
static inline void add_record(struct place *place, const char *text, struct item *item)
{
    struct told told;
    size_t count = 0;
    assert_int_equal(submit(place, "one.json", text, false, NULL, &told), ERR_OK);
    assert_int_equal(told.result.accepted, 1);
    assert_int_equal(spool_list(place->spool, -1, told.result.first_seq - 1, item, 1, &count), ERR_OK);
    assert_int_equal(count, 1);
}

static inline struct item find_item(struct place *place, const uint8_t id[RECORD_ID_SIZE])
{
    struct item item;
    assert_int_equal(spool_find(place->spool, id, &item), ERR_OK);
    return item;
}

static inline struct result result_for(const struct item *item, enum outcome outcome, uint64_t number)
{
    return (struct result){.outcome = outcome,
                           .id = {item->id, RECORD_ID_SIZE},
                           .hash = {item->hash, RECORD_HASH_SIZE},
                           .number = number,
                           .at = 1767225600000};
}

/* A ledger that ends with the stored records of a receipt, whose numbers follow one another; what was before are zeros.
 */
static inline void place_in_ledger(const struct result *results, uint32_t count, struct tree_head *head,
                                   struct receipt *receipt, struct merkle_path *path)
{
    static uint8_t hashes[1024][MERKLE_HASH_SIZE];
    struct leaves leaves = {1024, hashes};
    struct merkle_source source = {&suite_ed25519, leaves_node, &leaves};
    uint64_t first = 0;
    uint64_t stored = 0;
    memset(hashes, 0, sizeof hashes);
    for (uint32_t i = 0; i < count; i++) {
        if (results[i].outcome == OUTCOME_STORED) {
            first = stored == 0 ? results[i].number : first;
            memcpy(hashes[results[i].number - 1], results[i].hash.at, MERKLE_HASH_SIZE);
            stored++;
        }
    }
    head->size = stored > 0 ? first - 1 + stored : 0;
    assert_int_equal(merkle_root(&source, head->size, head->root), ERR_OK);
    if (stored > 0) {
        assert_int_equal(merkle_range(&source, first - 1, stored, head->size, path), ERR_OK);
        receipt->proof = merkle_path_view(path);
    }
}

/* The hub answers: signs RESULTS as of EPOCH, and the spool takes them. */
static inline err_t answer(struct place *place, uint8_t epoch_byte, const struct result *results, uint32_t count,
                           struct verdicts *verdicts)
{
    uint8_t epoch[EPOCH_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t head_bytes[HEAD_SIZE];
    struct tree_head head = {.size = count, .at = 1767225600001};
    msgpack_sbuffer body_bytes;
    msgpack_sbuffer signed_bytes;
    memset(epoch, epoch_byte, sizeof epoch);
    msgpack_sbuffer_init(&body_bytes);
    msgpack_sbuffer_init(&signed_bytes);
    const struct receipt_body start = {.party = {(const uint8_t *)"party", 5},
                                       .hub = {(const uint8_t *)"hub", 3},
                                       .epoch = {epoch, sizeof epoch},
                                       .at = 1767225600001,
                                       .count = count};
    receipt_body_begin(&body_bytes, &start);
    for (uint32_t i = 0; i < count; i++) {
        receipt_body_add(&body_bytes, &results[i]);
    }
    struct merkle_path path;
    struct receipt receipt = {.batch = 1,
                              .count = 1,
                              .body = {(const uint8_t *)body_bytes.data, body_bytes.size},
                              .algorithm = suite_label(&suite_ed25519)};
    memcpy(head.epoch, epoch, EPOCH_SIZE);
    suite_hash_leaf(&suite_ed25519, receipt.body, head.receipts);
    place_in_ledger(results, count, &head, &receipt, &path);
    head_encode(&head, head_bytes);
    receipt.head = (struct view){head_bytes, HEAD_SIZE};
    head_signed_bytes(receipt.head, &signed_bytes);
    identity_sign(&place->hub, (struct view){(const uint8_t *)signed_bytes.data, signed_bytes.size}, signature);
    receipt.signature = (struct view){signature, sizeof signature};
    struct receipt_body body;
    assert_int_equal(receipt_body_decode(receipt.body, &body), ERR_OK);
    err_t err = spool_take_receipt(place->spool, &body, &receipt, &place->hub.signing.key, verdicts);
    msgpack_sbuffer_destroy(&body_bytes);
    msgpack_sbuffer_destroy(&signed_bytes);
    return err;
}

static inline err_t welcome(struct place *place, uint8_t epoch_byte, uint64_t received, struct welcome_effect *effect)
{
    uint8_t epoch[EPOCH_SIZE];
    memset(epoch, epoch_byte, sizeof epoch);
    struct welcome message = {.epoch = {epoch, sizeof epoch}, .received = received, .has_proofs = true};
    return spool_take_welcome(place->spool, &message, effect);
}

static inline uint64_t waiting(struct place *place)
{
    uint64_t count = 0;
    assert_int_equal(spool_waiting(place->spool, UINT64_MAX / 2, &count), ERR_OK);
    return count;
}

static inline uint64_t count_all(struct place *place)
{
    struct counts counts;
    assert_int_equal(spool_counts(place->spool, &counts), ERR_OK);
    return counts.last_seq;
}

#endif
