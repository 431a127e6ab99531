/* How far it is, for who has the number and its code. */
#include <sodium.h>
#include <string.h>

#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/limiter.h"
#include "gateway/problem.h"
#include "gateway/read.h"

#define GUESSES_A_MINUTE 30  // at one number, whoever guesses: there are 2^40 codes

static Bl__ProgressItem *item_of(struct request *request, const Bl__ItemView *view)
{
    Bl__ProgressItem *item = bl_arena_new(&request->arena, Bl__ProgressItem);

    bl__progress_item__init(item);
    item->title = view->title;
    item->department_title = view->department_title;
    item->state = view->state;
    item->result = view->result;
    item->light = view->light;
    item->promise = view->promise;
    return item;
}

/* What an applicant is told: the view without names, officers and numbers inside. */
static void show(struct request *request, const Bl__ApplicationView *view)
{
    Bl__Progress progress = BL__PROGRESS__INIT;

    progress.number = view->number;
    progress.title = view->title;
    progress.state = view->state;
    progress.light = view->light;
    progress.submitted_at = view->submitted_at;
    progress.accepted_at = view->accepted_at;
    progress.ended_at = view->ended_at;
    progress.promise = view->promise;
    progress.next = view->next;
    progress.items = bl_arena_array(&request->arena, Bl__ProgressItem *, view->n_items + 1);
    for (size_t i = 0; i < view->n_items; i++) {
        progress.items[progress.n_items++] = item_of(request, view->items[i]);
    }
    response_message(request, 200, &progress.base, 0);
}

/* Upper case, without the hyphens and spaces with which people write a code. */
static bool is_code(const struct request *request, const char *number, const char *given)
{
    char code[STORE_CODE_BYTES], read[STORE_CODE_BYTES] = "";
    size_t count = 0;

    for (; *given != '\0'; given++) {
        if (*given == '-' || *given == ' ') {
            continue;
        }
        if (count == sizeof read - 1) {
            return false;
        }
        read[count++] = *given >= 'a' && *given <= 'z' ? (char)(*given - 'a' + 'A') : *given;
    }
    store_query_code(request->gateway->store, number, code);
    return count == sizeof code - 1 && sodium_memcmp(read, code, sizeof code - 1) == 0;
}

/* A wrong code and a number that is not there are the same answer. */
void public_progress(struct request *request)
{
    const char *number = request_parameter(request, "number");
    const char *code = request_argument(request, "code");
    struct principal applicant = { .role = BL__KEY__ROLE__APPLICANT };
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;
    Bl__QueryAnswer answer;
    struct bl_error e = { 0 };
    struct limit_state state = limiter_take(request->gateway->limiter, "progress", number,
                                            GUESSES_A_MINUTE, request->begun);

    if (state.wait_ms > 0) {
        problem_status(request, 429, BL_UNAVAILABLE, "rate", "");
        return;
    }
    if (code == NULL || strlen(number) >= sizeof applicant.name ||
        !is_code(request, number, code)) {
        problem(request, BL_NOT_FOUND, "progress-unknown", "code");
        return;
    }
    bl_text_copy(applicant.name, sizeof applicant.name, number);
    get.number = number;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    if (read_ask(request, &applicant, &query, &answer, &e) != BL_OK) {
        problem_error(request, &e);
    } else if (answer.refusal != NULL) {
        problem(request, BL_NOT_FOUND, "progress-unknown", "code");
    } else {
        show(request, answer.applications[0]);
    }
}
