/* The token of the local endpoint: made at the first start, for its owner alone. */
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/http_api.h"
#include "common/text.h"

static err_t read_token(const struct home *home, char ret_token[TOKEN_SIZE], char reterr_reason[256])
{
    char path[PATH_SIZE];
    struct stat info;
    uint8_t bytes[TOKEN_BYTES];
    home_file(home, HTTP_TOKEN_FILE, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &info) != 0) {
        return ERR_IO;
    }
    ssize_t size = read(fd, ret_token, TOKEN_SIZE - 1);
    close(fd);
    ret_token[TOKEN_SIZE - 1] = '\0';
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        snprintf(reterr_reason, 256,
                 tr("%.150s: others may read it; chmod 600, or delete it to have a new one made",
                    "%.150s：其他用户可读取；请 chmod 600，或删除以重新生成"),
                 path);
        return ERR_INVALID;
    }
    if (size != TOKEN_SIZE - 1 || hex_parse(ret_token, bytes, sizeof bytes) != ERR_OK) {
        snprintf(reterr_reason, 256,
                 tr("%.150s: no token; delete it to have a new one made", "%.150s：不是有效令牌；删除后将重新生成"),
                 path);
        return ERR_INVALID;
    }
    return ERR_OK;
}

err_t token_load(const struct home *home, char ret_token[TOKEN_SIZE], char reterr_reason[256])
{
    uint8_t bytes[TOKEN_BYTES];
    snprintf(reterr_reason, 256,
             tr("%.150s/" HTTP_TOKEN_FILE " cannot be read or written", "无法读写 %.150s/" HTTP_TOKEN_FILE),
             home->path);
    if (home_has(home, HTTP_TOKEN_FILE)) {
        return read_token(home, ret_token, reterr_reason);
    }
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return ERR_IO;
    }
    hex_text(bytes, sizeof bytes, ret_token);
    char line[TOKEN_SIZE + 1];
    int size = snprintf(line, sizeof line, "%s\n", ret_token);
    return home_write(home, HTTP_TOKEN_FILE, line, (size_t)size);
}
