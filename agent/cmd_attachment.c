/* attachment: what became of the files that records name, and what a person can do about them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/attachment.h"
#include "agent/blobs.h"
#include "agent/commands.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/mem.h"
#include "common/text.h"

enum { PAGE = 32 };

static void print_row(struct table *table, const struct blob_note *note)
{
    char hash[2 * BLOB_HASH_SIZE + 1], size[24], records[24], reason[1024];
    const char *advice = blob_advice(note->code);
    hex_text(note->hash, BLOB_HASH_SIZE, hash);
    snprintf(size, sizeof size, "%" PRIu64, note->size);
    snprintf(records, sizeof records, "%" PRIu64, note->records);
    snprintf(reason, sizeof reason, "%s%s%s", fault_label(note->code, text_is_chinese()), *advice ? tr(": ", "：") : "",
             advice);
    const char *code = *note->code ? note->code : NULL;
    const char *cells[] = {hash, note->name, note->media_type, size, blob_state_code(note->state), records, code};
    const char *labels[] = {NULL, NULL, NULL, NULL, blob_state_label(note->state), NULL, code ? reason : NULL};
    table_row(table, cells, labels);
}

static int list(struct office *office, const struct arguments *arguments, const char *operand)
{
    (void)operand;
    static const struct table_column columns[] = {
        {"sha256", "SHA-256", "摘要", false},  {"name", "file", "文件名", false},
        {"media_type", "type", "类型", false}, {"size", "bytes", "字节数", true},
        {"state", "state", "状态", false},     {"records", "records that wait", "等待的记录数", true},
        {"code", "reason", "原因", false}};
    struct table *table = table_open(stdout, arguments->form, columns, sizeof columns / sizeof *columns);
    struct blob_note *page = mem_alloc(PAGE * sizeof *page);
    size_t count = PAGE;
    int64_t after = 0;
    err_t err = ERR_OK;
    while (err == ERR_OK && count == PAGE) {
        err = spool_list_blobs(office->spool, after, page, PAGE, &count);
        for (size_t i = 0; i < count; i++) {
            print_row(table, &page[i]);
            after = page[i].row;
        }
    }
    free(page);
    size_t rows = table_close(table);
    if (err != ERR_OK) {
        complain_spool(office, "attachment list", err);
    } else if (rows == 0 && arguments->form == TABLE_TEXT) {
        puts(tr("no attachments yet", "暂无附件"));
    }
    return err == ERR_OK ? EXIT_DONE : EXIT_REFUSED;
}

static int retry(struct office *office, const struct arguments *arguments, const char *operand)
{
    (void)arguments;
    (void)operand;
    err_t err = spool_retry_blobs(office->spool);
    if (err != ERR_OK) {
        complain_spool(office, "attachment retry", err);
        return EXIT_REFUSED;
    }
    puts(wake_poke(office->home) ? tr("refused attachments are offered again now", "正在重新上传未被接受的附件")
                                 : tr("refused attachments are offered again with the next run or sync",
                                      "未被接受的附件将在下次 run 或 sync 时重新上传"));
    return EXIT_DONE;
}

static void tell_unfit(const char *path, err_t err)
{
    complain(err == ERR_NOT_FOUND ? tr("%s: there is no such file, or it cannot be read", "%s：文件不存在或无法读取")
             : err == ERR_TRUNCATED ? tr("%s: the file is empty", "%s：文件为空")
             : err == ERR_TOO_LARGE ? tr("%s: over 64 MiB", "%s：超过 64 MiB")
                                    : tr("%s: of no type that is taken", "%s：不接受此类型的文件"),
             path);
}

/* The copy that went missing is here again, from wherever a person had another. */
static int put(struct office *office, const struct arguments *arguments, const char *path)
{
    (void)arguments;
    struct blob_source source = {.folder = "."};
    struct blob_file file;
    struct blob_note note;
    err_t err = blobs_copy(office->home, &source, path, &file);
    if (err == ERR_NOT_FOUND || err == ERR_TRUNCATED || err == ERR_TOO_LARGE || err == ERR_INVALID) {
        tell_unfit(path, err);
        return EXIT_REFUSED;
    }
    err = err == ERR_OK ? spool_find_blob(office->spool, file.hash, &note) : err;
    if (err == ERR_NOT_FOUND) {
        complain(tr("%s: no record names a file with this content", "%s：没有记录附有此内容的文件"), path);
        return EXIT_REFUSED;
    }
    if (err == ERR_OK && note.state == BLOB_REFUSED) {
        err = spool_settle_blob(office->spool, file.hash, BLOB_WAITING, "");
    }
    if (err != ERR_OK) {
        complain_spool(office, "attachment put", err);
        return EXIT_REFUSED;
    }
    wake_poke(office->home);
    puts(tr("the copy is here again", "附件副本已恢复"));
    return EXIT_DONE;
}

int cmd_attachment(const struct home *home, const struct arguments *arguments)
{
    static const struct {
        const char *name;
        int operands;
        int (*act)(struct office *office, const struct arguments *arguments, const char *operand);
    } verbs[] = {{"list", 1, list}, {"retry", 1, retry}, {"get", 2, attachment_get}, {"put", 2, put}};
    struct office office;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(arguments->operands[0], verbs[i].name) != 0 || arguments->count != verbs[i].operands) {
            continue;
        }
        if (!office_open(home, QUICK_WAIT_MS, &office)) {
            return EXIT_REFUSED;
        }
        int code = verbs[i].act(&office, arguments, arguments->count > 1 ? arguments->operands[1] : NULL);
        office_close(&office);
        return code;
    }
    complain(tr("expected: agn-agent attachment list, attachment get SHA256|RECORD-ID [-o FILE], attachment retry, or "
                "attachment put FILE",
                "用法：agn-agent attachment list、attachment get SHA256|记录ID [-o FILE]、attachment retry 或 "
                "attachment put FILE"));
    return EXIT_USAGE;
}
