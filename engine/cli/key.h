/* key.h — granting a key, for `key new`, `key grant` and `dev`. */
#pragma once

#include "cli/cli.h"
#include "client/client.h"
#include "wire/identity.h"

/* Asks the broker to take a key; returns 0, or the exit status after the reason was said.
 *   department  of a worker; else NULL */
int key_grant(struct cli *cli, struct bl_client *client, const char *name, const char *public_key,
              Bl__Key__Role role, const char *department, const char *post);
