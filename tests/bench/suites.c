/* What a batch costs with either suite: the items' hashes and one signature at the peer, the hashes and one check at
 * the hub. Medians of processor time, so that what else runs counts little. Prints the rows of docs/performance.md. */
#include <time.h>

#include "common/suite.h"
#include "proto/message.h"
#include "tests/bench/measure.h"

enum { ITEM_SIZE = 1024, ROUNDS = 400 };

struct batch_cost {
    struct samples hash_us, sign_us, check_us;
};

static double processor_us(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (double)spent.tv_sec * 1e6 + (double)spent.tv_nsec / 1e3;
}

static void run_round(const struct signing_pair *pair, uint32_t count, uint8_t item[ITEM_SIZE], struct batch_cost *cost)
{
    static const uint8_t hub_key[KEY_SIZE];
    const struct suite *suite = signing_key_suite(&pair->key);
    uint8_t hashes[BATCH_ITEMS_MAX * RECORD_HASH_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    msgpack_sbuffer buffer;
    double begin = processor_us();
    for (uint32_t i = 0; i < count; i++) {
        item[0] = (uint8_t)i;
        suite_hash_leaf(suite, (struct view){item, ITEM_SIZE}, hashes + (size_t)i * RECORD_HASH_SIZE);
    }
    double hashed = processor_us();
    msgpack_sbuffer_init(&buffer);
    submit_signed_bytes(hub_key, hashes, count, &buffer);
    struct view covered = {(const uint8_t *)buffer.data, buffer.size};
    signing_pair_sign(pair, covered, signature);
    double is_signed = processor_us();
    bool is_good = signature_check(&pair->key, suite_label(suite), covered, (struct view){signature, SIGNATURE_SIZE});
    double checked = processor_us();
    msgpack_sbuffer_destroy(&buffer);
    if (!is_good) {
        fail("a signature that does not fit");
    }
    samples_add(&cost->hash_us, hashed - begin);
    samples_add(&cost->sign_us, is_signed - hashed);
    samples_add(&cost->check_us, checked - is_signed);
}

static void print_row(const struct suite *suite, uint32_t count)
{
    struct signing_pair pair;
    struct batch_cost cost = {0};
    uint8_t item[ITEM_SIZE] = {0};
    if (signing_pair_make(suite, &pair) != ERR_OK) {
        fail("the libraries cannot make keys");
    }
    for (int i = 0; i < ROUNDS; i++) {
        run_round(&pair, count, item, &cost);
    }
    double hash = samples_at(&cost.hash_us, 0.5);
    double sign = samples_at(&cost.sign_us, 0.5);
    double check = samples_at(&cost.check_us, 0.5);
    printf("| %s, %u | %.1f | %.0f | %.0f | %.1f | %.1f |\n", suite_name(suite), count, hash, sign, check,
           (hash + sign) / count, (hash + check) / count);
    samples_done(&cost.hash_us);
    samples_done(&cost.sign_us);
    samples_done(&cost.check_us);
}

int main(void)
{
    static const uint32_t counts[] = {1, BATCH_ITEMS_MAX};
    puts("| suite, items in the batch | hashes, µs | signature, µs | check, µs | peer, µs a record | hub, µs a record "
         "|");
    puts("|---|---|---|---|---|---|");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        print_row(&suite_ed25519, counts[i]);
        print_row(&suite_sm2_sm3, counts[i]);
    }
    return 0;
}
