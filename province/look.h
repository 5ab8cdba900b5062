/* province/look.h - what every listing begins with: settings and a replica open for reading. */
#ifndef PROVINCE_LOOK_H
#define PROVINCE_LOOK_H

#include "province/arguments.h"
#include "province/replica.h"
#include "province/settings.h"

struct look {
    const struct home *home;
    struct settings settings;
    struct replica *replica;
    sqlite3 *db; /* the replica's */
    FILE *out;   /* where listings go */
};

/* Says on stderr what is wrong; false then. A home without a replica gives empty listings and a hint. */
bool look_open(const struct home *home, struct look *ret_look);
void look_close(struct look *look);

/* A listing that could not be read to its end. */
int look_failed(err_t err);

#endif
