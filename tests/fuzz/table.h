/* tests/fuzz/table.h - reads a table to its end as the agent does, and asserts what must hold of every record. */
#ifndef TESTS_FUZZ_TABLE_H
#define TESTS_FUZZ_TABLE_H

#include <assert.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "proto/record.h"
#include "sheet/records.h"

/* The record goes where accept_input() takes it; its faults come back with their cells. */
static inline void take_record(const struct records *records, const struct table_record *record)
{
    static const uint8_t id[RECORD_ID_SIZE] = {1};
    msgpack_sbuffer buffer;
    struct faults faults = {.count = 0};
    msgpack_sbuffer_init(&buffer);
    char *text = json_dumps(record->json, JSON_COMPACT);
    assert(text);
    if (record_accept_json(record->json, id, 1, INT64_C(1795392000000), &buffer, &faults) != ERR_OK) {
        records_explain(records, &faults);
        assert(faults.count > 0 && faults.count <= FAULTS_MAX);
    }
    msgpack_sbuffer_destroy(&buffer);
    free(text);
}

static inline void read_table(FILE *file, const struct kind *kind)
{
    char reason[SHEET_REASON_SIZE] = "";
    struct records *records = NULL;
    struct table_record record;
    if (records_open(file, kind, 480, &records, reason) != ERR_OK) {
        assert(*reason);
        return;
    }
    while (records_next(records, &record) == ERR_OK) {
        assert(record.json || record.faults.count > 0);
        assert(record.faults.count <= FAULTS_MAX);
        if (record.json) {
            assert(record.row > 0);
            take_record(records, &record);
        }
    }
    records_close(records);
}

#endif
