#include "cli/source.h"

#include <string.h>
#include <unistd.h>

#include "cli/connect.h"
#include "schema/yaml.h"

bool source_is_file(const char *name)
{
    return strpbrk(name, "/.") != NULL || strcmp(name, "-") == 0 || access(name, F_OK) == 0;
}

int source_ask(struct cli *cli, struct bl_client *client, Bl__Publication__Kind kind,
               const char *id, uint32_t version, struct bl_text *source)
{
    Bl__GetSource get = BL__GET_SOURCE__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;

    get.kind = kind;
    get.id = id;
    get.version = version;
    query.what_case = BL__QUERY__WHAT_SOURCE;
    query.source = &get;
    int status = connect_ask(cli, client, &query, &answer);
    if (status == 0) {
        struct bl_text borrowed = { (const char *)answer->source.data, answer->source.len };

        *source = (struct bl_text){ bl_arena_text(&cli->arena, borrowed), borrowed.bytes };
    }
    return status;
}

static int read_published(struct cli *cli, const char *name, uint32_t version,
                          struct bl_text *source)
{
    struct bl_client *client = NULL;
    int status = connect_open(cli, &client);

    if (status == 0) {
        status = source_ask(cli, client, BL__PUBLICATION__KIND__WORKFLOW, name, version, source);
    }
    bl_client_close(&client);
    return status;
}

int source_read(struct cli *cli, const char *name, uint32_t version, struct bl_text *source,
                const char **file)
{
    struct bl_error e = { 0 };

    *file = name;
    if (!source_is_file(name)) {
        return read_published(cli, name, version, source);
    }
    return file_read(cli, name, source, &e) == BL_OK ? 0 : cli_fail(cli, &e);
}

/* From a calendar down to the one without a base; a circle is for the calendar's maker to find. */
static int ask_calendars(struct cli *cli, struct bl_client *client, const char *name,
                         struct folder *folder)
{
    struct bl_text source;
    int status = 0;

    for (size_t i = 0; i < FOLDER_CALENDARS_MAX && status == 0 && name[0] != '\0'; i++) {
        const Bl__Calendar *layer = folder_layer(folder, name);

        if (layer == NULL) {
            status = source_ask(cli, client, BL__PUBLICATION__KIND__CALENDAR, name, 0, &source);
            if (status == 0) {
                folder_add_calendar(cli, folder, name, source);
                layer = folder_layer(folder, name);
            }
        }
        name = layer != NULL ? layer->base : "";
    }
    return status;
}

int source_calendars(struct cli *cli, struct bl_text source, const char *file,
                     struct folder *folder)
{
    const Bl__Workflow *workflow = source_parse(cli, source, file);
    struct bl_client *client = NULL;

    if (workflow == NULL) {
        return bl_err_exit(BL_DEFINITION);
    }
    int status = connect_open(cli, &client);
    if (status == 0) {
        status = ask_calendars(cli, client, workflow->calendar, folder);
    }
    bl_client_close(&client);
    return status;
}

const Bl__Workflow *source_parse(struct cli *cli, struct bl_text source, const char *file)
{
    struct schema_problems *problems = bl_arena_new(&cli->arena, struct schema_problems);
    ProtobufCMessage *message = NULL;

    schema_problems_init(problems, &cli->arena);
    if (yaml_load(source.at, source.bytes, file, &bl__workflow__descriptor, &cli->arena, &message,
                  NULL, problems) != BL_OK) {
        schema_problems_print(stderr, problems);
        return NULL;
    }
    return (const Bl__Workflow *)message;
}

int source_compile(struct cli *cli, struct bl_text source, const char *file,
                   const struct definition_context *context, struct definition **definition)
{
    struct schema_problems *problems = bl_arena_new(&cli->arena, struct schema_problems);

    schema_problems_init(problems, &cli->arena);
    if (definition_load(source.at, source.bytes, file, context, definition, problems) != BL_OK) {
        schema_problems_print(stderr, problems);
        return bl_err_exit(BL_DEFINITION);
    }
    return 0;
}
