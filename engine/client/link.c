#include "client/link.h"

#include "client/chance.h"

void link_init(struct link *link, uint64_t seed, bl_span now)
{
    *link = (struct link){
        .state = LINK_DOWN,
        .wake_at = now,
        .heartbeat = LINK_HEARTBEAT_DEFAULT,
        .random = seed,
    };
}

bool link_must_dial(const struct link *link, bl_span now)
{
    return link->state == LINK_DOWN && now >= link->wake_at;
}

void link_dialled(struct link *link, bl_span now)
{
    CHECK(link->state == LINK_DOWN);
    link->state = LINK_GREETING;
    link->hello_said = false;
    link->wake_at = now + LINK_WELCOME_MAX;
}

bool link_hello_is_due(const struct link *link)
{
    return link->state == LINK_GREETING && !link->hello_said;
}

void link_said_hello(struct link *link, bl_span now)
{
    CHECK(link->state == LINK_GREETING);
    link->hello_said = true;
    link->said_at = now;
}

void link_welcomed(struct link *link, uint32_t heartbeat_ms, bl_span now)
{
    bl_span wish = heartbeat_ms * MILLISECOND_US;

    CHECK(link->state == LINK_GREETING);
    link->state = LINK_UP;
    link->failures = 0;
    link->heartbeat = wish == 0                   ? LINK_HEARTBEAT_DEFAULT
                      : wish < LINK_HEARTBEAT_MIN ? LINK_HEARTBEAT_MIN
                      : wish > LINK_HEARTBEAT_MAX ? LINK_HEARTBEAT_MAX
                                                  : wish;
    link->heard_at = link->said_at = now;
}

void link_heard(struct link *link, bl_span now)
{
    link->heard_at = now;
}

void link_said(struct link *link, bl_span now)
{
    link->said_at = now;
}

bool link_ping_is_due(const struct link *link, bl_span now)
{
    return link->state == LINK_UP && now - link->said_at >= link->heartbeat / 2;
}

void link_doubt(struct link *link)
{
    link->said_at -= link->heartbeat / 2;
}

void link_lose(struct link *link, bl_span now)
{
    uint32_t doublings = link->failures < 7 ? link->failures : 7;  // 100 ms << 7 passes the maximum
    bl_span pause = LINK_PAUSE_FIRST << doublings;

    if (pause > LINK_PAUSE_MAX) {
        pause = LINK_PAUSE_MAX;
    }
    pause = pause / 2 + (bl_span)(chance_next(&link->random) % (uint64_t)(pause / 2 + 1));
    link->failures++;
    link->state = LINK_DOWN;
    link->wake_at = now + pause;
}

void link_move(struct link *link, bl_span now)
{
    link->state = LINK_DOWN;
    link->wake_at = now;
}

bool link_lapse(struct link *link, bl_span now)
{
    bool unwelcome = link->state == LINK_GREETING && now >= link->wake_at;
    bool silent =
        link->state == LINK_UP && now - link->heard_at >= LINK_SILENCES_MAX * link->heartbeat;

    if (unwelcome || silent) {
        link_lose(link, now);
        return true;
    }
    return false;
}

bl_span link_wake_at(const struct link *link)
{
    if (link->state != LINK_UP) {
        return link->wake_at;
    }
    bl_span ping = link->said_at + link->heartbeat / 2;
    bl_span silence = link->heard_at + LINK_SILENCES_MAX * link->heartbeat;
    return ping < silence ? ping : silence;
}
