#include "agent/accept.h"

#include <string.h>

#include "agent/stage.h"
#include "common/json_text.h"
#include "common/text.h"

/* Stands in for the number that is given out later; no number is longer. */
static const uint64_t PROVISIONAL_SEQ = INT64_MAX;

/* The work on one file. */
struct acceptor {
    const struct accept_order *order;
    struct accept_result *result;
    msgpack_sbuffer buffer;
    struct stage stage;
};

/* One record: parsed, its files taken, encoded with what the agent assigns, checked. The acceptor's buffer holds the
 * bytes. ERR_INVALID: the faults say why; anything else is a failure of the home. */
static err_t accept_text(struct acceptor *acceptor, struct view text, const struct record_context *context,
                         struct record *ret_record, struct faults *ret_faults)
{
    const struct accept_order *order = acceptor->order;
    uint8_t id[RECORD_ID_SIZE];
    ret_faults->count = 0;
    msgpack_sbuffer_clear(&acceptor->buffer);
    record_make_id(context->now_ms, id);
    json_t *json = json_text_read(text, ret_faults);
    if (!json) {
        return ERR_INVALID;
    }
    err_t err = blobs_take(order->home, order->spool, &order->files, json, ret_faults);
    if (err == ERR_OK) {
        err = record_accept_json(json, id, PROVISIONAL_SEQ, context->now_ms, &acceptor->buffer, ret_faults);
        err = err == ERR_OK ? ERR_OK : ERR_INVALID;
    }
    json_decref(json);
    if (err != ERR_OK) {
        return err;
    }
    struct view bytes = {(const uint8_t *)acceptor->buffer.data, acceptor->buffer.size};
    err = record_check(bytes, context, ret_record, ret_faults);
    return err == ERR_OK ? ERR_OK : ERR_INVALID;
}

static void refuse(struct acceptor *acceptor, size_t line, const struct faults *faults)
{
    acceptor->result->refused++;
    if (acceptor->order->on_refused) {
        acceptor->order->on_refused(acceptor->order->self, line, faults);
    }
}

static void refuse_flaw(struct acceptor *acceptor, const struct piece *piece)
{
    struct faults faults = {.count = 0};
    if (piece->flaw) {
        fault_add(&faults, "malformed", "", "%s", piece->flaw);
    } else {
        fault_add(&faults, "too_large", "", "over %d bytes of text", PIECE_SIZE_MAX);
    }
    refuse(acceptor, piece->line, &faults);
}

/* The faults of a table's cells before those of the record that was made of them. */
static void join_faults(const struct faults *cells, struct faults *faults)
{
    struct faults joined = *cells;
    for (size_t i = 0; i < faults->count && joined.count < FAULTS_MAX; i++) {
        joined.list[joined.count++] = faults->list[i];
    }
    *faults = joined;
}

static err_t take_piece(struct acceptor *acceptor, const struct input *input, const struct piece *piece)
{
    const struct accept_order *order = acceptor->order;
    if (piece->faults && !piece->text.at) {
        refuse(acceptor, piece->line, piece->faults);
        return ERR_OK;
    }
    if (piece->flaw || piece->is_too_large) {
        refuse_flaw(acceptor, piece);
        return ERR_OK;
    }
    struct record record;
    struct faults faults;
    struct record_context context = {
        .now_ms = clock_ms(), .utc_offset_minutes = order->utc_offset_minutes, .party = order->party};
    err_t err = accept_text(acceptor, piece->text, &context, &record, &faults);
    if (err == ERR_INVALID || (err == ERR_OK && piece->faults)) {
        input_explain(input, &faults);
        if (piece->faults) {
            join_faults(piece->faults, &faults);
        }
        refuse(acceptor, piece->line, &faults);
        return ERR_OK;
    }
    if (err != ERR_OK) {
        return err;
    }
    acceptor->result->good++;
    if (order->corrects && acceptor->result->good > 1) {
        return ERR_INVALID;
    }
    /* A file that will be refused whole is only read on for its faults. */
    return acceptor->result->refused > 0 && !order->keep_going ? ERR_OK : stage_put(&acceptor->stage, &record);
}

/* Nobody reads so many, and a file can be made to hold a million. */
static bool is_given_up(const struct acceptor *acceptor)
{
    return acceptor->result->refused >= ACCEPT_REFUSED_MAX && !acceptor->order->keep_going;
}

static void tell_given_up(struct acceptor *acceptor, size_t line)
{
    struct faults faults = {.count = 0};
    fault_add(&faults, "malformed", "", "%d records are refused: the rest of the file was not looked at",
              ACCEPT_REFUSED_MAX);
    refuse(acceptor, line, &faults);
}

static err_t take_all(struct acceptor *acceptor, struct input *input)
{
    struct piece piece;
    err_t err = ERR_OK;
    while (err == ERR_OK && (err = input_next(input, &piece)) == ERR_OK) {
        if (is_given_up(acceptor)) {
            tell_given_up(acceptor, piece.line);
            return ERR_OK;
        }
        err = take_piece(acceptor, input, &piece);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static err_t store_one(struct acceptor *acceptor, uint64_t seq)
{
    const struct accept_order *order = acceptor->order;
    struct acceptance acceptance;
    err_t err = stage_next(&acceptor->stage, seq, &acceptance);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? ERR_IO : err; /* as many were put as are read */
    }
    err = spool_add(order->spool, &acceptance);
    err = err == ERR_OK ? blobs_confirm(order->home, order->spool, acceptance.bytes) : err;
    return err == ERR_OK && order->corrects ? spool_correct(order->spool, order->corrects, seq) : err;
}

/* All that was staged, in one transaction. */
static err_t store_all(struct acceptor *acceptor)
{
    struct spool *spool = acceptor->order->spool;
    struct accept_result *result = acceptor->result;
    size_t stored = 0;
    err_t err = stage_rewind(&acceptor->stage);
    err = err == ERR_OK ? spool_begin(spool) : err;
    if (err != ERR_OK) {
        return err;
    }
    err = spool_next_seq(spool, &result->first_seq);
    while (err == ERR_OK && stored < result->good) {
        err = store_one(acceptor, result->first_seq + stored);
        stored++;
    }
    err = err == ERR_OK ? spool_commit(spool) : err;
    if (err != ERR_OK) {
        spool_rollback(spool);
        return err;
    }
    result->accepted = stored;
    return ERR_OK;
}

err_t accept_input(const struct accept_order *order, struct input *input, struct accept_result *ret_result)
{
    memset(ret_result, 0, sizeof *ret_result);
    struct acceptor acceptor = {.order = order, .result = ret_result};
    msgpack_sbuffer_init(&acceptor.buffer);
    err_t err = stage_open(order->home, &acceptor.stage);
    err = err == ERR_OK ? take_all(&acceptor, input) : err;
    if (err == ERR_OK && ret_result->good > 0 && (ret_result->refused == 0 || order->keep_going)) {
        err = store_all(&acceptor);
    }
    stage_close(&acceptor.stage);
    msgpack_sbuffer_destroy(&acceptor.buffer);
    return err;
}
