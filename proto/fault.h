/* proto/fault.h - what is wrong with a record: every fault at once, each with its field and reason. */
#ifndef PROTO_FAULT_H
#define PROTO_FAULT_H

#include <stddef.h>

enum { FAULTS_MAX = 16, FAULT_CODE_SIZE = 24, FAULT_FIELD_SIZE = 96, FAULT_REASON_SIZE = 400 };

/* `code` is one of PROTOCOL.md §8; `field` is a path such as principles.privacy.note or risks[2].description; `reason`
 * is English on the wire, fault_label() gives the Chinese meaning of the code. */
struct fault {
    char code[FAULT_CODE_SIZE];
    char field[FAULT_FIELD_SIZE];
    char reason[FAULT_REASON_SIZE];
};

struct faults {
    size_t count;
    struct fault list[FAULTS_MAX];
};

/* Beyond FAULTS_MAX further faults are not kept. */
void fault_add(struct faults *faults, const char *code, const char *field, const char *reason, ...)
    __attribute__((format(printf, 4, 5)));

/* The code's meaning for a person, in Chinese or English; the code itself when unknown. */
const char *fault_label(const char *code, int chinese);

#endif
