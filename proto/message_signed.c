/* What the signatures of the protocol cover. */
#include <string.h>

#include "proto/message.h"

static void add_prefix(msgpack_sbuffer *buffer, const char *prefix)
{
    msgpack_sbuffer_write(buffer, prefix, strlen(prefix) + 1);
}

void submit_signed_bytes(const uint8_t hub_key[KEY_SIZE], const uint8_t *hashes, uint32_t count,
                         msgpack_sbuffer *buffer)
{
    const char big_endian[4] = {(char)(count >> 24), (char)(count >> 16), (char)(count >> 8), (char)count};
    add_prefix(buffer, "AGN/1 submit");
    msgpack_sbuffer_write(buffer, (const char *)hub_key, KEY_SIZE);
    msgpack_sbuffer_write(buffer, big_endian, sizeof big_endian);
    msgpack_sbuffer_write(buffer, (const char *)hashes, (size_t)count * RECORD_HASH_SIZE);
}

void head_signed_bytes(struct view head, msgpack_sbuffer *buffer)
{
    add_prefix(buffer, "AGN/1 head");
    msgpack_sbuffer_write(buffer, (const char *)head.at, head.size);
}

void enrol_signed_bytes(const uint8_t curve_key[KEY_SIZE], struct view ticket, msgpack_sbuffer *buffer)
{
    add_prefix(buffer, "AGN/1 enrol");
    msgpack_sbuffer_write(buffer, (const char *)curve_key, KEY_SIZE);
    msgpack_sbuffer_write(buffer, (const char *)ticket.at, ticket.size);
}

void successor_signed_bytes(const uint8_t former_key[KEY_SIZE], const uint8_t curve_key[KEY_SIZE], int64_t since,
                            struct view signing_key, msgpack_sbuffer *buffer)
{
    char big_endian[8];
    for (int i = 0; i < 8; i++) {
        big_endian[i] = (char)((uint64_t)since >> (56 - 8 * i));
    }
    add_prefix(buffer, "AGN/1 successor");
    msgpack_sbuffer_write(buffer, (const char *)former_key, KEY_SIZE);
    msgpack_sbuffer_write(buffer, (const char *)curve_key, KEY_SIZE);
    msgpack_sbuffer_write(buffer, big_endian, sizeof big_endian);
    msgpack_sbuffer_write(buffer, (const char *)signing_key.at, signing_key.size);
}
