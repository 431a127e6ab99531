#include "daemon/rules.h"

#include <string.h>

#include "binglian/v1/task.pb-c.h"
#include "daemon/span.h"
#include "definition/cel.h"
#include "google/protobuf/struct.pb-c.h"
#include "schema/yaml.h"

struct rule {
    const struct cel *when;  // NULL: always
    const Bl__DecisionRule *says;
    bl_span delay;  // -1: it does not say
};

struct rules {
    struct rule *at;
    size_t count;
};

/* The names that a condition may use; their index is the slot. */
enum { SLOT_FORM, SLOT_ITEM, SLOT_WORKFLOW, SLOT_FAILURES };
static const struct cel_variable variables[] = {
    [SLOT_FORM] = { .name = "form", .type = CEL_DYN },
    [SLOT_ITEM] = { .name = "item", .type = CEL_STRING },
    [SLOT_WORKFLOW] = { .name = "workflow", .type = CEL_STRING },
    [SLOT_FAILURES] = { .name = "failures", .type = CEL_INT },
};
static const struct cel_schema schema = { variables, BL_COUNT(variables), .open = true };

/* --- loading --- */

void rules_always(Bl__Decision__Verdict verdict, struct bl_arena *arena, const struct rules **made)
{
    struct rules *rules = bl_arena_new(arena, struct rules);
    Bl__DecisionRule *says = bl_arena_new(arena, Bl__DecisionRule);

    bl__decision_rule__init(says);
    says->decision = verdict;
    says->opinion = verdict == BL__DECISION__VERDICT__APPROVE ? "同意" : "不同意";
    says->reason = verdict == BL__DECISION__VERDICT__REJECT ? "不符合法定条件" : "";
    rules->at = bl_arena_new(arena, struct rule);
    rules->at[0] = (struct rule){ .says = says, .delay = -1 };
    rules->count = 1;
    *made = rules;
}

struct loading {
    const struct yaml_document *document;
    struct schema_problems *problems;
    struct bl_arena *arena;
};

static void problem(const struct loading *loading, const Bl__DecisionRule *says, const char *field,
                    const char *code, const char *text)
{
    yaml_problem(loading->problems, loading->document, SCHEMA_ERROR, code, says, field, YAML_WHOLE,
                 "%s", text);
}

static void compile(const struct loading *loading, const Bl__DecisionRule *says, struct rule *rule)
{
    struct bl_error e = { 0 };
    bool rejects = says->decision == BL__DECISION__VERDICT__REJECT;

    *rule = (struct rule){ .says = says, .delay = -1 };
    if (says->when[0] != '\0' && cel_compile(says->when, strlen(says->when), &schema,
                                             loading->arena, &rule->when, &e) != BL_OK) {
        problem(loading, says, "when", "E-CONDITION", e.text);
    }
    if (says->delay[0] != '\0' && span_parse(says->delay, &rule->delay, &e) != BL_OK) {
        problem(loading, says, "delay", "E-VALUE", e.text);
    }
    if (rejects && says->reason[0] == '\0') {
        problem(loading, says, "reason", "E-MISSING", "a rejection needs a reason");
    }
}

enum bl_err rules_load(const char *source, size_t bytes, const char *file, struct bl_arena *arena,
                       const struct rules **made, struct schema_problems *problems)
{
    struct loading loading = { .problems = problems, .arena = arena };
    ProtobufCMessage *message = NULL;

    enum bl_err err = yaml_load(source, bytes, file, &bl__decision_rules__descriptor, arena,
                                &message, &loading.document, problems);
    if (message == NULL) {
        return err;
    }
    const Bl__DecisionRules *says = (const Bl__DecisionRules *)message;
    struct rules *rules = bl_arena_new(arena, struct rules);
    rules->at = bl_arena_array(arena, struct rule, says->n_rules + 1);
    rules->count = says->n_rules;
    for (size_t i = 0; i < says->n_rules; i++) {
        compile(&loading, says->rules[i], &rules->at[i]);
    }
    *made = rules;
    return problems->error_count > 0 ? BL_DEFINITION : err;
}

/* --- the form as CEL sees it --- */

static void value_of(const Google__Protobuf__Value *json, struct bl_arena *arena,
                     struct cel_value *value);

static void map_of(const Google__Protobuf__Struct *json, struct bl_arena *arena,
                   struct cel_value *value)
{
    struct cel_value *pairs = bl_arena_array(arena, struct cel_value, 2 * json->n_fields + 1);

    for (size_t i = 0; i < json->n_fields; i++) {
        pairs[2 * i] =
            (struct cel_value){ .type = CEL_STRING, .string = bl_text_of(json->fields[i]->key) };
        value_of(json->fields[i]->value, arena, &pairs[2 * i + 1]);
    }
    *value = (struct cel_value){ .type = CEL_MAP, .map = { pairs, json->n_fields } };
}

static void list_of(const Google__Protobuf__ListValue *json, struct bl_arena *arena,
                    struct cel_value *value)
{
    struct cel_value *items = bl_arena_array(arena, struct cel_value, json->n_values + 1);

    for (size_t i = 0; i < json->n_values; i++) {
        value_of(json->values[i], arena, &items[i]);
    }
    *value = (struct cel_value){ .type = CEL_LIST, .list = { items, json->n_values } };
}

/* The depth is bounded: the wire's check has passed it. */
static void value_of(const Google__Protobuf__Value *json, struct bl_arena *arena,
                     struct cel_value *value)
{
    *value = (struct cel_value){ .type = CEL_NULL };
    switch (json == NULL ? GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET : json->kind_case) {
    case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE:
        *value = (struct cel_value){ .type = CEL_DOUBLE, .number = json->number_value };
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
        *value = (struct cel_value){ .type = CEL_STRING, .string = bl_text_of(json->string_value) };
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE:
        *value = (struct cel_value){ .type = CEL_BOOL, .boolean = json->bool_value };
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE:
        map_of(json->struct_value, arena, value);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
        list_of(json->list_value, arena, value);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE:
    case GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET:
        break;
    }
}

struct question {
    const Bl__Task *task;
    struct cel_value form;
};

static bool get(void *context, size_t slot, struct cel_value *value)
{
    const struct question *question = context;

    switch (slot) {
    case SLOT_FORM:
        *value = question->form;
        return true;
    case SLOT_ITEM:
        *value =
            (struct cel_value){ .type = CEL_STRING, .string = bl_text_of(question->task->item) };
        return true;
    case SLOT_WORKFLOW:
        *value = (struct cel_value){ .type = CEL_STRING,
                                     .string = bl_text_of(question->task->workflow) };
        return true;
    case SLOT_FAILURES:
        *value = (struct cel_value){ .type = CEL_INT, .integer = question->task->failures };
        return true;
    default:
        return false;
    }
}

static bool read_form(const Bl__Task *task, struct bl_arena *scratch, struct cel_value *form)
{
    Google__Protobuf__Struct *json =
        google__protobuf__struct__unpack(&scratch->allocator, task->form.len, task->form.data);

    if (json != NULL) {
        map_of(json, scratch, form);
    }
    return json != NULL;
}

/* --- deciding --- */

static void fail_because(Bl__Decision *decision, const char *reason)
{
    decision->decision = BL__DECISION__VERDICT__FAIL;
    decision->reason = reason;
}

static void say(const struct rule *rule, Bl__Decision *decision, bl_span *delay)
{
    decision->decision = rule->says->decision;
    decision->opinion = rule->says->opinion;
    decision->reason = rule->says->reason;
    decision->outcome = rule->says->outcome;
    decision->permanent = rule->says->permanent;
    if (rule->delay >= 0) {
        *delay = rule->delay;
    }
}

void rules_decide(const struct rules *rules, const Bl__Task *task, struct bl_arena *scratch,
                  Bl__Decision *decision, bl_span *delay)
{
    struct question question = { .task = task };
    const struct cel_scope scope = { get, &question };

    if (!read_form(task, scratch, &question.form)) {
        fail_because(decision, "the form cannot be read");
        return;
    }
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->at[i];
        struct cel_value applies = { .type = CEL_BOOL, .boolean = true };
        struct bl_error e = { 0 };
        if (rule->when != NULL && cel_eval(rule->when, &scope, scratch, &applies, &e) != BL_OK) {
            fail_because(decision, bl_arena_printf(scratch, "rule %zu: %s", i + 1, e.text));
            return;
        }
        if (applies.type != CEL_BOOL) {
            fail_because(decision, bl_arena_printf(scratch, "rule %zu: not true or false", i + 1));
            return;
        }
        if (applies.boolean) {
            say(rule, decision, delay);
            return;
        }
    }
    fail_because(decision, "no rule applies");
}
