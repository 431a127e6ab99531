#include "cli/source.h"

#include <string.h>
#include <unistd.h>

#include "cli/connect.h"
#include "schema/yaml.h"

bool source_is_file(const char *name)
{
    return strpbrk(name, "/.") != NULL || strcmp(name, "-") == 0 || access(name, F_OK) == 0;
}

int source_ask(struct cli *cli, struct bl_client *client, const char *id, uint32_t version,
               struct bl_text *source)
{
    Bl__GetSource get = BL__GET_SOURCE__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;

    get.kind = BL__PUBLICATION__KIND__WORKFLOW;
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
        status = source_ask(cli, client, name, version, source);
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
