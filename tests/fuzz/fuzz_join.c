#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/membership.h"

/* Any text as a join link. What is taken and written again is taken again, and is the same. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void format(const struct join_link *link, char ret_text[1024])
{
    char host[300];
    const char *port = strrchr(link->endpoint, ':');
    const char *enrol = strrchr(link->enrol_endpoint, ':');
    size_t scheme = strlen("tcp://");
    assert(port && enrol && strncmp(link->endpoint, "tcp://", scheme) == 0);
    snprintf(host, sizeof host, "%.*s", (int)(port - link->endpoint - (long)scheme), link->endpoint + scheme);
    join_link_format(host, atoi(port + 1), atoi(enrol + 1), link, ret_text, 1024);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct join_link link;
    struct join_link again;
    char first[1024];
    char second[1024];
    char reason[256] = "";
    char *text = mem_copy(data, size);
    if (join_link_parse(text, &link, reason) == ERR_OK) {
        format(&link, first);
        err_t err = join_link_parse(first, &again, reason);
        assert(err == ERR_OK && memcmp(link.hub_key, again.hub_key, KEY_SIZE) == 0);
        (void)err;
        format(&again, second);
        assert(strcmp(first, second) == 0);
    } else {
        assert(*reason);
    }
    free(text);
    return 0;
}
