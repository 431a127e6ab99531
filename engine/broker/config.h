/* config.h — what binglian-broker is told on its command line and in its file. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "binglian/v1/config.pb-c.h"

enum config_wish {
    CONFIG_RUN,
    CONFIG_SHOWN,  // help or version was printed: nothing more to do
    CONFIG_USAGE,  // the command line is wrong, and it was said how: exit 64
    CONFIG_WRONG,  // the file or what it says is wrong, and it was said how: exit 78
};

/* Reads the command line and the file that it names; says on stderr what is wrong.
 *   arena   holds the configuration; its bound is at least YAML_ARENA_BYTES
 *   file    the file's name, or NULL: for config_log_level on SIGHUP */
MUST_CHECK enum config_wish config_read(int count, char **words, struct bl_arena *arena,
                                        Bl__BrokerConfig **config, const char **file);
/* The level that a configuration wants. */
enum bl_log_level config_log_level(const Bl__BrokerConfig *config);
/* Reads only the file, for what can change while it runs. */
MUST_CHECK enum bl_err config_read_file(const char *file, struct bl_arena *arena,
                                        Bl__BrokerConfig **config);
