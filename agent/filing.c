#include "agent/filing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/text.h"

#define ASIDE "filing-"

static err_t write_all(int fd, struct view text)
{
    while (text.size > 0) {
        ssize_t written = write(fd, text.at, text.size);
        if (written < 0 && errno != EINTR) {
            return errno == ENOSPC || errno == EFBIG || errno == EDQUOT ? ERR_FULL : ERR_IO;
        }
        text.at += written > 0 ? written : 0;
        text.size -= written > 0 ? (size_t)written : 0;
    }
    return ERR_OK;
}

/* The input is read from a file, by whose name its form is known. */
static err_t put_aside(const struct filing *filing, struct view text, char ret_path[PATH_SIZE])
{
    uint8_t id[RECORD_ID_SIZE];
    char unique[37];
    char name[64];
    record_make_id(clock_ms(), id);
    record_id_text(id, unique);
    snprintf(name, sizeof name, ASIDE "%s.%s", unique, filing->is_lines ? "jsonl" : "json");
    home_file(filing->home, name, ret_path);
    int fd = open(ret_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
    }
    err_t err = write_all(fd, text);
    close(fd);
    if (err != ERR_OK) {
        unlink(ret_path);
    }
    return err;
}

/* First, which pieces there are: a refusal names its line only, and what was accepted is told by what was not. */
static err_t list_lines(struct filing *filing, struct input *input)
{
    struct piece piece;
    err_t err = ERR_OK;
    while ((err = input_next(input, &piece)) == ERR_OK) {
        if (filing->count == FILING_LINES_MAX) {
            return ERR_TOO_LARGE;
        }
        filing->lines[filing->count++].line = piece.line;
        if (!filing->is_lines && filing->count > 1) {
            return ERR_INVALID;
        }
    }
    return err != ERR_NOT_FOUND ? err : filing->count > 0 ? ERR_OK : ERR_INVALID;
}

static void on_refused(void *self, size_t line, const struct faults *faults)
{
    struct filing *filing = self;
    for (size_t i = 0; i < filing->count; i++) {
        if (filing->lines[i].line == line && !filing->lines[i].faults) {
            filing->lines[i].faults = (struct faults *)mem_copy((const char *)faults, sizeof *faults);
            return;
        }
    }
}

static err_t ride(void *self, struct spool *spool)
{
    (void)spool;
    const struct filing *filing = self;
    return filing->on_commit(filing->self, filing);
}

static err_t accept_from(struct filing *filing, struct input *input)
{
    struct accept_order order = {.home = filing->home,
                                 .spool = filing->spool,
                                 .utc_offset_minutes = filing->utc_offset_minutes,
                                 .party = filing->party,
                                 .keep_going = filing->is_lines,
                                 .corrects = filing->corrects,
                                 .files = filing->files,
                                 .on_refused = on_refused,
                                 .self = filing};
    spool_attach(filing->spool, filing->on_commit ? ride : NULL, filing);
    err_t err = accept_input(&order, input, &filing->accepted);
    spool_attach(filing->spool, NULL, NULL);
    return err;
}

/* Cut as the caller says, whatever it looks like: else an array in the first line would hide the lines after it. */
static err_t open_aside(const struct filing *filing, const char *path, struct input *ret_input)
{
    char reason[256];
    err_t err = input_open(ret_input, path, filing->home, reason);
    ret_input->is_lines = filing->is_lines;
    return err;
}

static err_t take_file(struct filing *filing, const char *path)
{
    struct input input;
    err_t err = open_aside(filing, path, &input);
    if (err != ERR_OK) {
        return err;
    }
    err = list_lines(filing, &input);
    input_close(&input);
    err = err == ERR_OK ? open_aside(filing, path, &input) : err;
    if (err == ERR_OK) {
        err = accept_from(filing, &input);
        input_close(&input);
    }
    return err;
}

err_t filing_take(struct filing *filing, struct view text)
{
    char path[PATH_SIZE];
    memset(&filing->accepted, 0, sizeof filing->accepted);
    filing->count = 0;
    filing->lines = mem_alloc(FILING_LINES_MAX * sizeof *filing->lines);
    if (text.size > FILING_SIZE_MAX) {
        return ERR_TOO_LARGE;
    }
    err_t err = put_aside(filing, text, path);
    if (err == ERR_OK) {
        err = take_file(filing, path);
        unlink(path);
    }
    return err;
}

void filing_done(struct filing *filing)
{
    for (size_t i = 0; i < filing->count; i++) {
        free(filing->lines[i].faults);
    }
    free(filing->lines);
    filing->lines = NULL;
    filing->count = 0;
}

void filing_clean(const struct home *home)
{
    DIR *folder = opendir(home->path);
    for (struct dirent *entry = NULL; folder && (entry = readdir(folder));) {
        if (strncmp(entry->d_name, ASIDE, strlen(ASIDE)) == 0) {
            unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder) {
        closedir(folder);
    }
}
