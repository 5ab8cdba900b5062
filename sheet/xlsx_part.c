#include "sheet/xlsx_part.h"

#include <string.h>

#include "common/text.h"

enum { CHUNK = 65536, IGNORE_CASE = 2 };
static const char NAMESPACE_END = '|';

static const char *damaged(void)
{
    return tr("the workbook is damaged: open it and save it again", "工作簿已损坏：请打开后重新保存");
}

static const char *too_much(void)
{
    return tr("the workbook holds too much, its pages together or a part of it: split it", "工作簿内容过大：请拆分");
}

/* ---- The ZIP: minizip over a FILE that is open already ---- */

static voidpf give_file(voidpf opaque, const void *name, int mode)
{
    (void)name, (void)mode;
    return opaque;
}

static int leave_open(voidpf opaque, voidpf stream)
{
    (void)opaque, (void)stream;
    return 0;
}

bool part_zip_open(FILE *file, struct part_zip *ret_zip)
{
    unz_global_info64 info;
    zlib_filefunc64_def functions;
    fill_fopen64_filefunc(&functions);
    functions.zopen64_file = give_file;
    functions.zclose_file = leave_open;
    functions.opaque = file;
    rewind(file);
    *ret_zip = (struct part_zip){unzOpen2_64("", &functions), ZIP_SIZE_MAX};
    if (ret_zip->file && (unzGetGlobalInfo64(ret_zip->file, &info) != UNZ_OK || info.number_entry > ZIP_PARTS_MAX)) {
        part_zip_close(ret_zip);
    }
    return ret_zip->file != NULL;
}

void part_zip_close(struct part_zip *zip)
{
    if (zip->file) {
        unzClose(zip->file);
    }
    zip->file = NULL;
}

/* ---- Parsing ---- */

static const char *local_name(const char *name)
{
    const char *end = strrchr(name, NAMESPACE_END);
    return end ? end + 1 : name;
}

const char *part_attribute(const XML_Char **attributes, const char *name)
{
    for (; attributes[0]; attributes += 2) {
        if (strcmp(local_name(attributes[0]), name) == 0) {
            return attributes[1];
        }
    }
    return NULL;
}

void part_fail(struct part *part, const char *flaw)
{
    if (!part->flaw) {
        part->flaw = flaw;
        XML_StopParser(part->parser, XML_FALSE);
    }
}

void part_spend(struct part *part, size_t size)
{
    if (size > part->zip->left) {
        part_fail(part, too_much());
        return;
    }
    part->zip->left -= size;
}

void part_pause(struct part *part)
{
    if (!part->flaw) {
        XML_StopParser(part->parser, XML_TRUE);
    }
}

static void XMLCALL on_start(void *self, const XML_Char *name, const XML_Char **attributes)
{
    struct part *part = self;
    if (part->flaw) {
        return;
    }
    if (++part->depth > PART_DEPTH_MAX) {
        part_fail(part, damaged());
        return;
    }
    part->handlers->start(part->self, local_name(name), attributes);
}

static void XMLCALL on_end(void *self, const XML_Char *name)
{
    struct part *part = self;
    part->depth--;
    if (!part->flaw && part->handlers->end) {
        part->handlers->end(part->self, local_name(name));
    }
}

static void XMLCALL on_text(void *self, const XML_Char *text, int size)
{
    struct part *part = self;
    if (!part->flaw && part->handlers->text) {
        part->handlers->text(part->self, text, (size_t)size);
    }
}

static void XMLCALL on_document_type(void *self, const XML_Char *name, const XML_Char *system_id,
                                     const XML_Char *public_id, int has_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_subset;
    part_fail(self, damaged()); /* no workbook has one; it could define entities */
}

err_t part_open(struct part *part, struct part_zip *zip, const char *name, const struct part_handlers *handlers,
                void *self)
{
    *part = (struct part){.zip = zip, .handlers = handlers, .self = self};
    if (strlen(name) >= PART_NAME_SIZE || unzLocateFile(zip->file, name, IGNORE_CASE) != UNZ_OK) {
        return ERR_NOT_FOUND;
    }
    part->flaw = damaged();
    if (unzOpenCurrentFile(zip->file) != UNZ_OK) {
        return ERR_INVALID;
    }
    part->is_open = true;
    part->parser = XML_ParserCreateNS(NULL, NAMESPACE_END);
    if (!part->parser) {
        return ERR_INVALID;
    }
    XML_SetUserData(part->parser, part);
    XML_SetElementHandler(part->parser, on_start, on_end);
    XML_SetCharacterDataHandler(part->parser, on_text);
    XML_SetStartDoctypeDeclHandler(part->parser, on_document_type);
    part->flaw = NULL;
    return ERR_OK;
}

void part_close(struct part *part)
{
    if (part->parser) {
        XML_ParserFree(part->parser);
    }
    if (part->is_open) {
        unzCloseCurrentFile(part->zip->file);
    }
    part->parser = NULL;
    part->is_open = false;
}

static err_t invalid(struct part *part)
{
    part->flaw = part->flaw ? part->flaw : damaged();
    return ERR_INVALID;
}

/* Unpacks one piece and parses it. */
static enum XML_Status feed(struct part *part)
{
    void *buffer = XML_GetBuffer(part->parser, CHUNK);
    int size = buffer ? unzReadCurrentFile(part->zip->file, buffer, CHUNK) : -1;
    if (size < 0) {
        return XML_STATUS_ERROR;
    }
    part->fed += (uint64_t)size;
    part->is_fed = size == 0;
    if (part->fed > PART_SIZE_MAX || (uint64_t)size > part->zip->left) {
        part->flaw = too_much();
        return XML_STATUS_ERROR;
    }
    part->zip->left -= (uint64_t)size;
    if (part->is_fed) {
        part->is_open = false;
        if (unzCloseCurrentFile(part->zip->file) != UNZ_OK) { /* the checksum */
            return XML_STATUS_ERROR;
        }
    }
    return XML_ParseBuffer(part->parser, size, part->is_fed);
}

err_t part_go_on(struct part *part)
{
    while (!part->flaw) {
        enum XML_Status status = XML_STATUS_OK;
        if (part->is_paused) {
            part->is_paused = false;
            status = XML_ResumeParser(part->parser);
        } else if (part->is_fed) {
            return ERR_NOT_FOUND;
        } else {
            status = feed(part);
        }
        if (status == XML_STATUS_SUSPENDED) {
            part->is_paused = true;
            return ERR_OK;
        }
        XML_Index parsed = XML_GetCurrentByteIndex(part->parser);
        if (status == XML_STATUS_ERROR || parsed < 0 || part->fed - (uint64_t)parsed > PART_TOKEN_MAX) {
            return invalid(part);
        }
    }
    return ERR_INVALID;
}

err_t part_read(struct part_zip *zip, const char *name, const struct part_handlers *handlers, void *self,
                const char **reterr_flaw)
{
    struct part part;
    err_t err = part_open(&part, zip, name, handlers, self);
    while (err == ERR_OK) {
        err = part_go_on(&part);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            break;
        }
    }
    *reterr_flaw = part.flaw;
    part_close(&part);
    return err;
}
