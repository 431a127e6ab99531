#include "broker/zap.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/check.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define VERSION "1.0"
#define FRAME_BYTES_MAX 256
#define KEY_RAW_BYTES 32

/* Frames of a request, in this order. */
enum {
    REQUEST_VERSION,
    REQUEST_ID,
    REQUEST_DOMAIN,
    REQUEST_ADDRESS,
    REQUEST_IDENTITY,
    REQUEST_MECHANISM,
    REQUEST_CREDENTIALS,
    REQUEST_FRAMES
};

struct zap {
    void *socket;
    struct keyring *keyring;
    pthread_t thread;
};

struct request {
    struct {
        uint8_t bytes[FRAME_BYTES_MAX];
        size_t count;
    } frames[REQUEST_FRAMES];
    size_t frame_count;
    bool too_long;
};

/* Reads one request; false when the context is shut down. */
static bool receive(void *socket, struct request *request)
{
    int more = 1;
    size_t size = sizeof more;

    request->frame_count = 0;
    request->too_long = false;
    while (more) {
        uint8_t bytes[FRAME_BYTES_MAX];
        int count = zmq_recv(socket, bytes, sizeof bytes, 0);

        if (count < 0 || zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) != 0) {
            return false;
        }
        if (count > FRAME_BYTES_MAX || request->frame_count == REQUEST_FRAMES) {
            request->too_long = true;
            continue;
        }
        memcpy(request->frames[request->frame_count].bytes, bytes, (size_t)count);
        request->frames[request->frame_count++].count = (size_t)count;
    }
    return true;
}

static bool frame_is(const struct request *request, size_t frame, const char *text)
{
    return request->frames[frame].count == strlen(text) &&
           memcmp(request->frames[frame].bytes, text, strlen(text)) == 0;
}

/* Who is it? Writes the key's Z85. */
static bool is_known(struct zap *zap, const struct request *request, char *key)
{
    struct principal principal;

    return !request->too_long && request->frame_count == REQUEST_FRAMES &&
           frame_is(request, REQUEST_VERSION, VERSION) &&
           frame_is(request, REQUEST_MECHANISM, "CURVE") &&
           request->frames[REQUEST_CREDENTIALS].count == KEY_RAW_BYTES &&
           zmq_z85_encode(key, request->frames[REQUEST_CREDENTIALS].bytes, KEY_RAW_BYTES) != NULL &&
           keyring_find(zap->keyring, key, &principal);
}

static void send_text(void *socket, const char *text, int flags)
{
    (void)zmq_send(socket, text, strlen(text), flags);
}

static void answer(struct zap *zap, const struct request *request)
{
    char key[IDENTITY_KEY_BYTES] = "";
    bool known = is_known(zap, request, key);
    bool has_id = request->frame_count > REQUEST_ID;

    send_text(zap->socket, VERSION, ZMQ_SNDMORE);
    (void)zmq_send(zap->socket, has_id ? request->frames[REQUEST_ID].bytes : NULL,
                   has_id ? request->frames[REQUEST_ID].count : 0, ZMQ_SNDMORE);
    send_text(zap->socket, known ? "200" : "400", ZMQ_SNDMORE);
    send_text(zap->socket, known ? "" : "unknown key", ZMQ_SNDMORE);
    send_text(zap->socket, known ? key : "", ZMQ_SNDMORE);
    send_text(zap->socket, "", 0);
}

static void *run(void *argument)
{
    struct zap *zap = argument;
    struct request *request = malloc(sizeof *request);

    CHECK(request != NULL);
    while (receive(zap->socket, request)) {
        answer(zap, request);
    }
    free(request);
    (void)zmq_close(zap->socket);
    return NULL;
}

enum bl_err zap_start(void *zmq, struct keyring *keyring, struct zap **zap, struct bl_error *e)
{
    struct zap *own = calloc(1, sizeof *own);

    CHECK(own != NULL);
    own->keyring = keyring;
    own->socket = zmq_socket(zmq, ZMQ_REP);
    if (own->socket == NULL || zmq_bind(own->socket, ENDPOINT) != 0 ||
        pthread_create(&own->thread, NULL, run, own) != 0) {
        if (own->socket != NULL) {
            (void)zmq_close(own->socket);
        }
        free(own);
        return bl_error_set(e, BL_FAILED, "no handler of keys: %s", zmq_strerror(zmq_errno()));
    }
    *zap = own;
    return BL_OK;
}

void zap_join(struct zap **zap)
{
    if (*zap != NULL) {
        (void)pthread_join((*zap)->thread, NULL);
        free(*zap);
        *zap = NULL;
    }
}
