#include "agent/accept.h"

#include <string.h>

#include "agent/stage.h"
#include "common/json_text.h"
#include "common/text.h"

/* Stands in for the number that is given out later; no number is longer. */
static const uint64_t PROVISIONAL_SEQ = INT64_MAX;

err_t accept_text(struct view text, const uint8_t id[RECORD_ID_SIZE], uint64_t seq,
                  const struct record_context *context, msgpack_sbuffer *buffer, struct record *ret_record,
                  struct faults *ret_faults)
{
    ret_faults->count = 0;
    msgpack_sbuffer_clear(buffer);
    json_t *json = json_text_read(text, ret_faults);
    if (!json) {
        return ERR_INVALID;
    }
    err_t err = record_accept_json(json, id, seq, context->now_ms, buffer, ret_faults);
    json_decref(json);
    if (err != ERR_OK) {
        return err;
    }
    struct view bytes = {(const uint8_t *)buffer->data, buffer->size};
    return record_check(bytes, context, ret_record, ret_faults);
}

/* The work on one file. */
struct acceptor {
    const struct accept_order *order;
    struct accept_result *result;
    msgpack_sbuffer buffer;
    struct stage stage;
};

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

static err_t take_piece(struct acceptor *acceptor, const struct piece *piece)
{
    const struct accept_order *order = acceptor->order;
    if (piece->flaw || piece->is_too_large) {
        refuse_flaw(acceptor, piece);
        return ERR_OK;
    }
    struct record record;
    struct faults faults;
    uint8_t id[RECORD_ID_SIZE];
    struct record_context context = {
        .now_ms = clock_ms(), .utc_offset_minutes = order->utc_offset_minutes, .party = order->party};
    record_make_id(context.now_ms, id);
    if (accept_text(piece->text, id, PROVISIONAL_SEQ, &context, &acceptor->buffer, &record, &faults) != ERR_OK) {
        refuse(acceptor, piece->line, &faults);
        return ERR_OK;
    }
    acceptor->result->good++;
    if (order->corrects && acceptor->result->good > 1) {
        return ERR_INVALID;
    }
    /* A file that will be refused whole is only read on for its faults. */
    return acceptor->result->refused > 0 && !order->keep_going ? ERR_OK : stage_put(&acceptor->stage, &record);
}

static err_t take_all(struct acceptor *acceptor, struct input *input)
{
    struct piece piece;
    err_t err = ERR_OK;
    while (err == ERR_OK && (err = input_next(input, &piece)) == ERR_OK) {
        err = take_piece(acceptor, &piece);
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
