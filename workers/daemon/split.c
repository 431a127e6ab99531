#include "daemon/split.h"

#include <stdbool.h>
#include <string.h>

struct splitter {
    const char *in;
    struct words *words;
    size_t count, used;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool put(struct splitter *splitter, char c)
{
    if (splitter->used >= SPLIT_BYTES_MAX) {
        return false;
    }
    splitter->words->bytes[splitter->used++] = c;
    return true;
}

/* Takes what stands inside quotes; `in` is behind the opening one. In double quotes a backslash
 * protects a quote, a backslash and nothing else. */
static bool quoted(struct splitter *splitter, char quote)
{
    for (;; splitter->in++) {
        char c = *splitter->in;
        if (c == '\0') {
            return false;
        }
        if (c == quote) {
            splitter->in++;
            return true;
        }
        if (quote == '"' && c == '\\' && (splitter->in[1] == '"' || splitter->in[1] == '\\')) {
            c = *++splitter->in;
        }
        if (!put(splitter, c)) {
            return false;
        }
    }
}

/* Takes one word; `in` stands on its first character. */
static bool word(struct splitter *splitter)
{
    while (*splitter->in != '\0' && !is_blank(*splitter->in)) {
        char c = *splitter->in++;
        if (c == '\'' || c == '"') {
            if (!quoted(splitter, c)) {
                return false;
            }
            continue;
        }
        if (c == '\\' && *splitter->in != '\0') {
            c = *splitter->in++;
        }
        if (!put(splitter, c)) {
            return false;
        }
    }
    return put(splitter, '\0');
}

enum bl_err words_split(const char *line, struct words *words, struct bl_error *e)
{
    struct splitter splitter = { .in = line, .words = words };

    if (strlen(line) >= SPLIT_BYTES_MAX) {
        return bl_error_set(e, BL_TOO_LARGE, "a command has at most %d bytes", SPLIT_BYTES_MAX);
    }
    for (;;) {
        splitter.in += strspn(splitter.in, " \t\n");
        if (*splitter.in == '\0') {
            break;
        }
        if (splitter.count == SPLIT_WORDS_MAX) {
            return bl_error_set(e, BL_TOO_LARGE, "a command has at most %d words", SPLIT_WORDS_MAX);
        }
        words->at[splitter.count++] = words->bytes + splitter.used;
        if (!word(&splitter)) {
            return bl_error_set(e, BL_INVALID, "a quote is not closed in: %s", line);
        }
    }
    words->at[splitter.count] = NULL;
    return splitter.count > 0 ? BL_OK : bl_error_set(e, BL_INVALID, "there is no program");
}
