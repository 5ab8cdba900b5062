#include <assert.h>

#include "proto/project.h"
#include "proto/rights.h"

/* Any bytes: checked, shown, stripped. What is accepted must survive the way to JSON and back, must be counted, and
 * must leave the city without a confidential key. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_context context = {
    .now_ms = INT64_C(1795392000000), .utc_offset_minutes = 480, .party = "914403001922038216"};

static void assert_stripped(struct view bytes)
{
    msgpack_sbuffer left;
    msgpack_sbuffer_init(&left);
    err_t err = rights_strip(bytes, false, &left);
    assert(err == ERR_OK);
    json_t *json = record_to_json((struct view){(const uint8_t *)left.data, left.size});
    assert(json != NULL);
    assert(json_object_get(json, "submitter") == NULL && json_object_get(json, "applicant") == NULL);
    json_decref(json);
    msgpack_sbuffer_destroy(&left);
}

static void assert_round_trip(const json_t *json)
{
    struct faults faults;
    struct record record;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    err_t err = record_from_json(json, &buffer, &faults);
    assert(err == ERR_OK);
    struct view again = {(const uint8_t *)buffer.data, buffer.size};
    err = record_check(again, &context, &record, &faults);
    assert(err == ERR_OK || buffer.size > RECORD_SIZE_MAX);
    msgpack_sbuffer_destroy(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct record record;
    static struct faults faults;
    struct view bytes = {data, size};
    json_t *json = record_to_json(bytes);
    msgpack_sbuffer left;
    msgpack_sbuffer_init(&left);
    (void)!rights_strip(bytes, false, &left);
    msgpack_sbuffer_destroy(&left);
    if (record_check(bytes, &context, &record, &faults) != ERR_OK) {
        assert(faults.count > 0 && faults.count <= FAULTS_MAX);
        json_decref(json);
        return 0;
    }
    struct projection projection;
    struct cell cell;
    struct party_facts party = {.party = context.party, .entity_type = "hospital"};
    project_record(&record, context.utc_offset_minutes, &projection);
    project_cell(&record, &party, &(struct thread_facts){0}, context.utc_offset_minutes, &cell);
    assert(json != NULL);
    assert_round_trip(json);
    assert_stripped(bytes);
    json_decref(json);
    return 0;
}
