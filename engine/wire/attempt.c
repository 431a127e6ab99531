#include "wire/attempt.h"

#include <stddef.h>

static char *put_number(char *to, uint32_t number)
{
    char digits[10];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        *to++ = digits[--count];
    }
    return to;
}

char *attempt_format(uint64_t attempt, char *text)
{
    char *at = put_number(text, (uint32_t)(attempt >> 32));

    *at++ = '-';
    at = put_number(at, (uint32_t)attempt);
    *at = '\0';
    return text;
}

/* Reads digits without a leading zero (but "0" itself) up to the first other character. */
static const char *read_number(const char *at, uint32_t *number)
{
    const char *first = at;
    uint64_t sum = 0;

    for (; *at >= '0' && *at <= '9'; at++) {
        sum = sum * 10 + (uint64_t)(*at - '0');
        if (sum > UINT32_MAX) {
            return NULL;
        }
    }
    if (at == first || (*first == '0' && at - first > 1)) {
        return NULL;
    }
    *number = (uint32_t)sum;
    return at;
}

bool attempt_parse(const char *text, uint64_t *attempt)
{
    uint32_t start = 0, counter = 0;
    const char *at = read_number(text, &start);

    if (at == NULL || *at != '-') {
        return false;
    }
    at = read_number(at + 1, &counter);
    if (at == NULL || *at != '\0') {
        return false;
    }
    *attempt = (uint64_t)start << 32 | counter;
    return true;
}
