/* driver.c — runs a fuzz target without libFuzzer, so that every compiler builds and tests it.
 *   fuzz_x [-runs=N] [-seed=N] FILE|FOLDER...
 * Each file is tried as it is; then N inputs are made by mutating the files at random. The seed is
 * printed first: with it, the same inputs come again. An input that crashes the target is in
 * crash-NAME in the working folder, as with libFuzzer. */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

#define INPUT_BYTES_MAX ((size_t)1 << 16)
#define INPUTS_MAX 4096  // files of a corpus
#define PATH_BYTES 4096
#define MUTATIONS_MAX 8  // of one input

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct input {
    uint8_t *data;
    size_t bytes;
};

struct corpus {
    struct input inputs[INPUTS_MAX];
    size_t count;
};

/* What runs now, for the handler of a crash. */
static uint8_t current[INPUT_BYTES_MAX];
static volatile size_t current_bytes;
static const char *program;

static void keep_crash(int number)
{
    char name[256];

    (void)snprintf(name, sizeof name, "crash-%s", program);
    FILE *file = fopen(name, "wb");
    if (file != NULL) {
        (void)fwrite(current, 1, current_bytes, file);
        (void)fclose(file);
        (void)fprintf(stderr, "the input that crashed is in %s\n", name);
    }
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void try_input(const uint8_t *data, size_t bytes)
{
    if (data != current) {
        memcpy(current, data, bytes);
    }
    current_bytes = bytes;
    (void)LLVMFuzzerTestOneInput(current, bytes);
}

static void read_file(struct corpus *corpus, const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL || corpus->count == INPUTS_MAX) {
        (void)fprintf(stderr, "%s: cannot be read, or one file too many\n", path);
        exit(2);
    }
    struct input *input = &corpus->inputs[corpus->count++];
    input->data = malloc(INPUT_BYTES_MAX);
    CHECK(input->data != NULL);
    input->bytes = fread(input->data, 1, INPUT_BYTES_MAX, file);
    (void)fclose(file);
}

static void read_folder(struct corpus *corpus, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char inside[PATH_BYTES];
        struct stat status;

        (void)snprintf(inside, sizeof inside, "%s/%s", path, entries[i]->d_name);
        if (stat(inside, &status) == 0 && S_ISREG(status.st_mode)) {
            read_file(corpus, inside);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}

/* xorshift64*: the same numbers on every machine. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *state, size_t bound)
{
    return bound == 0 ? 0 : (size_t)(next(state) % bound);
}

/* Copies a piece of another input over or into the current one. */
static size_t splice(const struct corpus *corpus, uint64_t *state, size_t bytes)
{
    const struct input *other = &corpus->inputs[below(state, corpus->count)];
    size_t from = below(state, other->bytes), to = below(state, bytes + 1);
    size_t length = below(state, other->bytes - from + 1);

    if (length > INPUT_BYTES_MAX - to) {
        length = INPUT_BYTES_MAX - to;
    }
    memcpy(current + to, other->data + from, length);
    return to + length > bytes ? to + length : bytes;
}

static size_t mutate(const struct corpus *corpus, uint64_t *state, size_t bytes)
{
    static const uint8_t telling[] = { 0, 1, 0x7F, 0x80, 0xFF, '"', '\n', ':', '{', '(', '-' };
    size_t at = below(state, bytes);

    switch (next(state) % 5) {
    case 0:
        return splice(corpus, state, bytes);
    case 1:  // cut a piece out
        if (bytes > 0) {
            size_t length = below(state, bytes - at) + 1;
            memmove(current + at, current + at + length, bytes - at - length);
            return bytes - length;
        }
        return bytes;
    case 2:  // put a byte in
        if (bytes < INPUT_BYTES_MAX) {
            memmove(current + at + 1, current + at, bytes - at);
            current[at] = telling[below(state, sizeof telling)];
            return bytes + 1;
        }
        return bytes;
    case 3:
        if (bytes > 0) {
            current[at] = (uint8_t)(current[at] ^ (1U << below(state, 8)));
        }
        return bytes;
    default:
        if (bytes > 0) {
            current[at] = (uint8_t)next(state);
        }
        return bytes;
    }
}

static void run_mutations(const struct corpus *corpus, uint64_t runs, uint64_t seed)
{
    uint64_t state = seed | 1;  // 0 would stay 0

    for (uint64_t run = 0; run < runs; run++) {
        const struct input *from = &corpus->inputs[below(&state, corpus->count)];
        size_t bytes = from->bytes, mutations = below(&state, MUTATIONS_MAX) + 1;

        memcpy(current, from->data, bytes);
        for (size_t i = 0; i < mutations; i++) {
            bytes = mutate(corpus, &state, bytes);
        }
        try_input(current, bytes);
    }
}

int main(int count, char **words)
{
    static struct corpus corpus;
    static uint8_t nothing[1];
    uint64_t runs = 0, seed = (uint64_t)time(NULL);

    program = strrchr(words[0], '/') != NULL ? strrchr(words[0], '/') + 1 : words[0];
    for (int i = 1; i < count; i++) {
        struct stat status;

        if (strncmp(words[i], "-runs=", 6) == 0) {
            runs = strtoull(words[i] + 6, NULL, 10);
        } else if (strncmp(words[i], "-seed=", 6) == 0) {
            seed = strtoull(words[i] + 6, NULL, 10);
        } else if (stat(words[i], &status) == 0 && S_ISDIR(status.st_mode)) {
            read_folder(&corpus, words[i]);
        } else {
            read_file(&corpus, words[i]);
        }
    }
    if (corpus.count == 0) {
        corpus.inputs[corpus.count++] = (struct input){ nothing, 0 };
    }
    printf("%s: %zu files, %llu mutations, seed %llu\n", program, corpus.count,
           (unsigned long long)runs, (unsigned long long)seed);
    (void)fflush(stdout);
    (void)signal(SIGABRT, keep_crash);
    (void)signal(SIGSEGV, keep_crash);
    for (size_t i = 0; i < corpus.count; i++) {
        try_input(corpus.inputs[i].data, corpus.inputs[i].bytes);
    }
    run_mutations(&corpus, runs, seed);
    for (size_t i = 0; i < corpus.count; i++) {
        if (corpus.inputs[i].data != nothing) {
            free(corpus.inputs[i].data);
        }
    }
    return 0;
}
