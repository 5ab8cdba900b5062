#include "agent/cmd_matter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/filing.h"
#include "agent/vocabulary.h"
#include "agent/wake.h"
#include "common/log.h"
#include "common/text.h"

bool matter_parse_id(const char *text, uint8_t ret_id[RECORD_ID_SIZE])
{
    if (record_id_parse(text, ret_id) == ERR_OK) {
        return true;
    }
    complain(tr("%s: expected the id of a record; agn-agent inbox and list show them",
                "%s：应为记录 ID；可用 agn-agent inbox 或 list 查看"),
             text);
    return false;
}

void matter_set_submitter(json_t *record, const struct arguments *arguments)
{
    json_t *submitter = json_object_get(record, "submitter");
    if (!json_is_object(submitter) && (arguments->by || arguments->role)) {
        submitter = json_object();
        json_object_set_new(record, "submitter", submitter);
    }
    if (arguments->by) {
        json_object_set_new(submitter, "name", json_string(arguments->by));
    }
    if (arguments->role) {
        json_object_set_new(submitter, "role", json_string(arguments->role));
    }
}

int matter_file(struct office *office, json_t *record)
{
    char *text = json_dumps(record, JSON_COMPACT);
    int code = EXIT_REFUSED;
    struct filing filing = {.home = office->home,
                            .spool = office->spool,
                            .party = office->membership.party,
                            .utc_offset_minutes = (int)office->settings.utc_offset_minutes};
    err_t err = filing_take(&filing, (struct view){(const uint8_t *)text, text ? strlen(text) : 0});
    const struct faults *faults = err == ERR_OK && filing.count == 1 ? filing.lines[0].faults : NULL;
    for (size_t i = 0; faults && i < faults->count; i++) {
        char line[1024];
        fault_text(&faults->list[i], line, sizeof line);
        fprintf(stderr, "%s\n", line);
    }
    if (faults) {
        complain(tr("refused, nothing was stored", "被拒，未保存任何内容"));
    } else if (err != ERR_OK) {
        complain_spool(office, "submit", err);
    } else {
        struct item item;
        char id[37];
        size_t count = 0;
        wake_poke(office->home);
        code = EXIT_DONE;
        if (spool_list(office->spool, -1, filing.accepted.first_seq - 1, &item, 1, &count) == ERR_OK && count == 1) {
            record_id_text(item.id, id);
            puts(id);
        }
    }
    filing_done(&filing);
    free(text);
    json_decref(record);
    return code;
}

json_t *matter_load_object(const char *path)
{
    json_error_t error;
    json_t *object = strcmp(path, "-") == 0 ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                                            : json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    char safe[JSON_ERROR_TEXT_LENGTH];
    if (!object) {
        complain("%s:%d:%d: %s", path, error.line, error.column,
                 log_safe(error.text, strlen(error.text), safe, sizeof safe));
    } else if (!json_is_object(object)) {
        complain(tr("%s: expected one JSON object", "%s：应为一个 JSON 对象"), path);
        json_decref(object);
        object = NULL;
    }
    return object;
}

json_t *matter_read_item(struct spool *spool, uint64_t seq)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    json_t *record =
        spool_bytes(spool, seq, &bytes, &size) == ERR_OK ? record_to_json((struct view){bytes, size}) : NULL;
    free(bytes);
    return record;
}
