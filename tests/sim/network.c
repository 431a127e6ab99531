#include <stdlib.h>
#include <string.h>

#include "broker/session.h"
#include "sim.h"

struct packet {
    bl_span at;
    uint64_t order;  // so that no two are equal
    uint32_t peer, generation;
    enum direction direction;
    uint8_t *bytes;
    size_t count;
};

/* A peer's connection. */
struct wire {
    bool is_open;
    bool is_dead;  // half open: what is sent vanishes, and nobody is told
    int side;
    uint64_t route;
    uint32_t generation;  // packets of an earlier one are lost
    bl_span last_at[2], fence_at[2];
};

struct network {
    struct sim *sim;
    struct wire wires[SIM_PEERS_MAX];
    struct packet *heap;
    size_t count, capacity;
    uint64_t order;
    uint32_t routes;
};

struct network *network_new(struct sim *sim)
{
    struct network *network = calloc(1, sizeof *network);

    CHECK(network != NULL);
    network->sim = sim;
    return network;
}

void network_free(struct network **network)
{
    for (size_t i = 0; i < (*network)->count; i++) {
        free((*network)->heap[i].bytes);
    }
    free((*network)->heap);
    free(*network);
    *network = NULL;
}

/* --- the heap --------------------------------------------------------------------------------- */

static bool is_before(const struct packet *a, const struct packet *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct packet *a, struct packet *b)
{
    struct packet kept = *a;

    *a = *b;
    *b = kept;
}

static void heap_put(struct network *network, struct packet packet)
{
    if (network->count == network->capacity) {
        network->capacity = 2 * network->capacity + 64;
        network->heap = realloc(network->heap, network->capacity * sizeof *network->heap);
        CHECK(network->heap != NULL);
    }
    size_t at = network->count++;

    network->heap[at] = packet;
    while (at > 0 && is_before(&network->heap[at], &network->heap[(at - 1) / 2])) {
        swap(&network->heap[at], &network->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static struct packet heap_take(struct network *network)
{
    struct packet first = network->heap[0];
    size_t at = 0;

    network->heap[0] = network->heap[--network->count];
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < network->count; child++) {
            if (is_before(&network->heap[child], &network->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return first;
        }
        swap(&network->heap[at], &network->heap[least]);
        at = least;
    }
}

/* --- connections ------------------------------------------------------------------------------ */

static void give_route(struct network *network, struct wire *wire)
{
    uint32_t number = ++network->routes;
    uint8_t id[SESSION_ROUTE_BYTES] = { 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                        (uint8_t)(number >> 8), (uint8_t)number };

    wire->route = session_route((enum session_side)wire->side, id, sizeof id);
    CHECK(wire->route != 0);
    wire->generation++;
    memset(wire->last_at, 0, sizeof wire->last_at);
    memset(wire->fence_at, 0, sizeof wire->fence_at);
}

void network_dial(struct network *network, uint32_t peer, int side)
{
    struct wire *wire = &network->wires[peer];

    wire->is_open = true;
    wire->is_dead = false;
    wire->side = side;
    give_route(network, wire);
}

void network_hang_up(struct network *network, uint32_t peer)
{
    struct wire *wire = &network->wires[peer];

    wire->is_open = false;
    wire->generation++;
}

/* ZeroMQ connects again by itself: the peer notices nothing, the broker sees a stranger. */
void network_break_all(struct network *network)
{
    for (uint32_t i = 0; i < SIM_PEERS_MAX; i++) {
        if (network->wires[i].is_open && !network->wires[i].is_dead) {
            give_route(network, &network->wires[i]);
        }
    }
}

uint64_t network_route(const struct network *network, uint32_t peer)
{
    return network->wires[peer].route;
}

int network_peer(const struct network *network, uint64_t route)
{
    for (uint32_t i = 0; i < SIM_PEERS_MAX; i++) {
        if (network->wires[i].is_open && network->wires[i].route == route) {
            return (int)i;
        }
    }
    return -1;
}

/* What is on its way is lost; then either both ends are silent until the peer dials, or the broker
 * sees a new route behind which the same peer goes on. */
static void cut(struct network *network, uint32_t peer)
{
    struct wire *wire = &network->wires[peer];

    wire->is_dead = sim_chance(network->sim, 2) == 0;
    sim_trace(network->sim, 0, "network: the connection of peer %u is %s", peer,
              wire->is_dead ? "half open" : "another");
    if (wire->is_dead) {
        wire->generation++;
    } else {
        give_route(network, wire);
    }
}

/* --- packets ---------------------------------------------------------------------------------- */

/* Hello, welcome and disconnect begin and end what the other frames belong to: nothing passes them.
 */
static bool is_fence(enum direction direction, int side, struct bl_text bytes)
{
    struct wire_reader reader = wire_reader_of(bytes.at, bytes.bytes);
    struct wire_field field;

    while (wire_read(&reader, &field)) {
        if (field.number == 1 ||  // hello, welcome
            (direction == TO_PEER &&
             field.number ==
                 (side == SIDE_CLIENT ? WIRE_BROKER_DISCONNECT : WIRE_TASK_DISCONNECT))) {
            return true;
        }
    }
    return false;
}

static void put(struct network *network, uint32_t peer, enum direction direction,
                struct bl_text bytes, bool fence)
{
    struct sim *sim = network->sim;
    struct wire *wire = &network->wires[peer];
    bl_span longest = sim->healed ? MILLISECOND_US : sim->weather.delay_max;
    bl_span at = sim->now + 20 + (bl_span)sim_chance(sim, (uint64_t)longest);
    bl_span after = fence || !sim_happens(sim, sim->weather.reorder) ? wire->last_at[direction]
                                                                     : wire->fence_at[direction];
    struct packet packet = { .order = ++network->order,
                             .peer = peer,
                             .generation = wire->generation,
                             .direction = direction,
                             .bytes = malloc(bytes.bytes + 1),
                             .count = bytes.bytes };

    packet.at = at > after ? at : after;
    CHECK(packet.bytes != NULL);
    memcpy(packet.bytes, bytes.at, bytes.bytes);
    if (packet.at > wire->last_at[direction]) {
        wire->last_at[direction] = packet.at;
    }
    if (fence) {
        wire->fence_at[direction] = packet.at;
    }
    heap_put(network, packet);
}

void network_send(struct network *network, uint32_t peer, enum direction direction,
                  struct bl_text bytes)
{
    struct sim *sim = network->sim;
    struct wire *wire = &network->wires[peer];
    bool fence = is_fence(direction, wire->side, bytes);

    if (!wire->is_open || wire->is_dead) {
        return;
    }
    if (sim_happens(sim, sim->weather.cut)) {
        cut(network, peer);
        return;
    }
    if (sim_happens(sim, sim->weather.lose)) {
        sim_trace(sim, 0, "network: a frame %s peer %u is lost",
                  direction == TO_PEER ? "to" : "from", peer);
        if (wire->side == SIDE_WORKER) {
            cut(network, peer);
        }
        return;
    }
    put(network, peer, direction, bytes, fence);
    if (!fence && sim_happens(sim, sim->weather.repeat)) {
        sim_trace(sim, 0, "network: a frame %s peer %u is repeated",
                  direction == TO_PEER ? "to" : "from", peer);
        put(network, peer, direction, bytes, false);
    }
}

bl_span network_next(const struct network *network)
{
    return network->count == 0 ? BL_NEVER : network->heap[0].at;
}

bool network_take(struct network *network, struct arrival *arrival)
{
    while (network->count > 0 && network->heap[0].at <= network->sim->now) {
        struct packet packet = heap_take(network);
        const struct wire *wire = &network->wires[packet.peer];

        if (wire->is_open && !wire->is_dead && wire->generation == packet.generation) {
            *arrival = (struct arrival){ packet.peer, packet.direction, wire->side,
                                         wire->route, packet.bytes,     packet.count };
            return true;
        }
        free(packet.bytes);
    }
    return false;
}
