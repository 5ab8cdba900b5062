/* The control socket with hostile and slow programs on its other end, and one that is served beside them. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/text.h"
#include "hub/control.h"
#include "tests/test.h"

struct rig {
    char path[64];
    struct control *control;
    int answered;
    uid_t refused;
    uid_t heard;
};

static zmsg_t *one_frame(const char *text)
{
    zmsg_t *message = zmsg_new();
    zmsg_addstr(message, text);
    return message;
}

static zmsg_t *greet(void *self, uid_t uid)
{
    struct rig *rig = self;
    return uid == rig->refused ? one_frame("go away") : NULL;
}

/* Says the request's frames again. */
static zmsg_t *answer(void *self, uid_t uid, zmsg_t *request)
{
    struct rig *rig = self;
    rig->answered++;
    rig->heard = uid;
    return zmsg_dup(request);
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    snprintf(rig->path, sizeof rig->path, "/tmp/agn-control-%d.sock", (int)getpid());
    rig->refused = (uid_t)-1;
    rig->control = control_open(rig->path, &(struct control_service){greet, answer, rig});
    assert_non_null(rig->control);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    control_close(rig->control);
    assert_int_equal(access(rig->path, F_OK), -1);
    free(rig);
    return 0;
}

static int dial(const struct rig *rig)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, rig->path, strlen(rig->path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void serve(struct rig *rig)
{
    for (int i = 0; i < 50; i++) {
        control_serve(rig->control);
    }
}

/* Whether the hub has let go of the other end, without a word. */
static bool is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

struct call {
    const char *path;
    zmsg_t *request, *reply;
    err_t err;
    atomic_bool is_done;
};

static void *call(void *arg)
{
    struct call *call = arg;
    call->err = control_call(call->path, call->request, 5000, &call->reply);
    call->is_done = true;
    return NULL;
}

/* A whole call, while this thread serves. */
static zmsg_t *converse(struct rig *rig, zmsg_t *request)
{
    pthread_t thread;
    struct call mine = {.path = rig->path, .request = request};
    assert_int_equal(pthread_create(&thread, NULL, call, &mine), 0);
    while (!mine.is_done) {
        control_serve(rig->control);
    }
    pthread_join(thread, NULL);
    assert_int_equal(mine.err, ERR_OK);
    return mine.reply;
}

static void test_frames_come_whole_and_the_kernel_says_whose(void **state)
{
    struct rig *rig = *state;
    zmsg_t *request = zmsg_new();
    char *big = calloc(1, 10000);
    memset(big, 'x', 9999);
    zmsg_addstr(request, "party-add");
    zmsg_addstr(request, "");
    zmsg_addstr(request, big);
    zmsg_t *reply = converse(rig, request);
    assert_int_equal(zmsg_size(reply), 3);
    assert_true(zmsg_eq(request, reply));
    assert_int_equal(rig->heard, geteuid());
    zmsg_destroy(&request);
    zmsg_destroy(&reply);
    free(big);
}

static void test_who_may_not_speak_is_told_so_unheard(void **state)
{
    struct rig *rig = *state;
    rig->refused = geteuid();
    zmsg_t *request = one_frame("anything");
    zmsg_t *reply = converse(rig, request);
    assert_true(zframe_streq(zmsg_first(reply), "go away"));
    assert_int_equal(rig->answered, 0);
    zmsg_destroy(&request);
    zmsg_destroy(&reply);
}

static void test_hostile_bytes_are_not_answered(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *bytes;
        size_t size;
    } hostile[] = {
        {"\xff\xff\xff\xff", 4},         /* 4 GiB are announced */
        {"\0\0\0\0", 4},                 /* nothing */
        {"\0\0\0\2ab", 6},               /* no frame's length */
        {"\0\0\0\5\0\0\0\2a", 9},        /* a frame that goes on beyond its end */
        {"\0\0\0\6\0\0\0\1a\0", 10},     /* half a length behind the last frame */
        {"\0\0\0\4\xff\xff\xff\xff", 8}, /* a frame of 4 GiB */
        {"\x01\0\0\0", 4},               /* one byte more than may come */
    };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        int fd = dial(rig);
        assert_int_equal(send(fd, hostile[i].bytes, hostile[i].size, 0), (ssize_t)hostile[i].size);
        serve(rig);
        assert_true(is_closed(fd));
        close(fd);
    }
    assert_int_equal(rig->answered, 0);
}

static void test_the_silent_hold_nobody_up(void **state)
{
    struct rig *rig = *state;
    int fds[CONTROL_CLIENTS + 4];
    for (int i = 0; i < CONTROL_CLIENTS + 4; i++) {
        fds[i] = dial(rig);
        assert_int_equal(send(fds[i], "\0\0", 2, 0), 2);
        serve(rig);
    }
    int64_t started = clock_monotonic_ms();
    zmsg_t *request = one_frame("hello");
    zmsg_t *reply = converse(rig, request);
    assert_true(clock_monotonic_ms() - started < 1000);
    int closed = 0;
    for (int i = 0; i < CONTROL_CLIENTS + 4; i++) {
        closed += is_closed(fds[i]);
        close(fds[i]);
    }
    assert_int_equal(closed, 5); /* those who had waited longest made room */
    zmsg_destroy(&request);
    zmsg_destroy(&reply);
}

static void test_nobody_listens(void **state)
{
    struct rig *rig = *state;
    zmsg_t *request = one_frame("hello");
    zmsg_t *reply = NULL;
    assert_int_equal(control_call("/tmp/agn-control-none.sock", request, 100, &reply), ERR_NOT_FOUND);
    assert_int_equal(control_call(rig->path, request, 100, &reply), ERR_IO); /* and nobody serves here */
    assert_null(reply);
    zmsg_destroy(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frames_come_whole_and_the_kernel_says_whose, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_may_not_speak_is_told_so_unheard, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_bytes_are_not_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_silent_hold_nobody_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_listens, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
