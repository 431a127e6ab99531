/* courier.h — the thread that owns the client: takes commands and queries of requests that wait,
 * brings back what the broker says, and tells when there are new events. */
#pragma once

#include "gateway/request.h"

#define COURIER_TIMEOUT (10 * SECOND_US)

struct courier;

struct courier_config {
    const char *broker, *identity;  // identity NULL: plain
    void (*resume)(struct request *request);
    void (*news)(void *context, uint64_t newest);  // runs in the courier's thread
    void *context;
};

MUST_CHECK enum bl_err courier_open(const struct courier_config *config, struct courier **courier,
                                    struct bl_error *e);
/* Ends what still waits, and what is posted from now on, with BL_UNAVAILABLE. */
void courier_stop(struct courier *courier);
/* After it was stopped, and nobody posts any more. Takes NULL, leaves NULL. */
void courier_close(struct courier **courier);

/* Hands a request over that has a command or a query to be done; its job's callback and then
 * `resume` are called in the courier's thread. Any thread. */
void courier_post(struct courier *courier, struct request *request);
/* For how long the broker has not been heard: 0 while it is there. Any thread. */
bl_span courier_away(const struct courier *courier);
