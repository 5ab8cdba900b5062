#include "province/heads_file.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"

struct reading {
    err_t (*take)(void *self, const struct filed_head *head);
    void *self;
};

/* Of the object itself or of its receipt. */
static const json_t *member_of(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    return member ? member : json_object_get(json_object_get(object, "receipt"), key);
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(member_of(object, key));
}

/* Where it has a head by this name. */
static err_t take_head(const struct reading *reading, const json_t *object, const char *head, const char *signature,
                       const char *key)
{
    struct filed_head filed;
    const char *head_text = text_of(object, head);
    const char *signature_text = text_of(object, signature);
    const char *key_text = text_of(object, key);
    const char *what = json_string_value(json_object_get(object, "what"));
    const json_t *line = json_object_get(object, "line");
    if (!head_text) {
        return ERR_OK;
    }
    bool is_whole = signature_text && key_text && hex_parse(head_text, filed.bytes, HEAD_SIZE) == ERR_OK &&
                    hex_parse(signature_text, filed.signature, SIGNATURE_SIZE) == ERR_OK &&
                    signing_key_parse(key_text, &filed.key) == ERR_OK;
    filed.is_followed = what && strcmp(what, "head") == 0 && json_is_integer(line);
    filed.is_doubted = what && (strcmp(what, "doubtful") == 0 || strcmp(what, "old_key") == 0);
    filed.line = filed.is_followed ? json_integer_value(line) : 0;
    return reading->take(reading->self, is_whole ? &filed : NULL);
}

static err_t take_object(const struct reading *reading, const json_t *object)
{
    err_t err = take_head(reading, object, "head", "signature", "hub_key");
    err = err == ERR_OK ? take_head(reading, object, "known_head", "known_signature", "known_hub_key") : err;
    return err == ERR_OK ? take_head(reading, member_of(object, "inclusion"), "head", "signature", "hub_key") : err;
}

/* Whatever stands between the objects of a list, of lines or of files put together is passed over. */
static bool skip_to_object(FILE *file)
{
    int letter = getc(file);
    while (letter != EOF && (isspace(letter) || letter == '[' || letter == ']' || letter == ',')) {
        letter = getc(file);
    }
    return letter != EOF && ungetc(letter, file) != EOF;
}

err_t heads_file_read(FILE *file, err_t (*take)(void *self, const struct filed_head *head), void *self,
                      char reterr_reason[256])
{
    const struct reading reading = {take, self};
    json_error_t error;
    err_t err = ERR_OK;
    *reterr_reason = '\0';
    while (err == ERR_OK && skip_to_object(file)) {
        json_t *object = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
        if (!object) {
            char safe[128]; /* it quotes the file */
            snprintf(reterr_reason, 256,
                     tr("%s, line %d of this value: expected a list of JSON objects, as heads --export writes them",
                        "%s（该值第 %d 行）：应为 heads --export 导出的 JSON 对象列表"),
                     log_safe(error.text, strlen(error.text), safe, sizeof safe), error.line);
            return ERR_INVALID;
        }
        err = take_object(&reading, object);
        json_decref(object);
    }
    return err;
}

err_t filed_head_check(const struct filed_head *filed, struct kept_head *ret_head)
{
    const struct signed_head head = {
        {filed->bytes, HEAD_SIZE}, suite_label(signing_key_suite(&filed->key)), {filed->signature, SIGNATURE_SIZE}};
    return head_is_signed(&head, &filed->key)
               ? kept_head_take(head.head, head.signature, signing_key_view(&filed->key), ret_head)
               : ERR_INVALID;
}
