/* notify.h — tells systemd how we are (sd_notify(3), by hand: one datagram).
 * Does nothing where NOTIFY_SOCKET is not set. */
#pragma once

#include "base/time.h"

/* Sends lines such as "READY=1\nSTATUS=serving". */
void notify(const char *lines);
/* "RELOADING=1" with the moment that systemd wants beside it. */
void notify_reloading(void);
/* How often "WATCHDOG=1" has to be said, halved for safety; 0: never. */
bl_span notify_watchdog_every(void);
