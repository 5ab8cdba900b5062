/* bench-ledger [--records N] [--dir DIR] [--json]: a ledger of N leaves as the hub's store keeps it: what adding one
 * costs, how much disk it takes, and how long proofs take in it. The store holds nothing else. */
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "hub/store_ledger.h"
#include "tests/bench/measure.h"

enum { GROUP = 4096, PROOFS = 2000 };

static void must(err_t err, const char *what)
{
    if (err != ERR_OK) {
        fail("%s: %s", what, err_text(err));
    }
}

static void make_leaf(uint64_t number, uint8_t ret_leaf[MERKLE_HASH_SIZE])
{
    suite_hash_leaf(&suite_ed25519, (struct view){(const uint8_t *)&number, sizeof number}, ret_leaf);
}

/* Seconds of making the leaves are not counted. */
static double grow(struct store *store, uint64_t records)
{
    static uint8_t leaves[GROUP][MERKLE_HASH_SIZE];
    double spent = 0;
    for (uint64_t number = 0; number < records;) {
        size_t count = 0;
        while (count < GROUP && number < records) {
            make_leaf(number++, leaves[count++]);
        }
        double began = now_s();
        must(store_begin(store), "begin");
        for (size_t i = 0; i < count; i++) {
            ledger_add(store->ledger, leaves[i]);
        }
        must(store_commit(store), "commit");
        spent += now_s() - began;
        store_fold(store, 20000);
    }
    return spent;
}

/* The size of the largest, in bytes. */
static size_t prove(struct store *store, uint64_t records, bool is_consistency, struct samples *samples)
{
    size_t most = 0;
    uint64_t state = 88172645463325252ULL;
    for (int i = 0; i < PROOFS; i++) {
        struct question question = {0};
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        *(is_consistency ? &question.prove.from : &question.prove.number) = 1 + (state >> 11) % records;
        double began = now_s();
        must(store_prove(store, &question), "prove");
        samples_add(samples, (now_s() - began) * 1e3);
        size_t size = merkle_path_view(is_consistency ? &question.consistency : &question.inclusion).size;
        most = size > most ? size : most;
    }
    return most;
}

static double file_mib(const struct home *home, const char *name)
{
    char path[PATH_SIZE];
    struct stat stat_;
    home_file(home, name, path);
    return stat(path, &stat_) == 0 ? (double)stat_.st_size / (1 << 20) : 0;
}

static void measure(const struct home *home, uint64_t records, struct results *results)
{
    const struct store_settings settings = {.suite = &suite_ed25519, .utc_offset_minutes = 480};
    struct samples inclusion = {0};
    struct samples consistency = {0};
    struct store *store = NULL;
    struct store *reader = NULL;
    char reason[256];
    must(store_open(home, true, &settings, &store, reason), reason);
    double spent = grow(store, records);
    store_truncate_log(store);
    must(store_open(home, false, &settings, &reader, reason), reason);
    double began = now_s();
    struct question first = {.prove = {.number = records / 3, .from = records / 2}};
    must(store_prove(reader, &first), "prove");
    double cold = now_s() - began;
    size_t inclusion_bytes = prove(reader, records, false, &inclusion);
    size_t consistency_bytes = prove(reader, records, true, &consistency);
    results_add(results, "records", (double)records, 0);
    results_add(results, "add_us", spent * 1e6 / (double)records, 2);
    results_add(results, "store_mib", file_mib(home, "store.db"), 1);
    results_add(results, "bytes_a_record", file_mib(home, "store.db") * (1 << 20) / (double)records, 1);
    results_add(results, "first_proof_ms", cold * 1e3, 3);
    results_add_latency(results, "inclusion", &inclusion);
    results_add_latency(results, "consistency", &consistency);
    results_add(results, "inclusion_bytes", (double)inclusion_bytes, 0);
    results_add(results, "consistency_bytes", (double)consistency_bytes, 0);
    samples_done(&inclusion);
    samples_done(&consistency);
    store_close(reader);
    store_close(store);
}

static void remove_folder(const struct home *home)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        home_file(home, names[i], path);
        unlink(path);
    }
    rmdir(home->path);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"records", required_argument, NULL, 'r'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct home home;
    struct results results;
    const char *folder = "/tmp";
    double records = 10000000;
    bool is_json = false;
    int letter = 0;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (letter == 'r') {
            records = option_number("records", optarg, 1, 1e9);
        } else if (letter == 'd') {
            folder = optarg;
        } else if (letter == 'j') {
            is_json = true;
        } else {
            return 2;
        }
    }
    snprintf(home.path, sizeof home.path, "%.900s/agn-ledger-XXXXXX", folder);
    if (!mkdtemp(home.path)) {
        fail("%s: no folder can be made", home.path);
    }
    results_open(&results, stdout, is_json);
    measure(&home, (uint64_t)records, &results);
    results_close(&results);
    remove_folder(&home);
    return 0;
}
