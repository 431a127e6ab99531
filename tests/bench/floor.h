/* floor.h — the floor of the whole job: the engine's messages, bytes and syncs, and no logic.
 *
 *   client ──DEALER──▶ ROUTER broker ROUTER ◀──DEALER── 5 workers
 *
 * For each application the broker stores one record and sends five tasks; each worker answers at
 * once; the broker stores a record for each answer and, with the fifth, the final one over the
 * first. All that one cycle drains is one LMDB transaction, and nothing leaves before it is on
 * disk. What the engine does beyond that is its own cost: the benchmark gives it as a ratio.
 * Read next: floor_broker.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FLOOR_WORKERS 5
#define FLOOR_ENDPOINT_BYTES 128

struct floor_options {
    uint64_t applications;
    uint64_t window;   // closed loop: so many not yet accepted
    double rate;       // open loop: applications a second; 0: closed loop
    uint64_t cap;      // applications that one cycle takes
    bool tcp;          // else ipc
    const char *data;  // folder of the store
};

/* Where the broker listens. */
struct floor_endpoints {
    char front[FLOOR_ENDPOINT_BYTES], back[FLOOR_ENDPOINT_BYTES];
};

/* What the processes measured, in memory that all of them share. */
struct floor_results {
    double seconds;  // from the first submission to the last completion
    double accept_p50_ms, accept_p99_ms, final_p50_ms, final_p99_ms;
    uint64_t commits, bytes_written;
};

/* Each role is a process of its own and returns when the work is done; what goes wrong ends the
 * process with a sentence on stderr. The broker writes its endpoints to `endpoints_fd` once it
 * listens. */
void floor_broker(const struct floor_options *options, int endpoints_fd,
                  struct floor_results *results);
void floor_client(const struct floor_options *options, const struct floor_endpoints *endpoints,
                  struct floor_results *results);
void floor_worker(const struct floor_endpoints *endpoints, uint32_t department);
