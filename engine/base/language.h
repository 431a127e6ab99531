/* language.h — the two languages in which we speak to people. */
#pragma once

enum language { LANGUAGE_ZH, LANGUAGE_EN };

/* One thing to say, in both. */
struct words {
    const char *zh, *en;
};

static inline const char *words_in(struct words words, enum language language)
{
    return language == LANGUAGE_ZH ? words.zh : words.en;
}
