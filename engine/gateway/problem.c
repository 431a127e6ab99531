#include "gateway/problem.h"

#include <stdio.h>
#include <string.h>

#include "core/refusal.h"
#include "gateway/route.h"
#include "schema/json.h"

#define RETRY_SECONDS 2

const char *problem_pointer(struct bl_arena *arena, const char *pointer)
{
    size_t bytes = strlen(pointer);
    char *out = bl_arena_alloc(arena, 2 * bytes + 2), *at = out;

    if (bytes > 0) {
        *at++ = '/';
    }
    for (const char *p = pointer; *p != '\0'; p++) {
        if (*p == '.' || *p == '[') {
            *at++ = '/';
        } else if (*p == '~' || *p == '/') {  // RFC 6901, section 3
            *at++ = '~';
            *at++ = *p == '~' ? '0' : '1';
        } else if (*p != ']') {
            *at++ = *p;
        }
    }
    *at = '\0';
    return out;
}

/* The status that goes with a code: as a rule the code's own. */
static unsigned status_of(const Bl__Refusal *refusal)
{
    enum bl_err code = bl_err_from_name(refusal->code);

    if (strcmp(refusal->rule, "revision-stale") == 0) {
        return 412;
    }
    return code == BL_CANNOT_CONNECT ? 503 : (unsigned)bl_err_http(code);
}

/* The engine names a field of the form "form.area"; in a submission it stands in the content. */
static const char *pointer_of(struct request *request, const char *pointer)
{
    static const char *const contents[] = { "/form", "/materials", "/applicant", "/agent" };
    const char *member = request->route == NULL ? NULL : request->route->member;
    const char *made = problem_pointer(&request->arena, pointer);

    for (size_t i = 0; member != NULL && strcmp(member, "submit") == 0 && i < BL_COUNT(contents);
         i++) {
        if (strncmp(made, contents[i], strlen(contents[i])) == 0) {
            return bl_arena_printf(&request->arena, "/content%s", made);
        }
    }
    return made;
}

static Bl__ProblemError *error_of(struct request *request, const Bl__Refusal *refusal)
{
    Bl__ProblemError *error = bl_arena_new(&request->arena, Bl__ProblemError);

    bl__problem_error__init(error);
    error->pointer = pointer_of(request, refusal->pointer);
    error->code = refusal->rule;
    error->message = sentence_make(refusal, LANGUAGE_ZH, &request->arena);
    error->message_en = sentence_make(refusal, LANGUAGE_EN, &request->arena);
    return error;
}

static const char *argument_of(const Bl__Refusal *refusal, const char *name)
{
    for (size_t i = 0; i < refusal->n_arguments; i++) {
        if (strcmp(refusal->arguments[i]->name, name) == 0) {
            return refusal->arguments[i]->value;
        }
    }
    return "";
}

/* The sentence of the code alone: what kind of problem it is. */
static const char *title_of(struct request *request, const char *code)
{
    const struct sentence *sentence = sentence_find(code);
    Bl__Refusal plain = BL__REFUSAL__INIT;

    plain.code = plain.rule = code;
    return sentence == NULL ? code : sentence_make(&plain, request->language, &request->arena);
}

static void answer(struct request *request, unsigned status, const Bl__Problem *problem,
                   uint32_t retry_ms)
{
    writer_free(&request->response.body);
    response_json(request, status);
    request->response.type = "application/problem+json";
    json_write_message(&request->response.body, &problem->base,
                       (struct json_options){ .offset_minutes = request_offset(request) });
    if (status == 503 || status == 429) {
        response_header(request, "Retry-After",
                        bl_arena_printf(&request->arena, "%u",
                                        retry_ms == 0 ? RETRY_SECONDS : (retry_ms + 999) / 1000));
    }
}

static void fill(struct request *request, unsigned status, const Bl__Refusal *refusal,
                 Bl__Problem *problem)
{
    bl__problem__init(problem);
    problem->type = bl_arena_printf(&request->arena, "/problems/%s", refusal->rule);
    problem->title = title_of(request, refusal->code);
    problem->status = status;
    problem->detail = sentence_make(refusal, request->language, &request->arena);
    problem->code = refusal->code;
    problem->who_may = refusal->who_may;
    problem->trace_id = request->trace_id;
    problem->revision = argument_of(refusal, "revision");
}

static void fill_whole(struct request *request, unsigned status, const Bl__Refusal *refusal,
                       Bl__Problem *problem)
{
    fill(request, status, refusal, problem);
    problem->errors = bl_arena_array(&request->arena, Bl__ProblemError *, refusal->n_others + 1);
    problem->errors[problem->n_errors++] = error_of(request, refusal);
    for (size_t i = 0; i < refusal->n_others; i++) {
        problem->errors[problem->n_errors++] = error_of(request, refusal->others[i]);
    }
}

Bl__Problem *problem_of(struct request *request, const Bl__Refusal *refusal)
{
    Bl__Problem *problem = bl_arena_new(&request->arena, Bl__Problem);

    fill_whole(request, status_of(refusal), refusal, problem);
    return problem;
}

void problem_status_refusal(struct request *request, unsigned status, const Bl__Refusal *refusal)
{
    Bl__Problem problem;

    fill_whole(request, status, refusal, &problem);
    answer(request, status, &problem, refusal->retry_after_ms);
}

void problem_refusal(struct request *request, const Bl__Refusal *refusal)
{
    problem_status_refusal(request, status_of(refusal), refusal);
}

void problem(struct request *request, enum bl_err code, const char *rule, const char *pointer)
{
    problem_refusal(request, refusal_new(&request->arena, code, rule, pointer));
}

void problem_status(struct request *request, unsigned status, enum bl_err code, const char *rule,
                    const char *pointer)
{
    problem_status_refusal(request, status, refusal_new(&request->arena, code, rule, pointer));
}

void problem_error(struct request *request, const struct bl_error *e)
{
    Bl__Refusal *refusal = refusal_new(&request->arena, e->code, bl_err_name(e->code), "");

    problem_refusal(request, refusal);
}

static Bl__ProblemError *error_of_schema(struct request *request,
                                         const struct schema_problem *found)
{
    Bl__ProblemError *error = bl_arena_new(&request->arena, Bl__ProblemError);
    const char *pointer = found->pointer == NULL ? "" : found->pointer;
    const Bl__Refusal *refusal = refusal_new(&request->arena, BL_INVALID, "invalid",
                                             bl_arena_string(&request->arena, pointer));

    bl__problem_error__init(error);
    error->pointer = problem_pointer(&request->arena, pointer);
    error->code = found->code;
    error->message =
        bl_arena_printf(&request->arena, "%s（%s）",
                        sentence_make(refusal, LANGUAGE_ZH, &request->arena), found->text);
    error->message_en = found->text;
    error->line = found->line;
    error->column = found->column;
    return error;
}

void problem_schema(struct request *request, enum bl_err code,
                    const struct schema_problems *problems)
{
    Bl__Refusal *refusal = refusal_new(&request->arena, code, bl_err_name(code), "");
    unsigned status = status_of(refusal);
    Bl__Problem problem;

    fill(request, status, refusal, &problem);
    problem.errors = bl_arena_array(&request->arena, Bl__ProblemError *, problems->count + 1);
    for (uint32_t i = 0; i < problems->count; i++) {
        problem.errors[problem.n_errors++] = error_of_schema(request, &problems->problems[i]);
    }
    answer(request, status, &problem, 0);
}
