/* error.h — how a function of ours says that something failed.
 * `base/` holds what everybody uses: arena, text, time, error, log. It knows nothing of what is
 * above it. Read next: schema/ for messages, deadline/ for the law's days.
 *
 * The code is for programs (its name is the stable word that the API sends), the text for
 * operators, the position for authors of YAML. What a person caused leaves the core as a refusal
 * message instead; people's sentences are made from the code and its arguments, never from `text`. */
#pragma once

#include <stdint.h>

#include "base/check.h"

/* One list of codes: enumerator, stable kebab-case name, HTTP status, exit status of binglian(1). */
#define BL_ERRORS(X)                                                                               \
    X(BL_OK, "ok", 200, 0)                                                                         \
    X(BL_FAILED, "failed", 500, 1)            /* none of the below; see the text */                \
    X(BL_USAGE, "usage", 400, 2)              /* the command line is wrong */                      \
    X(BL_NOT_FOUND, "not-found", 404, 3)      /* no such application, task, workflow… */           \
    X(BL_DENIED, "denied", 403, 4)            /* the actor may not do this */                      \
    X(BL_REFUSED, "refused", 409, 5)          /* the rules do not allow it in this state */        \
    X(BL_STALE, "stale", 409, 5)              /* a decision for an attempt that is over */         \
    X(BL_REUSED, "request-reused", 422, 5)    /* the same request id with other content */         \
    X(BL_EXISTS, "exists", 409, 5)            /* published already, with other content */          \
    X(BL_INVALID, "invalid", 422, 6)          /* a value breaks its field's rule */                \
    X(BL_MALFORMED, "malformed", 400, 6)      /* bytes that are no message of ours */              \
    X(BL_TOO_LARGE, "too-large", 413, 6)      /* over a bound that is named in the text */         \
    X(BL_DEFINITION, "definition", 422, 6)    /* a workflow, calendar or department file is wrong */ \
    X(BL_UNAVAILABLE, "unavailable", 503, 7)  /* overloaded or starting: try later */              \
    X(BL_TIMEOUT, "timeout", 504, 7)          /* the outcome is unknown */                         \
    X(BL_CANNOT_CONNECT, "cannot-connect", 502, 7)                                                 \
    X(BL_FULL, "full", 507, 7)                /* disk or map full: the batch was refused */        \
    X(BL_CORRUPT, "corrupt", 500, 1)          /* a stored record fails its check */                \
    X(BL_LOCKED, "locked", 409, 5)            /* another broker holds this store */                \
    X(BL_FORMAT, "format", 500, 1)            /* the store was written by a newer format */        \
    X(BL_IO, "io", 500, 1)                    /* the operating system refused; see the text */     \
    X(BL_UNKNOWN_OUTCOME, "unknown-outcome", 500, 1) /* a commit failed half way */

enum bl_err {
#define X(code, name, http, exit) code,
    BL_ERRORS(X)
#undef X
};

struct bl_error {
    enum bl_err code;
    uint32_t line, column;  // 1-based, in characters as an editor counts; 0 = no position
    char source[128];       // file, endpoint or key the error is about
    char text[256];         // English, for operators; people get text by code
};

/* The stable name of a code, such as "not-found". */
const char *bl_err_name(enum bl_err code);
int bl_err_http(enum bl_err code);
int bl_err_exit(enum bl_err code);
/* The code with this name; BL_FAILED for a name that is not in the list. */
enum bl_err bl_err_from_name(const char *name);

/* Records an error unless one is there already (the cause is worth more than what followed) and
 * returns `code`, so that a function fails in one line. `e` may be NULL. */
enum bl_err bl_error_set(struct bl_error *e, enum bl_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a place: `source` may be NULL, line and column 0. */
enum bl_err bl_error_at(struct bl_error *e, enum bl_err code, const char *source, uint32_t line,
                        uint32_t column, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
