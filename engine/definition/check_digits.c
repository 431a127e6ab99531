#include "definition/check_digits.h"

#include <string.h>

#define CN_ID_BYTES 18
#define USCC_BYTES 18
#define BIRTH_YEAR_MIN 1800
#define PHONE_BYTES_MAX 32   // with country code, separators and extension
#define PHONE_DIGITS_MAX 20  // without the country code
#define EXTENSION_DIGITS_MAX 6
#define EMAIL_BYTES_MAX 254       // RFC 5321, 4.5.3.1.3, without the angle brackets
#define EMAIL_LOCAL_BYTES_MAX 64  // RFC 5321, 4.5.3.1.1
#define DOMAIN_LABEL_BYTES_MAX 63

const char *digits_fault_name(enum digits_fault fault)
{
    static const char *const names[] = {
        [DIGITS_OK] = "ok",         [DIGITS_LENGTH] = "length", [DIGITS_CHARACTER] = "character",
        [DIGITS_REGION] = "region", [DIGITS_DATE] = "date",     [DIGITS_CHECK] = "check-digit",
    };

    return names[fault];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool are_digits(const char *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(at[i])) {
            return false;
        }
    }
    return true;
}

/* The number that `count` digits write. */
static int32_t number_at(const char *at, size_t count)
{
    int32_t number = 0;

    for (size_t i = 0; i < count; i++) {
        number = number * 10 + (at[i] - '0');
    }
    return number;
}

/* ---- identity numbers ---- */

/* GB/T 2260: the provinces; 83 is used for the residence permits of Taiwan residents. */
static bool is_province(int32_t code)
{
    static const char provinces[] =
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 "
        "50 51 52 53 54 61 62 63 64 65 71 81 82 83";

    for (const char *at = provinces; at < provinces + sizeof provinces - 1; at += 3) {
        if (number_at(at, 2) == code) {
            return true;
        }
    }
    return false;
}

/* Is it a day on which somebody who lives today may have been born? */
static bool is_birth(const char *at, bl_day today)
{
    struct bl_date date = { number_at(at, 4), number_at(at + 4, 2), number_at(at + 6, 2) };

    return date.year >= BIRTH_YEAR_MIN && bl_date_is_valid(date) && bl_day_of(date) <= today;
}

/* GB 11643-1999, 4.1: ISO 7064 MOD 11-2 over the first 17 digits. */
static char cn_id_check_digit(const char *at)
{
    int32_t sum = 0;

    for (size_t i = 0; i < CN_ID_BYTES - 1; i++) {
        sum = (sum + (at[i] - '0')) * 2 % 11;
    }
    return "0123456789X"[(12 - sum) % 11];
}

enum digits_fault digits_check_cn_id(struct bl_text text, bl_day today)
{
    if (text.bytes != CN_ID_BYTES) {
        return DIGITS_LENGTH;
    }
    char last = text.at[CN_ID_BYTES - 1] == 'x' ? 'X' : text.at[CN_ID_BYTES - 1];
    if (!are_digits(text.at, CN_ID_BYTES - 1) || !(is_digit(last) || last == 'X')) {
        return DIGITS_CHARACTER;
    }
    if (!is_province(number_at(text.at + (text.at[0] == '9'), 2))) {
        return DIGITS_REGION;
    }
    if (!is_birth(text.at + 6, today)) {
        return DIGITS_DATE;
    }
    return last == cn_id_check_digit(text.at) ? DIGITS_OK : DIGITS_CHECK;
}

/* ---- credit codes ---- */

/* GB 32100-2015, table 2: the characters in the order of their values. */
static const char uscc_characters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
#define USCC_MODULUS 31
_Static_assert(sizeof uscc_characters - 1 == USCC_MODULUS, "one character for each remainder");

/* The value of a character, or -1. */
static int32_t uscc_value(char c)
{
    const char *found = c == '\0' ? NULL : strchr(uscc_characters, c);

    return found == NULL ? -1 : (int32_t)(found - uscc_characters);
}

enum digits_fault digits_check_uscc(struct bl_text text)
{
    int32_t sum = 0, weight = 1;

    if (text.bytes != USCC_BYTES) {
        return DIGITS_LENGTH;
    }
    for (size_t i = 0; i < USCC_BYTES; i++) {
        bool is_region = i >= 2 && i < 8;
        if (uscc_value(text.at[i]) < 0 || (is_region && !is_digit(text.at[i]))) {
            return DIGITS_CHARACTER;
        }
    }
    for (size_t i = 0; i < USCC_BYTES - 1; i++) {
        sum += uscc_value(text.at[i]) * weight;
        weight = weight * 3 % USCC_MODULUS;  // GB/T 17710: the weights are the powers of 3
    }
    int32_t check = (USCC_MODULUS - sum % USCC_MODULUS) % USCC_MODULUS;
    return uscc_value(text.at[USCC_BYTES - 1]) == check ? DIGITS_OK : DIGITS_CHECK;
}

/* ---- telephones ---- */

/* A telephone number without its separators: the digits, and those of the extension. */
struct phone {
    char digits[PHONE_DIGITS_MAX + 1];
    size_t count;
    size_t last_group;   // digits behind the last hyphen; 0 without a hyphen
    bool has_separator;  // the last character was one
};

static enum digits_fault put_phone_character(struct phone *phone, char c)
{
    if (is_digit(c)) {
        if (phone->count == PHONE_DIGITS_MAX) {
            return DIGITS_LENGTH;
        }
        phone->digits[phone->count++] = c;
        phone->last_group++;
        phone->has_separator = false;
        return DIGITS_OK;
    }
    if ((c != ' ' && c != '-') || phone->count == 0 || phone->has_separator) {
        return DIGITS_CHARACTER;
    }
    phone->last_group = c == '-' ? 0 : phone->last_group;
    phone->has_separator = true;
    return DIGITS_OK;
}

/* How many bytes the country's code takes with a separator behind it. */
static size_t country_bytes(struct bl_text text)
{
    static const char *const codes[] = { "+86", "0086" };

    for (size_t i = 0; i < BL_COUNT(codes); i++) {
        size_t bytes = strlen(codes[i]);
        if (text.bytes > bytes && memcmp(text.at, codes[i], bytes) == 0) {
            return bytes + (text.at[bytes] == ' ' || text.at[bytes] == '-');
        }
    }
    return 0;
}

/* How many digits the area code has: 010 and 02x are short, the others long. */
static size_t area_digits(const char *digits)
{
    return digits[1] == '1' || digits[1] == '2' ? 3 : 4;
}

/* A landline: area code, then 7 or 8 digits that begin with 2 to 9. */
static enum digits_fault check_landline(const struct phone *phone, size_t count)
{
    if (count < 10 || count > 12) {
        return DIGITS_LENGTH;
    }
    size_t area = area_digits(phone->digits);
    if (phone->digits[1] == '0' || phone->digits[area] < '2') {
        return DIGITS_CHARACTER;
    }
    return count - area == 7 || count - area == 8 ? DIGITS_OK : DIGITS_LENGTH;
}

/* A landline as it is, or with the digits behind the last hyphen as its extension. */
static enum digits_fault check_extended(const struct phone *phone)
{
    enum digits_fault fault = check_landline(phone, phone->count);
    bool has_extension = phone->last_group > 0 && phone->last_group <= EXTENSION_DIGITS_MAX &&
                         phone->last_group < phone->count;

    return fault == DIGITS_LENGTH && has_extension
               ? check_landline(phone, phone->count - phone->last_group)
               : fault;
}

/* ITU-T E.164, +86: 工业和信息化部《电信网编号计划》. */
static enum digits_fault check_phone_digits(const struct phone *phone, bool international)
{
    const char *digits = phone->digits;

    if (phone->count < 10) {
        return DIGITS_LENGTH;
    }
    if (digits[0] == '0') {
        return check_extended(phone);
    }
    if (strncmp(digits, "400", 3) == 0 || strncmp(digits, "800", 3) == 0) {
        return phone->count == 10 ? DIGITS_OK : DIGITS_LENGTH;
    }
    if (digits[0] == '1' && digits[1] >= '3') {
        return phone->count == 11 ? DIGITS_OK : DIGITS_LENGTH;
    }
    if (!international) {
        return DIGITS_CHARACTER;
    }
    /* Behind +86 the area code has no 0. */
    struct phone national = { .count = phone->count + 1, .last_group = phone->last_group };
    if (national.count > PHONE_DIGITS_MAX) {
        return DIGITS_LENGTH;
    }
    national.digits[0] = '0';
    memcpy(national.digits + 1, digits, phone->count);
    return check_extended(&national);
}

enum digits_fault digits_check_phone(struct bl_text text)
{
    struct phone phone = { .count = 0 };

    if (text.bytes > PHONE_BYTES_MAX) {
        return DIGITS_LENGTH;
    }
    size_t country = country_bytes(text);
    for (size_t i = country; i < text.bytes; i++) {
        enum digits_fault fault = put_phone_character(&phone, text.at[i]);
        if (fault != DIGITS_OK) {
            return fault;
        }
    }
    return phone.has_separator ? DIGITS_CHARACTER : check_phone_digits(&phone, country > 0);
}

/* ---- e-mail ---- */

static bool is_letter_or_digit(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c & 0x80) != 0;
}

/* RFC 5322, 3.2.3: words of these characters with single dots between them. */
static bool is_local_part(const char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        bool dot = at[i] == '.' && i > 0 && i + 1 < bytes && at[i - 1] != '.';
        bool plain = at[i] != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", at[i]) != NULL;
        if (!dot && !plain && !is_letter_or_digit(at[i])) {
            return false;
        }
    }
    return true;
}

/* A label of a domain: letters, digits and hyphens, none of these at an end. */
static enum digits_fault check_label(const char *at, size_t bytes)
{
    if (bytes == 0 || bytes > DOMAIN_LABEL_BYTES_MAX) {
        return DIGITS_LENGTH;
    }
    for (size_t i = 0; i < bytes; i++) {
        bool hyphen = at[i] == '-' && i > 0 && i + 1 < bytes;
        if (!hyphen && !is_letter_or_digit(at[i])) {
            return DIGITS_CHARACTER;
        }
    }
    return DIGITS_OK;
}

/* No top-level domain ends with a digit: that would be an address of a machine. */
static enum digits_fault check_domain(const char *at, size_t bytes)
{
    const char *end = at + bytes, *dot;
    uint32_t labels = 1;

    for (; (dot = memchr(at, '.', (size_t)(end - at))) != NULL; at = dot + 1) {
        enum digits_fault fault = check_label(at, (size_t)(dot - at));
        if (fault != DIGITS_OK) {
            return fault;
        }
        labels++;
    }
    enum digits_fault fault = check_label(at, (size_t)(end - at));
    if (fault == DIGITS_OK && (labels < 2 || is_digit(end[-1]))) {
        return DIGITS_CHARACTER;
    }
    return fault;
}

enum digits_fault digits_check_email(struct bl_text text)
{
    if (text.bytes < 3 || text.bytes > EMAIL_BYTES_MAX) {
        return DIGITS_LENGTH;
    }
    const char *at = memrchr(text.at, '@', text.bytes);
    if (at == NULL) {
        return DIGITS_CHARACTER;
    }
    size_t local = (size_t)(at - text.at);
    if (local == 0 || local > EMAIL_LOCAL_BYTES_MAX) {
        return DIGITS_LENGTH;
    }
    if (!is_local_part(text.at, local)) {
        return DIGITS_CHARACTER;
    }
    return check_domain(at + 1, text.bytes - local - 1);
}
