/* gateway.h — what the requests of one gateway share. */
#pragma once

#include "binglian/v1/config.pb-c.h"
#include "gateway/cursor.h"
#include "gateway/request.h"
#include "store/query.h"

struct accounts;
struct courier;
struct drafts;
struct limiter;
struct metrics;
struct pages;
struct shown;
struct streams;

struct gateway {
    const Bl__GatewayConfig *config;
    struct store *store;
    struct catalog *catalog;
    struct query_context queries;
    struct accounts *accounts;
    struct drafts *drafts;
    struct courier *courier;  // NULL: there is no broker, as in tests
    struct limiter *limiter;
    struct metrics *metrics;
    struct shown *shown;
    struct pages *pages;
    struct streams *streams;
    bl_time started_at;
    unsigned char cursor_key[CURSOR_KEY_BYTES];
    struct writer openapi;                    // the interface's document: made once
    void (*resume)(struct request *request);  // the answer to a job is there
};

/* The hall's zone, as its newest calendar has it, in minutes east of UTC. */
int32_t gateway_offset(struct gateway *gateway);
