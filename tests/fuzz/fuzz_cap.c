#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap.h"

/* Any bytes as a CAP message. What is read and is a sound warning must be written, read again, and be the same. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_context context = {.now_ms = INT64_C(1795392000000), .utc_offset_minutes = 480};
static const struct cap_set sets[] = {{"submitter.name", "王芳"}, {"submitter.role", "安全员"}};
static const struct cap_set none[] = {{"measures_taken", ""}};

static void assert_again(const json_t *record, struct view bytes)
{
    static const uint8_t id[RECORD_ID_SIZE] = {1};
    struct cap_earlier earlier = {.sent_ms = 1};
    struct cap_order order = {.sender = "x", .earlier = &earlier, .earlier_count = 1, .utc_offset_minutes = -210};
    struct cap_message again;
    struct faults faults;
    char reason[256];
    char *xml = NULL;
    const char *action = json_string_value(json_object_get(record, "action"));
    memcpy(earlier.id, id, sizeof id);
    order.earlier_count = strcmp(action, "raise") == 0 ? 0 : 1;
    err_t err = cap_write(bytes, &order, &xml, reason);
    assert(err == ERR_OK && xml);
    err = cap_read((struct view){(const uint8_t *)xml, strlen(xml)}, none, 0, &again, &faults);
    assert(err == ERR_OK);
    (void)err;
    assert(json_equal(json_object_get(record, "level"), json_object_get(again.record, "level")));
    assert(json_equal(json_object_get(record, "action"), json_object_get(again.record, "action")));
    assert(json_equal(json_object_get(record, "harm_kind"), json_object_get(again.record, "harm_kind")));
    assert(json_object_get(again.record, "submitter") == NULL);
    cap_message_done(&again);
    free(xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t id[RECORD_ID_SIZE] = {2};
    static struct record record;
    struct cap_message message;
    struct faults faults;
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    if (cap_read((struct view){data, size}, sets, 2, &message, &faults) == ERR_OK) {
        if (message.reference_count > 0) {
            json_object_set_new(message.record, "refers_to", json_string("019a2b3c-4d5e-7001-8002-030405060708"));
        }
        err_t err = record_accept_json(message.record, id, 1, context.now_ms, &buffer, &faults);
        struct view bytes = {(const uint8_t *)buffer.data, buffer.size};
        if (err == ERR_OK && record_check(bytes, &context, &record, &faults) == ERR_OK) {
            assert_again(message.record, bytes);
        }
    } else {
        assert(faults.count > 0 && faults.count <= FAULTS_MAX);
    }
    cap_message_done(&message);
    msgpack_sbuffer_destroy(&buffer);
    return 0;
}
