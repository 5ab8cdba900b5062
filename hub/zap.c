#include "hub/zap.h"

#include <string.h>

#include "common/text.h"

enum zap_frame {
    ZAP_VERSION,
    ZAP_REQUEST,
    ZAP_DOMAIN,
    ZAP_ADDRESS,
    ZAP_ROUTING,
    ZAP_MECHANISM,
    ZAP_CREDENTIAL,
    ZAP_FRAMES
};

enum { STATUS_OK = 200, STATUS_LATER = 300, STATUS_REFUSED = 400 };

/* *ret_user is "" unless the request is granted. */
static int judge(const zframe_t *const frames[ZAP_FRAMES], struct gate *gate, const struct bar *bar,
                 char ret_user[2 * KEY_SIZE + 1])
{
    char address[64];
    const zframe_t *key = frames[ZAP_CREDENTIAL];
    ret_user[0] = '\0';
    if (!zframe_streq((zframe_t *)frames[ZAP_MECHANISM], "CURVE") || zframe_size((zframe_t *)key) != KEY_SIZE) {
        return STATUS_REFUSED;
    }
    const uint8_t *bytes = zframe_data((zframe_t *)key);
    if (zframe_streq((zframe_t *)frames[ZAP_DOMAIN], ZAP_DOMAIN_SESSIONS)) {
        const struct pass *pass = gate_find(gate, bytes, clock_ms());
        if (pass && bar->is_barred(bar->self, pass->party)) {
            return STATUS_LATER;
        }
        if (pass) {
            snprintf(ret_user, 2 * KEY_SIZE + 1, "%lld/%lld", (long long)pass->party, (long long)pass->key.row);
        }
    } else if (zframe_streq((zframe_t *)frames[ZAP_DOMAIN], ZAP_DOMAIN_ENROL)) {
        size_t size = zframe_size((zframe_t *)frames[ZAP_ADDRESS]);
        snprintf(address, sizeof address, "%.*s", (int)size,
                 (const char *)zframe_data((zframe_t *)frames[ZAP_ADDRESS]));
        if (gate_locked_ms(gate, address, clock_monotonic_ms()) == 0) {
            hex_text(bytes, KEY_SIZE, ret_user);
        }
    }
    return *ret_user ? STATUS_OK : STATUS_REFUSED;
}

static void answer_one(void *rep, zmsg_t *request, struct gate *gate, const struct bar *bar)
{
    const zframe_t *frames[ZAP_FRAMES] = {NULL};
    char user[2 * KEY_SIZE + 1] = "";
    int count = 0;
    for (zframe_t *frame = zmsg_first(request); frame && count < ZAP_FRAMES; frame = zmsg_next(request)) {
        frames[count++] = frame;
    }
    int status = count == ZAP_FRAMES ? judge(frames, gate, bar, user) : STATUS_REFUSED;
    zmsg_t *reply = zmsg_new();
    zmsg_addstr(reply, "1.0");
    zmsg_addmem(reply, count > ZAP_REQUEST ? zframe_data((zframe_t *)frames[ZAP_REQUEST]) : NULL,
                count > ZAP_REQUEST ? zframe_size((zframe_t *)frames[ZAP_REQUEST]) : 0);
    zmsg_addstrf(reply, "%d", status);
    zmsg_addstr(reply, status == STATUS_OK ? "OK" : "refused");
    zmsg_addstr(reply, user);
    zmsg_addmem(reply, "", 0);
    zmsg_send(&reply, rep);
}

void zap_answer(void *rep, struct gate *gate, const struct bar *bar)
{
    for (;;) {
        int events = 0;
        size_t size = sizeof events;
        if (zmq_getsockopt(rep, ZMQ_EVENTS, &events, &size) != 0 || !(events & ZMQ_POLLIN)) {
            return;
        }
        zmsg_t *request = zmsg_recv(rep);
        if (!request) {
            return;
        }
        answer_one(rep, request, gate, bar);
        zmsg_destroy(&request);
    }
}
