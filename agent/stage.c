#include "agent/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

/* `head` bytes of the record stand before the number, `tail` after it; `kind` is the kind's stable number. */
struct staged {
    uint8_t id[RECORD_ID_SIZE];
    int64_t at;
    int kind;
    size_t title, head, tail;
};

FILE *stage_file(const struct home *home)
{
    char path[PATH_SIZE];
    home_file(home, "submit-XXXXXX", path);
    int fd = mkstemp(path);
    if (fd < 0) {
        return NULL;
    }
    unlink(path);
    FILE *file = fdopen(fd, "w+");
    if (!file) {
        close(fd);
    }
    return file;
}

static err_t disk_error(void)
{
    return errno == ENOSPC || errno == EFBIG || errno == EDQUOT ? ERR_FULL : ERR_IO;
}

err_t stage_open(const struct home *home, struct stage *ret_stage)
{
    memset(ret_stage, 0, sizeof *ret_stage);
    msgpack_sbuffer_init(&ret_stage->bytes);
    ret_stage->file = stage_file(home);
    return ret_stage->file ? ERR_OK : disk_error();
}

void stage_close(struct stage *stage)
{
    if (stage->file) {
        fclose(stage->file);
    }
    msgpack_sbuffer_destroy(&stage->bytes);
}

const char *stage_title(const struct record *record, char out[TITLE_SIZE])
{
    static const char *const keys[] = {"activity_title", "headline", "title"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct value *value = record_get(record, keys[i]);
        if (value && value->view.size < TITLE_SIZE) {
            return log_safe(value->view.at, value->view.size, out, TITLE_SIZE);
        }
    }
    snprintf(out, TITLE_SIZE, "%s", record->kind->name);
    return out;
}

/* The bytes of the sequence number's value. */
static struct view find_seq(struct view record)
{
    struct reader reader = reader_over(record.at, record.size);
    struct view key;
    struct view value = {0};
    uint32_t pairs = 0;
    err_t err = reader_map(&reader, &pairs);
    while (err == ERR_OK && pairs-- > 0) {
        err = reader_str(&reader, &key);
        err = err == ERR_OK ? reader_skip(&reader, &value) : err;
        if (err == ERR_OK && view_is(key, "seq")) {
            return value;
        }
    }
    abort(); /* a checked record has a sequence number */
}

static bool put_bytes(struct stage *stage, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, stage->file) == size;
}

err_t stage_put(struct stage *stage, const struct record *record)
{
    struct view bytes = record->bytes;
    struct view seq = find_seq(bytes);
    struct staged staged = {.at = record_get(record, "created_at")->number, .kind = record->kind->number};
    const uint8_t *tail = seq.at + seq.size;
    memcpy(staged.id, record_get(record, "id")->view.at, RECORD_ID_SIZE);
    staged.title = strlen(stage_title(record, stage->title));
    staged.head = (size_t)(seq.at - bytes.at);
    staged.tail = bytes.size - staged.head - seq.size;
    bool is_put = put_bytes(stage, &staged, sizeof staged) && put_bytes(stage, stage->title, staged.title) &&
                  put_bytes(stage, bytes.at, staged.head) && put_bytes(stage, tail, staged.tail);
    return is_put ? ERR_OK : disk_error();
}

err_t stage_rewind(struct stage *stage)
{
    bool is_whole = fflush(stage->file) == 0 && fseek(stage->file, 0, SEEK_SET) == 0;
    return is_whole ? ERR_OK : disk_error();
}

static bool get_bytes(struct stage *stage, size_t size)
{
    char part[4096];
    while (size > 0) {
        size_t wanted = size < sizeof part ? size : sizeof part;
        if (fread(part, 1, wanted, stage->file) != wanted) {
            return false;
        }
        msgpack_sbuffer_write(&stage->bytes, part, wanted);
        size -= wanted;
    }
    return true;
}

err_t stage_next(struct stage *stage, uint64_t seq, struct acceptance *ret_acceptance)
{
    struct staged staged;
    msgpack_packer packer;
    if (fread(&staged, sizeof staged, 1, stage->file) != 1) {
        return ferror(stage->file) ? ERR_IO : ERR_NOT_FOUND;
    }
    msgpack_sbuffer_clear(&stage->bytes);
    msgpack_packer_init(&packer, &stage->bytes, msgpack_sbuffer_write);
    if (fread(stage->title, 1, staged.title, stage->file) != staged.title || !get_bytes(stage, staged.head)) {
        return ERR_IO;
    }
    stage->title[staged.title] = '\0';
    msgpack_pack_uint64(&packer, seq);
    if (!get_bytes(stage, staged.tail)) {
        return ERR_IO;
    }
    const struct kind *kind = kind_by_number(staged.kind);
    *ret_acceptance = (struct acceptance){.seq = seq,
                                          .kind = kind->name,
                                          .title = stage->title,
                                          .priority = kind->priority,
                                          .at = staged.at,
                                          .bytes = {(const uint8_t *)stage->bytes.data, stage->bytes.size}};
    memcpy(ret_acceptance->id, staged.id, RECORD_ID_SIZE);
    return ERR_OK;
}
