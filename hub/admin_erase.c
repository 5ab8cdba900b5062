#include <string.h>

#include "common/text.h"
#include "hub/admin.h"
#include "proto/rights.h"

struct wanted {
    const struct store *store;
    const char *party; /* "": any */
    char filer[RECORD_PARTY_SIZE];
    char owner[RECORD_PARTY_SIZE]; /* of its thread */
    uint8_t root[RECORD_ID_SIZE];
    const struct kind *kind;
    uint8_t left[RECORD_HASH_SIZE]; /* of it */
    int found;
};

static void note_wanted(void *self, const struct record_row *row)
{
    struct wanted *wanted = self;
    if (!*wanted->party || strcmp(wanted->party, row->party) == 0) {
        snprintf(wanted->filer, sizeof wanted->filer, "%s", row->party);
        snprintf(wanted->owner, sizeof wanted->owner, "%s", row->owner);
        memcpy(wanted->root, row->root, RECORD_ID_SIZE);
        wanted->kind = row->kind;
        wanted->found++;
        store_hash_left(wanted->store, row->bytes, wanted->left); /* where that is nothing the store refuses it */
    }
}

/* Why it cannot be done, or NULL. */
static const char *judge_erasing(const struct wanted *wanted, err_t err)
{
    if (err == ERR_EXISTS) {
        return tr("its content was erased before", "其内容此前已擦除");
    }
    if (err == ERR_INVALID) {
        return tr("there is nothing in it to erase: it holds codes and dates alone", "无可擦除内容：仅含代码与日期");
    }
    if (wanted->found != 1) {
        return wanted->found ? tr("two parties have a record with this id: name one with --entity",
                                  "两个机构有同一编号的记录：请用 --entity 指定")
                             : tr("there is no such record", "没有该记录");
    }
    return wanted->kind && wanted->kind->number == KIND_ADMINISTRATIVE_ACT
               ? tr("an administrative act is not erased", "管理行为记录不得擦除")
               : NULL;
}

static void add_left(void *self, const struct record_row *row)
{
    struct admin *admin = self;
    char id[37];
    msgpack_sbuffer remnant;
    size_t used = strlen(admin->text);
    msgpack_sbuffer_init(&remnant);
    if (row->erased_at == 0 && rights_remnant(row->bytes, &remnant) == ERR_OK) {
        record_id_text(row->id, id);
        snprintf(admin->text + used, sizeof admin->text - used, "%s%s",
                 used ? "\n"
                      : tr("other records of its thread still have content, which may say the same:\n",
                           "同一事项的下列记录仍有内容，其中可能含有相同文字：\n"),
                 id);
    }
    msgpack_sbuffer_destroy(&remnant);
}

/* Whoever acknowledges a warning, or corrects a record, says again what it says: the operator has to know. */
static err_t tell_left(struct admin *admin, const struct wanted *wanted)
{
    return store_each_in_thread(admin->store, wanted->owner, wanted->root, add_left, admin);
}

/* The content goes, its hash and what the figures stand on stay. */
err_t admin_erase(struct admin *admin, zmsg_t *request)
{
    char text[37];
    char party[64];
    char detail[256];
    char left[LEFT_TEXT];
    uint8_t id[RECORD_ID_SIZE];
    struct party filer;
    struct wanted wanted = {.store = admin->store, .party = party};
    struct record_filter filter = {.sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX, .id = id};
    admin_frame(request, text, sizeof text);
    admin_frame(request, party, sizeof party);
    err_t err = record_id_parse(text, id);
    err = err == ERR_OK ? store_each_record(admin->store, &filter, note_wanted, &wanted) : err;
    const char *fault = judge_erasing(&wanted, ERR_OK);
    if (err == ERR_OK && !fault) {
        record_id_text(id, text); /* however it was typed */
        store_bind_left(admin->store, wanted.left, 1, left);
        snprintf(detail, sizeof detail, "%s %s %s", wanted.kind->name, wanted.filer, left);
        err = admin_put_act(admin, ACT_ERASE, text, detail);
        err = err == ERR_OK ? store_find_party(admin->store, wanted.filer, &filer) : err;
        if (err != ERR_OK) {
            return err;
        }
        err = store_erase(admin->store, filer.row, id, admin->filed.id, clock_ms());
        fault = judge_erasing(&wanted, err);
    }
    if (fault) {
        snprintf(admin->text, sizeof admin->text, "%s: %s", text, fault);
        return ERR_INVALID;
    }
    admin->is_erased = err == ERR_OK;
    return err == ERR_OK ? tell_left(admin, &wanted) : err;
}
