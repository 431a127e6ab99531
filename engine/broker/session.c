#include "broker/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "broker/dispatch.h"

uint64_t session_route(enum session_side side, const void *id, size_t bytes)
{
    const uint8_t *at = id;
    uint64_t route = 0;

    if (bytes != SESSION_ROUTE_BYTES || at[0] != 0) {
        return 0;
    }
    for (size_t i = 1; i < SESSION_ROUTE_BYTES; i++) {
        route = route << 8 | at[i];
    }
    return route << 2 | (uint64_t)side << 1 | 1;  // never 0
}

void session_route_id(uint64_t route, uint8_t *id)
{
    id[0] = 0;
    for (size_t i = 1; i < SESSION_ROUTE_BYTES; i++) {
        id[i] = (uint8_t)(route >> (2 + 8 * (SESSION_ROUTE_BYTES - 1 - i)));
    }
}

// clang-format off
static const struct {
    const char *name;
    Bl__Key__Role role;
} roles[] = {
    { "clerk",         BL__KEY__ROLE__CLERK },
    { "worker",        BL__KEY__ROLE__WORKER },
    { "tracker",       BL__KEY__ROLE__TRACKER },
    { "supervisor",    BL__KEY__ROLE__SUPERVISOR },
    { "administrator", BL__KEY__ROLE__ADMINISTRATOR },
    { "gateway",       BL__KEY__ROLE__GATEWAY },
    { "officer",       BL__KEY__ROLE__OFFICER },
    { "manager",       BL__KEY__ROLE__MANAGER },
};
// clang-format on

/* The role that a claim begins with: "clerk/anna", or "clerk" alone. */
static Bl__Key__Role claimed_role(const char *claim)
{
    size_t bytes = strcspn(claim, "/");

    for (size_t i = 0; i < BL_COUNT(roles); i++) {
        if (bl_text_is((struct bl_text){ claim, bytes }, roles[i].name)) {
            return roles[i].role;
        }
    }
    return BL__KEY__ROLE__ROLE_UNSPECIFIED;
}

/* "fire/fire-01": a post of a department. */
static void claim_post(const char *claim, struct principal *principal)
{
    const char *slash = strchr(claim, '/');

    if (slash != NULL) {
        (void)snprintf(principal->department, sizeof principal->department, "%.*s",
                       (int)(slash - claim), claim);
        bl_text_copy(principal->post, sizeof principal->post, slash + 1);
        bl_text_copy(principal->name, sizeof principal->name, slash + 1);
    }
}

void session_claim(const Bl__Hello *hello, const struct principal *known,
                   struct principal *principal)
{
    Bl__Key__Role role = claimed_role(hello->principal);
    const char *slash = strchr(hello->principal, '/');

    if (known != NULL) {
        *principal = *known;
        return;
    }
    *principal = (struct principal){ .role = role };
    if (role == BL__KEY__ROLE__ROLE_UNSPECIFIED) {
        principal->role =
            hello->department[0] != '\0' ? BL__KEY__ROLE__WORKER : BL__KEY__ROLE__ADMINISTRATOR;
    }
    bl_text_copy(principal->name, sizeof principal->name,
                 role != BL__KEY__ROLE__ROLE_UNSPECIFIED && slash != NULL ? slash + 1
                                                                          : hello->principal);
    bl_text_copy(principal->department, sizeof principal->department, hello->department);
    if (role == BL__KEY__ROLE__OFFICER && slash != NULL) {
        claim_post(slash + 1, principal);
    }
}

static enum bl_err check_sizes(const Bl__Hello *hello, struct bl_error *e)
{
    if (hello->n_items > DISPATCH_ITEMS_MAX || hello->n_held > DISPATCH_CREDIT_MAX) {
        return bl_error_set(e, BL_TOO_LARGE, "at most %d items and %d held tasks",
                            DISPATCH_ITEMS_MAX, DISPATCH_CREDIT_MAX);
    }
    for (size_t i = 0; i < hello->n_items; i++) {
        if (strlen(hello->items[i]) >= BACKLOG_ID_BYTES) {
            return bl_error_set(e, BL_INVALID, "item id %zu is too long", i);
        }
    }
    return BL_OK;
}

enum bl_err session_check_hello(enum session_side side, const Bl__Hello *hello,
                                const struct principal *principal, struct bl_error *e)
{
    bool is_worker = principal->role == BL__KEY__ROLE__WORKER;

    if (hello->protocol_min > WIRE_PROTOCOL || hello->protocol_max < WIRE_PROTOCOL) {
        return bl_error_set(e, BL_REFUSED, "this broker speaks protocol %d", WIRE_PROTOCOL);
    }
    if (side == SIDE_WORKER && !is_worker) {
        return bl_error_set(e, BL_DENIED, "not the key of a worker");
    }
    if (is_worker && principal->department[0] == '\0') {
        return bl_error_set(e, BL_DENIED, "a worker needs a department");
    }
    if (principal->role == BL__KEY__ROLE__OFFICER && principal->post[0] == '\0') {
        return bl_error_set(e, BL_DENIED, "an officer needs a department and a post");
    }
    if (hello->department[0] != '\0' && strcmp(hello->department, principal->department) != 0) {
        return bl_error_set(e, BL_DENIED, "this key serves department %s only",
                            principal->department[0] == '\0' ? "(none)" : principal->department);
    }
    return check_sizes(hello, e);
}

static void take_items(struct session *session, const Bl__Hello *hello)
{
    session->items = calloc(hello->n_items + 1, sizeof *session->items);
    CHECK(session->items != NULL);
    for (size_t i = 0; i < hello->n_items; i++) {
        session->items[i] = strdup(hello->items[i]);
        CHECK(session->items[i] != NULL);
    }
    session->item_count = hello->n_items;
}

struct session *session_begin(struct sessions *sessions, enum session_side side, uint64_t route,
                              const char *key, const struct principal *principal,
                              const Bl__Hello *hello, bl_span now, bl_time wall)
{
    if (sessions->by_id.count >= SESSIONS_MAX) {
        return NULL;
    }
    struct session *session = calloc(1, sizeof *session);

    CHECK(session != NULL);
    session->id = ++sessions->last_id;
    session->route = route;
    session->side = side;
    session->principal = *principal;
    bl_text_copy(session->key, sizeof session->key, key);
    bl_text_copy(session->program, sizeof session->program, hello->program);
    take_items(session, hello);
    session->credit =
        hello->credit < DISPATCH_CREDIT_MAX ? hello->credit : (uint32_t)DISPATCH_CREDIT_MAX;
    session->connected_at = wall;
    session_heard(session, now, wall);
    session->next = sessions->first;
    if (session->next != NULL) {
        session->next->previous = session;
    }
    sessions->first = session;
    sessions->counts[side]++;
    bl_map_put(&sessions->by_id, session->id, session);
    bl_map_put(&sessions->by_route, route, session);
    return session;
}

static void session_free(struct session *session)
{
    for (size_t i = 0; i < session->item_count; i++) {
        free((char *)(uintptr_t)session->items[i]);
    }
    free(session->items);
    wire_frame_free(&session->out);
    free(session);
}

static void stop_waiting(struct sessions *sessions, const struct session *session)
{
    struct session **at = &sessions->waiting;

    while (session->is_waiting && *at != session) {
        at = &(*at)->next_waiting;
    }
    if (session->is_waiting) {
        *at = session->next_waiting;
    }
}

void session_end(struct sessions *sessions, struct session **session)
{
    struct session *own = *session;

    stop_waiting(sessions, own);
    if (own->previous != NULL) {
        own->previous->next = own->next;
    } else {
        sessions->first = own->next;
    }
    if (own->next != NULL) {
        own->next->previous = own->previous;
    }
    sessions->counts[own->side]--;
    (void)bl_map_remove(&sessions->by_id, own->id);
    if (bl_map_get(&sessions->by_route, own->route) == own) {
        (void)bl_map_remove(&sessions->by_route, own->route);
    }
    session_free(own);
    *session = NULL;
}

void sessions_free(struct sessions *sessions)
{
    for (struct session *session; (session = sessions->first) != NULL;) {
        session_end(sessions, &session);
    }
    bl_map_free(&sessions->by_id);
    bl_map_free(&sessions->by_route);
}

struct session *session_find(const struct sessions *sessions, uint64_t id)
{
    return id == 0 ? NULL : bl_map_get(&sessions->by_id, id);
}

struct session *session_at(const struct sessions *sessions, uint64_t route, const char *key)
{
    struct session *session = bl_map_get(&sessions->by_route, route);

    return session != NULL && strcmp(session->key, key) == 0 ? session : NULL;
}

void session_heard(struct session *session, bl_span now, bl_time wall)
{
    session->heard_at = now;
    session->heard_wall = wall;
}

bool session_is_over(const struct session *session, bl_span now)
{
    return now - session->heard_at > WIRE_SILENCE_US;
}

bool session_admit(struct session *session)
{
    if (session->in_flight >= SESSION_IN_FLIGHT_MAX) {
        return false;
    }
    session->in_flight++;
    return true;
}

void session_answered(struct session *session)
{
    CHECK(session->in_flight > 0);
    session->in_flight--;
}

bool session_may(const struct session *session, Bl__Command__WhatCase what)
{
    bool needs_lease = what == BL__COMMAND__WHAT_DECIDE || what == BL__COMMAND__WHAT_FAIL;

    return principal_may(&session->principal, what) &&
           !(needs_lease && session->principal.role == BL__KEY__ROLE__WORKER);
}

void session_wait(struct sessions *sessions, struct session *session)
{
    if (!session->is_waiting) {
        session->is_waiting = true;
        session->next_waiting = sessions->waiting;
        sessions->waiting = session;
    }
}

struct session *session_next_waiting(struct sessions *sessions)
{
    struct session *session = sessions->waiting;

    if (session != NULL) {
        sessions->waiting = session->next_waiting;
        session->is_waiting = false;
    }
    return session;
}

void sessions_check(const struct sessions *sessions)
{
    uint32_t counts[SIDE_WORKER + 1] = { 0 };
    const struct session *before = NULL;

    for (const struct session *each = sessions->first; each != NULL; each = each->next) {
        CHECK(each->previous == before);
        CHECK(each->in_flight <= SESSION_IN_FLIGHT_MAX);
        CHECK(session_find(sessions, each->id) == each);
        CHECK(each->id <= sessions->last_id);
        counts[each->side]++;
        before = each;
    }
    CHECK(memcmp(counts, sessions->counts, sizeof counts) == 0);
    CHECK(sessions->by_id.count == counts[SIDE_CLIENT] + counts[SIDE_WORKER]);
    CHECK(sessions->by_route.count <= sessions->by_id.count);
}
