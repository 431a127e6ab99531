/* connect.h — the broker that the command line names, and calls that say what went wrong. */
#pragma once

#include "cli/cli.h"
#include "client/client.h"

/* Opens a client for --connect, BINGLIAN_CONNECT or the endpoint file of --data or BINGLIAN_DATA.
 *   returns  0, or the exit status after the reason was said */
int connect_open(struct cli *cli, struct bl_client **client);

/* Where the broker is, or NULL after the reason was put into `e`. */
const char *connect_endpoint(struct cli *cli, struct bl_error *e);

/* The key file: --identity, BINGLIAN_IDENTITY, or the administrator's that the broker has put into
 * its data folder. NULL: plain. */
const char *connect_identity(struct cli *cli);

/* Does a command, or asks something; a failure is said and its exit status returned.
 *   answer  on 0: as of bl_client_do and bl_client_ask */
int connect_do(struct cli *cli, struct bl_client *client, const Bl__Command *command,
               const Bl__Answer **answer);
int connect_ask(struct cli *cli, struct bl_client *client, const Bl__Query *query,
                const Bl__QueryAnswer **answer);

/* A moment as RFC 3339. One that is written without a zone, "2026-12-05T09:30" or a date alone,
 * counts in the hall's, which the broker is asked for.
 *   of_day  the time of a date alone: "17:30"
 *   returns  0, or the exit status after the reason was said; whatever is no moment is left as it
 *            is, for those who read it to complain about */
int connect_moment(struct cli *cli, const char *text, const char *of_day, const char **moment);

/* Says what somebody should look at although the command was done: connect_do does. */
void connect_warn(struct cli *cli, const Bl__Answer *answer);

/* For commands that are one query: open, ask, show the answer, close. */
int connect_show(struct cli *cli, const Bl__Query *query,
                 int (*show)(struct cli *cli, const Bl__QueryAnswer *answer));
