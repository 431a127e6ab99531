/* sentence.h — what people read when something was refused, and the words of states and lights.
 * A refusal is data: a code, a rule, what it is about, named arguments. Here, and nowhere else, it
 * becomes a Chinese or an English sentence. {name} in a sentence is an argument of that name,
 * {pointer} what it is about, {who} who could do it instead; <; {who} may> is left out where its
 * argument is missing. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/language.h"
#include "binglian/v1/command.pb-c.h"

struct sentence {
    const char *rule;  // as in a refusal, or the name of an error code
    struct words words;
};

/* The sentence of a rule or of an error code; NULL if there is none. */
const struct sentence *sentence_find(const char *rule);
/* All of them, ordered by rule. */
const struct sentence *sentences(size_t *count);

/* What the refusal says, without its `others`; lives in `arena`. A rule that is not known (of a
 * newer broker) has the sentence of its code, with its name. */
const char *sentence_make(const Bl__Refusal *refusal, enum language language,
                          struct bl_arena *arena);

/* The word that people have for a name of the language: "accepted" → 办理中, "check-digit" →
 * 校验码不符. The case does not matter; a name that is not known is its own word. */
const char *sentence_word(const char *name, enum language language);
