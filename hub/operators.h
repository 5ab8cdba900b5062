/* hub/operators.h - who may act for the city, and in which roles: operators.zpl in the hub's home.
 *
 *     zhenghj
 *         name = "郑怀瑾"
 *         role = "operator, reviewer"
 *
 * A person is known by the user that the kernel says he is, never by what a program says of itself. Where there is no
 * such file, the user who owns the home acts alone, in every role, as administrator. */
#ifndef HUB_OPERATORS_H
#define HUB_OPERATORS_H

#include <sys/types.h>

#include "common/home.h"
#include "proto/kinds.h"

#define OPERATORS_FILE "operators.zpl"

enum { OPERATORS_MAX = 128, OPERATOR_USER_SIZE = 65, OPERATOR_NAME_SIZE = 401 };

struct person {
    char user[OPERATOR_USER_SIZE];
    char name[OPERATOR_NAME_SIZE];
    uid_t uid;
    bool is_known;  /* this machine has such a user */
    unsigned roles; /* bits of enum operator_role */
};

struct operators {
    bool is_mapped; /* the file is there */
    size_t count;
    struct person list[OPERATORS_MAX];
};

/* The reason names file, line, user and what was expected. */
MUST_CHECK err_t operators_load(const struct home *home, struct operators *ret_operators, char reterr_reason[512]);
/* NULL: nobody who may act. */
const struct person *operators_find(const struct operators *operators, uid_t uid);
/* Whoever that is: as the file names him, or by his user and without a role. */
struct person operators_name(const struct operators *operators, uid_t uid);
/* What such a user has to do; names him. */
void operators_refusal(const struct operators *operators, uid_t uid, char *out, size_t size);
/* A line an operator, "user = name (roles)": what is compared when the file may have changed. The caller frees it. */
char *operators_text(const struct operators *operators);

#endif
