#include "gateway/config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/reflect.h"
#include "schema/yaml.h"

#define NAME_BYTES_MAX 64
#define OPTIONS_MAX 32

static const char usage[] =
    "Usage: binglian-gateway --config FILE\n"
    "       binglian-gateway --data DIR --broker ENDPOINT --http ADDRESS:PORT [OPTION]...\n"
    "Serves the hall over HTTP: reads its store, writes through its broker.\n"
    "\n"
    "  --data DIR            the broker's data folder, on this machine; accounts are in "
    "DIR/gateway\n"
    "  --broker ENDPOINT     the broker's --listen address\n"
    "  --http ADDRESS:PORT   where to serve; port 0 is any free one, written to DIR/http\n"
    "  --identity FILE       a key of the role gateway (binglian key new NAME --role gateway)\n"
    "  --behind-proxy        believe X-Forwarded-For, and mark cookies Secure\n"
    "  --connections N       at once; 4096\n"
    "  --streams N           of them listening to events; 2048\n"
    "  --rate N              requests of one account in a minute; 600\n"
    "  --public-rate N       of one address without an account; 30\n"
    "  --session-hours N     12\n"
    "  --site NAME           the hall's name, in the API document\n"
    "  --web DIR             the pages; ../web or ../share/binglian/web beside this program\n"
    "  --log-level LEVEL     error, warn, info, debug\n"
    "  --config FILE         YAML with these names as keys, '_' for '-'; an option comes before\n"
    "                        BINGLIAN_GATEWAY_NAME in the environment, that before the file\n"
    "  --openapi             print the interface (OpenAPI 3.1) and end\n"
    "  --help, --version\n"
    "\n"
    "SIGTERM stops within 5 s; SIGHUP reads log_level again.\n"
    "Exit status: 0 stopped, 64 usage, 65 store damaged or of a newer format, 69 the address is\n"
    "taken, 78 configuration.\n"
    "\n"
    "Example:\n"
    "  binglian-gateway --data /var/lib/binglian --broker tcp://127.0.0.1:7701 \\\n"
    "      --http 127.0.0.1:8080 --identity /etc/binglian/gateway.identity\n";

static const ProtobufCMessageDescriptor *const descriptor = &bl__gateway_config__descriptor;

enum further { OPTION_CONFIG = OPTIONS_MAX, OPTION_OPENAPI, OPTION_HELP, OPTION_VERSION };

/* --- one value -------------------------------------------------------------------------------- */

static bool set_number(Bl__GatewayConfig *config, const ProtobufCFieldDescriptor *field,
                       const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > UINT32_MAX) {
        return false;
    }
    *(uint32_t *)reflect_choose(&config->base, field) = (uint32_t)value;
    return true;
}

static bool set_enum(Bl__GatewayConfig *config, const ProtobufCFieldDescriptor *field,
                     const char *text)
{
    char name[NAME_BYTES_MAX];
    size_t i = 0;

    for (; text[i] != '\0' && i < sizeof name - 1; i++) {
        name[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
    }
    name[i] = '\0';
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(field->descriptor, name);
    if (value == NULL) {
        return false;
    }
    *(int *)reflect_choose(&config->base, field) = value->value;
    return true;
}

/* Sets a field from a text; false: it does not fit. `text` is borrowed. */
static bool set(Bl__GatewayConfig *config, const ProtobufCFieldDescriptor *field, const char *text)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(const char **)reflect_choose(&config->base, field) = text;
        return true;
    }
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        *(protobuf_c_boolean *)reflect_choose(&config->base, field) = strcmp(text, "true") == 0;
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    }
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        return set_enum(config, field, text);
    }
    CHECK(field->type == PROTOBUF_C_TYPE_UINT32);
    return set_number(config, field, text);
}

/* --- the environment -------------------------------------------------------------------------- */

static bool read_environment(Bl__GatewayConfig *config)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        char name[NAME_BYTES_MAX];
        int bytes = snprintf(name, sizeof name, "BINGLIAN_GATEWAY_%s", descriptor->fields[i].name);

        CHECK(bytes < (int)sizeof name);
        for (char *c = name; *c != '\0'; c++) {
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        }
        const char *value = getenv(name);
        if (value != NULL && !set(config, &descriptor->fields[i], value)) {
            (void)fprintf(stderr, "binglian-gateway: %s=%s is no such value\n", name, value);
            return false;
        }
    }
    return true;
}

/* --- the command line ------------------------------------------------------------------------- */

static void make_options(struct option *options, char names[][NAME_BYTES_MAX])
{
    size_t count = 0;

    CHECK(descriptor->n_fields + 5 <= OPTIONS_MAX);
    for (; count < descriptor->n_fields; count++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[count];

        (void)snprintf(names[count], NAME_BYTES_MAX, "%s", field->name);
        for (char *c = names[count]; *c != '\0'; c++) {
            *c = *c == '_' ? '-' : *c;
        }
        options[count] =
            (struct option){ names[count],
                             field->type == PROTOBUF_C_TYPE_BOOL ? no_argument : required_argument,
                             NULL, (int)count };
    }
    options[count++] = (struct option){ "config", required_argument, NULL, OPTION_CONFIG };
    options[count++] = (struct option){ "openapi", no_argument, NULL, OPTION_OPENAPI };
    options[count++] = (struct option){ "help", no_argument, NULL, OPTION_HELP };
    options[count++] = (struct option){ "version", no_argument, NULL, OPTION_VERSION };
    options[count] = (struct option){ NULL, 0, NULL, 0 };
}

static enum gateway_wish take(int option, Bl__GatewayConfig *config, const char **file)
{
    if (option == OPTION_CONFIG) {
        *file = optarg;
        return GATEWAY_RUN;
    }
    if (option == OPTION_HELP) {
        (void)fputs(usage, stdout);
        return GATEWAY_SHOWN;
    }
    if (option == OPTION_VERSION) {
        (void)puts("binglian-gateway " BINGLIAN_VERSION);
        return GATEWAY_SHOWN;
    }
    if (option == OPTION_OPENAPI) {
        return GATEWAY_OPENAPI;
    }
    if (option < 0 || option >= (int)descriptor->n_fields) {
        return GATEWAY_USAGE;  // getopt has said what is wrong
    }
    const ProtobufCFieldDescriptor *field = &descriptor->fields[option];
    if (!set(config, field, field->type == PROTOBUF_C_TYPE_BOOL ? "true" : optarg)) {
        (void)fprintf(stderr, "binglian-gateway: --%s %s is no such value. Try --help.\n",
                      field->name, optarg);
        return GATEWAY_USAGE;
    }
    return GATEWAY_RUN;
}

static enum gateway_wish read_options(int count, char **words, Bl__GatewayConfig *config,
                                      const char **file)
{
    char names[OPTIONS_MAX][NAME_BYTES_MAX];
    struct option options[OPTIONS_MAX];

    make_options(options, names);
    optind = 0;  // it is read twice
    for (int option; (option = getopt_long(count, words, "", options, NULL)) != -1;) {
        enum gateway_wish wish = take(option, config, file);

        if (wish != GATEWAY_RUN) {
            return wish;
        }
    }
    if (optind < count) {
        (void)fprintf(stderr, "binglian-gateway: what is \"%s\"? Try --help.\n", words[optind]);
        return GATEWAY_USAGE;
    }
    return GATEWAY_RUN;
}

/* --- the file --------------------------------------------------------------------------------- */

static bool read_whole(const char *file, struct bl_arena *arena, struct bl_text *text)
{
    char *buffer = bl_arena_alloc(arena, YAML_BYTES_MAX);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd < 0 ? -1 : read(fd, buffer, YAML_BYTES_MAX);
    int failure = errno;

    if (fd >= 0) {
        (void)close(fd);
    }
    if (bytes < 0) {
        (void)fprintf(stderr, "%s: error: %s\n", file, strerror(failure));
        return false;
    }
    *text = (struct bl_text){ buffer, (size_t)bytes };
    return true;
}

enum bl_err gateway_config_file(const char *file, struct bl_arena *arena,
                                Bl__GatewayConfig **config)
{
    struct schema_problems problems;
    ProtobufCMessage *message = NULL;
    struct bl_text text;

    if (!read_whole(file, arena, &text)) {
        return BL_IO;
    }
    schema_problems_init(&problems, arena);
    if (yaml_load(text.at, text.bytes, file, descriptor, arena, &message, NULL, &problems) !=
        BL_OK) {
        schema_problems_sort(&problems);
        schema_problems_print(stderr, &problems);
        return BL_DEFINITION;
    }
    *config = (Bl__GatewayConfig *)message;
    return BL_OK;
}

/* --- all three -------------------------------------------------------------------------------- */

enum gateway_wish gateway_config_read(int count, char **words, struct bl_arena *arena,
                                      Bl__GatewayConfig **config, const char **file)
{
    Bl__GatewayConfig looked_at = BL__GATEWAY_CONFIG__INIT;  // only for the file's name

    *file = NULL;
    enum gateway_wish wish = read_options(count, words, &looked_at, file);
    if (wish != GATEWAY_RUN) {
        return wish;
    }
    *config = bl_arena_new(arena, Bl__GatewayConfig);
    bl__gateway_config__init(*config);
    if (*file != NULL && gateway_config_file(*file, arena, config) != BL_OK) {
        return GATEWAY_WRONG;
    }
    if (!read_environment(*config)) {
        return GATEWAY_WRONG;
    }
    wish = read_options(count, words, *config, file);
    if (wish == GATEWAY_RUN && ((*config)->data[0] == '\0' || (*config)->broker[0] == '\0' ||
                                (*config)->http[0] == '\0')) {
        (void)fprintf(stderr,
                      "binglian-gateway: --data, --broker and --http are needed. Try --help.\n");
        return *file != NULL ? GATEWAY_WRONG : GATEWAY_USAGE;
    }
    return wish;
}

enum bl_log_level gateway_config_level(const Bl__GatewayConfig *config)
{
    switch (config->log_level) {
    case BL__BROKER_CONFIG__LOG_LEVEL__ERROR:
        return BL_LOG_ERROR;
    case BL__BROKER_CONFIG__LOG_LEVEL__WARN:
        return BL_LOG_WARN;
    case BL__BROKER_CONFIG__LOG_LEVEL__LOG_LEVEL_UNSPECIFIED:
    case BL__BROKER_CONFIG__LOG_LEVEL__INFO:
        return BL_LOG_INFO;
    case BL__BROKER_CONFIG__LOG_LEVEL__DEBUG:
        return BL_LOG_DEBUG;
    }
    UNREACHABLE();
}
