/* Copies: into the home, and their names there. */
#include "agent/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/blobs_spool.h"
#include "common/media.h"
#include "common/text.h"
#include "proto/message_blob.h"

#define NEW_PREFIX  "new-"
#define PART_PREFIX "part-"

static err_t disk_error(void)
{
    return errno == ENOSPC || errno == EFBIG || errno == EDQUOT ? ERR_FULL : ERR_IO;
}

static void path_of(const struct home *home, const char *prefix, const uint8_t hash[BLOB_HASH_SIZE],
                    char ret_path[PATH_SIZE])
{
    char text[2 * BLOB_HASH_SIZE + 1];
    char name[sizeof BLOBS_FOLDER + sizeof PART_PREFIX + sizeof text];
    hex_text(hash, BLOB_HASH_SIZE, text);
    snprintf(name, sizeof name, BLOBS_FOLDER "/%s%s", prefix, text);
    home_file(home, name, ret_path);
}

void blobs_path(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE], char ret_path[PATH_SIZE])
{
    path_of(home, "", hash, ret_path);
}

void blobs_part_path(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE], char ret_path[PATH_SIZE])
{
    path_of(home, PART_PREFIX, hash, ret_path);
}

bool blob_is_here(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE])
{
    char path[PATH_SIZE];
    struct stat info;
    blobs_path(home, hash, path);
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static err_t sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return disk_error();
    }
    err_t err = fsync(fd) == 0 ? ERR_OK : disk_error();
    close(fd);
    return err;
}

err_t blobs_make_folder(const struct home *home)
{
    char path[PATH_SIZE];
    home_file(home, BLOBS_FOLDER, path);
    if (mkdir(path, 0700) == 0) {
        return sync_folder(home->path);
    }
    return errno == EEXIST ? ERR_OK : disk_error();
}

bool blobs_may_name(const struct blob_source *source, const char *name)
{
    bool is_good = *name != '\0' && *name != '/';
    for (const char *at = name; is_good && at; at = strchr(at, '/')) {
        at += *at == '/';
        size_t size = strcspn(at, "/");
        is_good = size > 0 && !(size == 2 && memcmp(at, "..", 2) == 0);
    }
    return source->folder && (is_good || (*name && !source->is_confined));
}

/* One step after the other, and none of them over a link. -1 with errno. */
static int open_confined(const char *folder, const char *name)
{
    char part[256];
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && *name) {
        size_t size = strcspn(name, "/");
        bool is_last = name[size] == '\0';
        if (size >= sizeof part) {
            close(fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        snprintf(part, sizeof part, "%.*s", (int)size, name);
        int next = openat(fd, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (is_last ? O_NONBLOCK : O_DIRECTORY));
        close(fd);
        fd = next;
        name += size + !is_last;
    }
    return fd;
}

static int open_source(const struct blob_source *source, const char *name)
{
    char path[PATH_SIZE];
    if (source->is_confined) {
        return open_confined(source->folder, name);
    }
    bool is_whole = *name == '/';
    int size = snprintf(path, sizeof path, "%s%s%s", is_whole ? "" : source->folder, is_whole ? "" : "/", name);
    if (size < 0 || (size_t)size >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static err_t write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR) {
            return disk_error();
        }
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return ERR_OK;
}

/* Reads SOURCE to its end, or beyond what is allowed; writes to TARGET where that is not -1. */
static err_t pour(int source, int target, struct blob_file *ret_file)
{
    static const size_t step = 65536;
    uint8_t *bytes = malloc(step);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ssize_t size = 0;
    err_t err = bytes && context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 ? ERR_OK : ERR_IO;
    ret_file->size = 0;
    while (err == ERR_OK && (size = read(source, bytes, step)) != 0) {
        if (size < 0) {
            err = errno == EINTR ? ERR_OK : ERR_NOT_FOUND;
            continue;
        }
        ret_file->size += (uint64_t)size;
        err = ret_file->size > BLOB_SIZE_MAX                        ? ERR_TOO_LARGE
              : EVP_DigestUpdate(context, bytes, (size_t)size) != 1 ? ERR_IO
              : target >= 0                                         ? write_all(target, bytes, (size_t)size)
                                                                    : ERR_OK;
    }
    if (err == ERR_OK && EVP_DigestFinal_ex(context, ret_file->hash, NULL) != 1) {
        err = ERR_IO;
    }
    EVP_MD_CTX_free(context);
    free(bytes);
    return err == ERR_OK && ret_file->size == 0 ? ERR_TRUNCATED : err;
}

err_t blobs_hash(const char *path, uint8_t ret_hash[BLOB_HASH_SIZE])
{
    struct blob_file file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    err_t err = pour(fd, -1, &file);
    memcpy(ret_hash, file.hash, BLOB_HASH_SIZE);
    close(fd);
    return err;
}

/* Gives the finished file at PATH its name, over an older copy: a fresh one is never taken for a leftover. */
static err_t give_name(const struct home *home, const char *path, const uint8_t hash[BLOB_HASH_SIZE])
{
    char target[PATH_SIZE];
    char folder[PATH_SIZE];
    blobs_path(home, hash, target);
    home_file(home, BLOBS_FOLDER, folder);
    return rename(path, target) == 0 ? sync_folder(folder) : disk_error();
}

/* Into a new file at PATH, whose descriptor is TARGET. */
static err_t keep(const struct home *home, int source, int target, const char *path, struct blob_file *ret_file)
{
    err_t err = pour(source, target, ret_file);
    if (err == ERR_OK && fsync(target) != 0) {
        err = disk_error();
    }
    if (err == ERR_OK) {
        err = media_find(path, &ret_file->media_type);
        err = err == ERR_NOT_FOUND ? ERR_INVALID : err;
    }
    return err == ERR_OK ? give_name(home, path, ret_file->hash) : err;
}

err_t blobs_copy(const struct home *home, const struct blob_source *source, const char *path,
                 struct blob_file *ret_file)
{
    char target[PATH_SIZE];
    struct stat info;
    memset(ret_file, 0, sizeof *ret_file);
    int from = blobs_may_name(source, path) ? open_source(source, path) : -1;
    if (from < 0 || fstat(from, &info) != 0 || !S_ISREG(info.st_mode)) {
        if (from >= 0) {
            close(from);
        }
        return ERR_NOT_FOUND;
    }
    home_file(home, BLOBS_FOLDER "/" NEW_PREFIX "XXXXXX", target);
    err_t err = blobs_make_folder(home);
    int to = err == ERR_OK ? mkstemp(target) : -1;
    if (err == ERR_OK && to < 0) {
        err = disk_error();
    }
    if (err == ERR_OK) {
        err = keep(home, from, to, target, ret_file);
        close(to);
        if (err != ERR_OK) {
            unlink(target);
        }
    }
    close(from);
    return err;
}

err_t blobs_finish_part(const struct home *home, const uint8_t hash[BLOB_HASH_SIZE])
{
    char path[PATH_SIZE];
    uint8_t found[BLOB_HASH_SIZE];
    blobs_part_path(home, hash, path);
    err_t err = blobs_hash(path, found);
    if (err == ERR_OK && memcmp(found, hash, BLOB_HASH_SIZE) != 0) {
        err = ERR_INVALID;
    }
    if (err == ERR_INVALID || err == ERR_TRUNCATED || err == ERR_TOO_LARGE) {
        unlink(path);
        return ERR_INVALID;
    }
    return err == ERR_OK ? give_name(home, path, hash) : err;
}

err_t blobs_confirm(const struct home *home, struct spool *spool, struct view record)
{
    struct blob_refs refs = blob_refs_of(record);
    struct blob_ref ref;
    while (blob_refs_next(&refs, &ref)) {
        struct blob_note note;
        err_t err = spool_find_blob(spool, ref.sha256.at, &note);
        bool is_kept = err == ERR_OK && note.state == BLOB_KEPT;
        if (err != ERR_OK && err != ERR_NOT_FOUND) {
            return err;
        }
        if (!is_kept && !blob_is_here(home, ref.sha256.at)) {
            return ERR_BUSY;
        }
    }
    return ERR_OK;
}
