/* problem.h — why not, as application/problem+json (RFC 9457).
 * Sentences come from core/sentence.h, in the language that the reader asked for; `errors` has them
 * in both. */
#pragma once

#include "core/sentence.h"
#include "gateway/request.h"
#include "schema/problem.h"

/* Answers with a refusal of the engine. */
void problem_refusal(struct request *request, const Bl__Refusal *refusal);
/* Answers with a code and a rule that has a sentence; `pointer` may be "". */
void problem(struct request *request, enum bl_err code, const char *rule, const char *pointer);
/* The same with an HTTP status that no code has. */
void problem_status(struct request *request, unsigned status, enum bl_err code, const char *rule,
                    const char *pointer);
void problem_status_refusal(struct request *request, unsigned status, const Bl__Refusal *refusal);
/* The same as a message, for answers that hold several. */
Bl__Problem *problem_of(struct request *request, const Bl__Refusal *refusal);
/* Answers with what is wrong with a body. */
void problem_schema(struct request *request, enum bl_err code,
                    const struct schema_problems *problems);
/* Answers for an error of ours. */
void problem_error(struct request *request, const struct bl_error *e);

/* "form.shareholders[2].name" → "/form/shareholders/2/name". */
const char *problem_pointer(struct bl_arena *arena, const char *pointer);
