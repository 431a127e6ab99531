#include "daemon/task_json.h"

#include "schema/json.h"

void task_json_write(struct writer *writer, const Bl__Task *task, int32_t offset_minutes)
{
    json_write_message(writer, &task->base,
                       (struct json_options){ .offset_minutes = offset_minutes });
    writer_line(writer);
}

enum bl_err task_json_read(const char *text, size_t bytes, struct bl_arena *arena,
                           Bl__Decision **decision, struct bl_error *e)
{
    struct schema_problems *problems = bl_arena_new(arena, struct schema_problems);
    ProtobufCMessage *message = NULL;

    schema_problems_init(problems, arena);
    enum bl_err err =
        json_read_message(text, bytes, &bl__decision__descriptor, arena, &message, problems);
    if (err != BL_OK) {
        return schema_problems_error(problems, err, e);
    }
    Bl__Decision *read = (Bl__Decision *)message;
    if (read->act != NULL) {
        *decision = read;
        return BL_OK;
    }
    if (read->decision == BL__DECISION__VERDICT__VERDICT_UNSPECIFIED) {
        return bl_error_set(e, BL_INVALID,
                            "decision: one of approve, reject, fail is missing, or an act");
    }
    if (read->decision == BL__DECISION__VERDICT__REJECT && read->reason[0] == '\0') {
        return bl_error_set(e, BL_INVALID, "reason: a rejection needs one");
    }
    *decision = read;
    return BL_OK;
}
