/* wording.h — the words of a definition and of what is made from it, in the reader's language. */
#pragma once

#include <stdio.h>

#include "base/language.h"
#include "binglian/v1/definition.pb-c.h"
#include "deadline/limit.h"

#define WORDING_LIMIT 48  // bytes that any limit needs as text, in either language

/* Prints the format of the language, with the same arguments for both: formats stay literals, which
 * the compiler checks. */
#define WORDING_PRINT(out, language, zh, en, ...)                                                  \
    ((void)((language) == LANGUAGE_ZH ? fprintf((out), zh, __VA_ARGS__)                            \
                                      : fprintf((out), en, __VA_ARGS__)))

/* The text in that language, or in the other where it is missing; "" for none. */
const char *wording_text(const Bl__Text *text, enum language language);
/* "5 个工作日", "5 working days", "1 working day"; "" for no limit. `text` holds WORDING_LIMIT
 * bytes. Returns `text`. */
char *wording_limit(struct limit limit, enum language language, char *text);
/* The same for a whole number of working days; 0 has words too. */
char *wording_days(int32_t days, enum language language, char *text);
