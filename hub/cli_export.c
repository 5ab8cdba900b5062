/* query --full: the city's records with all their fields, in the forms that agn-agent submit takes.
 *
 * A file travels, so it passes the rights function as everything does that leaves the city: what is confidential stays,
 * and who asked to be withheld is not named, be it in another record of the warning's thread. `agn-hub show` has the
 * whole record. */
#include "hub/cli.h"
#include "proto/kinds.h"
#include "proto/rights.h"
#include "sheet/export.h"

struct exporting {
    struct store *store;
    const struct record_filter *filter;
    json_t *withheld; /* the threads whose reporter asked for it, by their first record's id */
    void (*take)(void *self, const json_t *record);
    void *self;
    uint64_t newest, last; /* record of this pass; of the first, 0 as long as that runs */
    err_t err;
};

static void note_withheld(void *self, const struct record_row *row)
{
    struct exporting *exporting = self;
    char root[37];
    json_t *record = record_to_json(row->bytes);
    if (json_is_true(json_object_get(record, "reporter_confidential"))) {
        record_id_text(row->root, root);
        json_object_set_new(exporting->withheld, root, json_true());
    }
    json_decref(record);
}

static json_t *leaving_part(struct exporting *exporting, const struct record_row *row)
{
    char root[37];
    msgpack_sbuffer left;
    msgpack_sbuffer_init(&left);
    record_id_text(row->root, root);
    bool is_withheld = json_object_get(exporting->withheld, root) != NULL;
    exporting->err = rights_strip(row->bytes, is_withheld, &left);
    json_t *record =
        exporting->err == ERR_OK ? record_to_json((struct view){(const uint8_t *)left.data, left.size}) : NULL;
    if (record && !is_withheld) {
        json_object_set_new(record, common_fields[COMMON_ENTITY].key, json_string(row->party));
    }
    msgpack_sbuffer_destroy(&left);
    return record;
}

static void take_row(void *self, const struct record_row *row)
{
    struct exporting *exporting = self;
    bool is_later = exporting->last > 0 && row->number > exporting->last; /* than the first pass */
    if (exporting->err == ERR_OK && !is_later) {
        exporting->newest = row->number > exporting->newest ? row->number : exporting->newest;
        json_t *record = leaving_part(exporting, row);
        exporting->take(exporting->self, record);
        json_decref(record);
    }
}

static err_t each_record(void *source, void (*take)(void *self, const json_t *record), void *self)
{
    struct exporting *exporting = source;
    exporting->take = take;
    exporting->self = self;
    err_t err = store_each_record(exporting->store, exporting->filter, take_row, exporting);
    exporting->last = exporting->newest;
    return err == ERR_OK ? exporting->err : err;
}

int cli_export(struct store *store, const struct record_filter *filter, enum table_form form)
{
    struct record_filter warnings = {
        .kind = kind_by_number(KIND_RISK_WARNING), .sector = -1, .level = -1, .from = INT64_MIN, .to = INT64_MAX};
    struct exporting exporting = {.store = store, .filter = filter, .withheld = json_object()};
    struct export_order order = {.file = stdout, .form = form, .each = each_record, .source = &exporting};
    struct export_result result;
    char flaw[EXPORT_FLAW_SIZE];
    err_t err = store_each_record(store, &warnings, note_withheld, &exporting);
    err = err == ERR_OK ? export_records(&order, &result) : err;
    json_decref(exporting.withheld);
    return export_flaw(err, &result, flaw) ? cli_fail("%s", flaw) : 0;
}
