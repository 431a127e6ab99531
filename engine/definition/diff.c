/* Walks two messages of a workflow side by side. */
#include "definition/diff.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "definition/wording.h"
#include "schema/reflect.h"

/* People's words for keys; a key that is not here is its own word. */
static const struct {
    const char *key;
    struct words words;
} labels[] = {
    { "acceptance", { "受理方式", "acceptance" } },
    { "action", { "做法", "action" } },
    { "after", { "逾期后", "after" } },
    { "after_hours", { "工作时间以外的收件", "receipt after hours" } },
    { "amount", { "金额", "amount" } },
    { "approver", { "批准人", "approver" } },
    { "at_most", { "最长", "at most" } },
    { "basis", { "依据", "basis" } },
    { "calendar", { "工作日历", "calendar" } },
    { "code", { "事项编码", "code" } },
    { "columns", { "列", "column" } },
    { "correction", { "补正期限", "time to correct" } },
    { "deferrable", { "可容缺", "deferrable" } },
    { "deliver", { "送达方式", "way of delivery" } },
    { "department", { "部门", "department" } },
    { "discipline", { "纪律要求", "discipline" } },
    { "document", { "结果文书", "document" } },
    { "duties", { "岗位职责", "duties" } },
    { "escalation", { "逾期升级", "escalation" } },
    { "essential", { "主审要件", "essential" } },
    { "expression", { "前置条件式", "expression" } },
    { "extension", { "延期", "extension" } },
    { "fee", { "收费", "fee" } },
    { "fields", { "字段", "field" } },
    { "form", { "表单分区", "section of the form" } },
    { "formats", { "格式", "format" } },
    { "four_eyes", { "双人复核", "four eyes" } },
    { "handling", { "办理方式", "handling" } },
    { "help", { "填表说明", "help" } },
    { "in_order", { "依次签署", "in order" } },
    { "issue_with_gap", { "容缺出证", "issued with a gap" } },
    { "items", { "事项", "item" } },
    { "join", { "汇合", "join" } },
    { "kind", { "类型", "kind" } },
    { "label", { "名称", "label" } },
    { "late", { "迟到分支", "late branches" } },
    { "lead", { "牵头部门", "lead" } },
    { "legal", { "法定时限", "legal limit" } },
    { "limit", { "时限", "limit" } },
    { "materials", { "材料", "material" } },
    { "max", { "最大", "max" } },
    { "min", { "最小", "min" } },
    { "need", { "需要", "need" } },
    { "needs", { "前置事项", "needs" } },
    { "not_before", { "不早于", "not before" } },
    { "notices", { "通知渠道", "channel of notices" } },
    { "notify", { "一次性告知期限", "time to notify" } },
    { "notify_commit", { "告知承诺", "notify and commit" } },
    { "number", { "编号", "number" } },
    { "of", { "", "" } },
    { "officer", { "承办人员", "officer" } },
    { "on_late", { "逾期未补", "if late" } },
    { "on_legal", { "超法定即时", "at once over the legal limit" } },
    { "on_overdue", { "超时处理", "on overdue" } },
    { "on_reject", { "不通过时", "on reject" } },
    { "options", { "选项", "option" } },
    { "ordered", { "按受理顺序", "order of acceptance" } },
    { "outcome", { "办理结果", "outcome" } },
    { "post", { "岗位", "post" } },
    { "post_check", { "事后核查", "check afterwards" } },
    { "preconditions", { "前置条件", "precondition" } },
    { "procedure", { "程序", "procedure" } },
    { "promise", { "承诺时限", "promise" } },
    { "publicity", { "公示", "publicity" } },
    { "recall", { "撤回时限", "time to recall" } },
    { "reply", { "答复期限", "time to reply" } },
    { "required", { "必填", "required" } },
    { "role", { "角色", "role" } },
    { "safety", { "涉及安全", "safety" } },
    { "sensitive", { "敏感信息", "sensitive" } },
    { "signers", { "签署人", "signers" } },
    { "special", { "特别程序", "special procedure" } },
    { "steps", { "环节", "step" } },
    { "stops_legal", { "停法定时限", "stops the legal clock" } },
    { "stops_max", { "停表次数上限", "stops at most" } },
    { "summary", { "简介", "summary" } },
    { "supplement", { "容缺补交期限", "time to supplement" } },
    { "title", { "名称", "title" } },
    { "to", { "报送", "to" } },
    { "tolerant", { "容缺受理", "tolerated gap" } },
    { "trial", { "试行", "trial" } },
    { "type", { "类别", "type" } },
    { "upper", { "上级决定", "decision above" } },
    { "veto", { "一票否决", "veto" } },
    { "visit", { "联合踏勘", "joint visit" } },
    { "warn", { "预警", "warning" } },
    { "when", { "条件", "condition" } },
};

struct differ {
    struct diff *diff;
    struct bl_arena *arena;
    size_t room;
};

/* Where in the file we are. */
struct place {
    const char *path;    // "items.fire_check"
    struct words words;  // "事项 fire_check", "item fire_check"; "" at the top
};

static const struct words nothing = { "", "" };

struct words diff_label(const char *key)
{
    for (size_t i = 0; i < BL_COUNT(labels); i++) {
        if (strcmp(labels[i].key, key) == 0) {
            return labels[i].words;
        }
    }
    return (struct words){ key, key };
}

/* Two parts with something between, or the one that is not empty. */
static const char *join(struct differ *differ, const char *a, const char *between, const char *b)
{
    bool both = a[0] != '\0' && b[0] != '\0';

    return bl_arena_printf(differ->arena, "%s%s%s", a, both ? between : "", b);
}

/* A place inside another: of a key, or of an element with an id. */
static struct place inside(struct differ *differ, const struct place *place, const char *key,
                           const char *id)
{
    struct words label = diff_label(key);
    const char *of = id == NULL ? "" : id;

    return (struct place){
        .path = join(differ, join(differ, place->path, ".", key), ".", of),
        .words = { join(differ, join(differ, place->words.zh, " ", label.zh), " ", of),
                   join(differ, join(differ, place->words.en, " ", label.en), " ", of) },
    };
}

/* --- changes --------------------------------------------------------------------------------- */

static const char *sentence(struct differ *differ, const struct diff_change *change,
                            const struct place *place, enum language language)
{
    const char *where = words_in(place->words, language);
    const char *before = words_in(change->before, language);
    const char *after = words_in(change->after, language);
    bool zh = language == LANGUAGE_ZH;
    const char *value = change->action == DIFF_ADDED ? after : before;

    if (change->action == DIFF_CHANGED) {
        return bl_arena_printf(differ->arena, "%s%s%s → %s", where, zh ? "：" : ": ", before,
                               after);
    }
    if (zh) {
        return bl_arena_printf(differ->arena, "%s：%s%s%s", where,
                               change->action == DIFF_ADDED ? "新增" : "取消",
                               value[0] == '\0' ? "" : " ", value);
    }
    return bl_arena_printf(differ->arena, "%s%s%s %s", where, value[0] == '\0' ? "" : ": ", value,
                           change->action == DIFF_ADDED ? "added" : "removed");
}

static void add_change(struct differ *differ, const struct place *place, enum diff_action action,
                       struct words before, struct words after)
{
    struct diff *diff = differ->diff;
    struct diff_change *change;

    if (diff->count == differ->room) {
        size_t room = differ->room == 0 ? 64 : 2 * differ->room;
        struct diff_change *changes = bl_arena_array(differ->arena, struct diff_change, room);

        for (size_t i = 0; i < diff->count; i++) {
            changes[i] = diff->changes[i];
        }
        diff->changes = changes;
        differ->room = room;
    }
    change = &diff->changes[diff->count++];
    *change = (struct diff_change){
        .action = action, .path = place->path, .before = before, .after = after
    };
    change->text = (struct words){ sentence(differ, change, place, LANGUAGE_ZH),
                                   sentence(differ, change, place, LANGUAGE_EN) };
}

/* --- values ---------------------------------------------------------------------------------- */

static bool is_limit(const char *key)
{
    static const char *const keys[] = {
        "promise", "legal",  "warn",       "limit", "at_most", "post_check",
        "notify",  "recall", "correction", "after", "reply",   "supplement",
    };

    for (size_t i = 0; i < BL_COUNT(keys); i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static struct words same_word(const char *text)
{
    return (struct words){ text, text };
}

static struct words string_words(struct differ *differ, const char *key, const char *text)
{
    char zh[WORDING_LIMIT], en[WORDING_LIMIT];
    struct limit limit;

    if (is_limit(key) && limit_parse(text, &limit, NULL) == BL_OK) {
        return (struct words){
            bl_arena_string(differ->arena, wording_limit(limit, LANGUAGE_ZH, zh)),
            bl_arena_string(differ->arena, wording_limit(limit, LANGUAGE_EN, en)),
        };
    }
    return same_word(text);
}

static const char *enum_word(struct differ *differ, const ProtobufCEnumDescriptor *descriptor,
                             int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);
    char *word = bl_arena_string(differ->arena, found == NULL ? "?" : found->name);

    for (char *at = word; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return word;
}

/* A scalar, or a message that is written as one: a Text, an Option. */
static struct words value_words(struct differ *differ, const ProtobufCFieldDescriptor *field,
                                const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return string_words(differ, field->name, *(char *const *)value);
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)value ? (struct words){ "是", "yes" }
                                                  : (struct words){ "否", "no" };
    case PROTOBUF_C_TYPE_ENUM:
        return same_word(enum_word(differ, field->descriptor, *(const int *)value));
    case PROTOBUF_C_TYPE_DOUBLE:
        return same_word(bl_arena_printf(differ->arena, "%g", *(const double *)value));
    case PROTOBUF_C_TYPE_UINT32:
        return same_word(bl_arena_printf(differ->arena, "%u", *(const uint32_t *)value));
    case PROTOBUF_C_TYPE_MESSAGE:
        if (field->descriptor == &bl__option__descriptor) {
            const Bl__Option *option = *(Bl__Option *const *)value;

            return (struct words){ option->zh, option->en[0] == '\0' ? option->zh : option->en };
        } else {
            const Bl__Text *text = *(Bl__Text *const *)value;

            return (struct words){ wording_text(text, LANGUAGE_ZH),
                                   wording_text(text, LANGUAGE_EN) };
        }
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_BYTES:
        break;  // the language of definitions has none of these
    }
    UNREACHABLE();
}

static bool same_words(struct words a, struct words b)
{
    return strcmp(a.zh, b.zh) == 0 && strcmp(a.en, b.en) == 0;
}

/* --- fields ---------------------------------------------------------------------------------- */

static bool is_leaf(const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE || field->descriptor == &bl__text__descriptor ||
           field->descriptor == &bl__option__descriptor;
}

/* A single value, absent or not. */
static void compare_leaf(struct differ *differ, const struct place *place,
                         const ProtobufCFieldDescriptor *field, const ProtobufCMessage *before,
                         const ProtobufCMessage *after)
{
    struct place at = inside(differ, place, field->name, NULL);
    bool was = before != NULL && reflect_count(before, field) > 0;
    bool is = after != NULL && reflect_count(after, field) > 0;
    struct words a = was ? value_words(differ, field, reflect_at(before, field, 0)) : nothing;
    struct words b = is ? value_words(differ, field, reflect_at(after, field, 0)) : nothing;

    if (field->type == PROTOBUF_C_TYPE_BOOL && was != is) {
        static const struct words no = { "否", "no" };

        add_change(differ, &at, DIFF_CHANGED, was ? a : no, is ? b : no);
    } else if (was && is && !same_words(a, b)) {
        add_change(differ, &at, DIFF_CHANGED, a, b);
    } else if (was != is) {
        add_change(differ, &at, is ? DIFF_ADDED : DIFF_REMOVED, a, b);
    }
}

/* Is there such an element? */
static bool list_has(struct differ *differ, const ProtobufCFieldDescriptor *field,
                     const ProtobufCMessage *message, struct words wanted)
{
    for (size_t i = 0; message != NULL && i < reflect_count(message, field); i++) {
        if (same_words(value_words(differ, field, reflect_at(message, field, i)), wanted)) {
            return true;
        }
    }
    return false;
}

/* A list of values, as a set. */
static void compare_list(struct differ *differ, const struct place *place,
                         const ProtobufCFieldDescriptor *field, const ProtobufCMessage *before,
                         const ProtobufCMessage *after)
{
    struct place at = inside(differ, place, field->name, NULL);

    for (size_t i = 0; before != NULL && i < reflect_count(before, field); i++) {
        struct words value = value_words(differ, field, reflect_at(before, field, i));

        if (!list_has(differ, field, after, value)) {
            add_change(differ, &at, DIFF_REMOVED, value, nothing);
        }
    }
    for (size_t i = 0; after != NULL && i < reflect_count(after, field); i++) {
        struct words value = value_words(differ, field, reflect_at(after, field, i));

        if (!list_has(differ, field, before, value)) {
            add_change(differ, &at, DIFF_ADDED, nothing, value);
        }
    }
}

static void compare(struct differ *differ, const struct place *place,
                    const ProtobufCMessageDescriptor *descriptor, const ProtobufCMessage *before,
                    const ProtobufCMessage *after);

/* --- things with an id ----------------------------------------------------------------------- */

/* An entry of a map, or a step: its id and what it holds. */
struct thing {
    const char *id;
    const ProtobufCMessage *message;
};

struct things {
    const ProtobufCMessageDescriptor *descriptor;
    struct thing *at;
    size_t count;
};

/* What has no name, as a rung of the ladder, is called by its place. */
static void add_things(struct differ *differ, struct things *things,
                       const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    const ProtobufCFieldDescriptor *id =
        protobuf_c_message_descriptor_get_field_by_name(entry, "id");
    const ProtobufCFieldDescriptor *value =
        protobuf_c_message_descriptor_get_field_by_name(entry, "value");

    if (id == NULL) {
        id = protobuf_c_message_descriptor_get_field_by_name(entry, "key");
    }
    things->descriptor = value == NULL ? entry : value->descriptor;
    for (size_t i = 0; message != NULL && i < reflect_count(message, field); i++) {
        const ProtobufCMessage *element = *(ProtobufCMessage *const *)reflect_at(message, field, i);
        const ProtobufCMessage *held = element;

        if (value != NULL) {
            held = *(ProtobufCMessage *const *)reflect_single(element, value);
        }
        things->at[things->count++] = (struct thing){
            id == NULL ? bl_arena_printf(differ->arena, "%zu", i + 1)
                       : *(char *const *)reflect_single(element, id),
            held,
        };
    }
}

static const struct thing *find_thing(const struct things *things, const char *id)
{
    for (size_t i = 0; i < things->count; i++) {
        if (strcmp(things->at[i].id, id) == 0) {
            return &things->at[i];
        }
    }
    return NULL;
}

/* What a thing is called, where it has a title or label. */
static struct words title_of(struct differ *differ, const struct thing *thing)
{
    static const char *const keys[] = { "title", "label" };

    for (size_t i = 0; thing->message != NULL && i < BL_COUNT(keys); i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(thing->message->descriptor, keys[i]);

        if (field != NULL && reflect_count(thing->message, field) > 0) {
            return value_words(differ, field, reflect_at(thing->message, field, 0));
        }
    }
    return nothing;
}

static void compare_things(struct differ *differ, const struct place *place, const char *key,
                           const struct things *before, const struct things *after)
{
    for (size_t i = 0; i < before->count; i++) {
        if (find_thing(after, before->at[i].id) == NULL) {
            struct place at = inside(differ, place, key, before->at[i].id);

            add_change(differ, &at, DIFF_REMOVED, title_of(differ, &before->at[i]), nothing);
        }
    }
    for (size_t i = 0; i < after->count; i++) {
        const struct thing *old = find_thing(before, after->at[i].id);
        struct place at = inside(differ, place, key, after->at[i].id);

        if (old == NULL) {
            add_change(differ, &at, DIFF_ADDED, nothing, title_of(differ, &after->at[i]));
        } else {
            compare(differ, &at, after->descriptor, old->message, after->at[i].message);
        }
    }
}

static struct things things_new(struct differ *differ, size_t room)
{
    return (struct things){ .at = bl_arena_array(differ->arena, struct thing, room) };
}

static void compare_elements(struct differ *differ, const struct place *place,
                             const ProtobufCFieldDescriptor *field, const ProtobufCMessage *before,
                             const ProtobufCMessage *after)
{
    struct things old = things_new(differ, before == NULL ? 0 : reflect_count(before, field));
    struct things new = things_new(differ, after == NULL ? 0 : reflect_count(after, field));

    add_things(differ, &old, field, before);
    add_things(differ, &new, field, after);
    compare_things(differ, place, field->name, &old, &new);
}

/* The questions of all sections: that one has moved to another section asks nobody anything. */
static struct things form_fields(struct differ *differ, const Bl__Workflow *workflow)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(&bl__section__descriptor, "fields");
    struct things things = things_new(differ, DEFINITION_FIELDS_MAX);

    for (size_t i = 0; i < workflow->n_form; i++) {
        add_things(differ, &things, field, &workflow->form[i]->base);
    }
    return things;
}

/* --- the walk -------------------------------------------------------------------------------- */

static void compare_field(struct differ *differ, const struct place *place,
                          const ProtobufCFieldDescriptor *field, const ProtobufCMessage *before,
                          const ProtobufCMessage *after)
{
    bool was = before != NULL && reflect_count(before, field) > 0;
    bool is = after != NULL && reflect_count(after, field) > 0;

    if (is_leaf(field)) {
        (field->label == PROTOBUF_C_LABEL_REPEATED ? compare_list : compare_leaf)(
            differ, place, field, before, after);
    } else if (field->descriptor == &bl__section__descriptor) {
        struct things old = form_fields(differ, (const Bl__Workflow *)before);
        struct things new = form_fields(differ, (const Bl__Workflow *)after);

        compare_things(differ, place, "fields", &old, &new);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        compare_elements(differ, place, field, before, after);
    } else if (was || is) {
        struct place at = inside(differ, place, field->name, NULL);

        compare(differ, &at, field->descriptor,
                was ? *(ProtobufCMessage *const *)reflect_at(before, field, 0) : NULL,
                is ? *(ProtobufCMessage *const *)reflect_at(after, field, 0) : NULL);
    }
}

/* The depth is that of the language, which has no recursion but the columns of a table. */
static void compare(struct differ *differ, const struct place *place,
                    const ProtobufCMessageDescriptor *descriptor, const ProtobufCMessage *before,
                    const ProtobufCMessage *after)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (descriptor == &bl__workflow__descriptor && strcmp(field->name, "version") == 0) {
            continue;  // that it is another one is why we are here
        }
        compare_field(differ, place, field, before, after);
    }
}

/* --- sums ------------------------------------------------------------------------------------ */

/* Working days as they usually fall: seven office hours a day, five days a week. */
static double days_of(struct limit limit)
{
    static const double half[] = {
        [LIMIT_WD] = 1 / 2.0, [LIMIT_WH] = 1 / 14.0, [LIMIT_ND] = 5 / 14.0, [LIMIT_NH] = 5 / 336.0
    };

    return limit.halves == 0 ? 0 : limit.halves * half[limit.unit];
}

static struct diff_sums sums_of(const struct definition *definition)
{
    struct diff_sums sums = { .items = definition->item_count,
                              .fields = definition->field_count,
                              .materials = definition->material_count,
                              .promise = definition->promise };

    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        sums.steps += item->step_count == 0 ? 1 : item->step_count;
        sums.days += days_of(item->promise);
    }
    return sums;
}

struct diff diff_make(const struct definition *before, const struct definition *after,
                      struct bl_arena *arena)
{
    struct diff diff = { .before_definition = before,
                         .after_definition = after,
                         .before = sums_of(before),
                         .after = sums_of(after) };
    struct differ differ = { .diff = &diff, .arena = arena };
    struct place top = { "", nothing };

    compare(&differ, &top, &bl__workflow__descriptor, &before->source->base, &after->source->base);
    return diff;
}

/* --- print ----------------------------------------------------------------------------------- */

static void print_sum(FILE *out, const char *label, double before, double after)
{
    (void)fprintf(out, "  %s  %g → %g", label, before, after);
    if (before < after || before > after) {
        (void)fprintf(out, "  (%+g)", after - before);
    }
    (void)fputc('\n', out);
}

static void print_sums(FILE *out, const struct diff_sums *before, const struct diff_sums *after,
                       enum language language)
{
    const struct {
        struct words label;
        double before, after;
    } rows[] = {
        { { "事项    ", "items        " }, (double)before->items, (double)after->items },
        { { "环节    ", "steps        " }, (double)before->steps, (double)after->steps },
        { { "表单字段", "form fields  " }, (double)before->fields, (double)after->fields },
        { { "材料    ", "materials    " }, (double)before->materials, (double)after->materials },
        { { "天数合计", "days in all  " }, before->days, after->days },
        { { "承诺天数", "days promised" }, days_of(before->promise), days_of(after->promise) },
    };

    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        print_sum(out, words_in(rows[i].label, language), rows[i].before, rows[i].after);
    }
}

void diff_print(FILE *out, const struct diff *diff, enum language language)
{
    static const char marks[] = { [DIFF_ADDED] = '+', [DIFF_REMOVED] = '-', [DIFF_CHANGED] = '~' };

    WORDING_PRINT(out, language, "%s 第 %u 版 → 第 %u 版\n", "%s version %u → version %u\n",
                  diff->after_definition->workflow, diff->before_definition->version,
                  diff->after_definition->version);
    for (size_t i = 0; i < diff->count; i++) {
        (void)fprintf(out, "%c %s\n", marks[diff->changes[i].action],
                      words_in(diff->changes[i].text, language));
    }
    if (diff->count == 0) {
        (void)fputs(language == LANGUAGE_ZH ? "没有变化\n" : "nothing changed\n", out);
    }
    print_sums(out, &diff->before, &diff->after, language);
}
