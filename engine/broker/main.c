/* binglian-broker(1): the one process that writes. It opens the store, starts the committer and the
 * handler of keys, and serves. Read next: front.h for what it serves, cycle.h for what it does. */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#include "base/log.h"
#include "base/notify.h"
#include "broker/config.h"
#include "broker/front.h"
#include "broker/setup.h"
#include "broker/zap.h"
#include "deadline/calendar.h"
#include "schema/yaml.h"
#include "store/query.h"
#include "store/read.h"

#define PATH_BYTES 4096
#define SOCKETS_MAX 65535           // connections, with some of our own
#define OFFSET_DEFAULT_MINUTES 480  // Asia/Shanghai, until a calendar says other

struct broker {
    const Bl__BrokerConfig *config;
    const char *config_file;
    struct test_clock clock;
    struct store *store;
    struct catalog *catalog;
    struct log log;
    struct cycle *cycle;
    struct keyring *keyring;
    struct identity identity;
    struct checkpoint_key audit;
    char audit_public[SETUP_AUDIT_BYTES];
    struct committer *committer;
    struct desk desk;
    struct query_context queries;
    void *zmq;
    struct zap *zap;
    struct front *front;
    int signals;
};

/* The exit status of a start that failed. */
static int status_of(enum bl_err err)
{
    switch (err) {
    case BL_LOCKED:
        return EX_UNAVAILABLE;
    case BL_CORRUPT:
    case BL_FORMAT:
        return EX_DATAERR;
    case BL_IO:
    case BL_FULL:
        return EX_CANTCREAT;
    case BL_UNKNOWN_OUTCOME:
        return EX_IOERR;
    // clang-format off
    case BL_OK: case BL_FAILED: case BL_USAGE: case BL_NOT_FOUND: case BL_DENIED: case BL_REFUSED:
    case BL_STALE: case BL_REUSED: case BL_EXISTS: case BL_INVALID: case BL_MALFORMED:
    case BL_TOO_LARGE: case BL_DEFINITION: case BL_UNAVAILABLE: case BL_TIMEOUT:
    case BL_CANNOT_CONNECT:
        // clang-format on
        break;
    }
    return EX_CONFIG;
}

/* --- the store -------------------------------------------------------------------------------- */

static enum bl_err open_store(struct broker *broker, struct bl_error *e)
{
    struct store_config config = {
        .path = broker->config->data,
        .map_bytes = (size_t)broker->config->map_mib << 20,
    };
    struct cycle_config cycle = { .audit = &broker->audit };
    enum bl_err err = store_open(&config, &broker->store, e);

    if (err == BL_OK) {
        err = setup_audit(broker->config->data, &broker->audit, broker->audit_public, e);
    }
    if (err != BL_OK) {
        return err;
    }
    catalog_open(broker->store, &broker->catalog);
    return cycle_open(&cycle, broker->store, broker->catalog, &broker->log, &broker->cycle, e);
}

/* Keys and workflows, before anybody may connect. */
static enum bl_err set_up(struct broker *broker, struct bl_error *e)
{
    const Bl__BrokerConfig *config = broker->config;
    struct setup setup = { broker->store, broker->cycle, &broker->clock, config->data,
                           broker->keyring };
    enum bl_err err = setup_keyring(&setup, e);

    if (err == BL_OK && !config->plain) {
        err = setup_identity(&setup, &broker->identity, e);
        err = err != BL_OK ? err : setup_administrator(&setup, &broker->identity, e);
    }
    if (err == BL_OK && config->workflows[0] != '\0') {
        err = setup_publish(&setup, config->workflows, e);
    }
    return err;
}

/* --- the sockets ------------------------------------------------------------------------------ */

static void path_of(const struct broker *broker, const char *name, char *path)
{
    (void)snprintf(path, PATH_BYTES, "%s/%s", broker->config->data, name);
}

/* An endpoint that an earlier start has written; "" if there is none. */
static void read_endpoint(const struct broker *broker, const char *name, char *endpoint)
{
    char path[PATH_BYTES];

    path_of(broker, name, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd < 0 ? 0 : read(fd, endpoint, WIRE_ENDPOINT_BYTES - 1);

    if (fd >= 0) {
        (void)close(fd);
    }
    endpoint[bytes > 0 ? bytes : 0] = '\0';
    endpoint[strcspn(endpoint, "\n")] = '\0';
}

/* One endpoint a file, so that a script needs no more than $(cat DATA/endpoint). Renamed into
 * place: whoever waits for the file finds it whole. */
static void write_endpoint(const struct broker *broker, const char *name, const char *endpoint)
{
    char path[PATH_BYTES], fresh[PATH_BYTES + 8];

    path_of(broker, name, path);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || dprintf(fd, "%s\n", endpoint) < 0 || rename(fresh, path) != 0) {
        bl_log(BL_LOG_WARN, "endpoint.unwritten", "file=%s", path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void reload(void *context)
{
    struct broker *broker = context;
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__BrokerConfig *config = NULL;

    bl_arena_init(&arena, 4096, 2 * YAML_ARENA_BYTES);
    if (broker->config_file != NULL &&
        config_read_file(broker->config_file, &arena, &config) == BL_OK) {
        bl_log_level_set(config_log_level(config));
    }
    bl_log(BL_LOG_INFO, "broker.reloaded", "changes=log_level,keys");
}

/* The hall's zone, as its newest calendar has it. */
static int32_t offset_minutes(struct broker *broker)
{
    const struct calendar *calendar = NULL;

    return catalog_calendar(broker->catalog, "cn", &calendar, NULL) == BL_OK
               ? calendar_offset(calendar)
               : OFFSET_DEFAULT_MINUTES;
}

static enum bl_err newest_event(const struct broker *broker, uint64_t *newest, struct bl_error *e)
{
    struct store_read *read = NULL;
    enum bl_err err = store_read_begin(broker->store, &read, e);

    if (err == BL_OK) {
        err = read_newest_event(read, newest, e);
    }
    store_read_end(&read);
    return err;
}

static enum bl_err open_front(struct broker *broker, struct bl_error *e)
{
    char workers[WIRE_ENDPOINT_BYTES], publish[WIRE_ENDPOINT_BYTES];
    uint64_t newest = 0;
    enum bl_err err = newest_event(broker, &newest, e);

    read_endpoint(broker, "endpoint.workers", workers);
    read_endpoint(broker, "endpoint.publish", publish);
    struct front_config config = {
        .zmq = broker->zmq,
        .identity = broker->config->plain ? NULL : &broker->identity,
        .listen = broker->config->listen,
        .workers = broker->config->workers,
        .publish = broker->config->publish,
        .workers_before = workers,
        .publish_before = publish,
        .start = (uint32_t)store_start(broker->store),
        .newest_event = newest,
        .next_timer = cycle_next_timer(broker->cycle),
        .utc_offset_minutes = offset_minutes(broker),
        .clock = broker->clock,
        .keyring = broker->keyring,
        .desk = &broker->desk,
        .query = query_answer,
        .query_context = &broker->queries,
        .reload = reload,
        .reload_context = broker,
        .signals = broker->signals,
    };

    if (err == BL_OK) {
        err = committer_start(broker->cycle, &broker->clock, &broker->committer, e);
        config.committer = broker->committer;
    }
    if (err != BL_OK) {
        return err;
    }
    err = front_open(&config, &broker->front, e);
    // An address that cannot be had is a matter of configuration, not of the store.
    return err == BL_IO ? BL_CANNOT_CONNECT : err;
}

static enum bl_err open_sockets(struct broker *broker, struct bl_error *e)
{
    broker->zmq = zmq_ctx_new();
    CHECK(broker->zmq != NULL);
    (void)zmq_ctx_set(broker->zmq, ZMQ_MAX_SOCKETS,
                      zmq_ctx_get(broker->zmq, ZMQ_SOCKET_LIMIT) < SOCKETS_MAX
                          ? zmq_ctx_get(broker->zmq, ZMQ_SOCKET_LIMIT)
                          : SOCKETS_MAX);
    enum bl_err err =
        broker->config->plain ? BL_OK : zap_start(broker->zmq, broker->keyring, &broker->zap, e);

    return err != BL_OK ? err : open_front(broker, e);
}

/* --- life ------------------------------------------------------------------------------------- */

/* Signals come through a descriptor, in every thread that is started from now on. */
static int take_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    (void)signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);

    CHECK(fd >= 0);
    return fd;
}

static enum bl_err open_all(struct broker *broker, struct bl_error *e)
{
    enum bl_err err = open_store(broker, e);

    if (err == BL_OK) {
        desk_open(&broker->desk, broker->store, broker->catalog);
        broker->queries = (struct query_context){ broker->store, broker->catalog,
                                                  test_clock_now(&broker->clock) };
        err = set_up(broker, e);
    }
    return err != BL_OK ? err : open_sockets(broker, e);
}

static void close_all(struct broker *broker)
{
    front_close(&broker->front);
    committer_stop(&broker->committer);
    if (broker->zmq != NULL) {
        (void)zmq_ctx_shutdown(broker->zmq);
        zap_join(&broker->zap);
        (void)zmq_ctx_term(broker->zmq);
    }
    desk_close(&broker->desk);
    cycle_close(&broker->cycle);
    catalog_close(&broker->catalog);
    store_close(&broker->store);
    keyring_free(&broker->keyring);
    identity_forget(&broker->identity);
    sodium_memzero(&broker->audit, sizeof broker->audit);
    (void)close(broker->signals);
}

static void serve(struct broker *broker)
{
    write_endpoint(broker, "endpoint.workers", front_workers(broker->front));
    write_endpoint(broker, "endpoint.publish", front_publish(broker->front));
    write_endpoint(broker, "endpoint", front_listen(broker->front));
    bl_log(BL_LOG_INFO, "broker.ready", "listen=%s workers=%s publish=%s keys=%s audit=%s data=%s",
           front_listen(broker->front), front_workers(broker->front), front_publish(broker->front),
           broker->config->plain ? "none" : "curve", broker->audit_public, broker->config->data);
    notify("READY=1\nSTATUS=serving");
    front_run(broker->front);
}

static int run(const Bl__BrokerConfig *config, const char *config_file)
{
    struct broker broker = { .config = config, .config_file = config_file };
    struct bl_error e = { 0 };

    bl_log_level_set(config_log_level(config));
    bl_text_copy(broker.clock.file, sizeof broker.clock.file, config->test_clock);
    broker.signals = take_signals();
    broker.keyring = keyring_new();
    enum bl_err err = open_all(&broker, &e);

    if (err == BL_OK) {
        serve(&broker);
    } else {
        bl_log(BL_LOG_ERROR, "broker.refused", "code=%s at=%s problem=\"%s\"", bl_err_name(err),
               e.source, e.text);
    }
    close_all(&broker);
    if (err == BL_OK) {
        bl_log(BL_LOG_INFO, "broker.stopped", "data=%s", config->data);
    }
    return err == BL_OK ? EX_OK : status_of(err);
}

int main(int count, char **words)
{
    struct bl_arena arena;
    Bl__BrokerConfig *config = NULL;
    const char *file = NULL;
    int status = EX_OK;

    CHECK(sodium_init() >= 0);
    bl_arena_init(&arena, 4096, 2 * YAML_ARENA_BYTES);
    switch (config_read(count, words, &arena, &config, &file)) {
    case CONFIG_RUN:
        status = run(config, file);
        break;
    case CONFIG_SHOWN:
        break;
    case CONFIG_USAGE:
        status = EX_USAGE;
        break;
    case CONFIG_WRONG:
        status = EX_CONFIG;
        break;
    }
    bl_arena_free(&arena);
    return status;
}
