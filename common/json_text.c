#include "common/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

/* What the JSON parser dislikes, as a fault code. */
static const char *parse_code(const json_error_t *error)
{
    static const struct {
        enum json_error_code error;
        const char *code;
    } codes[] = {{json_error_duplicate_key, "duplicate_key"},
                 {json_error_invalid_utf8, "bad_utf8"},
                 {json_error_null_character, "bad_character"},
                 {json_error_numeric_overflow, "out_of_range"}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (json_error_code(error) == codes[i].error) {
            return codes[i].code;
        }
    }
    return "malformed";
}

json_t *json_text_read(struct view text, struct faults *faults)
{
    json_error_t error;
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *json = json_loadb((const char *)text.at, text.size, flags, &error);
    if (!json) {
        char safe[JSON_ERROR_TEXT_LENGTH];
        log_safe(error.text, strlen(error.text), safe, sizeof safe);
        fault_add(faults, parse_code(&error), "", "not JSON at line %d, column %d of the record: %s", error.line,
                  error.column, safe);
    }
    return json;
}

void json_text_write(const json_t *json, FILE *file, size_t flags)
{
    char *text = json_dumps(json, flags);
    for (const char *at = text; at && *at; at++) {
        if ((unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0) {
            at++;
            fprintf(file, "\\u%04x", (unsigned)(unsigned char)*at);
        } else {
            fputc(*at, file);
        }
    }
    free(text);
}
