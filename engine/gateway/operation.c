/* How the gateway and its hall are: for monitors. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/courier.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/metrics.h"
#include "gateway/problem.h"
#include "gateway/read.h"
#include "gateway/route.h"
#include "gateway/stream.h"
#include "store/read.h"

#define FREE_DISK_MIN ((uint64_t)64 << 20)
#define CHECKS_MAX 4

/* The engine's own look at the hall: counts, and no case. */
static const struct principal monitor = { .role = BL__KEY__ROLE__SUPERVISOR, .name = "monitor" };

static bool ask_status(struct request *request, Bl__Status **status)
{
    Bl__GetStatus get = BL__GET_STATUS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    Bl__QueryAnswer answer;

    query.what_case = BL__QUERY__WHAT_STATUS;
    query.status = &get;
    if (read_ask(request, &monitor, &query, &answer, NULL) != BL_OK || answer.status == NULL) {
        return false;
    }
    *status = answer.status;
    return true;
}

/* --- health ----------------------------------------------------------------------------------- */

static void show_health(struct request *request, unsigned status, const char *word,
                        Bl__HealthCheck **checks, size_t count)
{
    Bl__Health health = BL__HEALTH__INIT;

    health.status = word;
    health.version = BINGLIAN_VERSION;
    health.checks = checks;
    health.n_checks = count;
    response_message(request, status, &health.base, 0);
    response_header(request, "Cache-Control", "no-store");
}

void show_livez(struct request *request)
{
    show_health(request, 200, "ok", NULL, 0);
}

void show_version(struct request *request)
{
    show_health(request, 200, "ok", NULL, 0);
}

static void check(struct request *request, Bl__HealthCheck **checks, size_t *count,
                  const char *name, bool ok, const char *detail)
{
    Bl__HealthCheck *made = bl_arena_new(&request->arena, Bl__HealthCheck);

    CHECK(*count < CHECKS_MAX);
    bl__health_check__init(made);
    made->name = name;
    made->ok = ok;
    made->detail = detail;
    checks[(*count)++] = made;
}

/* Ready is who can read and write. A gateway without a broker still answers reads: whoever balances
 * loads by /readyz sends writes elsewhere, and one who has but this gateway need not ask. */
void show_readyz(struct request *request)
{
    const struct gateway *gateway = request->gateway;
    Bl__HealthCheck **checks = bl_arena_array(&request->arena, Bl__HealthCheck *, CHECKS_MAX);
    Bl__Status *status = NULL;
    size_t count = 0;
    bool store = ask_status(request, &status);
    bool disk = store && status->free_disk_bytes >= FREE_DISK_MIN;
    bool broker = gateway->courier != NULL && courier_away(gateway->courier) == 0;

    check(request, checks, &count, "store", store, store ? "" : "cannot be read");
    check(request, checks, &count, "disk", disk, disk ? "" : "nearly full");
    check(request, checks, &count, "broker", broker, broker ? "" : "does not answer");
    show_health(request, store && disk && broker ? 200 : 503,
                store && disk && broker ? "ok" : "failing", checks, count);
}

/* --- metrics ---------------------------------------------------------------------------------- */

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRIu64 "\n", name, help, name, name,
                  value);
}

static void write_hall(FILE *out, const Bl__Status *status)
{
    (void)fprintf(out,
                  "# HELP binglian_applications_submitted_total Applications ever submitted.\n"
                  "# TYPE binglian_applications_submitted_total counter\n"
                  "binglian_applications_submitted_total %" PRIu64 "\n"
                  "# HELP binglian_events_total Events in the store.\n"
                  "# TYPE binglian_events_total counter\n"
                  "binglian_events_total %" PRIu64 "\n",
                  status->applications, status->newest_event);
    gauge(out, "binglian_applications_open", "Applications that are not concluded.",
          status->applications_open);
    gauge(out, "binglian_incidents", "Tasks that cannot be done and wait for an operator.",
          status->incidents);
    gauge(out, "binglian_store_used_bytes", "Bytes of the store's pages in use.",
          status->store_bytes);
    gauge(out, "binglian_store_size_bytes", "Bytes that the store may grow to.", status->map_bytes);
    gauge(out, "binglian_disk_free_bytes", "Free bytes of the store's disk.",
          status->free_disk_bytes);
}

/* Ids of departments are the administrator's: [a-z0-9_]. */
static void write_departments(struct request *request, FILE *out)
{
    const Bl__DepartmentsFile *departments = catalog_departments(request->gateway->catalog);
    struct store_read *read AUTO(store_read_end) = NULL;

    (void)fputs("# HELP binglian_items_open Accepted items of a department without a decision.\n"
                "# TYPE binglian_items_open gauge\n",
                out);
    if (departments == NULL || store_read_begin(request->gateway->store, &read, NULL) != BL_OK) {
        return;
    }
    for (size_t i = 0; i < departments->n_departments; i++) {
        int64_t count;

        if (read_count(read, "items", departments->departments[i]->key, &count, NULL) == BL_OK) {
            (void)fprintf(out, "binglian_items_open{department=\"%s\"} %" PRId64 "\n",
                          departments->departments[i]->key, count);
        }
    }
}

static void write_metrics(struct request *request, FILE *out)
{
    struct gateway *gateway = request->gateway;
    Bl__Status *status;

    (void)fprintf(out,
                  "# HELP binglian_build_info Which version runs.\n"
                  "# TYPE binglian_build_info gauge\n"
                  "binglian_build_info{version=\"%s\"} 1\n",
                  BINGLIAN_VERSION);
    gauge(out, "binglian_broker_connected", "Whether the broker answers the gateway.",
          gateway->courier != NULL && courier_away(gateway->courier) == 0);
    gauge(out, "binglian_streams_open", "Listeners to server-sent events.",
          gateway->streams == NULL ? 0 : streams_count(gateway->streams));
    if (ask_status(request, &status)) {
        write_hall(out, status);
        write_departments(request, out);
    }
    metrics_write(gateway->metrics, out);
}

/* Who may see it: this machine, and who oversees the hall. */
static bool may_see(const struct request *request)
{
    Bl__Key__Role role = request->caller.person.role;

    return strcmp(request->address, "127.0.0.1") == 0 || strcmp(request->address, "::1") == 0 ||
           role == BL__KEY__ROLE__ADMINISTRATOR || role == BL__KEY__ROLE__SUPERVISOR;
}

void show_metrics(struct request *request)
{
    char *text = NULL;
    size_t bytes = 0;

    if (!may_see(request)) {
        problem(request, BL_DENIED, "role-may-not", "");
        return;
    }
    FILE *out = open_memstream(&text, &bytes);
    CHECK(out != NULL);
    write_metrics(request, out);
    CHECK(fclose(out) == 0);
    response_text(request, 200, request->route->type, (struct bl_text){ text, bytes });
    free(text);
}

void show_openapi(struct request *request)
{
    const struct writer *document = &request->gateway->openapi;

    response_text(request, 200, request->route->type,
                  (struct bl_text){ document->at, document->bytes });
}
