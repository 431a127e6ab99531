/* query.h — answers what people ask, from one consistent moment of the store.
 * Every list is a walk along an index with a bound on what one page may cost; a cursor goes on
 * where the page ended, and survives inserts. */
#pragma once

#include "binglian/v1/query.pb-c.h"
#include "core/principal.h"
#include "store/catalog.h"
#include "store/store.h"

#define QUERY_LIMIT_DEFAULT 50
#define QUERY_LIMIT_MAX 200
#define QUERY_EVENTS_DEFAULT 200
#define QUERY_EVENTS_MAX 1000
/* Rows that one page may look at; a filter that finds little gives a short page and a cursor. */
#define QUERY_ROWS_MAX 5000
/* Memory that one page may take before it is cut short in the same way; a row takes far less. */
#define QUERY_BYTES_MAX ((size_t)8 << 20)

struct query_context {
    struct store *store;
    struct catalog *catalog;
    bl_time started_at;
};

/* Answers a query, but for those about connections (workers, departments' workers): those are the
 * broker's own. `context` is a struct query_context.
 *   answer   initialised, with its tag; everything in it lies in the arena
 *   returns  BL_OK (a refusal is an answer too), or why the store could not be read */
MUST_CHECK enum bl_err query_answer(void *context, const Bl__Query *query,
                                    const struct principal *principal, bl_time now,
                                    struct bl_arena *arena, Bl__QueryAnswer *answer,
                                    struct bl_error *e);
