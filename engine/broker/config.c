#include "broker/config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "schema/yaml.h"
#include "wire/socket.h"

static const char usage[] =
    "Usage: binglian-broker --config FILE\n"
    "       binglian-broker --data DIR --listen ENDPOINT [OPTION]...\n"
    "Takes applications in, gives each department its part, and keeps all of it.\n"
    "\n"
    "  --data DIR            the store and the broker's key; made if it is not there\n"
    "  --listen ENDPOINT     the one address to tell clients and workers: tcp://ADDRESS:PORT or\n"
    "                        ipc://PATH; a port * is any free one, written to DIR/endpoint\n"
    "  --workflows DIR       publish the workflows, calendars and departments.yaml found there\n"
    "  --workers ENDPOINT    where workers connect; without it beside --listen, told at hello\n"
    "  --publish ENDPOINT    where the newest event number is published; the same\n"
    "  --plain               no keys: only where every endpoint is loopback or ipc\n"
    "  --config FILE         YAML with these names as keys; the command line comes before it\n"
    "  --test-clock FILE     add the microseconds in FILE to the clock: for tests\n"
    "  --help, --version\n"
    "\n"
    "At its first start it writes DIR/admin.identity: with it `binglian --identity` is the\n"
    "administrator. SIGTERM stops within 5 s and loses nothing; SIGHUP reads log_level and keys\n"
    "again.\n"
    "Exit status: 0 stopped, 64 usage, 65 store damaged or of a newer format, 69 another broker\n"
    "holds the store, 73 the store cannot be written, 74 a commit failed and its outcome is\n"
    "unknown, 78 configuration.\n"
    "\n"
    "Example:\n"
    "  binglian-broker --data /var/lib/binglian --listen tcp://10.0.0.7:7701 \\\n"
    "      --workflows /etc/binglian/workflows\n";

enum flag {
    OPTION_CONFIG = 1,
    OPTION_DATA,
    OPTION_LISTEN,
    OPTION_WORKERS,
    OPTION_PUBLISH,
    OPTION_WORKFLOWS,
    OPTION_PLAIN,
    OPTION_TEST_CLOCK,
    OPTION_HELP,
    OPTION_VERSION,
};

// clang-format off
static const struct option options[] = {
    { "config",     required_argument, NULL, OPTION_CONFIG },
    { "data",       required_argument, NULL, OPTION_DATA },
    { "listen",     required_argument, NULL, OPTION_LISTEN },
    { "workers",    required_argument, NULL, OPTION_WORKERS },
    { "publish",    required_argument, NULL, OPTION_PUBLISH },
    { "workflows",  required_argument, NULL, OPTION_WORKFLOWS },
    { "plain",      no_argument,       NULL, OPTION_PLAIN },
    { "test-clock", required_argument, NULL, OPTION_TEST_CLOCK },
    { "help",       no_argument,       NULL, OPTION_HELP },
    { "version",    no_argument,       NULL, OPTION_VERSION },
    { NULL, 0, NULL, 0 },
};
// clang-format on

/* One option of the command line. */
static enum config_wish take(int option, Bl__BrokerConfig *flags, const char **file)
{
    switch (option) {
    case OPTION_CONFIG:
        *file = optarg;
        return CONFIG_RUN;
    case OPTION_DATA:
        flags->data = optarg;
        return CONFIG_RUN;
    case OPTION_LISTEN:
        flags->listen = optarg;
        return CONFIG_RUN;
    case OPTION_WORKERS:
        flags->workers = optarg;
        return CONFIG_RUN;
    case OPTION_PUBLISH:
        flags->publish = optarg;
        return CONFIG_RUN;
    case OPTION_WORKFLOWS:
        flags->workflows = optarg;
        return CONFIG_RUN;
    case OPTION_PLAIN:
        flags->plain = true;
        return CONFIG_RUN;
    case OPTION_TEST_CLOCK:
        flags->test_clock = optarg;
        return CONFIG_RUN;
    case OPTION_HELP:
        (void)fputs(usage, stdout);
        return CONFIG_SHOWN;
    case OPTION_VERSION:
        (void)puts("binglian-broker " BINGLIAN_VERSION);
        return CONFIG_SHOWN;
    default:  // getopt has said what is wrong
        return CONFIG_USAGE;
    }
}

static enum config_wish read_flags(int count, char **words, Bl__BrokerConfig *flags,
                                   const char **file)
{
    optind = 0;  // start anew: tests read more than one line
    for (int option; (option = getopt_long(count, words, "", options, NULL)) >= 0;) {
        enum config_wish wish = take(option, flags, file);

        if (wish != CONFIG_RUN) {
            return wish;
        }
    }
    if (optind < count) {
        (void)fprintf(stderr, "binglian-broker: what is \"%s\"? Try --help.\n", words[optind]);
        return CONFIG_USAGE;
    }
    return CONFIG_RUN;
}

/* Reads a whole file into the arena; at = NULL and errno if it cannot be. */
static struct bl_text read_whole(const char *file, struct bl_arena *arena)
{
    struct bl_text text = { bl_arena_alloc(arena, YAML_BYTES_MAX), 0 };
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd < 0 ? -1 : read(fd, (char *)(uintptr_t)text.at, YAML_BYTES_MAX);
    int failure = errno;

    if (fd >= 0) {
        (void)close(fd);
    }
    errno = failure;
    return bytes < 0 ? (struct bl_text){ NULL, 0 } : (struct bl_text){ text.at, (size_t)bytes };
}

enum bl_err config_read_file(const char *file, struct bl_arena *arena, Bl__BrokerConfig **config)
{
    struct bl_text text = read_whole(file, arena);
    struct schema_problems problems;
    ProtobufCMessage *message = NULL;

    if (text.at == NULL) {
        (void)fprintf(stderr, "%s: error: %s\n", file, strerror(errno));
        return BL_IO;
    }
    schema_problems_init(&problems, arena);
    if (yaml_load(text.at, text.bytes, file, &bl__broker_config__descriptor, arena, &message, NULL,
                  &problems) != BL_OK) {
        schema_problems_sort(&problems);
        schema_problems_print(stderr, &problems);
        return BL_DEFINITION;
    }
    *config = (Bl__BrokerConfig *)message;
    return BL_OK;
}

static void override(const char **value, const char *flag)
{
    if (flag[0] != '\0') {
        *value = flag;
    }
}

/* The command line comes before the file. */
static void merge(Bl__BrokerConfig *config, const Bl__BrokerConfig *flags)
{
    override(&config->data, flags->data);
    override(&config->listen, flags->listen);
    override(&config->workers, flags->workers);
    override(&config->publish, flags->publish);
    override(&config->workflows, flags->workflows);
    override(&config->test_clock, flags->test_clock);
    config->plain = config->plain || flags->plain;
}

static bool endpoint_is_fine(const char *name, const char *endpoint, bool plain)
{
    struct bl_error e = { 0 };

    if (endpoint[0] == '\0') {
        return true;
    }
    if (wire_endpoint_check(endpoint, &e) != BL_OK) {
        (void)fprintf(stderr, "binglian-broker: --%s %s: %s\n", name, endpoint, e.text);
        return false;
    }
    if (plain && !wire_endpoint_is_local(endpoint)) {
        (void)fprintf(stderr,
                      "binglian-broker: --plain with --%s %s: without keys only loopback and ipc "
                      "are served\n",
                      name, endpoint);
        return false;
    }
    return true;
}

static enum config_wish check(const Bl__BrokerConfig *config, bool has_file)
{
    if (config->data[0] == '\0' || config->listen[0] == '\0') {
        (void)fprintf(stderr, "binglian-broker: --data and --listen are needed. Try --help.\n");
        return has_file ? CONFIG_WRONG : CONFIG_USAGE;
    }
    return endpoint_is_fine("listen", config->listen, config->plain) &&
                   endpoint_is_fine("workers", config->workers, config->plain) &&
                   endpoint_is_fine("publish", config->publish, config->plain)
               ? CONFIG_RUN
               : CONFIG_WRONG;
}

enum config_wish config_read(int count, char **words, struct bl_arena *arena,
                             Bl__BrokerConfig **config, const char **file)
{
    Bl__BrokerConfig flags = BL__BROKER_CONFIG__INIT;

    *file = NULL;
    enum config_wish wish = read_flags(count, words, &flags, file);

    if (wish != CONFIG_RUN) {
        return wish;
    }
    *config = bl_arena_new(arena, Bl__BrokerConfig);
    bl__broker_config__init(*config);
    if (*file != NULL && config_read_file(*file, arena, config) != BL_OK) {
        return CONFIG_WRONG;
    }
    merge(*config, &flags);
    return check(*config, *file != NULL);
}

enum bl_log_level config_log_level(const Bl__BrokerConfig *config)
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
