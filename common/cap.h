/* common/cap.h - risk warnings as messages of the Common Alerting Protocol, OASIS CAP 1.2, and back.
 *
 * One table (common/cap_rows.c) says what each element of the CAP schema is to a warning; docs/cap.md is printed from
 * it. What CAP has no element for stands in parameters named AGN:FIELD, so that a message that was written here is read
 * without loss. cap_write() passes the rights function (proto/rights.h): nothing confidential is ever in a message. */
#ifndef COMMON_CAP_H
#define COMMON_CAP_H

#include <jansson.h>

#include "proto/record.h"

enum { CAP_SIZE_MAX = 1024 * 1024, CAP_NAME_MAX = 255, CAP_REFERENCES_MAX = 100 };

/* An earlier message of the thread, for `references`. Its sender is the one of the order. */
struct cap_earlier {
    uint8_t id[RECORD_ID_SIZE];
    int64_t sent_ms;
};

/* Appends RECORD, newer than all that the list holds. Of a very long thread the first message and the newest stay. */
void cap_add_earlier(struct cap_earlier list[CAP_REFERENCES_MAX], size_t *count, const uint8_t id[RECORD_ID_SIZE],
                     struct view record);

struct cap_order {
    const char *sender;      /* CAP sender: an address, without spaces, commas, < and & */
    const char *sender_name; /* of the institution, for people; left out where the record hides its reporter */
    const char *issuer_name; /* whoever issues the message: stands where sender_name is left out; may be NULL */
    int utc_offset_minutes;  /* of the times in the message */
    const struct cap_earlier *earlier; /* all of them but the message itself, oldest first */
    size_t earlier_count;
};

/* RECORD has passed record_check(). *ret_xml is a whole document in UTF-8, to be freed. ERR_INVALID with the reason:
 * not a warning, a sender that CAP does not allow, or, where it refers to one, no earlier message. */
MUST_CHECK err_t cap_write(struct view record, const struct cap_order *order, char **ret_xml, char reterr_reason[256]);

/* Writes the message to the file OUT, to OUT/ID.xml where OUT is a folder or IS_MANY (then it is made), or, where OUT
 * is NULL, to standard output. */
MUST_CHECK err_t cap_save(const char *xml, const uint8_t id[RECORD_ID_SIZE], const char *out, bool is_many,
                          char reterr_reason[512]);

/* What a person adds or decides: a field by its path, as submitter.name, and its value as text; lists are separated by
 * commas. It prevails over what the message says; an empty value leaves the field out. */
struct cap_set {
    const char *path;
    const char *value;
};

struct cap_reference {
    char sender[CAP_NAME_MAX + 1];
    char identifier[CAP_NAME_MAX + 1];
    int64_t sent_ms;
};

struct cap_message {
    struct cap_reference self;
    struct cap_reference *references; /* owned */
    size_t reference_count;
    json_t *record; /* owned: kind, action and the fields, without refers_to */
    bool has_info;  /* false: the message says only that it updates, cancels or acknowledges another */
    json_t *notes;  /* owned: a list of texts, what was left out and why */
};

/* XML is hostile: at most CAP_SIZE_MAX bytes, no document type, no entities but XML's own five, nothing is fetched,
 * depth and number of elements are bounded. ERR_INVALID with every fault found; a fault's field is the CAP element's
 * path, such as alert/info/severity. Whether the values keep the rules of a warning is record_check()'s to say. Always
 * to be followed by cap_message_done(). */
MUST_CHECK err_t cap_read(struct view xml, const struct cap_set *sets, size_t set_count,
                          struct cap_message *ret_message, struct faults *ret_faults);
void cap_message_done(struct cap_message *message);

/* Where the CAP message says a warning's field: an element's path, or that of the parameter. */
void cap_place(const char *field, char *out, size_t size);

#endif
