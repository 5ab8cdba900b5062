/* print_merkle SIZE QUESTION...: proofs over the SIZE leaves that hold their own number as text, for check_merkle.py.
 * A question is i,INDEX; c,OLD; or r,FIRST,COUNT. Prints the root, then a path a line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/common/leaves.h"

static void print(struct view bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        printf("%02x", bytes.at[i]);
    }
    putchar('\n');
}

static err_t answer(const struct merkle_source *source, uint64_t size, const char *question)
{
    struct merkle_path path;
    char *end = NULL;
    uint64_t number = strtoull(question + 2, &end, 10);
    err_t err = question[0] == 'i'   ? merkle_inclusion(source, number, size, &path)
                : question[0] == 'c' ? merkle_consistency(source, number, size, &path)
                                     : merkle_range(source, number, strtoull(end + 1, NULL, 10), size, &path);
    if (err == ERR_OK) {
        print(merkle_path_view(&path));
    }
    return err;
}

int main(int argc, char **argv)
{
    uint8_t root[MERKLE_HASH_SIZE];
    uint64_t size = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    struct leaves leaves = {size, malloc(size * MERKLE_HASH_SIZE + 1)};
    struct merkle_source source = {&suite_ed25519, leaves_node, &leaves};
    for (uint64_t i = 0; i < size && leaves.hashes; i++) {
        char text[24];
        int length = snprintf(text, sizeof text, "%" PRIu64, i);
        suite_hash_leaf(&suite_ed25519, (struct view){(const uint8_t *)text, (size_t)length}, leaves.hashes[i]);
    }
    err_t err = leaves.hashes ? merkle_root(&source, size, root) : ERR_IO;
    if (err == ERR_OK) {
        print((struct view){root, sizeof root});
    }
    for (int i = 2; i < argc && err == ERR_OK; i++) {
        err = answer(&source, size, argv[i]);
    }
    free(leaves.hashes);
    return err == ERR_OK ? 0 : 1;
}
