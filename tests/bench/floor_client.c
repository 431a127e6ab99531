/* The applicants: submits under a window (as fast as it goes) or at a rate (to measure delays: an
 * application counts from when it was due, so a stall is not hidden by submitting less). */
#include <stdlib.h>
#include <time.h>

#include "floor.h"
#include "floor_wire.h"

#define SECOND_NS 1000000000U
#define NAP_NS 200000U  // between looks at the socket while the next application is not due

struct client {
    const struct floor_options *options;
    void *socket;
    struct floor_out out;
    struct bl_arena arena;
    zmq_msg_t message;
    Bench__Filing filing;
    uint64_t begin_ns;
    uint64_t submitted, accepted, completed;
    uint64_t *accept_ns, *final_ns;  // how long each application took
};

static uint64_t due_ns(const struct client *client)
{
    return client->begin_ns +
           (uint64_t)((double)client->submitted * SECOND_NS / client->options->rate);
}

static bool is_due(const struct client *client)
{
    if (client->submitted == client->options->applications) {
        return false;
    }
    if (client->options->rate > 0) {
        return due_ns(client) <= floor_now_ns();
    }
    return client->submitted - client->accepted < client->options->window;
}

static void submit(struct client *client)
{
    while (is_due(client)) {
        client->filing.id = client->submitted;
        client->filing.submitted_ns = client->options->rate > 0 ? due_ns(client) : floor_now_ns();
        floor_out_add(&client->out, &client->filing);
        client->submitted++;
    }
    floor_out_send(&client->out);
}

static void take(struct client *client)
{
    struct floor_reader reader = floor_read(&client->message);
    uint64_t now = floor_now_ns();
    Bench__Filing *filing;

    while ((filing = floor_next(&reader, &client->arena)) != NULL) {
        if (filing->stage == BENCH__FILING__STAGE__COMPLETED) {
            client->final_ns[filing->id] = now - filing->submitted_ns;
            client->completed++;
        } else {
            client->accept_ns[filing->id] = now - filing->submitted_ns;
            client->accepted++;
        }
    }
}

/* Takes what there is; waits for the first unless an application will be due before it comes. */
static void receive(struct client *client)
{
    bool pacing = client->options->rate > 0 && client->submitted < client->options->applications;
    int flags = pacing ? ZMQ_DONTWAIT : 0;
    bool any = false;

    while (floor_receive(client->socket, NULL, &client->message, flags)) {
        take(client);
        any = true;
        flags = ZMQ_DONTWAIT;
    }
    if (pacing && !any) {
        uint64_t now = floor_now_ns(), due = due_ns(client);
        uint64_t nap = due <= now ? 0 : due - now < NAP_NS ? due - now : NAP_NS;

        (void)nanosleep(&(struct timespec){ .tv_nsec = (long)nap }, NULL);
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Sorts, and gives a percentile in milliseconds. */
static double percentile_ms(uint64_t *spans_ns, uint64_t count, uint64_t percent)
{
    qsort(spans_ns, count, sizeof *spans_ns, compare);
    return (double)spans_ns[count * percent / 100] / 1e6;
}

static void report(struct client *client, struct floor_results *results)
{
    uint64_t count = client->options->applications;

    results->seconds = (double)(floor_now_ns() - client->begin_ns) / SECOND_NS;
    results->accept_p50_ms = percentile_ms(client->accept_ns, count, 50);
    results->accept_p99_ms = percentile_ms(client->accept_ns, count, 99);
    results->final_p50_ms = percentile_ms(client->final_ns, count, 50);
    results->final_p99_ms = percentile_ms(client->final_ns, count, 99);
}

void floor_client(const struct floor_options *options, const struct floor_endpoints *endpoints,
                  struct floor_results *results)
{
    void *context = zmq_ctx_new();
    struct client client = { .options = options, .filing = floor_sample() };

    client.socket = floor_socket(context, ZMQ_DEALER);
    client.out = floor_out_new(client.socket, NULL);
    client.accept_ns = calloc(options->applications, sizeof *client.accept_ns);
    client.final_ns = calloc(options->applications, sizeof *client.final_ns);
    floor_must(client.accept_ns != NULL && client.final_ns != NULL, "take memory");
    bl_arena_init(&client.arena, 4096, 65536);
    (void)zmq_msg_init(&client.message);
    floor_check(zmq_connect(client.socket, endpoints->front), "connect");
    floor_out_signal(&client.out);  // hello; the answer means that all workers are there
    (void)floor_receive(client.socket, NULL, &client.message, 0);

    client.begin_ns = floor_now_ns();
    while (client.completed < options->applications || client.accepted < options->applications) {
        submit(&client);
        receive(&client);
    }
    report(&client, results);
    floor_out_signal(&client.out);  // goodbye
    (void)zmq_msg_close(&client.message);
    (void)zmq_close(client.socket);
    (void)zmq_ctx_term(context);
    bl_arena_free(&client.arena);
    free(client.out.frame);
    free(client.accept_ns);
    free(client.final_ns);
}
