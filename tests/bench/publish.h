/* publish.h — what the benchmarks publish into a store of their own, without a broker. */
#pragma once

#include "broker/cycle.h"

/* Publishes the calendar, the departments and fanout5.yaml; says why and ends the program if it
 * cannot.
 *   folder  the repository's workflows/ */
void bench_publish(struct cycle *cycle, struct batch *batch, bl_time now, const char *folder);
