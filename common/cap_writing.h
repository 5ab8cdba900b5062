/* common/cap_writing.h - a CAP message in the making; for common/cap_write.c, which makes the document, and
 * common/cap_say.c, which knows what each element says. */
#ifndef COMMON_CAP_WRITING_H
#define COMMON_CAP_WRITING_H

#include <libxml/xmlwriter.h>

#include "common/cap.h"
#include "common/cap_rows.h"

struct cap_writing {
    xmlTextWriterPtr out;
    const json_t *record; /* as it may leave the city */
    const struct cap_order *order;
    bool hides_reporter;
    bool has_failed;
    bool is_text_chinese; /* the language that the record is written in */
    bool is_chinese;      /* the language of the block at hand */
};

/* NULL: the record has no such text. */
const char *cap_text_of(const struct cap_writing *writing, const char *key);
/* 0: no such time. */
int64_t cap_ms_of(const struct cap_writing *writing, const char *key);
/* CAP §3.3.2: seconds, and a zone that is never Z: UTC itself is -00:00. */
void cap_time_text(int64_t ms, int utc_offset_minutes, char ret_text[32]);

void cap_begin(struct cap_writing *writing, const char *element);
void cap_end(struct cap_writing *writing);
void cap_put_text(struct cap_writing *writing, const char *text);
void cap_put(struct cap_writing *writing, const char *element, const char *text);
void cap_put_time(struct cap_writing *writing, const char *element, int64_t ms);
/* The row's field as it stands in the record. */
void cap_put_field(struct cap_writing *writing, const struct cap_row *row);
/* All elements of a block, in the order of CAP's schema. */
void cap_put_block(struct cap_writing *writing, enum cap_block block);

/* What the row's element says, as often as it is to stand. */
void cap_say(struct cap_writing *writing, const struct cap_row *row);

#endif
