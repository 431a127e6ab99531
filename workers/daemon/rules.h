/* rules.h — deciding by simple rules over the form's fields, for trials.
 *   rules:
 *     - {when: "item == 'fire_check' && form.area > 300", decision: reject, reason:
 * 面积超过三百平方米}
 *     - {when: "failures == 0", decision: fail, reason: 系统维护}
 *     - {decision: approve, opinion: 同意, delay: 200ms}
 * The message is DecisionRules of worker.proto, the conditions are those of workflows
 * (definition/cel.h), not typed, for a worker has no definition: `has(form.area)` asks whether a
 * field is there, and one that is missing is an error of the condition. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/worker.pb-c.h"
#include "schema/problem.h"

struct rules;

/* One rule that always applies: for `--decide approve|reject`. */
void rules_always(Bl__Decision__Verdict verdict, struct bl_arena *arena,
                  const struct rules **rules);
/* Reads a file.
 *   file      for problems
 *   arena     gets the rules; its bound is at least YAML_ARENA_BYTES
 *   problems  are added to
 *   returns   BL_OK, or BL_DEFINITION if an error was added */
MUST_CHECK enum bl_err rules_load(const char *source, size_t bytes, const char *file,
                                  struct bl_arena *arena, const struct rules **rules,
                                  struct schema_problems *problems);

/* Fills in what the rules say of a task: the first that applies. A condition that cannot be
 * evaluated and a task without a rule are failures with a reason.
 *   scratch   holds what the decision borrows besides the rules
 *   decision  comes initialised
 *   delay     how long to think; left alone where the rule does not say */
void rules_decide(const struct rules *rules, const Bl__Task *task, struct bl_arena *scratch,
                  Bl__Decision *decision, bl_span *delay);
