/* The table of commands. A new one is its row here and its place in a file. */
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

#define NEAR_ENOUGH 2  // edits between what was typed and what was meant

/* In the order of the help. */
#define COMMANDS(X)                                                                                \
    X(submit)                                                                                      \
    X(show)                                                                                        \
    X(list)                                                                                        \
    X(watch)                                                                                       \
    X(events)                                                                                      \
    X(accept)                                                                                      \
    X(refuse)                                                                                      \
    X(notify)                                                                                      \
    X(correct)                                                                                     \
    X(supplement)                                                                                  \
    X(return )                                                                                     \
    X(withdraw)                                                                                    \
    X(comment)                                                                                     \
    X(reopen)                                                                                      \
    X(revoke)                                                                                      \
    X(visit_set)                                                                                   \
    X(visit_end)                                                                                   \
    X(task_list)                                                                                   \
    X(task_show)                                                                                   \
    X(task_approve)                                                                                \
    X(task_reject)                                                                                 \
    X(task_claim)                                                                                  \
    X(task_unclaim)                                                                                \
    X(task_transfer)                                                                               \
    X(task_return)                                                                                 \
    X(task_recall)                                                                                 \
    X(task_sign)                                                                                   \
    X(task_suspend)                                                                                \
    X(task_resume)                                                                                 \
    X(task_hearing)                                                                                \
    X(task_extend)                                                                                 \
    X(task_consult)                                                                                \
    X(task_opine)                                                                                  \
    X(task_check)                                                                                  \
    X(task_deliver)                                                                                \
    X(task_accept)                                                                                 \
    X(task_refuse)                                                                                 \
    X(task_notify)                                                                                 \
    X(urge)                                                                                        \
    X(reply)                                                                                       \
    X(release)                                                                                     \
    X(terminate)                                                                                   \
    X(notice_list)                                                                                 \
    X(incident_list)                                                                               \
    X(incident_retry)                                                                              \
    X(incident_reassign)                                                                           \
    X(incident_resolve)                                                                            \
    X(workflow_validate)                                                                           \
    X(workflow_graph)                                                                              \
    X(workflow_simulate)                                                                           \
    X(workflow_eval)                                                                               \
    X(workflow_publish)                                                                            \
    X(workflow_list)                                                                               \
    X(workflow_show)                                                                               \
    X(workflow_diff)                                                                               \
    X(workflow_migrate)                                                                            \
    X(workflow_retire)                                                                             \
    X(calendar_explain)                                                                            \
    X(calendar_show)                                                                               \
    X(calendar_check)                                                                              \
    X(calendar_publish)                                                                            \
    X(project_open)                                                                                \
    X(project_track)                                                                               \
    X(project_milestone)                                                                           \
    X(project_close)                                                                               \
    X(project_list)                                                                                \
    X(project_show)                                                                                \
    X(absence_set)                                                                                 \
    X(absence_end)                                                                                 \
    X(absence_list)                                                                                \
    X(referral_make)                                                                               \
    X(referral_hand_over)                                                                          \
    X(referral_list)                                                                               \
    X(booking_plan)                                                                                \
    X(booking_book)                                                                                \
    X(booking_change)                                                                              \
    X(booking_list)                                                                                \
    X(department_list)                                                                             \
    X(worker_list)                                                                                 \
    X(key_new)                                                                                     \
    X(key_grant)                                                                                   \
    X(key_list)                                                                                    \
    X(key_revoke)                                                                                  \
    X(user_add)                                                                                    \
    X(user_list)                                                                                   \
    X(user_remove)                                                                                 \
    X(user_password)                                                                               \
    X(token_new)                                                                                   \
    X(token_list)                                                                                  \
    X(token_revoke)                                                                                \
    X(store_verify)                                                                                \
    X(store_dump)                                                                                  \
    X(store_stats)                                                                                 \
    X(store_backup)                                                                                \
    X(store_check)                                                                                 \
    X(store_restore)                                                                               \
    X(audit_verify)                                                                                \
    X(audit_checkpoint)                                                                            \
    X(audit_export)                                                                                \
    X(doctor)                                                                                      \
    X(dev)                                                                                         \
    X(load)                                                                                        \
    X(completion)                                                                                  \
    X(version)                                                                                     \
    X(help)

#define X(name) extern const struct command command_##name;
COMMANDS(X)
#undef X

const struct command *const commands[] = {
#define X(name) &command_##name,
    COMMANDS(X)
#undef X
};
const size_t command_count = BL_COUNT(commands);

/* How many of the words the name consists of, if they begin with it; else 0. */
static size_t words_matched(const char *name, char *const *words, size_t count)
{
    size_t matched = 0;

    while (*name != '\0') {
        size_t length = strcspn(name, " ");

        if (matched == count || !bl_text_is((struct bl_text){ name, length }, words[matched])) {
            return 0;
        }
        matched++;
        name += length + (name[length] == ' ');
    }
    return matched;
}

const struct command *command_find(char *const *words, size_t count, size_t *used)
{
    for (size_t i = 0; i < command_count; i++) {
        *used = words_matched(commands[i]->name, words, count);
        if (*used > 0) {
            return commands[i];
        }
    }
    return NULL;
}

const char *command_nearest(const char *typed)
{
    const char *nearest = NULL;
    uint32_t best = NEAR_ENOUGH + 1;

    for (size_t i = 0; i < command_count; i++) {
        char word[64];
        size_t length = strcspn(commands[i]->name, " ");

        memcpy(word, commands[i]->name, length);
        word[length] = '\0';
        uint32_t distance = bl_text_distance(typed, word, NEAR_ENOUGH);
        if (distance < best) {
            best = distance;
            nearest = commands[i]->name;
        }
    }
    return nearest;
}

bool command_is_group(const char *word)
{
    for (size_t i = 0; i < command_count; i++) {
        size_t length = strcspn(commands[i]->name, " ");

        if (commands[i]->name[length] == ' ' &&
            bl_text_is((struct bl_text){ commands[i]->name, length }, word)) {
            return true;
        }
    }
    return false;
}
