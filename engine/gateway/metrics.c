#include "gateway/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "gateway/route.h"

#define CLASSES 6  // 0 is not used; 2xx is 2
#define ROUTES_MAX 256

static const uint32_t bounds_ms[] = { 1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 2500, 10000 };

struct series {
    _Atomic uint64_t classes[CLASSES];
    _Atomic uint64_t buckets[BL_COUNT(bounds_ms)];  // not yet added up
    _Atomic uint64_t count, sum_us;
};

struct metrics {
    struct series routes[ROUTES_MAX + 1];  // the last: no route
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);

    CHECK(metrics != NULL && route_count <= ROUTES_MAX);
    return metrics;
}

void metrics_free(struct metrics **metrics)
{
    free(*metrics);
    *metrics = NULL;
}

void metrics_count(struct metrics *metrics, const struct route *route, unsigned status,
                   bl_span took)
{
    struct series *series = &metrics->routes[route == NULL ? ROUTES_MAX : (size_t)(route - routes)];

    series->classes[status / 100 < CLASSES ? status / 100 : 0]++;
    series->count++;
    series->sum_us += (uint64_t)took;
    for (size_t i = 0; i < BL_COUNT(bounds_ms); i++) {
        if (took <= bounds_ms[i] * MILLISECOND_US) {
            series->buckets[i]++;
            return;
        }
    }
}

static const char *name_of(size_t index, const char **method)
{
    *method = index < route_count ? routes[index].method : "";
    return index < route_count ? routes[index].path : "none";
}

static void write_classes(const struct series *series, size_t index, FILE *out)
{
    const char *method, *path = name_of(index, &method);

    for (size_t i = 1; i < CLASSES; i++) {
        if (series->classes[i] > 0) {
            (void)fprintf(
                out,
                "binglian_http_requests_total{method=\"%s\",route=\"%s\",status=\"%zuxx\"} "
                "%" PRIu64 "\n",
                method, path, i, series->classes[i]);
        }
    }
}

static void write_buckets(const struct series *series, size_t index, FILE *out)
{
    static const char name[] = "binglian_http_request_duration_seconds";
    const char *method, *path = name_of(index, &method);
    uint64_t below = 0, count = series->count;

    for (size_t i = 0; i < BL_COUNT(bounds_ms); i++) {
        below += series->buckets[i];
        (void)fprintf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"%g\"} %" PRIu64 "\n", name,
                      method, path, bounds_ms[i] / 1000.0, below);
    }
    count = count < below ? below : count;  // others may be counting now
    (void)fprintf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name,
                  method, path, count);
    (void)fprintf(out, "%s_sum{method=\"%s\",route=\"%s\"} %g\n", name, method, path,
                  (double)series->sum_us / SECOND_US);
    (void)fprintf(out, "%s_count{method=\"%s\",route=\"%s\"} %" PRIu64 "\n", name, method, path,
                  count);
}

void metrics_write(const struct metrics *metrics, FILE *out)
{
    (void)fputs("# HELP binglian_http_requests_total Requests by route and how they ended.\n"
                "# TYPE binglian_http_requests_total counter\n",
                out);
    for (size_t i = 0; i <= ROUTES_MAX; i++) {
        write_classes(&metrics->routes[i], i, out);
    }
    (void)fputs("# HELP binglian_http_request_duration_seconds How long requests took.\n"
                "# TYPE binglian_http_request_duration_seconds histogram\n",
                out);
    for (size_t i = 0; i <= ROUTES_MAX; i++) {
        if (metrics->routes[i].count > 0) {
            write_buckets(&metrics->routes[i], i, out);
        }
    }
}
