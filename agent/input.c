#include "agent/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/stage.h"
#include "common/mem.h"
#include "common/text.h"

static int take(struct input *input)
{
    int c = getc_unlocked(input->file);
    input->line += c == '\n';
    return c;
}

static void give_back(struct input *input, int c)
{
    input->line -= c == '\n';
    ungetc(c, input->file);
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int take_after_spaces(struct input *input)
{
    int c = take(input);
    while (is_space(c)) {
        c = take(input);
    }
    return c;
}

static void keep(struct input *input, int c)
{
    if (input->size >= PIECE_SIZE_MAX) {
        input->is_overlong = true;
        return;
    }
    if (input->size == input->capacity) {
        input->capacity = input->capacity ? input->capacity * 2 : 4096;
        input->text = mem_grow(input->text, input->capacity, 1);
    }
    input->text[input->size++] = (char)c;
}

/* Copies until the end; *ret_copy is at its beginning. */
static err_t copy_aside(FILE *source, const struct home *home, FILE **ret_copy)
{
    char bytes[65536];
    size_t size = 0;
    FILE *copy = stage_file(home);
    if (!copy) {
        return errno == ENOSPC ? ERR_FULL : ERR_IO;
    }
    while ((size = fread(bytes, 1, sizeof bytes, source)) > 0) {
        if (fwrite(bytes, 1, size, copy) != size) {
            break;
        }
    }
    if (ferror(source) || fflush(copy) != 0 || size > 0 || fseek(copy, 0, SEEK_SET) != 0) {
        err_t err = errno == ENOSPC || errno == EFBIG ? ERR_FULL : ERR_IO;
        fclose(copy);
        return err;
    }
    *ret_copy = copy;
    return ERR_OK;
}

static err_t open_source(const char *path, const struct home *home, FILE **ret_file)
{
    struct stat info;
    bool is_standard = strcmp(path, "-") == 0;
    FILE *file = is_standard ? stdin : fopen(path, "r");
    if (!file) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    if (fstat(fileno(file), &info) != 0 || S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        fclose(file);
        return ERR_IO;
    }
    if (S_ISREG(info.st_mode)) {
        *ret_file = file;
        return ERR_OK;
    }
    err_t err = copy_aside(file, home, ret_file);
    fclose(file);
    return err;
}

/* The first character of the next line that is not blank, or EOF; *ret_last is that line's last. */
static int look_at_line(FILE *file, int *ret_last)
{
    int c = getc_unlocked(file);
    while (is_space(c)) {
        c = getc_unlocked(file);
    }
    int first = c;
    for (*ret_last = c; c != EOF && c != '\n'; c = getc_unlocked(file)) {
        *ret_last = is_space(c) ? *ret_last : c;
    }
    return first;
}

static void skip_mark(FILE *file)
{
    unsigned char mark[3];
    if (fread(mark, 1, 3, file) != 3 || memcmp(mark, "\xEF\xBB\xBF", 3) != 0) {
        rewind(file);
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

/* JSON lines, where a broken record ends with its line, are told by the name, or by two lines that each begin an
 * object, the first of which does not go on in the second: nothing else that is JSON looks so, except an object that
 * ends in the line before the second. */
static bool looks_like_lines(FILE *file, const char *path)
{
    int last_of_first = 0;
    int last_of_second = 0;
    int first = look_at_line(file, &last_of_first);
    int second = look_at_line(file, &last_of_second);
    bool is_named = ends_with(path, ".jsonl") || ends_with(path, ".ndjson");
    bool goes_on = last_of_first != EOF && strchr("[{,:", last_of_first);
    return first == '{' && (is_named || (second == '{' && !goes_on));
}

err_t input_open(struct input *input, const char *path, const struct home *home, char reterr_reason[256])
{
    memset(input, 0, sizeof *input);
    errno = 0;
    err_t err = open_source(path, home, &input->file);
    if (err != ERR_OK) {
        snprintf(reterr_reason, 256, "%s",
                 err == ERR_FULL ? tr("the disk is full: no room for a copy of the input", "磁盘已满：没有空间暂存输入")
                                 : strerror(errno ? errno : EIO));
        return err;
    }
    skip_mark(input->file);
    input->is_lines = looks_like_lines(input->file, path);
    rewind(input->file);
    skip_mark(input->file);
    input->line = 1;
    return ERR_OK;
}

err_t input_open_text(struct input *input, struct view text, bool is_lines)
{
    memset(input, 0, sizeof *input);
    input->file = fmemopen((void *)(uintptr_t)text.at, text.size, "r");
    if (!input->file) {
        return ERR_IO;
    }
    input->is_lines = is_lines;
    skip_mark(input->file);
    input->line = 1;
    return ERR_OK;
}

const char *input_part(const struct input *input)
{
    return input->form ? input->form->part(input) : "";
}

void input_explain(const struct input *input, struct faults *faults)
{
    if (input->form) {
        input->form->explain(input, faults);
    }
}

void input_close(struct input *input)
{
    if (input->form) {
        input->form->close(input);
    }
    if (input->file) {
        fclose(input->file);
    }
    free(input->text);
    memset(input, 0, sizeof *input);
}

static err_t give_piece(struct input *input, size_t line, struct piece *ret_piece)
{
    ret_piece->line = line;
    ret_piece->text = (struct view){(const uint8_t *)input->text, input->size};
    ret_piece->is_too_large = input->is_overlong;
    return ERR_OK;
}

static err_t next_line(struct input *input, struct piece *ret_piece)
{
    int c = take_after_spaces(input);
    size_t line = input->line;
    if (c == EOF) {
        return ERR_NOT_FOUND;
    }
    for (; c != EOF && c != '\n'; c = take(input)) {
        keep(input, c);
    }
    return give_piece(input, line, ret_piece);
}

static void take_string(struct input *input)
{
    for (int c = take(input); c != EOF; c = take(input)) {
        keep(input, c);
        if (c == '"') {
            return;
        }
        if (c == '\\' && (c = take(input)) != EOF) {
            keep(input, c);
        }
    }
}

/* The text of one value that begins with C: to the bracket that closes it, or, for a bare word, to what follows. */
static void take_value(struct input *input, int c)
{
    size_t depth = 0;
    do {
        keep(input, c);
        if (c == '"') {
            take_string(input);
        }
        depth += c == '{' || c == '[';
        depth -= depth > 0 && (c == '}' || c == ']');
        c = take(input);
    } while (c != EOF && (depth > 0 || !(is_space(c) || strchr(",]}{[", c))));
    /* A closed value has ended already; what was read beyond it comes again. */
    if (c != EOF) {
        give_back(input, c);
    }
}

static err_t give_flaw(struct input *input, const char *flaw, struct piece *ret_piece)
{
    ret_piece->flaw = flaw;
    ret_piece->line = input->line;
    input->is_ended = true;
    return ERR_OK;
}

/* To the next element's first character. EOF: the array has ended; 0: it is broken, and *ret_flaw says how. */
static int begin_element(struct input *input, const char **ret_flaw)
{
    int c = take_after_spaces(input);
    if (c == ']') {
        input->is_ended = true;
        if (take_after_spaces(input) == EOF) {
            return EOF;
        }
        *ret_flaw = "text after the array's end";
        return 0;
    }
    if (input->has_element) {
        if (c != ',') {
            *ret_flaw = c == EOF ? "the array is not closed" : "expected , or ] after a record";
            return 0;
        }
        c = take_after_spaces(input);
    }
    input->has_element = true;
    if (c == EOF || c == ',' || c == ']' || c == '}') {
        *ret_flaw = c == EOF ? "the array is not closed" : "expected a record";
        return 0;
    }
    return c;
}

static err_t next_value(struct input *input, struct piece *ret_piece)
{
    const char *flaw = NULL;
    int c = 0;
    if (!input->is_begun) {
        input->is_begun = true;
        c = take_after_spaces(input);
        input->is_array = c == '[';
    } else if (!input->is_array) {
        c = take_after_spaces(input);
    }
    if (input->is_array) {
        c = begin_element(input, &flaw);
    }
    if (flaw) {
        return give_flaw(input, flaw, ret_piece);
    }
    if (c == EOF) {
        return ERR_NOT_FOUND;
    }
    size_t line = input->line;
    take_value(input, c);
    return give_piece(input, line, ret_piece);
}

err_t input_next(struct input *input, struct piece *ret_piece)
{
    memset(ret_piece, 0, sizeof *ret_piece);
    input->size = 0;
    input->is_overlong = false;
    if (input->is_ended) {
        return ERR_NOT_FOUND;
    }
    err_t err = input->form       ? input->form->next(input, ret_piece)
                : input->is_lines ? next_line(input, ret_piece)
                                  : next_value(input, ret_piece);
    return ferror(input->file) ? ERR_IO : err;
}
