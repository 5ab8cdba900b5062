/* agn-hub attachment: what the institutions have uploaded, and its bytes for the operator. Reads only. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/media.h"
#include "common/text.h"
#include "hub/cli.h"
#include "hub/part.h"
#include "hub/shelf.h"
#include "proto/message_blob.h"

enum { HASH_TEXT = 2 * BLOB_HASH_SIZE + 1, NAMED_MAX = 20, LIST_COLUMNS = 6 };

static const struct table_column list_columns[LIST_COLUMNS] = {
    {"entity", "code", "机构代码", false}, {"at", "since", "时间", false},    {"state", "state", "状态", false},
    {"media_type", "type", "类型", false}, {"size", "bytes", "字节数", true}, {"sha256", "sha256", "SHA-256", false},
};

struct listing {
    struct table *table;
    int utc_offset_minutes;
    uint64_t count, bytes;
};

static void list_one(void *self, const struct shelf_row *row)
{
    struct listing *listing = self;
    char at[20];
    char size[24];
    char hash[HASH_TEXT];
    char state[64];
    local_time_text(row->at, listing->utc_offset_minutes, at);
    snprintf(size, sizeof size, "%" PRIu64, row->item.size);
    hex_text(row->item.hash, BLOB_HASH_SIZE, hash);
    snprintf(state, sizeof state, tr("uploading, %d %%", "上传中，%d %%"),
             (int)(row->durable * 100 / (row->item.size ? row->item.size : 1)));
    const char *cells[LIST_COLUMNS] = {row->party,           at,   row->is_part ? "uploading" : "kept",
                                       row->item.media_type, size, hash};
    const char *labels[LIST_COLUMNS] = {NULL};
    labels[2] = row->is_part ? state : tr("kept", "已保存");
    table_row(listing->table, cells, labels);
    listing->count += !row->is_part;
    listing->bytes += row->is_part ? 0 : row->item.size;
}

/* NULL without a reason printed where nothing has been uploaded yet. */
static struct shelf *open_shelf(const struct home *home, err_t *ret_err)
{
    char reason[256] = "";
    struct shelf *shelf = NULL;
    *ret_err = shelf_open(home, false, &shelf, reason);
    if (*ret_err != ERR_OK && *ret_err != ERR_NOT_FOUND) {
        cli_fail("%s", reason);
    }
    return shelf;
}

int cli_attachment_list(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"entity", false, NULL}, {"json", true, NULL}, {"csv", true, NULL}};
    size_t count = sizeof arguments / sizeof *arguments;
    size_t rest = 0;
    struct options options;
    char reason[512];
    err_t err = ERR_OK;
    if (!cli_parse(argc, argv, arguments, count, NULL, 0, &rest)) {
        return 2;
    }
    if (options_load(home, &options, reason) != ERR_OK) {
        return cli_fail("%s", reason);
    }
    struct shelf *shelf = open_shelf(home, &err);
    if (!shelf && err != ERR_NOT_FOUND) {
        return 1;
    }
    enum table_form form = cli_form(arguments, count);
    struct listing listing = {.utc_offset_minutes = (int)options.utc_offset_minutes};
    listing.table = table_open(stdout, form, list_columns, LIST_COLUMNS);
    err = shelf ? shelf_each(shelf, arguments[0].value, list_one, &listing) : ERR_OK;
    table_close(listing.table);
    shelf_close(shelf);
    if (form == TABLE_TEXT) {
        printf(tr("%" PRIu64 " attachments, %" PRIu64 " bytes; one that several uploaded is kept once\n",
                  "附件 %" PRIu64 " 个，共 %" PRIu64 " 字节；多家上传的同一附件只保存一份\n"),
               listing.count, listing.bytes);
    }
    return err == ERR_OK ? 0 : cli_fail("%s", err_text(err));
}

/* What a record names, by its own words. */
struct named {
    size_t count;
    uint8_t hashes[NAMED_MAX][BLOB_HASH_SIZE];
    char types[NAMED_MAX][MEDIA_TYPE_SIZE];
    bool is_found;
};

static void note_record(void *self, const struct record_row *row)
{
    struct named *named = self;
    struct blob_refs refs = blob_refs_of(row->bytes);
    struct blob_ref ref;
    named->is_found = true;
    while (named->count < NAMED_MAX && blob_refs_next(&refs, &ref)) {
        memcpy(named->hashes[named->count], ref.sha256.at, BLOB_HASH_SIZE);
        snprintf(named->types[named->count++], MEDIA_TYPE_SIZE, "%.*s", (int)ref.media_type.size,
                 (const char *)ref.media_type.at);
    }
}

static int find_by_record(const struct home *home, const char *text, uint8_t ret_hash[BLOB_HASH_SIZE])
{
    uint8_t id[RECORD_ID_SIZE];
    struct named named = {.count = 0};
    struct options options;
    char hash[HASH_TEXT];
    if (record_id_parse(text, id) != ERR_OK) {
        return cli_fail(tr("%s is neither a SHA-256 in 64 hex digits nor a record's id",
                           "%s 既不是 64 位十六进制的 SHA-256，也不是记录编号"),
                        text);
    }
    struct store *store = cli_open_store(home, &options);
    if (!store) {
        return 1;
    }
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .id = id};
    err_t err = store_each_record(store, &filter, note_record, &named);
    store_close(store);
    if (err != ERR_OK) {
        return cli_fail("%s", err_text(err));
    }
    if (named.count == 0) {
        return cli_fail(named.is_found ? tr("record %s names no attachment", "记录 %s 没有附件")
                                       : tr("no record %s", "没有记录 %s"),
                        text);
    }
    memcpy(ret_hash, named.hashes[0], BLOB_HASH_SIZE);
    if (named.count == 1) {
        return 0;
    }
    cli_fail(
        tr("record %s names %zu attachments; get one by its SHA-256:", "记录 %s 有 %zu 个附件，请按 SHA-256 选取："),
        text, named.count);
    for (size_t i = 0; i < named.count; i++) {
        hex_text(named.hashes[i], BLOB_HASH_SIZE, hash);
        fprintf(stderr, "  %s  %s\n", hash, named.types[i]);
    }
    return 1;
}

/* A file that is there already is left alone; one that turns out wrong is removed again. */
static int copy_out(const char *from, const uint8_t hash[BLOB_HASH_SIZE], const char *to)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return cli_fail("%s: %s", to, strerror(errno));
    }
    err_t err = part_copy(from, hash, fd);
    if (close(fd) != 0 && err == ERR_OK) {
        err = ERR_IO;
    }
    if (err == ERR_OK) {
        printf("%s\n", to);
        return 0;
    }
    unlink(to);
    return err == ERR_INVALID ? cli_fail(tr("%s is damaged: its SHA-256 is another one; let the institution upload it "
                                            "again, or put it back from a backup",
                                            "%s 已损坏：SHA-256 不符；请让机构重新上传，或从备份恢复"),
                                         from)
                              : cli_fail("%s: %s", to, err_text(err));
}

int cli_attachment_get(const struct home *home, int argc, char **argv)
{
    struct argument arguments[] = {{"out", false, NULL}};
    const char *rest[1];
    size_t count = 0;
    uint8_t hash[BLOB_HASH_SIZE];
    char path[PATH_SIZE];
    char name[HASH_TEXT + 8];
    const char *type = NULL;
    err_t err = ERR_OK;
    char out[] = "--out";
    for (int i = 1; i < argc; i++) {
        argv[i] = strcmp(argv[i], "-o") == 0 ? out : argv[i];
    }
    if (!cli_parse(argc, argv, arguments, 1, rest, 1, &count) || count != 1) {
        return cli_usage();
    }
    int status = hex_parse(rest[0], hash, BLOB_HASH_SIZE) == ERR_OK ? 0 : find_by_record(home, rest[0], hash);
    if (status != 0) {
        return status;
    }
    struct shelf *shelf = open_shelf(home, &err);
    if (!shelf && err != ERR_NOT_FOUND) {
        return 1;
    }
    if (shelf) {
        shelf_content_path(shelf, hash, path);
        err = media_find(path, &type) == ERR_IO ? ERR_NOT_FOUND : ERR_OK;
        shelf_close(shelf);
    }
    hex_text(hash, BLOB_HASH_SIZE, name);
    if (err == ERR_NOT_FOUND) {
        return cli_fail(tr("no attachment %s is kept here", "此处没有附件 %s"), name);
    }
    snprintf(name + strlen(name), sizeof name - strlen(name), "%s", type ? media_suffix(type) : "");
    return copy_out(path, hash, arguments[0].value ? arguments[0].value : name);
}
