/* binglian-worker(1): does the work of a department. Read next: hand.h. */
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "daemon/options.h"
#include "schema/yaml.h"

#define EXIT_USAGE 64
#define EXIT_JOURNAL 73
#define EXIT_CONFIG 78

static int run(const struct daemon_config *config)
{
    struct daemon *daemon = NULL;
    struct bl_error e = { 0 };
    enum bl_err err = daemon_open(config, &daemon, &e);

    if (err != BL_OK) {
        bl_log(BL_LOG_ERROR, "worker.refused", "at=%s error=\"%s\"", e.source, e.text);
        bool journal = config->journal != NULL && strcmp(e.source, config->journal) == 0;
        return journal ? EXIT_JOURNAL : EXIT_CONFIG;
    }
    bl_log(BL_LOG_INFO, "worker.started", "department=%s connect=%s", config->worker.department,
           config->worker.connect);
    err = daemon_run(daemon, &e);
    daemon_close(&daemon);
    if (err != BL_OK) {
        bl_log(BL_LOG_ERROR, "worker.failed", "error=\"%s\"", e.text);
        return EXIT_JOURNAL;
    }
    bl_log(BL_LOG_INFO, "worker.stopped", "department=%s", config->worker.department);
    return 0;
}

int main(int count, char **words)
{
    struct bl_arena arena;
    struct daemon_config config;
    int status = 0;

    bl_arena_init(&arena, 4096, 2 * YAML_ARENA_BYTES);
    switch (options_read(count, words, &arena, &config)) {
    case OPTIONS_RUN:
        status = run(&config);
        break;
    case OPTIONS_SHOWN:
        break;
    case OPTIONS_USAGE:
        status = EXIT_USAGE;
        break;
    case OPTIONS_CONFIG:
        status = EXIT_CONFIG;
        break;
    }
    bl_arena_free(&arena);
    return status;
}
