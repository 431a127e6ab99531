/* Files that people hand to the programs: what is submitted, questions of a batch, definitions,
 * forms, keys, settings, the manifest of a copy, kept checkpoints. Each ends with
 * an exit status or an error, never otherwise. The first byte says whose file it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/config.h"
#include "cli/cli.h"
#include "cli/submission.h"
#include "gateway/config.h"
#include "store/backup.h"
#include "wire/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATH_BYTES 128
#define ARENA_BYTES ((size_t)64 << 20)

static char folder[] = "/tmp/binglian-fuzz.XXXXXX";
static char path[PATH_BYTES], manifest[PATH_BYTES];
static FILE *nowhere;

static void clean_up(void)
{
    (void)unlink(path);
    (void)unlink(manifest);
    (void)rmdir(folder);
    (void)fclose(nowhere);
}

static void set_up(void)
{
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/input.yaml", folder);
    (void)snprintf(manifest, sizeof manifest, "%s/manifest.jsonl", folder);
    nowhere = fopen("/dev/null", "we");
    CHECK(nowhere != NULL);
    CHECK(unsetenv("BINGLIAN_CONNECT") == 0);
    (void)atexit(clean_up);
}

static void put_file(const char *file, const uint8_t *data, size_t size)
{
    FILE *out = fopen(file, "we");

    CHECK(out != NULL && fchmod(fileno(out), 0600) == 0);
    CHECK(fwrite(data, 1, size, out) == size);
    CHECK(fclose(out) == 0);
}

/* A call of binglian(1); NULL ends the words. */
static void call(const char *const *words)
{
    char *copies[16] = { 0 };
    int count = 0;

    for (; words[count] != NULL; count++) {
        copies[count] = strdup(words[count]);
        CHECK(copies[count] != NULL);
    }
    int status = cli_main(count, copies);
    CHECK(status >= 0 && status <= CLI_ENDED_OTHERWISE);
    while (count-- > 0) {
        free(copies[count]);
    }
}

static void read_submission(bool is_addition)
{
    struct cli cli = { .language = LANGUAGE_ZH, .offset_minutes = 480 };
    struct addition addition;
    Bl__Command command = BL__COMMAND__INIT;

    bl_arena_init(&cli.arena, 1 << 16, ARENA_BYTES);
    if (is_addition) {
        (void)addition_read(&cli, path, &addition);
    } else if (submission_read(&cli, path, &command) == 0) {
        CHECK(bl__command__get_packed_size(&command) > 0);
    }
    bl_arena_free(&cli.arena);
}

static void read_identity(void)
{
    struct identity identity;

    if (identity_load(path, &identity, NULL) == BL_OK) {
        identity_forget(&identity);
    }
}

static void read_settings(bool is_gateway)
{
    struct bl_arena arena;
    Bl__GatewayConfig *gateway;
    Bl__BrokerConfig *broker;

    bl_arena_init(&arena, 1 << 14, ARENA_BYTES);
    if (is_gateway) {
        (void)!gateway_config_file(path, &arena, &gateway);
    } else {
        (void)!config_read_file(path, &arena, &broker);
    }
    bl_arena_free(&arena);
}

static void read_manifest(const uint8_t *data, size_t size)
{
    struct backup backup;
    struct bl_error e = { 0 };

    put_file(manifest, data, size);
    enum bl_err err = backup_check(folder, &backup, &e);
    CHECK(err != BL_OK && e.text[0] != '\0');  // there is no store beside it
}

static void read_file(uint8_t whose, const uint8_t *data, size_t size)
{
    const char *const batch[] = {
        "binglian", "calendar", "explain", "--batch", path, "--workflows", SOURCE_DIR "/workflows",
        NULL
    };
    const char *const check[] = { "binglian", "workflow",    "validate",
                                  path,       "--workflows", SOURCE_DIR "/workflows",
                                  NULL };
    const char *const form[] = {
        "binglian", "workflow", "eval", "form.a > 1", "--form", path, NULL
    };
    const char *const kept[] = {
        "binglian", "audit", "verify", folder, "--checkpoint", path, NULL
    };

    switch (whose % 9) {
    case 0:
    case 1:
        read_submission(whose % 9 == 1);
        return;
    case 2:
        call(batch);
        return;
    case 3:
        call(check);
        return;
    case 4:
        call(form);
        return;
    case 5:
        call(kept);
        return;
    case 6:
        read_identity();
        return;
    case 7:
        read_manifest(data, size);
        return;
    default:
        read_settings(whose % 2 == 0);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *out = stdout, *err = stderr;

    if (nowhere == NULL) {
        set_up();
    }
    if (size == 0) {
        return 0;
    }
    put_file(path, data + 1, size - 1);
    stdout = stderr = nowhere;  // the programs talk of each input
    read_file(data[0], data + 1, size - 1);
    stdout = out;
    stderr = err;
    return 0;
}
