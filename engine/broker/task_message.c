#include "broker/task_message.h"

#include <stdio.h>
#include <string.h>

#include "wire/attempt.h"

#define NAME_BYTES (DEFINITION_NUMBER_BYTES_MAX + 2 * (DEFINITION_ID_CHARACTERS_MAX + 1) + 1)

/* Field numbers of task.proto, command.proto and google/protobuf/struct.proto. */
enum {
    TASK_NAME = 1,
    TASK_ATTEMPT,
    TASK_APPLICATION,
    TASK_WORKFLOW,
    TASK_ITEM,
    TASK_STEP,
    TASK_FORM,
    TASK_MATERIALS,
    TASK_PROMISE_DUE,
    TASK_LEGAL_DUE,
    TASK_FAILURES,
    TASK_NOTICE = 13,
    TASK_TO,
    TASK_ROUND,
    TASK_NEEDS
};
enum { NEED_ITEM = 1, NEED_DOCUMENT };
enum { CONTENT_APPLICANT = 1, CONTENT_FORM, CONTENT_MATERIALS };
enum { APPLICANT_NAME = 1, APPLICANT_PHONE = 3 };
enum { STRUCT_FIELDS = 1, ENTRY_KEY = 1, MATERIAL_ID = 1 };

void task_scratch_free(struct task_scratch *scratch)
{
    wire_frame_free(&scratch->body);
    wire_frame_free(&scratch->form);
    wire_frame_free(&scratch->attempt);
}

/* The first field of this number in a message, as bytes; at = NULL: there is none. */
static struct bl_text first_field(struct bl_text message, uint32_t number)
{
    struct wire_reader reader = wire_reader_of(message.at, message.bytes);
    struct wire_field field;

    while (wire_read(&reader, &field)) {
        if (field.number == number && field.is_bytes) {
            return field.bytes;
        }
    }
    return (struct bl_text){ NULL, 0 };
}

static bool lists_field(const struct definition *definition, const struct definition_item *item,
                        struct bl_text name)
{
    for (size_t i = 0; i < item->field_count; i++) {
        const struct definition_field *field = &definition->fields[item->fields[i]];

        if (field->name_bytes == name.bytes && memcmp(field->name, name.at, name.bytes) == 0) {
            return true;
        }
    }
    return false;
}

static bool lists_material(const struct definition *definition, const struct definition_item *item,
                           struct bl_text id)
{
    for (size_t i = 0; i < item->material_count; i++) {
        if (bl_text_is(id, definition->materials[item->materials[i]].id)) {
            return true;
        }
    }
    return false;
}

/* The entries of the form that the item lists, laid end to end: again a google.protobuf.Struct. */
static bool put_form(const struct task_source *source, struct bl_text form,
                     struct task_scratch *scratch)
{
    const struct definition_item *item = &source->definition->items[source->item];
    struct wire_reader reader = wire_reader_of(form.at, form.bytes);
    struct wire_field entry;
    bool fits = true;

    wire_frame_clear(&scratch->form);
    while (fits && wire_read(&reader, &entry)) {
        if (entry.number == STRUCT_FIELDS && entry.is_bytes &&
            lists_field(source->definition, item, first_field(entry.bytes, ENTRY_KEY))) {
            fits = wire_frame_add_raw(&scratch->form, entry.raw);
        }
    }
    return fits && wire_frame_add_bytes(
                       &scratch->body, TASK_FORM,
                       (struct bl_text){ (const char *)scratch->form.bytes, scratch->form.used });
}

static bool put_content(const struct task_source *source, struct task_scratch *scratch)
{
    const struct definition_item *item = &source->definition->items[source->item];
    struct wire_reader reader = wire_reader_of(source->content.at, source->content.bytes);
    struct wire_field field;
    bool fits = true;

    while (fits && wire_read(&reader, &field)) {
        if (field.number == CONTENT_FORM && field.is_bytes) {
            fits = put_form(source, field.bytes, scratch);
        } else if (field.number == CONTENT_MATERIALS && field.is_bytes &&
                   lists_material(source->definition, item,
                                  first_field(field.bytes, MATERIAL_ID))) {
            fits = wire_frame_add_bytes(&scratch->body, TASK_MATERIALS, field.bytes);
        }
    }
    return fits;
}

static bool put_names(const struct task_source *source, struct wire_frame *task)
{
    const struct definition_item *item = &source->definition->items[source->item];
    const char *step = source->round == 0 ? NULL : item->steps[source->step].id;
    char name[NAME_BYTES];

    (void)snprintf(name, sizeof name, "%s.%s%s%s", source->number, item->id,
                   step == NULL ? "" : ".", step == NULL ? "" : step);
    return wire_frame_add_text(task, TASK_NAME, name) &&
           wire_frame_add_text(task, TASK_APPLICATION, source->number) &&
           wire_frame_add_text(task, TASK_WORKFLOW, source->definition->workflow) &&
           wire_frame_add_text(task, TASK_ITEM, item->id) &&
           wire_frame_add_text(task, TASK_STEP, step == NULL ? "machine" : step) &&
           (source->round == 0 || wire_frame_add_number(task, TASK_ROUND, source->round));
}

/* proto3 leaves out what is zero. */
static bool put_moments(const struct task_source *source, struct wire_frame *task)
{
    return (source->promise_due == 0 ||
            wire_frame_add_fixed64(task, TASK_PROMISE_DUE, source->promise_due)) &&
           (source->legal_due == 0 ||
            wire_frame_add_fixed64(task, TASK_LEGAL_DUE, source->legal_due)) &&
           (source->failures == 0 || wire_frame_add_number(task, TASK_FAILURES, source->failures));
}

size_t task_needs(const struct definition_item *item, const Bl__Application *application,
                  const struct task_need **needs, struct bl_arena *arena)
{
    const struct definition_join *join = &item->needs;
    struct task_need *found = NULL;
    size_t count = 0;

    for (size_t i = 0; i < join->branch_count; i++) {
        const Bl__Item *of = application->items[join->branches[i]];

        if (of->document[0] != '\0') {
            found =
                found == NULL ? bl_arena_array(arena, struct task_need, join->branch_count) : found;
            found[count++] = (struct task_need){ bl_arena_string(arena, of->id),
                                                 bl_arena_string(arena, of->document) };
        }
    }
    *needs = found;
    return count;
}

static bool put_needs(const struct task_source *source, struct task_scratch *scratch)
{
    bool fits = true;

    for (size_t i = 0; i < source->need_count && fits; i++) {
        wire_frame_clear(&scratch->form);
        fits = wire_frame_add_text(&scratch->form, NEED_ITEM, source->needs[i].item) &&
               wire_frame_add_text(&scratch->form, NEED_DOCUMENT, source->needs[i].document) &&
               wire_frame_add_bytes(
                   &scratch->body, TASK_NEEDS,
                   (struct bl_text){ (const char *)scratch->form.bytes, scratch->form.used });
    }
    return fits;
}

/* Whom to tell: his name and where to reach him, and no more. */
static bool put_addressee(const struct task_source *source, struct task_scratch *scratch)
{
    struct bl_text applicant = first_field(source->content, CONTENT_APPLICANT);
    struct bl_text name = first_field(applicant, APPLICANT_NAME);
    struct bl_text phone = first_field(applicant, APPLICANT_PHONE);

    wire_frame_clear(&scratch->form);
    return wire_frame_add_bytes(&scratch->form, APPLICANT_NAME, name) &&
           wire_frame_add_bytes(&scratch->form, APPLICANT_PHONE, phone) &&
           wire_frame_add_bytes(
               &scratch->body, TASK_TO,
               (struct bl_text){ (const char *)scratch->form.bytes, scratch->form.used });
}

static bool put_notice(const struct task_source *source, struct task_scratch *scratch)
{
    const Bl__Notice *notice = source->notice;
    struct wire_frame *task = &scratch->body;
    char name[NAME_BYTES];

    (void)snprintf(name, sizeof name, "%s.notice-%u", source->number, notice->number);
    return wire_frame_add_text(task, TASK_NAME, name) &&
           wire_frame_add_text(task, TASK_APPLICATION, source->number) &&
           wire_frame_add_text(task, TASK_WORKFLOW, source->definition->workflow) &&
           (notice->whole ||
            wire_frame_add_text(task, TASK_ITEM, source->notice_item)) &&
           wire_frame_add_text(task, TASK_STEP, "notice") &&
           (notice->failures == 0 ||
            wire_frame_add_number(task, TASK_FAILURES, notice->failures)) &&
           wire_frame_add(task, TASK_NOTICE, &notice->base) && put_addressee(source, scratch);
}

struct bl_text task_body(const struct task_source *source, struct task_scratch *scratch)
{
    wire_frame_clear(&scratch->body);
    if (source->notice != NULL) {
        return put_notice(source, scratch)
                   ? (struct bl_text){ (const char *)scratch->body.bytes, scratch->body.used }
                   : (struct bl_text){ NULL, 0 };
    }
    if (!put_names(source, &scratch->body) || !put_moments(source, &scratch->body) ||
        !put_content(source, scratch) || !put_needs(source, scratch)) {
        return (struct bl_text){ NULL, 0 };
    }
    return (struct bl_text){ (const char *)scratch->body.bytes, scratch->body.used };
}

bool task_add(struct wire_frame *frame, struct bl_text body, uint64_t attempt,
              struct task_scratch *scratch)
{
    char text[ATTEMPT_TEXT_BYTES];

    wire_frame_clear(&scratch->attempt);
    CHECK(wire_frame_add_text(&scratch->attempt, TASK_ATTEMPT, attempt_format(attempt, text)));
    return wire_frame_add_pair(
        frame, WIRE_TASK_TASKS, body,
        (struct bl_text){ (const char *)scratch->attempt.bytes, scratch->attempt.used });
}
