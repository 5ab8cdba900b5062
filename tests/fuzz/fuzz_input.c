
#include "agent/input.h"
#include "common/json_text.h"
#include "proto/record.h"
#include "tests/fuzz/scratch.h"

/* Any bytes as a file of records in JSON: cut into records, each parsed, encoded and checked as `submit` does. What is
 * sound comes back as JSON, and that is the same record. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_context context = {.now_ms = INT64_C(1795392000000), .utc_offset_minutes = 480};

static void assert_again(struct view bytes)
{
    struct faults faults;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    json_t *json = record_to_json(bytes);
    assert(json);
    err_t err = record_from_json(json, &buffer, &faults);
    assert(err == ERR_OK);
    (void)err;
    json_t *again = record_to_json((struct view){(const uint8_t *)buffer.data, buffer.size});
    assert(json_equal(json, again));
    json_decref(again);
    json_decref(json);
    msgpack_sbuffer_destroy(&buffer);
}

static void take_text(struct view text)
{
    static const uint8_t id[RECORD_ID_SIZE] = {1};
    static struct record record;
    struct faults faults = {.count = 0};
    json_t *json = json_text_read(text, &faults);
    assert(json || faults.count > 0);
    if (!json) {
        return;
    }
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    err_t err = record_accept_json(json, id, 1, context.now_ms, &buffer, &faults);
    struct view bytes = {(const uint8_t *)buffer.data, buffer.size};
    err = err == ERR_OK ? record_check(bytes, &context, &record, &faults) : err;
    assert(err == ERR_OK || (faults.count > 0 && faults.count <= FAULTS_MAX));
    if (err == ERR_OK) {
        assert_again(bytes);
    }
    msgpack_sbuffer_destroy(&buffer);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct home home = {.path = "/nowhere"};
    struct input input;
    struct piece piece;
    char path[SCRATCH_SIZE];
    char reason[256];
    write_scratch(data, size, path);
    err_t err = input_open(&input, path, &home, reason);
    assert(err == ERR_OK);
    size_t line = 0;
    while ((err = input_next(&input, &piece)) == ERR_OK) {
        assert(piece.line >= line && (piece.text.at || piece.flaw || piece.is_too_large));
        line = piece.line;
        if (!piece.flaw && !piece.is_too_large) {
            take_text(piece.text);
        }
    }
    input_close(&input);
    return 0;
}
