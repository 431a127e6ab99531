#include "gateway/reception.h"

#include <stdio.h>
#include <string.h>

#include "core/refusal.h"
#include "gateway/auth.h"
#include "gateway/courier.h"
#include "gateway/limiter.h"
#include "gateway/problem.h"
#include "store/catalog.h"

#define RATE_DEFAULT 600
#define RATE_PUBLIC_DEFAULT 30

int32_t gateway_offset(struct gateway *gateway)
{
    const struct calendar *calendar = NULL;

    return catalog_calendar(gateway->catalog, "cn", &calendar, NULL) == BL_OK
               ? calendar_offset(calendar)
               : 480;  // Asia/Shanghai, until a calendar says other
}

static bool is_text(const char *text)
{
    return bl_text_is_valid(text, strlen(text));
}

/* Nothing that is no text goes any further. */
static bool is_sound(const struct request *request)
{
    if (!is_text(request->path)) {
        return false;
    }
    for (size_t i = 0; i < request->arguments.count; i++) {
        const struct pair *pair = &request->arguments.at[i];

        if (pair->value == NULL || !is_text(pair->name) || !is_text(pair->value)) {
            return false;
        }
    }
    return true;
}

static bool find_route(struct request *request)
{
    const char *allowed = "";

    request->route = route_find(request->method, request->path, request->parameters,
                                &request->parameter_count, &request->arena, &allowed);
    if (request->route != NULL) {
        return true;
    }
    if (allowed[0] == '\0') {
        problem(request, BL_NOT_FOUND, "path-unknown", "");
    } else {
        problem_status(request, 405, BL_REFUSED, "method", "");
        response_header(request, "Allow", allowed);
    }
    return false;
}

/* --- limits ----------------------------------------------------------------------------------- */

static uint32_t rate_of(uint32_t wanted, uint32_t otherwise)
{
    return wanted == 0 ? otherwise : wanted;
}

static bool take_one(struct request *request)
{
    const Bl__GatewayConfig *config = request->gateway->config;
    bool known = request->caller.person.role != BL__KEY__ROLE__ROLE_UNSPECIFIED;
    uint32_t rate = known ? rate_of(config->rate, RATE_DEFAULT)
                          : rate_of(config->public_rate, RATE_PUBLIC_DEFAULT);
    const char *policy = known ? "account" : "address";
    struct limit_state state =
        limiter_take(request->gateway->limiter, policy,
                     known ? request->caller.person.name : request->address, rate, request->begun);

    response_header(request, "RateLimit-Policy",
                    bl_arena_printf(&request->arena, "\"%s\";q=%u;w=60", policy, rate));
    response_header(request, "RateLimit",
                    bl_arena_printf(&request->arena, "\"%s\";r=%u;t=%u", policy, state.remaining,
                                    (state.wait_ms + 999) / 1000));
    if (state.wait_ms == 0) {
        return true;
    }
    Bl__Refusal *refusal = refusal_new(&request->arena, BL_UNAVAILABLE, "rate", "");
    refusal->retry_after_ms = state.wait_ms;
    problem_status_refusal(request, 429, refusal);
    return false;
}

/* Monitors ask as often as they like. */
static bool is_limited(const struct request *request)
{
    return (request->route->flags & ROUTE_INTERNAL) == 0;
}

void reception_begin(struct request *request)
{
    if (!is_sound(request)) {
        problem(request, BL_MALFORMED, "address", "");
        return;
    }
    request_read_headers(request);
    if (!find_route(request)) {
        return;
    }
    if (auth_read(request) && (!is_limited(request) || take_one(request))) {
        (void)auth_check(request);
    }
}

/* A broker that is away writes nothing: what is shown may be that old. */
static void show_age(struct request *request)
{
    bl_span away = request->gateway->courier == NULL ? 0 : courier_away(request->gateway->courier);

    if (away > 0 && strcmp(request->method, "GET") == 0) {
        response_header(request, "Age",
                        bl_arena_printf(&request->arena, "%lld", (long long)(away / SECOND_US)));
    }
}

void reception_run(struct request *request)
{
    catalog_follow(request->gateway->catalog);
    show_age(request);
    request->route->handle(request);
}
