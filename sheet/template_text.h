/* sheet/template_text.h - what a template says of each column, in the user's language; for sheet/template.c alone. */
#ifndef SHEET_TEMPLATE_TEXT_H
#define SHEET_TEMPLATE_TEXT_H

#include "sheet/column.h"

/* TEMPLATE_MESSAGE_SIZE: a spreadsheet shows 255 characters beside a cell. */
enum { TEMPLATE_TEXTS = 6, TEMPLATE_TEXT_SIZE = 2048, TEMPLATE_MESSAGE_SIZE = 256 };

/* The page of explanations: its name, the heads of its columns, and what stands in them. */
const char *template_help_name(void);
const char *template_text_head(size_t index);
void template_text(const struct kind *kind, const struct column *column, size_t index,
                   char ret_text[TEMPLATE_TEXT_SIZE]);

/* What goes into a cell of the column, and whether it must. */
void template_message(const struct column *column, char ret_text[TEMPLATE_MESSAGE_SIZE]);

#endif
