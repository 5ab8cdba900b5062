/* Files one record through the agent on this machine and says what became of it.
 *
 *     cc file_record.c -o file_record $(pkg-config --cflags --libs libagn)
 *     ./file_record /var/lib/agn-agent record.json my-number-17
 *
 * Run it again with the same file and number: the first id is told again, and nothing is filed twice. */
#include <agn.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE_MAX_BYTES = 1024 * 1024 };

static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(SIZE_MAX_BYTES);
    if (!file || !text) {
        free(text);
        return NULL;
    }
    *ret_size = fread(text, 1, SIZE_MAX_BYTES, file);
    fclose(file);
    return text;
}

static void print_faults(const struct agn *agn)
{
    struct agn_fault fault;
    for (size_t i = 0; agn_fault(agn, i, &fault) == AGN_OK; i++) {
        fprintf(stderr, "%s: %s (%s): %s\n", fault.field, fault.code, agn_fault_text(fault.code, 0), fault.reason);
    }
}

static int file_record(struct agn *agn, const char *key, const char *json, size_t size)
{
    struct agn_filed filed;
    struct agn_item item;
    enum agn_result result = agn_file_once(agn, key, json, size, &filed);
    if (result != AGN_OK) {
        fprintf(stderr, "%s\n", agn_result_text(result, 0));
        print_faults(agn);
        return EXIT_FAILURE;
    }
    printf("%s\n", filed.id);
    if (agn_find(agn, filed.id, &item) == AGN_OK) {
        fprintf(stderr, "number %llu, %s: %s\n", (unsigned long long)item.seq, item.title, item.state);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct agn *agn = NULL;
    char reason[256];
    size_t size = 0;
    if (argc != 4) {
        fprintf(stderr, "usage: file_record HOME FILE KEY\n");
        return 2;
    }
    char *json = read_file(argv[2], &size);
    if (!json) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    int code = EXIT_FAILURE;
    if (agn_open(argv[1], 10000, &agn, reason, sizeof reason) == AGN_OK) {
        code = file_record(agn, argv[3], json, size);
    } else {
        fprintf(stderr, "%s\n", reason);
    }
    agn_close(agn);
    free(json);
    return code;
}
