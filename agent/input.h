/* agent/input.h - a file of records, cut into the text of one record at a time.
 *
 * Takes one JSON object, several one after the other, an array of them, or JSON lines. Only one record's text is in
 * memory, so a file may be of any length. Whether the text is JSON is not judged here. */
#ifndef AGENT_INPUT_H
#define AGENT_INPUT_H

#include <stdio.h>

#include "common/home.h"
#include "proto/fault.h"
#include "proto/reader.h"

enum { PIECE_SIZE_MAX = 4 * 1024 * 1024 };

/* `flaw` is set where the file itself is wrong at this line: no comma, no end, a text of over PIECE_SIZE_MAX bytes. */
struct piece {
    struct view text;
    size_t line;
    const char *flaw;
    bool is_too_large;
    const struct faults
        *faults; /* of a table's cells; NULL where there are none. No text: the table itself is at fault */
};

struct input;

/* What a form of input beside JSON supplies: agent/input_table.c. */
struct input_form {
    err_t (*next)(struct input *input, struct piece *ret_piece);
    /* Puts the place in the file into the faults of the last piece. */
    void (*explain)(const struct input *input, struct faults *faults);
    const char *(*part)(const struct input *input);
    void (*close)(struct input *input);
};

struct input {
    FILE *file;
    const struct input_form *form; /* NULL: JSON */
    void *table;
    bool is_lines;
    bool is_array;
    bool is_begun;
    bool is_ended;
    bool has_element;
    size_t line;
    char *text;
    size_t size;
    size_t capacity;
    bool is_overlong;
};

/* PATH "-" is standard input. What is no regular file is copied first, to an unnamed file in HOME: its first two lines
 * are looked at and then read again. ERR_FULL: there was no room for the copy. */
MUST_CHECK err_t input_open(struct input *input, const char *path, const struct home *home, char reterr_reason[256]);
/* TEXT is borrowed until the input is closed, and not empty. IS_LINES: it is JSON lines, whatever it looks like; else
 * it is none. */
MUST_CHECK err_t input_open_text(struct input *input, struct view text, bool is_lines);
void input_close(struct input *input);

/* Where in the input the last piece stood, beside its line: the name of a sheet, or "". */
const char *input_part(const struct input *input);
/* Gives each fault of the last piece, by field, the place that a person finds it at. */
void input_explain(const struct input *input, struct faults *faults);

/* ERR_NOT_FOUND at the end. The text is valid until the next call. */
MUST_CHECK err_t input_next(struct input *input, struct piece *ret_piece);

#endif
