#include "common/suite_sm2.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

enum { SCALAR_SIZE = 32, DER_MAX = 80 };

/* ---- keys ---- */

bool sm2_make(uint8_t ret_secret[SIGNING_SECRET_SIZE])
{
    EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    BIGNUM *scalar = NULL;
    bool is_made = pair && EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
                   BN_bn2binpad(scalar, ret_secret, SIGNING_SECRET_SIZE) == SIGNING_SECRET_SIZE;
    BN_clear_free(scalar);
    EVP_PKEY_free(pair);
    return is_made;
}

/* GB/T 32918.1, 6.1: 1 ≤ d ≤ n - 2. */
static bool is_scalar(const BIGNUM *scalar, const EC_GROUP *group)
{
    BIGNUM *limit = BN_dup(EC_GROUP_get0_order(group));
    bool is_good = limit && BN_sub_word(limit, 1) == 1 && !BN_is_zero(scalar) && BN_cmp(scalar, limit) < 0;
    BN_free(limit);
    return is_good;
}

bool sm2_public(const uint8_t secret[SIGNING_SECRET_SIZE], uint8_t ret_key[SIGNING_KEY_MAX])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    BIGNUM *scalar = BN_bin2bn(secret, SIGNING_SECRET_SIZE, NULL);
    bool is_good =
        point && scalar && is_scalar(scalar, group) && EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_COMPRESSED, ret_key, SM2_KEY_SIZE, NULL) == SM2_KEY_SIZE;
    BN_clear_free(scalar);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return is_good;
}

/* NULL when the key is no point of the curve. SCALAR is NULL for a public key. */
static EVP_PKEY *open_key(const struct signing_key *key, const BIGNUM *scalar)
{
    EVP_PKEY *opened = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    bool is_built = build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, SN_sm2, 0) == 1 &&
                    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, key->bytes, key->size) == 1 &&
                    (!scalar || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1);
    OSSL_PARAM *parameters = is_built ? OSSL_PARAM_BLD_to_param(build) : NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    if (parameters && context && EVP_PKEY_fromdata_init(context) == 1) {
        (void)EVP_PKEY_fromdata(context, &opened, scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, parameters);
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    return opened;
}

/* ---- r ‖ s and DER ---- */

static bool from_der(const uint8_t *der, size_t size, uint8_t ret_signature[SIGNATURE_SIZE])
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool is_good = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), ret_signature, SCALAR_SIZE) == SCALAR_SIZE &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(pair), ret_signature + SCALAR_SIZE, SCALAR_SIZE) == SCALAR_SIZE;
    ECDSA_SIG_free(pair);
    return is_good;
}

/* The size of the DER; 0: it cannot be made. */
static size_t to_der(const uint8_t *signature, uint8_t ret_der[DER_MAX])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, SCALAR_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(signature + SCALAR_SIZE, SCALAR_SIZE, NULL);
    int size = -1;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        size = i2d_ECDSA_SIG(pair, &ret_der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return size > 0 ? (size_t)size : 0;
}

/* ---- signatures ---- */

/* The standard's user id is no default of OpenSSL's: without it the signature covers another message. Set when the
 * digest is there: OpenSSL 3.0.19 refuses it among the parameters of the beginning. */
static bool set_user_id(EVP_PKEY_CTX *context)
{
    static const char user_id[] = "1234567812345678";
    return EVP_PKEY_CTX_set1_id(context, user_id, sizeof user_id - 1) == 1;
}

void sm2_sign(const struct signing_pair *pair, struct view bytes, uint8_t ret_signature[SIGNATURE_SIZE])
{
    uint8_t der[DER_MAX];
    size_t size = sizeof der;
    BIGNUM *scalar = BN_bin2bn(pair->secret, SIGNING_SECRET_SIZE, NULL);
    EVP_PKEY *key = scalar ? open_key(&pair->key, scalar) : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *borrowed = NULL;
    bool is_signed = key && context && EVP_DigestSignInit_ex(context, &borrowed, "SM3", NULL, NULL, key, NULL) == 1 &&
                     set_user_id(borrowed) && EVP_DigestSign(context, der, &size, bytes.at, bytes.size) == 1 &&
                     from_der(der, size, ret_signature);
    assert(is_signed);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BN_clear_free(scalar);
}

bool sm2_check(const struct signing_key *key, struct view bytes, const uint8_t *signature)
{
    uint8_t der[DER_MAX];
    size_t size = to_der(signature, der);
    EVP_PKEY *opened = size > 0 ? open_key(key, NULL) : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *borrowed = NULL;
    bool is_good = opened && context &&
                   EVP_DigestVerifyInit_ex(context, &borrowed, "SM3", NULL, NULL, opened, NULL) == 1 &&
                   set_user_id(borrowed) && EVP_DigestVerify(context, der, size, bytes.at, bytes.size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(opened);
    return is_good;
}
