/* The promises about acts: what somebody was told is done stands in the events, once, and what was
 * refused stands there not at all. Each act carries its number in its reason or text. */
#include <stdio.h>

#include "model_state.h"

/* The text of an event that its act has given it; NULL: it has none. */
static const char *text_of(const Bl__Event *event, const char *field)
{
    const ProtobufCFieldDescriptor *what =
        protobuf_c_message_descriptor_get_field(&bl__event__descriptor, (unsigned)event->what_case);
    const ProtobufCMessage *body =
        *(ProtobufCMessage *const *)(const void *)((const char *)event + what->offset);
    const ProtobufCFieldDescriptor *text =
        protobuf_c_message_descriptor_get_field_by_name(body->descriptor, field);

    return text == NULL || text->type != PROTOBUF_C_TYPE_STRING
               ? NULL
               : *(const char *const *)(const void *)((const char *)body + text->offset);
}

static uint64_t deed_in(const Bl__Event *event)
{
    static const char *const fields[] = { "reason", "text", "receipt", "question" };
    unsigned long long number;

    for (size_t i = 0; i < BL_COUNT(fields); i++) {
        const char *text = text_of(event, fields[i]);

        if (text != NULL && sscanf(text, "deed %llu", &number) == 1) {
            return number;
        }
    }
    return 0;
}

uint64_t deeds_take(struct model *model, const Bl__Event *event)
{
    uint64_t deed = event->actor == NULL ? 0 : deed_in(event);  // an urging is raised by itself

    if (deed == 0) {
        return 0;
    }
    if (bl_map_get(&model->deeds, deed) != NULL) {
        FAIL(model, event->id, "act %llu is done twice", (unsigned long long)deed);
    }
    bl_map_put(&model->deeds, deed, (void *)(uintptr_t)event->seq);
    return deed;
}

void model_done(struct model *model, uint64_t deed, const Bl__Command *command, uint64_t event)
{
    uint64_t id = command->application_id;

    if (event == 0 || event > model->newest) {
        FAIL(model, id, "act %llu was acknowledged as event %llu; the store ends at %llu",
             (unsigned long long)deed, (unsigned long long)event,
             (unsigned long long)model->newest);
    }
    const struct fact *fact = &model->facts[event - 1];
    if (id == 0) {
        return;  // the directory's
    }
    if (fact->application != id || (fact->deed != 0 && fact->deed != deed)) {
        FAIL(model, id, "act %llu was acknowledged as event %llu, which is not it",
             (unsigned long long)deed, (unsigned long long)event);
    }
}

void model_refused(struct model *model, uint64_t deed, const Bl__Command *command,
                   const Bl__Refusal *refusal, uint64_t newest)
{
    const ProtobufCFieldDescriptor *what = protobuf_c_message_descriptor_get_field(
        &bl__command__descriptor, (unsigned)command->what_case);

    sim_trace(model->sim, command->application_id, "act %llu, %s: %s", (unsigned long long)deed,
              what->name, refusal->rule);
    uint64_t event = (uintptr_t)bl_map_get(&model->deeds, deed);
    if (event != 0 && event <= newest) {  // else another copy of it came later, and was done
        FAIL(model, command->application_id, "act %llu is refused as %s, and it is done",
             (unsigned long long)deed, refusal->rule);
    }
}
