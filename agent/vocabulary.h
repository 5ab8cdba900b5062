/* agent/vocabulary.h - the words for what becomes of a record, in one place for all screens, and how times are told. */
#ifndef AGENT_VOCABULARY_H
#define AGENT_VOCABULARY_H

#include "agent/blobs_spool.h"

/* The stable code, for --json, --csv and --state; and what a person reads. */
const char *state_code(enum item_state state);
const char *state_label(enum item_state state);
/* -1: no such state. */
int state_of_code(const char *code);
/* "accepted, received, …": for a complaint. */
void state_codes(char *out, size_t size);

const char *standing_label(struct view state);

/* "2 h", "3 d": coarse, for people. */
void age_text(int64_t ms, char out[32]);

/* One line for a person: field: code (meaning): reason. Everything is made safe to print. */
void fault_text(const struct fault *fault, char *out, size_t size);
/* The same for a program, in no language but the reason's: code field: reason. */
void fault_plain_text(const struct fault *fault, char *out, size_t size);

const char *blob_state_code(enum blob_state state);
const char *blob_state_label(enum blob_state state);
/* What a person can do about an attachment that is not where it should be; "" where time alone helps. */
const char *blob_advice(const char *code);
/* One line for a person: name: code (meaning): what to do. The same for a program: code name. */
void blob_text(const struct blob_note *note, char *out, size_t size);
void blob_plain_text(const struct blob_note *note, char *out, size_t size);

#endif
