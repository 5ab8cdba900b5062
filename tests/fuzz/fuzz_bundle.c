#include <assert.h>

#include "common/bundle.h"

/* Any bytes as a file of evidence. What is read is written again the same, holds under the key of the file or does not,
 * and holds under no other. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_again(const struct bundle *bundle)
{
    struct bundle again;
    char reason[256];
    json_t *json = bundle_json(bundle);
    err_t err = bundle_read(json, &again, reason);
    assert(err == ERR_OK);
    (void)err;
    json_t *twice = bundle_json(&again);
    assert(json_equal(json, twice));
    json_decref(json);
    json_decref(twice);
    bundle_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bundle bundle;
    struct signing_key key;
    struct proof proof;
    char reason[256];
    json_error_t error;
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);
    if (json && bundle_read(json, &bundle, reason) == ERR_OK) {
        assert_again(&bundle);
        if (signing_key_take(bundle.hub_key, &key) == ERR_OK) {
            bundle_check(&bundle, &key, &key, &proof);
            assert(proof.is_verified == !proof.flaw && (proof.is_verified || !proof.is_in_ledger));
            bool is_verified = proof.is_verified;
            key.bytes[3] ^= 1;
            bundle_check(&bundle, &key, &key, &proof);
            assert(!proof.is_verified || !is_verified); /* the other may be the one that signed */
        }
        bundle_done(&bundle);
    }
    json_decref(json);
    return 0;
}
