/* options.h — what binglian-worker(1) is asked: its command line, and under it a file. */
#pragma once

#include "base/arena.h"
#include "daemon/daemon.h"

enum options_result {
    OPTIONS_RUN,
    OPTIONS_SHOWN,   // --help or --version: exit 0
    OPTIONS_USAGE,   // said on standard error: exit 64
    OPTIONS_CONFIG,  // the same for the file: exit 78
};

/* Reads the command line and the file that it names.
 *   arena   holds all texts of `config`; its bound is at least YAML_ARENA_BYTES
 *   config  complete and checked when the result is OPTIONS_RUN */
MUST_CHECK enum options_result options_read(int count, char **words, struct bl_arena *arena,
                                            struct daemon_config *config);
