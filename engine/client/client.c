#include "client/client.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/arena.h"
#include "client/connection.h"
#include "client/copy.h"
#include "client/session.h"

#define TIMEOUT_DEFAULT (10 * SECOND_US)
#define FRAME_MEMORY_MAX ((size_t)64 << 20)  // a frame of the broker, unpacked
#define MEET_TURN (100 * MILLISECOND_US)     // how late the end of a wait is seen
#define FRAMES_A_TURN 64                     // heard before something is said again

_Static_assert(BL_REQUEST_ID_BYTES == REQUEST_ID_BYTES, "the public name of the same size");

struct bl_client {
    struct connection *connection;
    struct client_session *session;
    char endpoint[WIRE_ENDPOINT_BYTES];
    struct wire_frame frame;  // being filled
    struct bl_arena memory;   // of the frame that was received last
    struct bl_arena kept;     // of the answer that somebody waited for
    bool following, inside;   // inside: a callback must not wait or poll
};

static enum bl_err client_new(const char *endpoint, const struct bl_client_options *options,
                              struct bl_client *client, struct bl_error *e)
{
    bl_span now = bl_time_monotonic();
    struct client_config config = {
        .program = options->program != NULL ? options->program : "libbinglian " BINGLIAN_VERSION,
        .principal = options->principal,
        .timeout = options->timeout > 0 ? options->timeout : TIMEOUT_DEFAULT,
        .epoch = bl_time_now() - now,
    };

    if (sodium_init() < 0) {
        return bl_error_set(e, BL_IO, "no random numbers");
    }
    randombytes_buf(&config.seed, sizeof(config.seed));
    enum bl_err err = connection_open(options->identity, &client->connection, e);
    if (err == BL_OK) {
        err = connection_check(client->connection, endpoint, e);
    }
    if (err != BL_OK) {
        return err;
    }
    bl_text_copy(client->endpoint, sizeof(client->endpoint), endpoint);
    client->session = client_session_new(&config, now);
    return BL_OK;
}

enum bl_err bl_client_open(const char *endpoint, const struct bl_client_options *options,
                           struct bl_client **opened, struct bl_error *e)
{
    static const struct bl_client_options defaults;
    struct bl_client *client = calloc(1, sizeof(*client));

    CHECK(client != NULL);
    bl_arena_init(&client->memory, 64 * 1024, FRAME_MEMORY_MAX);
    bl_arena_init(&client->kept, 4096, FRAME_MEMORY_MAX);
    enum bl_err err = client_new(endpoint, options != NULL ? options : &defaults, client, e);
    if (err != BL_OK) {
        bl_client_close(&client);
        return err;
    }
    *opened = client;
    return BL_OK;
}

void bl_client_close(struct bl_client **client)
{
    if (*client == NULL) {
        return;
    }
    client_session_free(&(*client)->session);
    connection_close(&(*client)->connection);
    wire_frame_free(&(*client)->frame);
    bl_arena_free(&(*client)->memory);
    bl_arena_free(&(*client)->kept);
    free(*client);
    *client = NULL;
}

enum bl_err bl_client_command(struct bl_client *client, const Bl__Command *command,
                              bl_client_answered done, void *context, struct bl_error *e)
{
    return client_session_command(client->session, command, done, context, bl_time_monotonic(), e);
}

enum bl_err bl_client_query(struct bl_client *client, const Bl__Query *query, bl_client_shown done,
                            void *context, struct bl_error *e)
{
    return client_session_query(client->session, query, done, context, bl_time_monotonic(), e);
}

void bl_client_follow(struct bl_client *client, uint64_t after, bl_client_happened happened,
                      void *context)
{
    client->following = happened != NULL;
    client_session_follow(client->session, after, happened, context);
}

void bl_client_report(struct bl_client *client, bl_client_concluded concluded, void *context)
{
    client_session_report(client->session, concluded, context);
}

uint64_t bl_client_newest(const struct bl_client *client)
{
    return client_session_newest(client->session);
}

bool bl_client_is_connected(const struct bl_client *client)
{
    return client_session_link(client->session)->state == LINK_UP;
}

int32_t bl_client_utc_offset(const struct bl_client *client)
{
    return client_session_utc_offset(client->session);
}

uint32_t bl_client_open_calls(const struct bl_client *client)
{
    return client_session_open(client->session);
}

void bl_client_request_id(struct bl_client *client, char *text)
{
    client_session_request_id(client->session, bl_time_monotonic(), text);
}

/* --- turns --- */

/* Bytes that are no frame come from no broker of ours, or from one that has lost its way: either
 * way the connection is worth nothing. */
static void hear(struct bl_client *client, struct bl_text bytes, bl_span now)
{
    ProtobufCMessage *frame;

    bl_arena_reset(&client->memory);
    if (wire_unpack(&bl__broker_frame__descriptor, bytes, &client->memory, &frame, NULL) == BL_OK) {
        client_session_hear(client->session, (Bl__BrokerFrame *)frame, now);
    } else {
        client_session_lose(client->session, now);
    }
}

static void say(struct bl_client *client, bl_span now)
{
    bool was_choked = client->connection->choked;

    if (connection_can_send(client->connection) && was_choked) {
        link_doubt(client_session_link(client->session));
    }
    while (connection_can_send(client->connection) &&
           client_session_say(client->session, &client->frame, now)) {
        if (!connection_send(client->connection, &client->frame)) {
            client_session_lose(client->session, now);
        }
    }
}

static enum bl_err connect_where_needed(struct bl_client *client, bl_span now, struct bl_error *e)
{
    struct link *link = client_session_link(client->session);
    enum bl_err err = BL_OK;

    if (link_must_dial(link, now)) {
        err = connection_dial(client->connection, client->endpoint, e);
        link_dialled(link, now);
    }
    if (err == BL_OK && client->following && link->state == LINK_UP) {
        // Without it events still come, as late as CLIENT_FOLLOW_IDLE.
        struct bl_error ignored = { 0 };
        (void)!connection_subscribe(client->connection, client_session_publish(client->session),
                                    client->endpoint, &ignored);
    }
    return err;
}

/* One turn: true in *heard if something came. */
static enum bl_err turn(struct bl_client *client, bool *heard, struct bl_error *e)
{
    bl_span now = bl_time_monotonic();
    struct bl_text bytes;
    uint64_t newest;
    uint32_t frames = 0;

    client->inside = true;
    while (frames < FRAMES_A_TURN && connection_receive(client->connection, &bytes)) {
        hear(client, bytes, now);
        frames++;
    }
    if (connection_receive_newest(client->connection, &newest)) {
        client_session_hear_newest(client->session, newest);
        frames++;
    }
    client_session_tick(client->session, now);
    enum bl_err err = connect_where_needed(client, now, e);
    say(client, now);
    client->inside = false;
    *heard = frames > 0;
    return err;
}

enum bl_err bl_client_poll(struct bl_client *client, bl_span timeout, struct bl_error *e)
{
    bool heard = false;

    CHECK(!client->inside);
    enum bl_err err = turn(client, &heard, e);
    if (err != BL_OK || heard || timeout <= 0) {
        return err;
    }
    bl_span due = bl_client_wake_after(client);
    err = connection_wait(client->connection, due < timeout ? due : timeout, e);
    return err != BL_OK ? err : turn(client, &heard, e);
}

int bl_client_fd(const struct bl_client *client)
{
    return client->connection->epoll;
}

bl_span bl_client_wake_after(const struct bl_client *client)
{
    bl_span after = client_session_wake_at(client->session) - bl_time_monotonic();

    return after > 0 && !connection_has_more(client->connection) ? after : 0;
}

/* --- waiting for one answer --- */

struct wait {
    struct bl_client *client;
    bool ended;
    enum bl_err code;
    const ProtobufCMessage *answer;  // a copy in client->kept, or NULL
};

static void end(struct wait *wait, enum bl_err code, const ProtobufCMessage *answer)
{
    wait->ended = true;
    wait->code = code;
    wait->answer = answer == NULL ? NULL : message_copy(answer, &wait->client->kept);
    if (answer != NULL && wait->answer == NULL) {
        wait->code = BL_TOO_LARGE;
    }
}

static void answered(void *context, enum bl_err code, const Bl__Answer *answer)
{
    end(context, code, answer == NULL ? NULL : &answer->base);
}

static void shown(void *context, enum bl_err code, const Bl__QueryAnswer *answer)
{
    end(context, code, answer == NULL ? NULL : &answer->base);
}

/* A session always ends its calls, so this returns; if the sockets fail, the session goes on and
 * the call expires. */
static void wait_for(struct bl_client *client, struct wait *wait)
{
    while (!wait->ended) {
        if (bl_client_poll(client, SECOND_US, NULL) != BL_OK && !wait->ended) {
            (void)!connection_wait(client->connection, 10 * MILLISECOND_US, NULL);
        }
    }
}

enum bl_err bl_client_meet(struct bl_client *client, bl_span timeout, struct bl_error *e)
{
    bl_span end = bl_time_monotonic() + timeout;
    const char *reason = "";

    CHECK(!client->inside);
    while (!bl_client_is_connected(client)) {
        enum bl_err err = client_session_refusal(client->session, &reason);

        if (err != BL_OK || bl_time_monotonic() >= end) {
            return bl_error_at(e, err != BL_OK ? err : BL_CANNOT_CONNECT, client->endpoint, 0, 0,
                               "%s", reason[0] != '\0' ? reason : "no answer in time");
        }
        if (bl_client_poll(client, MEET_TURN, NULL) != BL_OK) {
            (void)!connection_wait(client->connection, 10 * MILLISECOND_US, NULL);
        }
    }
    return BL_OK;
}

static enum bl_err explain(const struct bl_client *client, const struct wait *wait,
                           const Bl__Refusal *refusal, struct bl_error *e)
{
    const char *reason;

    if (wait->code == BL_OK) {
        return BL_OK;
    }
    if (refusal != NULL) {
        return bl_error_set(e, wait->code, "%s%s%s", refusal->rule,
                            refusal->pointer[0] != '\0' ? ": " : "", refusal->pointer);
    }
    if (wait->code == BL_TIMEOUT) {
        return bl_error_at(e, BL_TIMEOUT, client->endpoint, 0, 0,
                           "no answer; the outcome is unknown");
    }
    (void)client_session_refusal(client->session, &reason);
    return bl_error_at(e, wait->code, client->endpoint, 0, 0, "%s",
                       reason[0] != '\0' ? reason : "no answer in time");
}

enum bl_err bl_client_do(struct bl_client *client, const Bl__Command *command,
                         const Bl__Answer **answer, struct bl_error *e)
{
    struct wait wait = { .client = client };

    CHECK(!client->inside);
    bl_arena_reset(&client->kept);
    enum bl_err err = bl_client_command(client, command, answered, &wait, e);
    if (err != BL_OK) {
        return err;
    }
    wait_for(client, &wait);
    const Bl__Answer *got = (const Bl__Answer *)wait.answer;
    if (answer != NULL) {
        *answer = got;
    }
    return explain(client, &wait, got == NULL ? NULL : got->refusal, e);
}

enum bl_err bl_client_ask(struct bl_client *client, const Bl__Query *query,
                          const Bl__QueryAnswer **answer, struct bl_error *e)
{
    struct wait wait = { .client = client };

    CHECK(!client->inside);
    bl_arena_reset(&client->kept);
    enum bl_err err = bl_client_query(client, query, shown, &wait, e);
    if (err != BL_OK) {
        return err;
    }
    wait_for(client, &wait);
    const Bl__QueryAnswer *got = (const Bl__QueryAnswer *)wait.answer;
    if (answer != NULL) {
        *answer = got;
    }
    return explain(client, &wait, got == NULL ? NULL : got->refusal, e);
}
