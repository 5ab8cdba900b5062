#include "hub/signal_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "proto/kinds.h"
#include "proto/project.h"

struct input {
    const char *path;
    size_t line;
    int utc_offset_minutes;
    int64_t now, first, last;
    struct signal_set *set;
    char *reason;
};

static err_t say(const struct input *input, const char *field, const char *what)
{
    snprintf(input->reason, 512, "%.200s:%zu: %.60s%s%.200s", input->path, input->line, field, *field ? ": " : "",
             what);
    return ERR_INVALID;
}

static void make_id(size_t line, uint8_t ret_id[RECORD_ID_SIZE])
{
    memset(ret_id, 0, RECORD_ID_SIZE);
    ret_id[6] = 0x70;
    ret_id[8] = 0x80;
    for (int i = RECORD_ID_SIZE - 1; i > 8; i--, line >>= 8) {
        ret_id[i] = (uint8_t)line;
    }
}

static err_t add_record(struct input *input, struct view bytes, const uint8_t *id)
{
    struct faults faults = {0};
    struct record record;
    struct signal_row row;
    struct record_context context = {.now_ms = input->now, .utc_offset_minutes = input->utc_offset_minutes};
    if (record_check(bytes, &context, &record, &faults) != ERR_OK) {
        return say(input, faults.list[0].field, faults.list[0].reason);
    }
    const struct value *entity = &record.values[COMMON_ENTITY];
    if (record.kind->number != KIND_RISK_WARNING || record_get(&record, "action")->number != ACTION_RAISE) {
        return say(input, "action", tr("expected a risk_warning with action raise", "应为 action 为 raise 的风险预警"));
    }
    if (!entity->is_present) {
        return say(input, "entity", tr("required here: who reported it", "此处必填：报告机构"));
    }
    bool counts =
        signal_row_of(&record, id, entity->view, ROLE_ENTITY, STATE_RAISED, input->utc_offset_minutes, &row) &&
        row.day >= input->first && row.day <= input->last;
    err_t err = counts ? signal_set_add(input->set, &row) : ERR_OK;
    return err == ERR_OK ? ERR_OK : say(input, "", err_text(err));
}

static err_t add_line(struct input *input, const char *text, size_t size)
{
    uint8_t id[RECORD_ID_SIZE];
    struct faults faults = {0};
    char quoted[JSON_ERROR_TEXT_LENGTH]; /* of the line */
    json_error_t error;
    msgpack_sbuffer buffer;
    if (size > RECORD_SIZE_MAX) {
        return say(input, "", tr("the line is too long for a record", "该行超过记录长度上限"));
    }
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!object) {
        return say(input, "", log_safe(error.text, strlen(error.text), quoted, sizeof quoted));
    }
    make_id(input->line, id);
    msgpack_sbuffer_init(&buffer);
    err_t err = record_accept_json(object, id, 1, input->now, &buffer, &faults);
    json_decref(object);
    if (err != ERR_OK) {
        err =
            faults.count > 0 ? say(input, faults.list[0].field, faults.list[0].reason) : say(input, "", err_text(err));
    } else {
        err = add_record(input, (struct view){(const uint8_t *)buffer.data, buffer.size}, id);
    }
    msgpack_sbuffer_destroy(&buffer);
    return err;
}

err_t signal_input_add(const char *path, int utc_offset_minutes, int64_t now, int64_t first, int64_t last,
                       struct signal_set *set, char reterr_reason[512])
{
    struct input input = {path, 0, utc_offset_minutes, now, first, last, set, reterr_reason};
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t size = 0;
    err_t err = ERR_OK;
    if (!file) {
        snprintf(reterr_reason, 512, tr("%.200s: no such file", "%.200s：没有这个文件"), path);
        return ERR_NOT_FOUND;
    }
    while (err == ERR_OK && (size = getline(&line, &room, file)) >= 0) {
        input.line++;
        if (strspn(line, " \t\r\n") < (size_t)size) {
            err = add_line(&input, line, (size_t)size);
        }
    }
    free(line);
    if (file != stdin) {
        fclose(file);
    }
    return err;
}
