#include "proto/ident.h"
#include "proto/record.h"

#include <string.h>

enum { USCC_SIZE = 18, DISTRICT_SIZE = 6 };

/* GB 32100-2015 table 2: a character's value is its place; I, O, S, V and Z are left out. */
static const char uscc_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static int uscc_value(uint8_t character)
{
    const char *found = character == '\0' ? NULL : strchr(uscc_alphabet, character);
    return found == NULL ? -1 : (int)(found - uscc_alphabet);
}

static bool are_digits(const uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return false;
        }
    }
    return true;
}

bool uscc_is_formed(struct view code)
{
    if (code.size != USCC_SIZE || !are_digits(code.at + 2, DISTRICT_SIZE)) {
        return false;
    }
    for (size_t i = 0; i < USCC_SIZE; i++) {
        if (uscc_value(code.at[i]) < 0) {
            return false;
        }
    }
    return true;
}

/* GB 32100-2015 §5: C18 = 31 - (sum of Ci × 3^(i-1) mod 31), where 31 is written 0. */
bool uscc_check(struct view code)
{
    if (!uscc_is_formed(code)) {
        return false;
    }
    int sum = 0;
    int weight = 1;
    for (size_t i = 0; i + 1 < USCC_SIZE; i++) {
        sum += uscc_value(code.at[i]) * weight;
        weight = weight * 3 % 31;
    }
    return uscc_value(code.at[USCC_SIZE - 1]) == (31 - sum % 31) % 31;
}

/* GB/T 2260: the first two digits name a province-level division. */
static bool is_province(int number)
{
    static const int8_t provinces[] = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42,
                                       43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82};
    for (size_t i = 0; i < sizeof provinces; i++) {
        if (provinces[i] == number) {
            return true;
        }
    }
    return false;
}

bool district_check(struct view code)
{
    if (code.size != DISTRICT_SIZE || !are_digits(code.at, DISTRICT_SIZE)) {
        return false;
    }
    bool has_city = code.at[2] != '0' || code.at[3] != '0';
    bool has_county = code.at[4] != '0' || code.at[5] != '0';
    return is_province((code.at[0] - '0') * 10 + code.at[1] - '0') && (has_city || !has_county);
}

int hex_digit(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}
