#include "cli/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/yaml.h"

#define LAYERS_MAX 8  // calendars that stand on each other

/* --- one file --------------------------------------------------------------------------------- */

static void close_descriptor(const int *descriptor)
{
    if (*descriptor > STDIN_FILENO) {
        (void)close(*descriptor);
    }
}

enum bl_err file_read(struct cli *cli, const char *path, struct bl_text *text, struct bl_error *e)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int descriptor AUTO(close_descriptor) =
        is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    size_t bytes = 0, room = (size_t)64 << 10;
    char *at = malloc(room);
    ssize_t got = descriptor < 0 ? -1 : 1;

    CHECK(at != NULL);
    while (got > 0 && bytes <= FILE_BYTES_MAX) {
        if (bytes == room) {
            room *= 2;
            at = realloc(at, room);
            CHECK(at != NULL);
        }
        got = read(descriptor, at + bytes, room - bytes);
        bytes += got > 0 ? (size_t)got : 0;
    }
    if (got == 0) {
        *text =
            (struct bl_text){ bl_arena_text(&cli->arena, (struct bl_text){ at, bytes }), bytes };
    }
    free(at);
    if (got < 0) {
        return bl_error_at(e, errno == ENOENT ? BL_NOT_FOUND : BL_IO, path, 0, 0, "%s",
                           strerror(errno));
    }
    return got == 0
               ? BL_OK
               : bl_error_at(e, BL_TOO_LARGE, path, 0, 0, "more than %zu bytes", FILE_BYTES_MAX);
}

/* --- where it is ------------------------------------------------------------------------------ */

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Is it where definitions lie: with departments or calendars? */
static bool has_definitions(struct cli *cli, const char *path)
{
    return is_file(bl_arena_printf(&cli->arena, "%s/departments.yaml", path)) ||
           is_folder(bl_arena_printf(&cli->arena, "%s/calendars", path));
}

static const char *folder_of(struct cli *cli, const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash == NULL
               ? "."
               : bl_arena_text(&cli->arena, (struct bl_text){ file, (size_t)(slash - file) });
}

/* Beside the program: installed, or in its build folder. */
static const char *beside_program(struct cli *cli)
{
    static const char *const places[] = { "../share/binglian/workflows", "../../workflows" };
    char self[1024];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    if (length < 0) {
        return NULL;
    }
    self[length] = '\0';
    for (size_t i = 0; i < BL_COUNT(places); i++) {
        const char *path = bl_arena_printf(&cli->arena, "%s/%s", folder_of(cli, self), places[i]);

        if (has_definitions(cli, path)) {
            return path;
        }
    }
    return NULL;
}

const char *folder_find(struct cli *cli, const char *beside)
{
    const char *path = option_text(&cli->options, "workflows");

    if (path == NULL) {
        path = getenv("BINGLIAN_WORKFLOWS");
    }
    if (path != NULL && path[0] != '\0') {
        return path;
    }
    if (beside != NULL) {
        const char *own = folder_of(cli, beside);
        const char *above = bl_arena_printf(&cli->arena, "%s/..", own);

        if (has_definitions(cli, own)) {
            return own;
        }
        // workflows/calendars/cn.yaml is beside nothing but other calendars.
        bool in_calendars = strcmp(own, "calendars") == 0 ||
                            (strlen(own) > 10 && strcmp(own + strlen(own) - 10, "/calendars") == 0);
        return in_calendars && has_definitions(cli, above) ? above : NULL;
    }
    return has_definitions(cli, "workflows") ? "workflows" : beside_program(cli);
}

/* --- what is in it ---------------------------------------------------------------------------- */

void folder_add_calendar(struct cli *cli, struct folder *folder, const char *path,
                         struct bl_text source)
{
    struct folder_calendar *calendar = &folder->calendars[folder->calendar_count];
    struct schema_problems *problems = bl_arena_new(&cli->arena, struct schema_problems);
    ProtobufCMessage *message = NULL;

    if (folder->calendar_count == FOLDER_CALENDARS_MAX) {
        return;
    }
    *calendar =
        (struct folder_calendar){ .path = bl_arena_string(&cli->arena, path), .source = source };
    schema_problems_init(problems, &cli->arena);
    if (yaml_load(source.at, source.bytes, calendar->path, &bl__calendar__descriptor, &cli->arena,
                  &message, &calendar->document, problems) == BL_OK) {
        calendar->layer = (const Bl__Calendar *)message;
        folder->calendar_count++;
    }
}

static void read_departments(struct cli *cli, struct folder *folder,
                             struct schema_problems *problems)
{
    const char *path = bl_arena_printf(&cli->arena, "%s/departments.yaml", folder->path);
    struct schema_problems *unheard = bl_arena_new(&cli->arena, struct schema_problems);
    struct bl_text source;

    schema_problems_init(unheard, &cli->arena);
    if (is_file(path) && file_read(cli, path, &source, NULL) == BL_OK) {
        (void)!definition_load_departments(source.at, source.bytes, path, &cli->arena,
                                           &folder->departments,
                                           problems == NULL ? unheard : problems);
    }
}

void folder_read(struct cli *cli, const char *path, struct folder *folder,
                 struct schema_problems *problems)
{
    glob_t found;

    *folder = (struct folder){ .path = path };
    if (path == NULL) {
        return;
    }
    read_departments(cli, folder, problems);
    if (glob(bl_arena_printf(&cli->arena, "%s/calendars/*.yaml", path), 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            struct bl_text source;

            if (file_read(cli, found.gl_pathv[i], &source, NULL) == BL_OK) {
                folder_add_calendar(cli, folder, found.gl_pathv[i], source);
            }
        }
    }
    globfree(&found);
}

struct definition_context folder_context(struct cli *cli, const struct folder *folder)
{
    const char **ids = bl_arena_array(&cli->arena, const char *, folder->calendar_count + 1);

    for (size_t i = 0; i < folder->calendar_count; i++) {
        ids[i] = folder->calendars[i].layer->calendar;
    }
    return (struct definition_context){
        .departments = folder->departments,
        .calendars = folder->calendar_count == 0 ? NULL : ids,
        .calendar_count = folder->calendar_count,
    };
}

/* --- calendars -------------------------------------------------------------------------------- */

const Bl__Calendar *folder_layer(const struct folder *folder, const char *name)
{
    for (size_t i = 0; i < folder->calendar_count; i++) {
        if (strcmp(folder->calendars[i].layer->calendar, name) == 0) {
            return folder->calendars[i].layer;
        }
    }
    return NULL;
}

/* The layers below and with `top`, the national one first; the place of the first in *first. */
static enum bl_err find_layers(const struct folder *folder, const Bl__Calendar *top,
                               const Bl__Calendar **layers, size_t *first, struct bl_error *e)
{
    *first = LAYERS_MAX;
    for (const Bl__Calendar *layer = top;;) {
        if (*first == 0) {
            return bl_error_set(e, BL_DEFINITION,
                                "more than %d calendars stand on each other; look for a circle",
                                LAYERS_MAX);
        }
        layers[--*first] = layer;
        if (layer->base[0] == '\0') {
            return BL_OK;
        }
        const Bl__Calendar *below = folder_layer(folder, layer->base);
        if (below == NULL) {
            return bl_error_set(e, BL_DEFINITION,
                                "calendar \"%s\" stands on \"%s\", which is not there",
                                layer->calendar, layer->base);
        }
        layer = below;
    }
}

enum bl_err folder_calendar(const struct folder *folder, const char *name,
                            struct calendar **calendar, struct bl_error *e)
{
    const Bl__Calendar *top = folder_layer(folder, name);
    const Bl__Calendar *layers[LAYERS_MAX];
    size_t first;

    if (top == NULL) {
        return bl_error_set(e, BL_NOT_FOUND, "no calendar \"%s\" in %s/calendars", name,
                            folder->path == NULL ? "workflows" : folder->path);
    }
    enum bl_err err = find_layers(folder, top, layers, &first, e);
    return err != BL_OK ? err : calendar_new(layers + first, LAYERS_MAX - first, calendar, e);
}

void folder_check_calendar(struct cli *cli, const struct folder *folder, const char *path,
                           struct bl_text source, struct schema_problems *problems)
{
    struct schema_problems *unheard = bl_arena_new(&cli->arena, struct schema_problems);
    const Bl__Calendar *layers[LAYERS_MAX], *calendar;
    const struct yaml_document *document = NULL;
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };
    size_t first = LAYERS_MAX - 1;

    // Once to learn what it stands on, once more upon that.
    schema_problems_init(unheard, &cli->arena);
    if (yaml_load(source.at, source.bytes, path, &bl__calendar__descriptor, &cli->arena, &message,
                  &document, unheard) == BL_OK &&
        find_layers(folder, (const Bl__Calendar *)message, layers, &first, &e) != BL_OK) {
        struct yaml_position at = yaml_position(document, message, "base", YAML_WHOLE);

        schema_problem_add(problems, SCHEMA_ERROR, "E-CALENDAR", path, at.line, at.column, "base",
                           "%s", e.text);
        return;
    }
    (void)!definition_load_calendar(source.at, source.bytes, path, layers + first,
                                    LAYERS_MAX - 1 - first, &cli->arena, &calendar, problems);
}
