#include "hub/part.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_SIZE = 65536, NO_OUT = -1 };

static err_t disk_error(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ERR_FULL : ERR_IO;
}

err_t part_open(const char *path, uint64_t durable, int *ret_fd, uint64_t *ret_durable)
{
    struct stat file;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return disk_error();
    }
    bool is_known = fstat(fd, &file) == 0;
    if (is_known && file.st_nlink > 1 && (uint64_t)file.st_size != durable) {
        /* The same file is a content already: it must not be cut. */
        close(fd);
        return unlink(path) == 0 ? part_open(path, 0, ret_fd, ret_durable) : ERR_IO;
    }
    if (is_known) {
        *ret_durable = (uint64_t)file.st_size < durable ? (uint64_t)file.st_size : durable;
        if (ftruncate(fd, (off_t)*ret_durable) == 0) {
            *ret_fd = fd;
            return ERR_OK;
        }
    }
    err_t err = disk_error();
    close(fd);
    return err;
}

static err_t write_all(int fd, const uint8_t *at, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return disk_error();
        }
        at += written;
        size -= (size_t)written;
    }
    return ERR_OK;
}

err_t part_write(int fd, uint64_t offset, struct view bytes)
{
    return lseek(fd, (off_t)offset, SEEK_SET) < 0 ? ERR_IO : write_all(fd, bytes.at, bytes.size);
}

err_t part_sync(int fd)
{
    return fsync(fd) == 0 ? ERR_OK : disk_error();
}

static err_t digest_file(int fd, EVP_MD_CTX *context, int out)
{
    uint8_t buffer[COPY_SIZE];
    for (;;) {
        ssize_t size = read(fd, buffer, sizeof buffer);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            return size == 0 ? ERR_OK : ERR_IO;
        }
        err_t err = EVP_DigestUpdate(context, buffer, (size_t)size) == 1 ? ERR_OK : ERR_IO;
        err = err == ERR_OK && out != NO_OUT ? write_all(out, buffer, (size_t)size) : err;
        if (err != ERR_OK) {
            return err;
        }
    }
}

err_t part_copy(const char *path, const uint8_t hash[BLOB_HASH_SIZE], int out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    err_t err = fd >= 0 && context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 ? ERR_OK : ERR_IO;
    err = err == ERR_OK ? digest_file(fd, context, out) : err;
    if (err == ERR_OK && EVP_DigestFinal_ex(context, digest, NULL) != 1) {
        err = ERR_IO;
    }
    EVP_MD_CTX_free(context);
    if (fd >= 0) {
        close(fd);
    }
    return err == ERR_OK && memcmp(digest, hash, BLOB_HASH_SIZE) != 0 ? ERR_INVALID : err;
}

err_t part_has_hash(const char *path, const uint8_t hash[BLOB_HASH_SIZE])
{
    return part_copy(path, hash, NO_OUT);
}

err_t part_read(const char *path, uint64_t offset, void *ret_bytes, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return ERR_IO;
    }
    size_t got = 0;
    ssize_t more = 1;
    while (got < size && more > 0) {
        more = pread(fd, (uint8_t *)ret_bytes + got, size - got, (off_t)(offset + got));
        got += more > 0 ? (size_t)more : 0;
    }
    close(fd);
    return got == size ? ERR_OK : more == 0 ? ERR_TRUNCATED : ERR_IO;
}
