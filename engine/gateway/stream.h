/* stream.h — server-sent events: every listener reads the store from where it stands.
 * There is no queue: a stream is a position in the one count of events, a listener that is slow is
 * only behind, and one that does not read at all is cut off by the server's time-out. Whoever comes
 * back with Last-Event-ID goes on behind it, without a gap and without a repeat, over restarts of
 * the gateway and the broker. */
#pragma once

#include <sys/types.h>

#include "gateway/request.h"

struct streams;
struct stream;

struct streams_config {
    uint32_t most;                             // at once
    void (*suspend)(struct request *request);  // the connection sleeps until it is resumed
    void (*resume)(struct request *request);
};

struct streams *streams_new(const struct streams_config *config);
void streams_free(struct streams **streams);
/* Events up to `newest` are there, and time has passed: wakes who has something to say. */
void streams_wake(struct streams *streams, uint64_t newest, bl_span now);
/* Ends all of them; new ones end at once. */
void streams_stop(struct streams *streams);
uint32_t streams_count(struct streams *streams);

#define STREAM_END (-1)
/* Writes what comes next, at most `size` bytes.
 *   returns  how many; 0: the connection was suspended; STREAM_END */
ssize_t stream_read(struct stream *stream, char *buffer, size_t size);
void stream_close(struct stream **stream);
