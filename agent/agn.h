/* agn.h - libagn: an institution's own software files records with its city's hub, through the agent on this machine.
 *
 * The library opens the home that `agn-agent join` has set up and writes into the same spool as `agn-agent submit`. It
 * neither sends nor connects: `agn-agent run` (or `sync`) delivers, and is woken by every record that is filed.
 * AGN_OK from agn_file() means what "accepted" means on the command line: the record is on this machine's disk, with
 * its id and number, and will arrive.
 *
 * Threads: a handle is used by one thread at a time; any number of handles may be open, in any threads and processes.
 * Do not use a handle on both sides of a fork(). The library prints nothing, starts no threads, sets no signal
 * handlers, and never ends the process, except where malloc() fails: what it allocates is a few MiB at most.
 *
 * Texts are UTF-8. Times are UTC milliseconds since 1970; 0 means "none". Every text that is returned in a struct ends
 * with NUL. Pointers and structs that a function fills are undefined unless it says AGN_OK.
 *
 * Compile and link:  cc program.c $(pkg-config --cflags --libs libagn)
 * An example: docs/examples/file_record.c. */
#ifndef AGN_H
#define AGN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when something is added; what is there does not change under the same soname. */
#define AGN_API_VERSION 2

#if defined(__GNUC__)
#define AGN_PUBLIC __attribute__((visibility("default")))
#else
#define AGN_PUBLIC
#endif

enum agn_result {
    AGN_OK = 0,
    AGN_REFUSED,    /* the record breaks a rule: agn_fault() tells all of them; nothing was stored */
    AGN_NOT_FOUND,  /* no such record, or the end of a list */
    AGN_NOT_JOINED, /* the folder is no home of an agent that has joined a hub */
    AGN_MISUSE,     /* an argument is not what this header says */
    AGN_TOO_LARGE,  /* over 1 MiB of text */
    AGN_KEY_REUSED, /* agn_file_once(): the key was used for another text */
    AGN_BUSY,       /* another process holds the spool; nothing was changed: try again */
    AGN_FULL,       /* the disk is full; nothing was changed: make room and try again */
    AGN_FAILED      /* the spool cannot be used: damaged, of a newer version, or its permissions */
};

/* A short text for a person; CHINESE 0: English. Never NULL. */
AGN_PUBLIC const char *agn_result_text(enum agn_result result, int chinese);
/* The library's version, such as "0.1.0", and the AGN_API_VERSION that it was built with. */
AGN_PUBLIC const char *agn_version(void);
AGN_PUBLIC int agn_api_version(void);

struct agn;

/* HOME is the agent's home. WAIT_MS: how long each call may wait for another process's turn at the spool. REASON, where
 * not NULL, receives why it could not be opened, cut to REASON_SIZE. */
AGN_PUBLIC enum agn_result agn_open(const char *home, int wait_ms, struct agn **ret_agn, char *reason,
                                    size_t reason_size);
/* Takes NULL. */
AGN_PUBLIC void agn_close(struct agn *agn);

/* ---- Filing ---- */

struct agn_filed {
    char id[37];  /* the record's id for ever, a UUID */
    uint64_t seq; /* its number among this institution's records */
};

/* Files one record: JSON is one JSON object of SIZE bytes, with `kind`, `submitter` and the kind's fields
 * (docs/records.md; `agn-hub schema KIND` prints a JSON Schema). Id, number and time are given here. */
AGN_PUBLIC enum agn_result agn_file(struct agn *agn, const char *json, size_t size, struct agn_filed *ret_filed);
/* The same, but a second call with the same KEY (1 to 200 bytes, your own number of the record, say) and the same text
 * files nothing and returns the first id again, also after a crash and from another process. */
AGN_PUBLIC enum agn_result agn_file_once(struct agn *agn, const char *key, const char *json, size_t size,
                                         struct agn_filed *ret_filed);
/* Files a record in place of ID, which the hub rejected, or an attachment of it. AGN_NOT_FOUND: no such record has this
 * id. */
AGN_PUBLIC enum agn_result agn_file_corrected(struct agn *agn, const char *id, const char *json, size_t size,
                                              struct agn_filed *ret_filed);

/* From now on a record that is filed on this handle may name attachments: {"file": "opinion.pdf", "role": "opinion"} in
 * its `attachments`. The names are inside of FOLDER, a full path: no full path among them, no "..", no symbolic link.
 * Each file (of the types in PROTOCOL.md section 9, up to 64 MiB) is copied into the agent's home before the record is
 * accepted. NULL: no file may be named, as after agn_open(). Since API version 2. */
AGN_PUBLIC enum agn_result agn_attachment_folder(struct agn *agn, const char *folder);

struct agn_fault {
    char code[32];    /* as in PROTOCOL.md section 8: stable, for programs */
    char field[128];  /* a path such as principles.privacy.note; "" is the whole record */
    char reason[512]; /* English, for a person who mends it */
};

/* The faults of the last call on this handle that said AGN_REFUSED, or of the last agn_find() of a rejected record.
 * Up to 16; INDEX from 0, AGN_NOT_FOUND past the last. */
AGN_PUBLIC enum agn_result agn_fault(const struct agn *agn, size_t index, struct agn_fault *ret_fault);
/* What a fault's code means. Never NULL. */
AGN_PUBLIC const char *agn_fault_text(const char *code, int chinese);

/* ---- Looking ---- */

struct agn_item {
    uint64_t seq;
    char id[37];
    char kind[32];
    char title[816];
    char state[16];        /* accepted, received, rejected, corrected, discarded */
    int64_t accepted_at;   /* here */
    int64_t outcome_at;    /* when the hub took or rejected it */
    uint64_t number;       /* in the hub's log; 0: none yet */
    uint64_t corrected_by; /* the seq of the record that replaced it; 0: none */
};

AGN_PUBLIC enum agn_result agn_find(struct agn *agn, const char *id, struct agn_item *ret_item);
/* Up to MAX records above the number AFTER_SEQ, in order. STATE NULL: of every state. Fewer than MAX: the end. */
AGN_PUBLIC enum agn_result agn_list(struct agn *agn, const char *state, uint64_t after_seq, struct agn_item *ret_items,
                                    size_t max, size_t *ret_count);

/* The following return JSON text that the caller gives back to agn_free(). */

/* The record as it was accepted, with its state. */
AGN_PUBLIC enum agn_result agn_record(struct agn *agn, const char *id, char **ret_json);
/* The hub's receipt, its signature checked now (`receipt.verified`); `receipt` is null as long as there is none. */
AGN_PUBLIC enum agn_result agn_receipt(struct agn *agn, const char *id, char **ret_json);
/* The first message of the inbox above the cursor AFTER (0: from the beginning); *RET_CURSOR is its own. AGN_NOT_FOUND:
 * there is no other yet. */
AGN_PUBLIC enum agn_result agn_message(struct agn *agn, uint64_t after, char **ret_json, uint64_t *ret_cursor);
/* Notes that a person has read it, and tells the sender where it is a notice or a shared warning; the first time stays.
 */
AGN_PUBLIC enum agn_result agn_message_read(struct agn *agn, uint64_t cursor);

/* Takes NULL. */
AGN_PUBLIC void agn_free(char *json);

#ifdef __cplusplus
}
#endif

#endif
