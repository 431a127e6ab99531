/* metrics.h — what the gateway counts of itself: how many requests of each route, how they ended,
 * and how long they took. No case number, no name and no address is a label. */
#pragma once

#include <stdio.h>

#include "gateway/request.h"

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics **metrics);
/* A request has ended. Any thread. `route` NULL: there was none. */
void metrics_count(struct metrics *metrics, const struct route *route, unsigned status,
                   bl_span took);
/* All of it in the text format of Prometheus. */
void metrics_write(const struct metrics *metrics, FILE *out);
