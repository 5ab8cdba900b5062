#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "province/heads_file.h"

/* Any bytes as a file of heads that somebody else gives. A head that its key has signed is written again the same, and
 * no other key has signed it; what is refused is refused in words that a terminal can show. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err_t take_head(void *self, const struct filed_head *filed)
{
    struct kept_head head;
    uint8_t bytes[HEAD_SIZE];
    (void)self;
    if (filed && filed_head_check(filed, &head) == ERR_OK) {
        struct filed_head other = *filed;
        head_encode(&head.head, bytes);
        assert(memcmp(bytes, filed->bytes, HEAD_SIZE) == 0 && memcmp(bytes, head.bytes, HEAD_SIZE) == 0);
        other.key.bytes[3] ^= 1;
        err_t err = filed_head_check(&other, &head);
        assert(err != ERR_OK);
        (void)err;
    }
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char reason[256];
    char safe[256];
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;
    if (file) {
        err_t err = heads_file_read(file, take_head, NULL, reason);
        assert(err == ERR_OK ? !*reason : *reason && strcmp(log_safe(reason, strlen(reason), safe, 256), reason) == 0);
        (void)err;
        fclose(file);
    }
    return 0;
}
