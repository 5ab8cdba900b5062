#include <assert.h>

#include "proto/message.h"

/* Any bytes as a frame, a receipt's body, an event and a list of faults. What decodes as a message must encode to a
 * message that decodes again. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_again(const struct message *message)
{
    struct message again;
    char reason[128];
    msgpack_sbuffer buffer;
    if (message->type == MESSAGE_SUBMIT && message->submit.count > BATCH_ITEMS_MAX) {
        return;
    }
    msgpack_sbuffer_init(&buffer);
    message_encode(message, &buffer);
    err_t err = message_decode((struct view){(const uint8_t *)buffer.data, buffer.size}, &again, reason);
    assert(err == ERR_OK || buffer.size > MESSAGE_SIZE_MAX);
    (void)err;
    msgpack_sbuffer_destroy(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view bytes = {data, size};
    struct message message;
    struct receipt_body body;
    struct event event;
    struct faults faults;
    char reason[128];
    if (message_decode(bytes, &message, reason) == ERR_OK) {
        assert_again(&message);
    }
    if (receipt_body_decode(bytes, &body) == ERR_OK) {
        struct result result;
        for (uint32_t i = 0; i < body.count; i++) {
            err_t err = result_next(&body.results, &result);
            assert(err == ERR_OK);
            (void)err;
        }
    }
    if (event_decode(bytes, &event) == ERR_OK) {
        msgpack_sbuffer buffer;
        msgpack_sbuffer_init(&buffer);
        event_encode(&event, &buffer);
        msgpack_sbuffer_destroy(&buffer);
    }
    err_t err = faults_decode(bytes, &faults);
    assert(err != ERR_OK || faults.count <= FAULTS_MAX);
    (void)err;
    return 0;
}
