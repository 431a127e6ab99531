/* control_flow.h — which of the 43 workflow control-flow patterns the language of definitions
 * expresses, and how; why a hall does without the others.
 * The patterns are those of Russell, ter Hofstede, van der Aalst and Mulyar, "Workflow Control-Flow
 * Patterns: A Revised View" (2006), by their numbers. The table is the manual (`binglian help
 * patterns`), and tests/unit/test_patterns.c has one test for each that is expressed: it publishes
 * a small workflow and drives the core. Read next: core/join.h, core/routing.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/language.h"

#define CONTROL_PATTERN_COUNT 43

struct control_pattern {
    uint32_t number;   // WCP-number
    const char *name;  // as published
    const char *zh;    // the same in Chinese
    bool expressed;
    struct words text;  // how it is written; or why a hall does without
};

/* All of them, ordered by number. */
const struct control_pattern *control_patterns(size_t *count);
