/* inbox.h — the departments' people of a trial hall: whatever waits for one of them is decided at
 * once, by the first post that may. */
#pragma once

#include <stdbool.h>

#include "client/client.h"

/* Decides a page of what waits; what cannot be decided now waits on. `client` is a gateway's. */
void inbox_decide(struct bl_client *client, bool rejects);
