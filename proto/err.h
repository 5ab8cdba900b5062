/* proto/err.h - what a caller can do about a failure.
 *
 * Codes say what to do next, not which library failed. A peer or a disk that misbehaves is an err_t; our own mistake is
 * an assert. */
#ifndef PROTO_ERR_H
#define PROTO_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

typedef enum err {
    ERR_OK = 0,
    ERR_INVALID,   /* input breaks a rule */
    ERR_TRUNCATED, /* input ends too early */
    ERR_TOO_LARGE, /* input exceeds a stated limit */
    ERR_NOT_FOUND, /* no such object */
    ERR_EXISTS,    /* it is there already */
    ERR_BUSY,      /* try again later */
    ERR_FULL,      /* no room on the disk: try again once there is */
    ERR_IO,        /* storage or network failed */
} err_t;

/* For logs, which are in English. */
const char *err_name(err_t err);
/* For people. */
const char *err_label(err_t err, bool is_chinese);

#endif
