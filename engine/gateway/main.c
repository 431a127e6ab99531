/* binglian-gateway(1): the hall over HTTP. It opens the store to read, its own accounts, a client
 * to the broker and the connections, and then only keeps time. Read next: request.h, route.h. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <sodium.h>

#include "base/log.h"
#include "base/notify.h"
#include "gateway/accounts.h"
#include "gateway/config.h"
#include "gateway/courier.h"
#include "gateway/drafts.h"
#include "gateway/gateway.h"
#include "gateway/limiter.h"
#include "gateway/metrics.h"
#include "gateway/openapi.h"
#include "gateway/pages.h"
#include "gateway/paper.h"
#include "gateway/pool.h"
#include "gateway/server.h"
#include "gateway/shown.h"
#include "gateway/stream.h"
#include "schema/yaml.h"
#include "store/read.h"

#define PATH_BYTES 4096
#define STORE_PATIENCE (20 * SECOND_US)  // the broker may be making it now
#define STORE_TURN_US 100000
#define TURN_MS 1000    // between looks at the store that nobody announced
#define SWEEP_TURNS 60  // of those, from one sweep to the next

struct program {
    struct gateway gateway;
    const char *config_file;
    struct pool *pool;
    struct server *server;
    int signals;
    uint32_t turn;
};

/* --- opening ---------------------------------------------------------------------------------- */

static enum bl_err open_store(struct program *program, struct bl_error *e)
{
    struct gateway *gateway = &program->gateway;
    struct store_config config = { .path = gateway->config->data, .read_only = true };
    bl_span begun = bl_time_monotonic();
    enum bl_err err = store_open(&config, &gateway->store, e);

    while ((err == BL_NOT_FOUND || err == BL_CORRUPT) &&
           bl_time_monotonic() - begun < STORE_PATIENCE) {
        struct pollfd signal = { .fd = program->signals, .events = POLLIN };

        if (poll(&signal, 1, STORE_TURN_US / 1000) > 0) {
            break;
        }
        *e = (struct bl_error){ 0 };
        err = store_open(&config, &gateway->store, e);
    }
    return err;
}

static void news(void *context, uint64_t newest)
{
    struct program *program = context;

    streams_wake(program->gateway.streams, newest, bl_time_monotonic());
}

static enum bl_err open_courier(struct program *program, struct bl_error *e)
{
    const Bl__GatewayConfig *config = program->gateway.config;
    struct courier_config courier = {
        .broker = config->broker,
        .identity = config->identity[0] == '\0' ? NULL : config->identity,
        .resume = server_resume,
        .news = news,
        .context = program,
    };

    return courier_open(&courier, &program->gateway.courier, e);
}

static enum bl_err open_server(struct program *program, struct bl_error *e)
{
    struct server_config config = { .gateway = &program->gateway,
                                    .pool = program->pool,
                                    .connections = program->gateway.config->connections };
    enum bl_err err = server_address(program->gateway.config->http, &config.address, e);

    return err != BL_OK ? err : server_start(&config, &program->server, e);
}

static enum bl_err open_all(struct program *program, struct bl_error *e)
{
    struct gateway *gateway = &program->gateway;
    struct streams_config streams = { .most = gateway->config->streams,
                                      .suspend = server_suspend,
                                      .resume = server_resume };
    enum bl_err err = open_store(program, e);

    if (err != BL_OK) {
        return err;
    }
    catalog_open(gateway->store, &gateway->catalog);
    gateway->started_at = bl_time_now();
    gateway->queries =
        (struct query_context){ gateway->store, gateway->catalog, gateway->started_at };
    writer_init(&gateway->openapi, WRITER_JSON);
    openapi_write(&gateway->openapi, gateway->config->site);
    gateway->limiter = limiter_new();
    gateway->metrics = metrics_new();
    gateway->shown = shown_new();
    gateway->streams = streams_new(&streams);
    program->pool = pool_new(server_resume);
    err = pages_load(gateway->config->web, &gateway->pages, e);
    if (err == BL_OK) {
        err = accounts_open(gateway->config->data, &gateway->accounts, e);
    }
    if (err == BL_OK) {
        err = drafts_open(gateway->config->data, &gateway->drafts, e);
    }
    if (err == BL_OK) {
        err = cursor_open(gateway->config->data, gateway->cursor_key, e);
    }
    if (err == BL_OK) {
        err = open_courier(program, e);
    }
    return err != BL_OK ? err : open_server(program, e);
}

/* Nobody may sleep any more when the server stops. */
static void close_all(struct program *program)
{
    struct gateway *gateway = &program->gateway;

    if (program->server != NULL) {
        server_quiesce(program->server);
    }
    if (gateway->streams != NULL) {
        streams_stop(gateway->streams);
    }
    if (gateway->courier != NULL) {
        courier_stop(gateway->courier);
    }
    if (program->pool != NULL) {
        pool_stop(program->pool);
    }
    server_stop(&program->server);
    courier_close(&gateway->courier);
    pool_free(&program->pool);
    drafts_close(&gateway->drafts);
    paper_end();
    accounts_close(&gateway->accounts);
    pages_free(&gateway->pages);
    streams_free(&gateway->streams);
    metrics_free(&gateway->metrics);
    shown_free(&gateway->shown);
    limiter_free(&gateway->limiter);
    writer_free(&gateway->openapi);
    catalog_close(&gateway->catalog);
    store_close(&gateway->store);
    (void)close(program->signals);
}

/* --- running ---------------------------------------------------------------------------------- */

/* One address, so that a script needs no more than $(cat DATA/http); renamed into place. */
static void write_address(const struct program *program, char *url, size_t size)
{
    const Bl__GatewayConfig *config = program->gateway.config;
    char path[PATH_BYTES], fresh[PATH_BYTES + 8];

    (void)snprintf(url, size, "http://%.*s:%u", (int)(strrchr(config->http, ':') - config->http),
                   config->http, server_port(program->server));
    (void)snprintf(path, sizeof path, "%s/http", config->data);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || dprintf(fd, "%s\n", url) < 0 || rename(fresh, path) != 0) {
        bl_log(BL_LOG_WARN, "address.unwritten", "file=%s", path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void reload(const struct program *program)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__GatewayConfig *config = NULL;

    notify_reloading();
    bl_arena_init(&arena, 4096, 2 * YAML_ARENA_BYTES);
    if (program->config_file != NULL &&
        gateway_config_file(program->config_file, &arena, &config) == BL_OK) {
        bl_log_level_set(gateway_config_level(config));
    }
    bl_log(BL_LOG_INFO, "gateway.reloaded", "changes=log_level");
    notify("READY=1");
}

/* What nobody announced: time itself, and events while the broker's word is lost. */
static void tick(struct program *program)
{
    struct gateway *gateway = &program->gateway;
    struct store_read *read AUTO(store_read_end) = NULL;
    uint64_t newest = 0;

    if (store_read_begin(gateway->store, &read, NULL) == BL_OK &&
        read_newest_event(read, &newest, NULL) == BL_OK) {
        streams_wake(gateway->streams, newest, bl_time_monotonic());
        notify("WATCHDOG=1");
    }
    if (++program->turn % SWEEP_TURNS == 0) {
        accounts_sweep(gateway->accounts, bl_time_now());
        drafts_sweep(gateway->drafts, bl_time_now());
    }
}

/* Until SIGTERM or SIGINT. */
static void serve(struct program *program)
{
    for (;;) {
        struct pollfd signal = { .fd = program->signals, .events = POLLIN };
        struct signalfd_siginfo info;

        if (poll(&signal, 1, TURN_MS) > 0 &&
            read(program->signals, &info, sizeof info) == sizeof info) {
            if (info.ssi_signo != SIGHUP) {
                return;
            }
            reload(program);
        }
        tick(program);
    }
}

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

/* A listener is a descriptor: as many as this process is allowed at all. */
static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The exit status of a start that failed. */
static int status_of(enum bl_err err)
{
    return err == BL_CORRUPT || err == BL_FORMAT ? EX_DATAERR
           : err == BL_UNAVAILABLE               ? EX_UNAVAILABLE
                                                 : EX_CONFIG;
}

static int run(const Bl__GatewayConfig *config, const char *file)
{
    struct program program = { .gateway = { .config = config, .resume = server_resume },
                               .config_file = file };
    struct bl_error e = { 0 };
    char url[PATH_BYTES];

    bl_log_level_set(gateway_config_level(config));
    program.signals = take_signals();
    raise_limit();
    enum bl_err err = open_all(&program, &e);

    if (err == BL_OK) {
        write_address(&program, url, sizeof url);
        bl_log(BL_LOG_INFO, "gateway.ready", "http=%s broker=%s data=%s", url, config->broker,
               config->data);
        notify("READY=1\nSTATUS=serving");
        serve(&program);
        notify("STOPPING=1");
    } else {
        bl_log(BL_LOG_ERROR, "gateway.refused", "code=%s at=%s problem=\"%s\"", bl_err_name(err),
               e.source, e.text);
    }
    close_all(&program);
    if (err == BL_OK) {
        bl_log(BL_LOG_INFO, "gateway.stopped", "data=%s", config->data);
    }
    return err == BL_OK ? EX_OK : status_of(err);
}

static void print_openapi(void)
{
    struct writer writer AUTO(writer_free);

    writer_init(&writer, WRITER_PRETTY);
    openapi_write(&writer, "");
    (void)fwrite(writer.at, 1, writer.bytes, stdout);
    (void)putchar('\n');
}

int main(int count, char **words)
{
    struct bl_arena arena;
    Bl__GatewayConfig *config = NULL;
    const char *file = NULL;
    int status = EX_OK;

    CHECK(sodium_init() >= 0);
    bl_arena_init(&arena, 4096, 2 * YAML_ARENA_BYTES);
    switch (gateway_config_read(count, words, &arena, &config, &file)) {
    case GATEWAY_RUN:
        status = run(config, file);
        break;
    case GATEWAY_OPENAPI:
        print_openapi();
        break;
    case GATEWAY_SHOWN:
        break;
    case GATEWAY_USAGE:
        status = EX_USAGE;
        break;
    case GATEWAY_WRONG:
        status = EX_CONFIG;
        break;
    }
    bl_arena_free(&arena);
    return status;
}
