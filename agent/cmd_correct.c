/* correct: what the city has returned, as a file to edit, and the edited file in its place. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cmd_matter.h"
#include "agent/commands.h"
#include "agent/progress.h"
#include "agent/spool_hub.h"
#include "common/log.h"
#include "common/text.h"
#include "proto/kinds.h"

/* In a file that `correct` writes: for the person, never filed. */
#define FAULTS_KEY "_faults"

struct correction {
    struct office office;
    struct progress *progress;
    const struct matter_record *record; /* the newest of the matter */
    const struct matter_event *returned;
    json_t *faults; /* of the return; owned */
};

static json_t *read_faults(struct spool *spool, const struct matter_event *returned)
{
    struct inbox_entry entry;
    struct event event;
    json_t *faults = NULL;
    if (spool_next_event(spool, returned->row - 1, &entry) != ERR_OK) {
        return NULL;
    }
    if (event_decode(entry.event, &event) == ERR_OK && event.type == EVENT_RECORD) {
        json_t *record = record_to_json(event.record.record);
        faults = json_incref(json_object_get(record, "faults"));
        json_decref(record);
    }
    free(entry.bytes);
    return faults;
}

/* ID is any record of the matter, or the return itself. False after the reason has been said. */
static bool find_correction(struct correction *correction, const char *text, const uint8_t id[RECORD_ID_SIZE])
{
    char other[37];
    const struct matter_record *named = progress_find(correction->progress, id);
    correction->returned = progress_event(correction->progress, named ? named->root : id, KIND_RETURN_FOR_CORRECTION);
    if (!correction->returned) {
        complain(named ? tr("%s was not returned for correction", "%s 未被退回补正")
                       : tr("no record and no return %s here; agn-agent inbox shows returns",
                            "没有记录或退回 %s；退回补正见 agn-agent inbox"),
                 text);
        return false;
    }
    correction->record = progress_newest(correction->progress, correction->returned->root);
    if (!correction->record) {
        complain(tr("%s: the record that was returned is not in this spool", "%s：被退回的记录不在本机"), text);
        return false;
    }
    if (correction->record->number == 0 || correction->record->number > correction->returned->number) {
        record_id_text(correction->record->id, other);
        complain(tr("%s was corrected already, by %s", "%s 已由 %s 更正"), text, other);
        return false;
    }
    if (progress_is_withdrawn(correction->progress, correction->returned->root)) {
        complain(tr("%s was withdrawn", "%s 已撤回"), text);
        return false;
    }
    correction->faults = read_faults(correction->office.spool, correction->returned);
    return true;
}

static void print_faults(const json_t *faults)
{
    for (size_t i = 0; i < json_array_size(faults); i++) {
        const char *field = json_string_value(json_object_get(json_array_get(faults, i), "field"));
        const char *reason = json_string_value(json_object_get(json_array_get(faults, i), "reason"));
        char safe_field[256];
        char safe_reason[2048];
        fprintf(stderr, "  %s: %s\n", log_safe(field, field ? strlen(field) : 0, safe_field, sizeof safe_field),
                log_safe(reason, reason ? strlen(reason) : 0, safe_reason, sizeof safe_reason));
    }
}

/* The record as it was, without what the agent assigns; the reason is for the person to write. */
static int write_draft(struct correction *correction, const struct arguments *arguments)
{
    json_t *draft = matter_read_item(correction->office.spool, correction->record->seq);
    char id[37];
    if (!draft) {
        complain_spool(&correction->office, "correct", ERR_IO);
        return EXIT_REFUSED;
    }
    for (size_t i = 0; i < COMMON_FIELDS; i++) {
        if (i != COMMON_KIND && i != COMMON_SUBMITTER && i != COMMON_REHEARSAL) {
            json_object_del(draft, correction->record->kind->fields[i].key);
        }
    }
    record_id_text(correction->record->id, id);
    json_object_set_new(draft, "replaces", json_string(id));
    json_object_set_new(draft, "reason", arguments->reason ? json_string(arguments->reason) : json_null());
    json_object_set(draft, FAULTS_KEY, correction->faults);
    matter_set_submitter(draft, arguments);
    FILE *file = arguments->out ? fopen(arguments->out, "w") : stdout;
    bool is_written = file && json_dumpf(draft, file, JSON_INDENT(2)) == 0 && fputc('\n', file) != EOF;
    if (arguments->out && file) {
        is_written = fclose(file) == 0 && is_written;
    }
    json_decref(draft);
    if (!is_written) {
        complain(tr("%s: cannot be written: %s", "%s：无法写入：%s"), arguments->out ? arguments->out : "-",
                 strerror(errno));
        return EXIT_REFUSED;
    }
    fputs(tr("to be corrected:\n", "补正事项：\n"), stderr);
    print_faults(correction->faults);
    fprintf(stderr,
            tr("edit the file and say why in `reason`, then: agn-agent correct %s FILE\n",
               "请修改文件并在 reason 中说明，然后：agn-agent correct %s 文件\n"),
            arguments->operands[0]);
    return EXIT_DONE;
}

static int file_correction(struct correction *correction, const struct arguments *arguments)
{
    char id[37];
    json_t *record = matter_load_object(arguments->operands[1]);
    if (!record) {
        return EXIT_REFUSED;
    }
    record_id_text(correction->record->id, id);
    const char *kind = json_string_value(json_object_get(record, "kind"));
    const char *replaces = json_string_value(json_object_get(record, "replaces"));
    if (!kind || strcmp(kind, correction->record->kind->name) != 0 || (replaces && strcmp(replaces, id) != 0)) {
        complain(tr("%s: expected a %s that replaces %s: write the file with agn-agent correct %s --out FILE",
                    "%s：应为 %s，替代 %s：请用 agn-agent correct %s --out 文件 生成"),
                 arguments->operands[1], correction->record->kind->name, id, arguments->operands[0]);
        json_decref(record);
        return EXIT_REFUSED;
    }
    json_object_del(record, FAULTS_KEY);
    json_object_set_new(record, "replaces", json_string(id));
    if (arguments->reason) {
        json_object_set_new(record, "reason", json_string(arguments->reason));
    }
    matter_set_submitter(record, arguments);
    return matter_file(&correction->office, record);
}

int cmd_correct(const struct home *home, const struct arguments *arguments)
{
    uint8_t id[RECORD_ID_SIZE];
    struct correction correction = {.progress = NULL};
    int code = EXIT_REFUSED;
    if (!matter_parse_id(arguments->operands[0], id)) {
        return EXIT_USAGE;
    }
    if (!office_open(home, 0, &correction.office)) {
        return EXIT_REFUSED;
    }
    err_t err = progress_open(correction.office.spool, true, &correction.progress);
    if (err != ERR_OK) {
        complain_spool(&correction.office, "correct", err);
    } else if (find_correction(&correction, arguments->operands[0], id)) {
        code = arguments->count > 1 ? file_correction(&correction, arguments) : write_draft(&correction, arguments);
    }
    json_decref(correction.faults);
    progress_close(correction.progress);
    office_close(&correction.office);
    return code;
}
