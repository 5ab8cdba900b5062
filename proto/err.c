#include "proto/err.h"

const char *err_text(err_t err)
{
    static const char *const texts[] = {
        [ERR_OK] = "success",
        [ERR_INVALID] = "input breaks a rule",
        [ERR_TRUNCATED] = "input ends too early",
        [ERR_TOO_LARGE] = "input exceeds a limit",
        [ERR_NOT_FOUND] = "not found",
        [ERR_EXISTS] = "it is there already",
        [ERR_BUSY] = "busy, try again later",
        [ERR_FULL] = "the disk is full",
        [ERR_IO] = "storage or network failed",
    };
    return (unsigned)err < sizeof texts / sizeof *texts ? texts[err] : "unknown error";
}
