/* Deadlines as a calendar to subscribe to: an officer's tasks, and the applications that somebody
 * sees. It has numbers and matters, and nobody's name: such calendars lie on phones. */
#include <stdlib.h>
#include <string.h>

#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/ics.h"
#include "gateway/problem.h"
#include "gateway/read.h"
#include "gateway/route.h"

#define PAGES_MAX 5  // of QUERY_LIMIT_MAX: the most urgent stand first

struct agenda {
    struct request *request;
    FILE *out;
};

static void put(const struct agenda *agenda, const char *uid, const char *number,
                const Bl__Title *title, const char *what, bl_time at, bool tentative)
{
    struct request *request = agenda->request;
    const char *matter =
        title == NULL ? "" : words_in((struct words){ title->zh, title->en }, request->language);

    if (matter[0] == '\0' && title != NULL) {
        matter = title->zh;
    }
    if (at <= 0 || at >= bl_day_start(bl_day_of((struct bl_date){ 9999, 12, 31 }), 0)) {
        return;
    }
    ics_event(agenda->out,
              &(struct ics_event){
                  .uid = bl_arena_printf(&request->arena, "%s@binglian", uid),
                  .summary = bl_arena_printf(&request->arena, "%s %s", number, matter),
                  .description = what,
                  .at = at,
                  .tentative = tentative,
              },
              request->now);
}

static bool may_move(const Bl__ClockView *clock)
{
    return clock->provisional || clock->standing;
}

/* --- tasks ------------------------------------------------------------------------------------ */

static void put_task(const struct agenda *agenda, const Bl__TaskView *task)
{
    struct request *request = agenda->request;
    bool opinion = strcmp(task->kind, "opine") == 0;
    const char *item = strchr(task->task, '.');
    const char *what = words_in(opinion ? (struct words){ "答复征求意见的期限", "opinion due" }
                                        : (struct words){ "承诺办结期限", "promised by" },
                                request->language);
    int bytes = item == NULL ? 0 : 1 + (int)strcspn(item + 1, ".");

    if (item == NULL || (!opinion && task->promise == NULL)) {
        return;
    }
    // The step of its circulation is left out: the same deadline goes from desk to desk.
    put(agenda,
        bl_arena_printf(&request->arena, "%s%.*s.%s", task->application, bytes, item, task->kind),
        task->application, task->title, what, opinion ? task->answer_by : task->promise->due_at,
        !opinion && may_move(task->promise));
}

static bool put_tasks(const struct agenda *agenda, Bl__Query *query, const char **after,
                      struct bl_error *e)
{
    Bl__QueryAnswer answer;

    if (read_ask(agenda->request, &agenda->request->caller.person, query, &answer, e) != BL_OK) {
        return false;
    }
    for (size_t i = 0; i < answer.n_tasks; i++) {
        put_task(agenda, answer.tasks[i]);
    }
    *after = answer.next;
    return true;
}

/* --- applications ----------------------------------------------------------------------------- */

static bool put_applications(const struct agenda *agenda, Bl__Query *query, const char **after,
                             struct bl_error *e)
{
    struct request *request = agenda->request;
    const char *what = words_in((struct words){ "承诺办结期限", "promised by" }, request->language);
    Bl__QueryAnswer answer;

    if (read_ask(request, &request->caller.person, query, &answer, e) != BL_OK) {
        return false;
    }
    for (size_t i = 0; i < answer.n_applications; i++) {
        const Bl__ApplicationView *view = answer.applications[i];

        if (view->promise != NULL) {
            put(agenda, view->number, view->number, view->title, what, view->promise->due_at,
                may_move(view->promise));
        }
    }
    *after = answer.next;
    return true;
}

/* --- the calendar ----------------------------------------------------------------------------- */

static bool put_page(const struct agenda *agenda, Bl__Query *query, const char **after,
                     struct bl_error *e)
{
    return query->what_case == BL__QUERY__WHAT_TASKS ? put_tasks(agenda, query, after, e)
                                                     : put_applications(agenda, query, after, e);
}

static bool put_pages(const struct agenda *agenda, Bl__Query *query, struct bl_error *e)
{
    const char **after = query->what_case == BL__QUERY__WHAT_TASKS ? &query->tasks->after
                                                                   : &query->applications->after;

    for (int i = 0; i < PAGES_MAX && (i == 0 || (*after)[0] != '\0'); i++) {
        if (!put_page(agenda, query, after, e)) {
            return false;
        }
    }
    return true;
}

/* Beside the connections: a thousand tasks are read. */
static void make(struct request *request)
{
    char *text = NULL;
    size_t bytes = 0;
    struct bl_error e = { 0 };
    struct agenda agenda = { request, open_memstream(&text, &bytes) };

    CHECK(agenda.out != NULL);
    ics_begin(agenda.out,
              words_in((struct words){ "并联审批期限", "Approval deadlines" }, request->language),
              words_in((struct words){ "zh", "en" }, request->language));
    bool whole = put_pages(&agenda, request->context, &e);
    ics_end(agenda.out);
    CHECK(fclose(agenda.out) == 0);
    if (whole) {
        response_text(request, 200, request->route->type, (struct bl_text){ text, bytes });
    } else {
        problem_error(request, &e);
    }
    free(text);
}

static Bl__Query *begin(struct request *request, Bl__Query__WhatCase what)
{
    Bl__Query *query = bl_arena_new(&request->arena, Bl__Query);

    bl__query__init(query);
    query->what_case = what;
    request->context = query;
    request->job.think = make;
    request->job.kind = JOB_THINK;
    return query;
}

/* What waits for the caller's post. */
void tasks_agenda(struct request *request)
{
    const struct principal *person = &request->caller.person;
    Bl__ListTasks *tasks = bl_arena_new(&request->arena, Bl__ListTasks);

    bl__list_tasks__init(tasks);
    tasks->department = person->department;
    tasks->post = person->post;
    tasks->limit = QUERY_LIMIT_MAX;
    begin(request, BL__QUERY__WHAT_TASKS)->tasks = tasks;
}

/* What is open of a project or a window, or of all that the caller sees. */
void applications_agenda(struct request *request)
{
    const char *project = request_argument(request, "project");
    const char *window = request_argument(request, "window");
    Bl__ListApplications *list = bl_arena_new(&request->arena, Bl__ListApplications);

    bl__list_applications__init(list);
    list->open = true;
    list->limit = QUERY_LIMIT_MAX;
    list->project = project == NULL ? "" : project;
    list->window = window == NULL ? "" : window;
    begin(request, BL__QUERY__WHAT_APPLICATIONS)->applications = list;
}
