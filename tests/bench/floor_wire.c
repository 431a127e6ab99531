#include "floor_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LENGTH_BYTES 2  // little-endian, before each filing

void floor_must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "bench-floor: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
    }
}

void floor_check(int code, const char *what)
{
    if (code != 0) {
        (void)fprintf(stderr, "bench-floor: %s: code %d\n", what, code);
        exit(EXIT_FAILURE);
    }
}

uint64_t floor_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

void *floor_socket(void *context, int type)
{
    static const int unlimited = 0, yes = 1, linger_ms = 1000;
    void *socket = zmq_socket(context, type);

    floor_must(socket != NULL, "make a socket");
    floor_check(zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited), "ZMQ_SNDHWM");
    floor_check(zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited), "ZMQ_RCVHWM");
    floor_check(zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms), "ZMQ_LINGER");
    if (type == ZMQ_ROUTER) {
        floor_check(zmq_setsockopt(socket, ZMQ_ROUTER_MANDATORY, &yes, sizeof yes),
                    "ZMQ_ROUTER_MANDATORY");
    }
    return socket;
}

struct floor_out floor_out_new(void *socket, const struct floor_peer *peer)
{
    struct floor_out out = { .socket = socket, .frame = malloc(FRAME_BYTES) };

    floor_must(out.frame != NULL, "take memory");
    if (peer != NULL) {
        out.peer = *peer;
    }
    return out;
}

static void send_frame(const struct floor_out *out)
{
    if (out->peer.bytes > 0) {
        floor_must(zmq_send(out->socket, out->peer.id, out->peer.bytes, ZMQ_SNDMORE) >= 0, "send");
    }
    floor_must(zmq_send(out->socket, out->frame, out->used, 0) >= 0, "send");
}

void floor_out_send(struct floor_out *out)
{
    if (out->used > 0) {
        send_frame(out);
        out->used = 0;
    }
}

void floor_out_signal(struct floor_out *out)
{
    floor_out_send(out);
    send_frame(out);
}

void floor_out_add(struct floor_out *out, const Bench__Filing *filing)
{
    unsigned char *at;
    size_t bytes;

    if (out->used + LENGTH_BYTES + FILING_BYTES_MAX > FRAME_BYTES) {
        floor_out_send(out);
    }
    at = out->frame + out->used;
    bytes = bench__filing__pack(filing, at + LENGTH_BYTES);
    at[0] = (unsigned char)(bytes & 0xFF);
    at[1] = (unsigned char)(bytes >> 8);
    out->used += LENGTH_BYTES + bytes;
}

bool floor_receive(void *socket, struct floor_peer *peer, zmq_msg_t *message, int flags)
{
    if (peer != NULL) {
        int bytes = zmq_recv(socket, peer->id, sizeof peer->id, flags);

        if (bytes < 0) {
            floor_must(errno == EAGAIN, "receive");
            return false;
        }
        peer->bytes = (size_t)bytes;
        flags = 0;  // the parts of a message arrive together
    }
    if (zmq_msg_recv(message, socket, flags) < 0) {
        floor_must(errno == EAGAIN, "receive");
        return false;
    }
    return true;
}

struct floor_reader floor_read(zmq_msg_t *message)
{
    const unsigned char *at = zmq_msg_data(message);

    return (struct floor_reader){ .at = at, .end = at + zmq_msg_size(message) };
}

Bench__Filing *floor_next(struct floor_reader *reader, struct bl_arena *arena)
{
    Bench__Filing *filing;

    if (reader->end - reader->at < LENGTH_BYTES) {
        return NULL;
    }
    reader->packed_bytes = (size_t)(reader->at[0] | reader->at[1] << 8);
    reader->packed = reader->at + LENGTH_BYTES;
    floor_must((size_t)(reader->end - reader->packed) >= reader->packed_bytes, "read a frame");
    reader->at = reader->packed + reader->packed_bytes;
    bl_arena_reset(arena);
    filing = bench__filing__unpack(&arena->allocator, reader->packed_bytes, reader->packed);
    floor_must(filing != NULL, "unpack a filing");
    return filing;
}

Bench__Filing floor_sample(void)
{
    static uint8_t form[] =
        "{\"area\":128,\"seats\":40,\"address\":\"18 Renmin Road, 2F\",\"gas\":true}";
    Bench__Filing filing = BENCH__FILING__INIT;

    filing.number = "CY-20261123-000000123456";
    filing.workflow = "restaurant-opening";
    filing.window = "hall-1/w-07";
    filing.applicant = "Example Catering Co., Ltd.";
    filing.credit_code = "91350100M000100Y43";
    filing.phone = "0551-60000000";
    filing.stage = BENCH__FILING__STAGE__SUBMITTED;
    filing.due = 1790000000;
    filing.form = (ProtobufCBinaryData){ .len = sizeof form - 1, .data = form };
    filing.urgent = true;
    return filing;
}
