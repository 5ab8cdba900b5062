/* tests/bench/keys.h - the identities that the load speaks with, made once by enrolling and kept in one file. */
#ifndef TESTS_BENCH_KEYS_H
#define TESTS_BENCH_KEYS_H

#include <stdio.h>

#include "common/identity.h"

struct member {
    char party[64];
    struct identity identity;
};

/* Peers of one hub. */
struct keyring {
    char endpoint[300];
    uint8_t hub_key[KEY_SIZE];
    struct signing_key hub_signing_key;
    struct member *members;
    size_t count;
};

/* Enrols one peer for each line of LINKS and writes PATH. Returns how many. */
size_t keys_enrol(FILE *links, const char *path);

/* fail()s when the file is not whole or holds fewer than LEAST members. */
void keys_load(const char *path, size_t least, struct keyring *ret_keyring);
void keys_done(struct keyring *keyring);

/* COUNT made-up institutions, from 0, as JSON lines for `agn-hub entity import`. */
void keys_print_entities(size_t count, FILE *file);

#endif
