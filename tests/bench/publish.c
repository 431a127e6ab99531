#include "publish.h"

#include <stdio.h>
#include <stdlib.h>

static size_t read_file(const char *path, char *at, size_t most)
{
    FILE *in = fopen(path, "r");

    if (in == NULL) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    size_t bytes = fread(at, 1, most, in);
    (void)fclose(in);
    return bytes;
}

static void publish(struct cycle *cycle, struct batch *batch, bl_time now, const char *folder,
                    const char *file)
{
    static const struct principal admin = { BL__KEY__ROLE__ADMINISTRATOR, "bench", "" };
    static char source[1 << 20];
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Publish what = BL__PUBLISH__INIT;
    struct bl_error e = { 0 };
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    what.source.data = (uint8_t *)source;
    what.source.len = read_file(path, source, sizeof source);
    what.file = file;
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    command.publish = &what;
    batch_reset(batch);
    struct batch_command *added = batch_add(batch, &command, &admin);
    if (cycle_run(cycle, batch, now, &e) != BL_OK) {
        (void)fprintf(stderr, "publish: %s\n", e.text);
        exit(1);
    }
    if (added->answer.refusal != NULL) {
        (void)fprintf(stderr, "%s: %s %s\n", file, added->answer.refusal->rule,
                      added->answer.refusal->pointer);
        exit(1);
    }
}

void bench_publish(struct cycle *cycle, struct batch *batch, bl_time now, const char *folder)
{
    publish(cycle, batch, now, folder, "calendars/cn.yaml");
    publish(cycle, batch, now, folder, "departments.yaml");
    publish(cycle, batch, now, folder, "../tests/bench/fanout5.yaml");
}
