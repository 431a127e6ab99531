#include "gateway/courier.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "client/client.h"
#include "gateway/gateway.h"

#define TURN_MAX (1 * SECOND_US)    // news is looked at that often, whatever comes
#define AWAY_AFTER (2 * SECOND_US)  // a connection that is made anew is not worth a word

struct courier {
    struct courier_config config;
    struct bl_client *client;
    pthread_t thread;
    pthread_mutex_t lock;
    struct request *first, *last;  // posted, under the lock
    struct request *open;          // with the client
    bool stopped;                  // under the lock: what is posted now ends at once
    int wake;
    _Atomic bool stopping;
    _Atomic bl_span lost_at;  // since when there is no connection; 0: there is one
    uint64_t newest;
};

/* --- what waits with the client ----------------------------------------------------------------
 */

static void forget(struct courier *courier, struct request *request)
{
    for (struct request **at = &courier->open; *at != NULL; at = &(*at)->job.next) {
        if (*at == request) {
            *at = request->job.next;
            return;
        }
    }
    UNREACHABLE();
}

static struct courier *courier_of(const struct request *request)
{
    return request->gateway->courier;
}

static void tell(struct request *request, enum bl_err code, const Bl__Answer *answer,
                 const Bl__QueryAnswer *shown)
{
    struct courier *courier = courier_of(request);

    if (request->job.kind == JOB_COMMAND) {
        request->job.done(request, code, answer);
    } else {
        request->job.shown(request, code, shown);
    }
    if (request->response.status == 0) {
        courier_post(courier, request);  // there is more to be done for it
    } else {
        courier->config.resume(request);
    }
}

static void finish_command(void *context, enum bl_err code, const Bl__Answer *answer)
{
    forget(courier_of(context), context);
    tell(context, code, answer, NULL);
}

static void finish_query(void *context, enum bl_err code, const Bl__QueryAnswer *answer)
{
    forget(courier_of(context), context);
    tell(context, code, NULL, answer);
}

static void take(struct courier *courier, struct request *request)
{
    enum bl_err err = BL_CANNOT_CONNECT;

    if (courier_away(courier) == 0) {
        request->job.next = courier->open;
        courier->open = request;
        err = request->job.kind == JOB_COMMAND
                  ? bl_client_command(courier->client, &request->job.command, finish_command,
                                      request, NULL)
                  : bl_client_query(courier->client, &request->job.query, finish_query, request,
                                    NULL);
        if (err != BL_OK) {
            forget(courier, request);
        }
    }
    if (err != BL_OK) {
        tell(request, err, NULL, NULL);
    }
}

static struct request *take_all(struct courier *courier)
{
    (void)pthread_mutex_lock(&courier->lock);
    struct request *first = courier->first;

    courier->first = courier->last = NULL;
    (void)pthread_mutex_unlock(&courier->lock);
    return first;
}

static void take_posted(struct courier *courier)
{
    for (struct request *request = take_all(courier), *next; request != NULL; request = next) {
        next = request->job.next;
        take(courier, request);
    }
}

/* --- the thread ------------------------------------------------------------------------------- */

static void look(struct courier *courier)
{
    bool connected = bl_client_is_connected(courier->client);
    uint64_t newest = bl_client_newest(courier->client);

    if (connected && courier->lost_at != 0) {
        courier->lost_at = 0;
        bl_log(BL_LOG_INFO, "broker.found", "endpoint=%s", courier->config.broker);
    } else if (!connected && courier->lost_at == 0) {
        courier->lost_at = bl_time_monotonic();
        bl_log(BL_LOG_WARN, "broker.lost", "endpoint=%s", courier->config.broker);
    }
    if (newest != courier->newest) {
        courier->newest = newest;
        courier->config.news(courier->config.context, newest);
    }
}

static void wait(struct courier *courier)
{
    struct pollfd fds[] = { { .fd = bl_client_fd(courier->client), .events = POLLIN },
                            { .fd = courier->wake, .events = POLLIN } };
    bl_span after = bl_client_wake_after(courier->client);
    uint64_t count;

    after = after > TURN_MAX ? TURN_MAX : after;
    if (poll(fds, 2, (int)((after + MILLISECOND_US - 1) / MILLISECOND_US)) > 0 &&
        fds[1].revents != 0) {
        (void)!read(courier->wake, &count, sizeof count);
    }
}

static void *run(void *context)
{
    struct courier *courier = context;

    while (!courier->stopping) {
        take_posted(courier);
        if (bl_client_poll(courier->client, 0, NULL) != BL_OK) {
            bl_log(BL_LOG_ERROR, "broker.sockets", "endpoint=%s", courier->config.broker);
        }
        look(courier);
        wait(courier);
    }
    return NULL;
}

static void wake(struct courier *courier)
{
    uint64_t one = 1;

    (void)!write(courier->wake, &one, sizeof one);
}

void courier_post(struct courier *courier, struct request *request)
{
    request->job.next = NULL;
    (void)pthread_mutex_lock(&courier->lock);
    if (courier->stopped) {
        (void)pthread_mutex_unlock(&courier->lock);
        tell(request, BL_UNAVAILABLE, NULL, NULL);
        return;
    }
    if (courier->last == NULL) {
        courier->first = request;
    } else {
        courier->last->job.next = request;
    }
    courier->last = request;
    (void)pthread_mutex_unlock(&courier->lock);
    wake(courier);
}

bl_span courier_away(const struct courier *courier)
{
    bl_span lost_at = courier->lost_at, away = bl_time_monotonic() - lost_at;

    return lost_at == 0 || away < AWAY_AFTER ? 0 : away;
}

/* --- life ------------------------------------------------------------------------------------- */

enum bl_err courier_open(const struct courier_config *config, struct courier **courier,
                         struct bl_error *e)
{
    struct courier *opened = calloc(1, sizeof *opened);
    struct bl_client_options options = { .identity = config->identity,
                                         .program = "binglian-gateway " BINGLIAN_VERSION,
                                         .principal = "gateway",
                                         .timeout = COURIER_TIMEOUT };

    CHECK(opened != NULL && pthread_mutex_init(&opened->lock, NULL) == 0);
    opened->config = *config;
    opened->lost_at = bl_time_monotonic();
    opened->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(opened->wake >= 0);
    enum bl_err err = bl_client_open(config->broker, &options, &opened->client, e);
    if (err != BL_OK) {
        (void)close(opened->wake);
        free(opened);
        return err;
    }
    CHECK(pthread_create(&opened->thread, NULL, run, opened) == 0);
    *courier = opened;
    return BL_OK;
}

static void end_all(struct request *first)
{
    for (struct request *request = first, *next; request != NULL; request = next) {
        next = request->job.next;
        tell(request, BL_UNAVAILABLE, NULL, NULL);
    }
}

void courier_stop(struct courier *courier)
{
    courier->stopping = true;
    wake(courier);
    (void)pthread_join(courier->thread, NULL);
    (void)pthread_mutex_lock(&courier->lock);
    courier->stopped = true;
    (void)pthread_mutex_unlock(&courier->lock);
    end_all(courier->open);
    courier->open = NULL;
    end_all(take_all(courier));
}

void courier_close(struct courier **courier)
{
    if (*courier == NULL) {
        return;
    }
    bl_client_close(&(*courier)->client);
    (void)close((*courier)->wake);
    (void)pthread_mutex_destroy(&(*courier)->lock);
    free(*courier);
    *courier = NULL;
}
