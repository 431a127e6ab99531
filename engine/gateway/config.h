/* config.h — what binglian-gateway is told: on its command line, in its environment, in its file.
 * The options are the fields of GatewayConfig; a new field needs no line here. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "binglian/v1/config.pb-c.h"

enum gateway_wish {
    GATEWAY_RUN,
    GATEWAY_OPENAPI,  // print the interface and end
    GATEWAY_SHOWN,    // help or version was printed
    GATEWAY_USAGE,    // exit 64; it was said why
    GATEWAY_WRONG,    // exit 78; the same
};

/* Reads all three; says on stderr what is wrong. `arena` holds the configuration; its bound is at
 * least YAML_ARENA_BYTES. `file` becomes the file's name, or NULL. */
MUST_CHECK enum gateway_wish gateway_config_read(int count, char **words, struct bl_arena *arena,
                                                 Bl__GatewayConfig **config, const char **file);
/* Reads only the file, for what can change while it runs. */
MUST_CHECK enum bl_err gateway_config_file(const char *file, struct bl_arena *arena,
                                           Bl__GatewayConfig **config);
enum bl_log_level gateway_config_level(const Bl__GatewayConfig *config);
