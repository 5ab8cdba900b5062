/* province/outbox.h - what the province files with its hubs, and what became of it.
 *
 * A filing is one record under one id; each hub that it is addressed to gets a delivery of its own, with the next
 * number of that hub's own sequence, and answers it by itself. The file is written in turns by the commands, which add,
 * and by `run`, which takes receipts. A filing is on disk, for all its hubs or for none, when outbox_file() has
 * returned; it stays for ever, and only the deliveries' states move: accepted → received or rejected. */
#ifndef PROVINCE_OUTBOX_H
#define PROVINCE_OUTBOX_H

#include <jansson.h>

#include "common/db.h"
#include "common/flights.h"
#include "common/home.h"
#include "common/suite.h"
#include "common/verdicts.h"
#include "province/witness.h"

#define OUTBOX_FILE "outbox.db"

enum { OUTBOX_BUSY_MS = 10000, PARCELS_BYTES_MAX = 900 * 1024 };

/* Stored as numbers: new ones go to the end. */
enum sending { SENDING_ACCEPTED, SENDING_RECEIVED, SENDING_REJECTED, SENDING_STATES };
extern const struct enumeration enum_sending;

struct outbox;

/* BUSY_MS: how long to wait for another process's turn. *ret_outbox is NULL on failure. */
MUST_CHECK err_t outbox_open(const struct home *home, int busy_ms, struct outbox **ret_outbox, char reterr_reason[256]);
/* Takes NULL. An open transaction is rolled back. */
void outbox_close(struct outbox *outbox);
/* For listings: borrowed. */
sqlite3 *outbox_db(struct outbox *outbox);

struct outbox_target {
    int64_t hub;
    const char *party;         /* the province's own identifier at that hub */
    const struct suite *suite; /* of that hub */
};
/* What a command has to remember with the filing or not at all, such as which signals were given. */
struct outbox_memo {
    const char *key;
    const char *text;
};
struct outbox_order {
    const struct outbox_memo *memo; /* NULL: none */
    const json_t *fields; /* the record, `kind` included; id, schema, seq and created_at are given to it here */
    int utc_offset_minutes;
    const struct outbox_target *targets;
    size_t count; /* at least 1 */
};
/* ERR_INVALID with the faults of the first hub for which there are any: then nothing was stored. */
MUST_CHECK err_t outbox_file(struct outbox *outbox, const struct outbox_order *order, int64_t now_ms,
                             uint8_t ret_id[RECORD_ID_SIZE], struct faults *ret_faults);
/* The text kept last under KEY, which the caller frees; NULL where there is none. */
MUST_CHECK err_t outbox_read_memo(struct outbox *outbox, const char *key, char **ret_text);
/* Whether the filing ID was addressed to HUB. ERR_NOT_FOUND: it was not. */
MUST_CHECK err_t outbox_find(struct outbox *outbox, int64_t hub, const uint8_t id[RECORD_ID_SIZE]);
/* The kind of the filing ID. ERR_NOT_FOUND: the province filed none. */
MUST_CHECK err_t outbox_kind(struct outbox *outbox, const uint8_t id[RECORD_ID_SIZE], const struct kind **ret_kind);

/* ---- the sending side, for `run` ---- */

/* The next deliveries to HUB: warnings first, then by number, without those that FLIGHTS blocks; at most ROOM and
 * PARCELS_BYTES_MAX together. The views point into the parcels' own bytes. */
struct parcels {
    uint32_t count;
    uint64_t seqs[BATCH_ITEMS_MAX];
    struct view items[BATCH_ITEMS_MAX];
    uint8_t *bytes; /* PARCELS_BYTES_MAX of them; freed by the caller */
};
MUST_CHECK err_t outbox_pick(struct outbox *outbox, int64_t hub, const struct flights *flights, uint32_t room,
                             struct parcels *parcels);

/* The highest number given out for HUB; 0: none. */
MUST_CHECK err_t outbox_last_seq(struct outbox *outbox, int64_t hub, uint64_t *ret_seq);

/* What a new session showed. The edge heals the centre: what only a former life of the hub's store had confirmed, or a
 * hub that holds less than it confirmed has lost, is sent again. */
struct outbox_welcome {
    bool is_epoch_changed;
    bool is_hub_behind;
    uint64_t sent_again;
    bool is_behind_hub; /* the hub holds more of the province than this outbox: numbering goes on above */
};
MUST_CHECK err_t outbox_take_welcome(struct outbox *outbox, int64_t hub, const struct welcome *welcome,
                                     struct outbox_welcome *ret_effect);

/* The head of the hub's ledger that the last receipt of this life of its store came with. ERR_NOT_FOUND: none has. */
MUST_CHECK err_t outbox_last_head(struct outbox *outbox, int64_t hub, const uint8_t epoch[EPOCH_SIZE],
                                  struct kept_head *ret_head);
/* The hub has lost what it had confirmed, and nobody can say how much: all goes again, and what it still has it answers
 * as duplicate. */
MUST_CHECK err_t outbox_send_all_again(struct outbox *outbox, int64_t hub, uint64_t *ret_count);

/* BODY's signature has been verified with HUB_KEY, which is kept with it. */
MUST_CHECK err_t outbox_take_receipt(struct outbox *outbox, int64_t hub, const struct receipt_body *body,
                                     const struct receipt *receipt, const struct signing_key *hub_key,
                                     struct verdicts *ret_verdicts);

/* Why deliveries to HUB wait although it is connected, for `outbox`; "": nothing stands in their way. */
MUST_CHECK err_t outbox_note_trouble(struct outbox *outbox, int64_t hub, const char *trouble);

#endif
