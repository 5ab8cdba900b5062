#include "hub/acts.h"

#include <czmq.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "hub/duties.h"

enum { SUBJECT_MAX = 200, DETAIL_MAX = 2000 }; /* bytes: never more than code points */

/* TEXT without what is beyond MAX bytes, and without half a character at its end. */
static json_t *cut_text(const char *text, size_t max)
{
    size_t size = strlen(text);
    if (size > max) {
        size = max - strlen("…");
        while ((text[size] & 0xc0) == 0x80) {
            size--;
        }
        return json_sprintf("%.*s…", (int)size, text);
    }
    return json_string(text);
}

static void set_if_any(json_t *record, const char *key, const char *text, size_t max)
{
    if (*text) {
        json_object_set_new(record, key, cut_text(text, max));
    }
}

err_t acts_file(struct city *city, struct store *store, const struct act_note *note, int64_t now,
                struct filed *ret_filed, struct faults *ret_faults)
{
    const struct person *person = note->person;
    int role = person ? duty_act(note->act, person->roles) : -1;
    json_t *record =
        json_pack("{s:s, s:s, s:o, s:s}", "kind", "administrative_act", "act", enum_act.labels[note->act].code,
                  "subject", cut_text(note->subject, SUBJECT_MAX), "operator", person ? person->name : "agn-hub");
    set_if_any(record, "detail", note->detail, DETAIL_MAX);
    if (*note->reason) {
        json_object_set_new(record, "reason", json_string(note->reason)); /* too long is refused, not cut */
    }
    if (person) {
        json_object_set_new(record, "unix_user", json_string(person->user));
    }
    if (role >= 0) {
        json_object_set_new(record, "role", json_string(enum_operator_role.labels[role].code));
    }
    err_t err = city_file(city, store, record, now, ret_filed, ret_faults);
    json_decref(record);
    return err;
}

static bool has_line(const char *text, const char *line, size_t size)
{
    while (text && *text) {
        size_t length = strcspn(text, "\n");
        if (length == size && memcmp(text, line, size) == 0) {
            return true;
        }
        text += length + (text[length] == '\n');
    }
    return false;
}

/* What is filed in one act, and the acts that came before it. */
struct change_list {
    struct city *city;
    struct store *store;
    const struct act_note *note; /* but for its detail */
    int64_t now;
    char detail[DETAIL_MAX + 1];
};

static err_t file_list(struct change_list *list)
{
    struct act_note note = *list->note;
    struct filed filed;
    struct faults faults;
    note.detail = list->detail;
    err_t err = *list->detail ? acts_file(list->city, list->store, &note, list->now, &filed, &faults) : ERR_OK;
    list->detail[0] = '\0';
    return err;
}

/* Lists the lines of TEXT that OTHER has not, each after MARK. */
static err_t list_lines(struct change_list *list, const char *text, const char *other, char mark)
{
    static const char separator[] = "; ";
    err_t err = ERR_OK;
    while (err == ERR_OK && text && *text) {
        size_t size = strcspn(text, "\n");
        if (!has_line(other, text, size)) {
            bool is_full = strlen(list->detail) + strlen(separator) + 2 + size > DETAIL_MAX;
            err = is_full ? file_list(list) : ERR_OK;
            size_t used = strlen(list->detail);
            snprintf(list->detail + used, sizeof list->detail - used, "%s%c %.*s", used ? separator : "", mark,
                     (int)size, text);
        }
        text += size + (text[size] == '\n');
    }
    return err;
}

err_t acts_note_change(struct city *city, struct store *store, enum act act, const char *text,
                       const struct person *person, int64_t now)
{
    const char *key = enum_act.labels[act].code;
    struct act_note note = {act, person, city->party.party, "", ""};
    struct change_list list = {city, store, &note, now, ""};
    char *before = store_noted(store, key);
    err_t err = ERR_OK;
    if (!before || strcmp(before, text) != 0) {
        err = list_lines(&list, before, text, '-');
        err = err == ERR_OK ? list_lines(&list, text, before, '+') : err;
        err = err == ERR_OK ? file_list(&list) : err;
        err = err == ERR_OK ? store_note(store, key, text) : err;
    }
    free(before);
    return err;
}

err_t acts_note_changes(struct city *city, struct store *store, const struct in_force *in_force,
                        const struct person *person)
{
    char *keys = config_text(option_rows, option_count, in_force->options);
    char *retention = retention_text(in_force->retention);
    char *lengths = site_terms_text(in_force->terms);
    char *configuration = zsys_sprintf("%s%s%s", keys, retention, lengths);
    char *people = operators_text(in_force->operators);
    int64_t now = clock_ms();
    err_t err = store_begin(store);
    err = err == ERR_OK ? acts_note_change(city, store, ACT_CONFIGURATION, configuration, person, now) : err;
    err = err == ERR_OK ? acts_note_change(city, store, ACT_OPERATORS, people, person, now) : err;
    err = err == ERR_OK ? store_commit(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
    }
    free(keys);
    free(retention);
    free(lengths);
    free(configuration);
    free(people);
    return err;
}

err_t acts_file_own(struct city *city, struct store *store, enum act act, const char *detail)
{
    struct act_note note = {act, NULL, city->party.party, detail, ""};
    struct filed filed;
    struct faults faults;
    err_t err = store_begin(store);
    err = err == ERR_OK ? acts_file(city, store, &note, clock_ms(), &filed, &faults) : err;
    err = err == ERR_OK ? store_commit(store) : err;
    if (err != ERR_OK) {
        store_rollback(store);
    }
    return err;
}
