#include "hub/report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/text.h"

#define LIST_FILE "reports.sha256"

enum { HASH_SIZE = 32, LINE_SIZE = HASH_SIZE * 2 + 1, LINES_MAX = 2000 };

/* The file's SHA-256 as a line. */
static bool read_hash(const char *path, char ret_line[LINE_SIZE + 1])
{
    uint8_t buffer[65536];
    uint8_t hash[HASH_SIZE];
    FILE *file = fopen(path, "rb");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_read = file && context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    size_t size = 0;
    while (is_read && (size = fread(buffer, 1, sizeof buffer, file)) > 0) {
        is_read = EVP_DigestUpdate(context, buffer, size) == 1;
    }
    is_read = is_read && !ferror(file) && EVP_DigestFinal_ex(context, hash, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (file) {
        fclose(file);
    }
    if (is_read) {
        hex_text(hash, HASH_SIZE, ret_line);
        memcpy(ret_line + LINE_SIZE - 1, "\n", 2);
    }
    return is_read;
}

/* The list as it is, at most its last LINES_MAX lines; "" where there is none. The caller frees it. */
static char *read_list(const struct home *home)
{
    char path[PATH_SIZE];
    home_file(home, LIST_FILE, path);
    char *list = mem_alloc((size_t)LINES_MAX * LINE_SIZE + LINE_SIZE + 1); /* with room for one more */
    FILE *file = fopen(path, "rb");
    if (!file) {
        return list;
    }
    if (fseek(file, -(long)(LINES_MAX * LINE_SIZE), SEEK_END) != 0) {
        rewind(file);
    }
    list[fread(list, 1, (size_t)LINES_MAX * LINE_SIZE, file)] = '\0';
    fclose(file);
    return list;
}

static bool is_ours(const struct home *home, const char *path)
{
    char line[LINE_SIZE + 1];
    if (!read_hash(path, line)) {
        return false;
    }
    char *list = read_list(home);
    bool is_listed = strstr(list, line) != NULL;
    free(list);
    return is_listed;
}

bool report_file_is_free(const struct home *home, const char *path, bool is_forced, char reterr_reason[512])
{
    struct stat found;
    if (lstat(path, &found) != 0) {
        return true; /* whatever else is wrong with it, writing says */
    }
    if (!S_ISREG(found.st_mode)) {
        snprintf(reterr_reason, 512,
                 tr("%.400s is not a plain file: give another name", "%.400s 不是普通文件：请另取文件名"), path);
        return false;
    }
    if (!is_forced && !is_ours(home, path)) {
        snprintf(reterr_reason, 512,
                 tr("%.300s is there, and is not as agn-hub wrote it: give another name, or --force to replace it",
                    "%.300s 已存在，且并非本程序写成或已被改动：请另取文件名，或用 --force 覆盖"),
                 path);
        return false;
    }
    return true;
}

static bool make_durable(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_done;
}

/* Listed before it is in place: a crash between leaves a line without a file, never a file of ours that we disown. */
static bool put_in_place(const struct home *home, const char *temporary, const char *path)
{
    char line[LINE_SIZE + 1];
    if (!make_durable(temporary) || !read_hash(temporary, line)) {
        return false;
    }
    char *list = read_list(home);
    size_t size = strlen(list);
    memcpy(list + size, line, sizeof line);
    err_t err = home_write(home, LIST_FILE, list, strlen(list));
    free(list);
    if (err != ERR_OK || rename(temporary, path) != 0) {
        return false;
    }
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder] = '\0';
    }
    (void)make_durable(slash ? folder : "."); /* a file system that cannot has done what it can */
    return true;
}

err_t report_file_put(const struct home *home, const char *path, const struct report *report,
                      err_t (*write)(const struct report *report, const char *path), char reterr_reason[512])
{
    char temporary[PATH_SIZE];
    int size = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    errno = ENAMETOOLONG;
    int fd = size < PATH_SIZE ? mkstemp(temporary) : -1;
    if (fd >= 0) {
        close(fd);
        errno = 0;
    }
    bool is_put = fd >= 0 && write(report, temporary) == ERR_OK && put_in_place(home, temporary, path);
    if (is_put) {
        return ERR_OK;
    }
    int why = errno;
    if (fd >= 0) {
        unlink(temporary);
    }
    snprintf(reterr_reason, 512,
             tr("%.300s was not written (%s). Check the folder, its permissions and the disk",
                "%.300s 未能写入（%s）。请检查目录、权限与磁盘"),
             path, why ? strerror(why) : tr("the file could not be made", "无法生成文件"));
    return ERR_IO;
}
