/* tests/page.h - a page of docs/ that is printed from tables: to stdout or, with --check FILE, held against FILE. */
#ifndef TESTS_PAGE_H
#define TESTS_PAGE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int check_page(const char *path, const char *page, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t at = 0;
    int byte = EOF;
    unsigned line = 1;
    while (file && (byte = fgetc(file)) != EOF && at < size && page[at] == (char)byte) {
        line += byte == '\n';
        at++;
    }
    bool is_same = file && byte == EOF && at == size;
    if (file) {
        fclose(file);
    }
    if (!is_same) {
        fprintf(stderr, "%s:%u: not what the tables say; print it again: the same program > %s\n", path, line, path);
    }
    return is_same ? 0 : 1;
}

/* What main() returns. */
static inline int page_main(int count, char **arguments, void (*print)(FILE *out))
{
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    if (!out) {
        return 1;
    }
    print(out);
    fclose(out);
    int status = 0;
    if (count == 3 && strcmp(arguments[1], "--check") == 0) {
        status = check_page(arguments[2], page, size);
    } else {
        fwrite(page, 1, size, stdout);
    }
    free(page);
    return status;
}

#endif
