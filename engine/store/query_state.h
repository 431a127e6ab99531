/* query_state.h — what the files of queries share; nobody else includes it. Applications, events
 * and the directory are in query.c; each further subject is a file, and a row of the table there.
 */
#pragma once

#include "core/aggregate.h"
#include "store/query.h"
#include "store/read.h"
#include "store/view.h"

/* One question while it is being answered. */
struct asking {
    const struct query_context *context;
    const Bl__Query *query;
    struct viewer viewer;
    struct store_read *read;
    Bl__QueryAnswer *answer;
    struct bl_error *e;
};

/* The answer is a refusal; returns BL_OK. `rule` and `pointer` are borrowed. */
enum bl_err query_refuse(const struct asking *a, enum bl_err code, const char *rule,
                         const char *pointer);
/* Finds an application that the principal may see; else the answer is a refusal and *application
 * NULL. */
enum bl_err query_find(const struct asking *a, const char *number, Bl__Application **application);
/* The applicant's name, from the content; NULL if it is gone. Shown masked. */
const char *query_applicant(const struct asking *a, const Bl__Application *application);
/* Has the page taken as much memory as it may? */
bool query_is_large(const struct asking *a);
/* A cursor is the key of the next row in hexadecimal. */
const char *query_cursor(struct bl_arena *arena, struct bl_text key);
bool query_read_cursor(struct bl_arena *arena, const char *text, struct bl_text *key);

/* query_list.c */
enum bl_err query_applications(const struct asking *a);

/* query_delay.c */
/* Fills in whose time it was, where the application is late. */
enum bl_err query_delays(const struct asking *a, const Bl__Application *application,
                         Bl__ApplicationView *view);
/* query_why.c */
enum bl_err query_why(const struct asking *a);
/* query_task.c */
enum bl_err query_tasks(const struct asking *a);
enum bl_err query_absences(const struct asking *a);

/* query_may.c */
/* Fills in what whoever asks may do with an item now. */
void query_may(const struct asking *a, const struct world *world,
               const Bl__Application *application, uint32_t item, Bl__TaskView *view);

/* The further subjects, each in its own file. */
/* Finds a project that the principal may see; else the answer is a refusal and *project NULL. */
enum bl_err query_find_project(const struct asking *a, const char *code, Bl__Project **project);
/* The project on which it depends whether the principal sees an application or an event; NULL:
 * none, or nothing depends on it. */
const Bl__Project *query_project_of(const struct asking *a, const Bl__Application *application,
                                    const Bl__Event *event);
enum bl_err query_projects(const struct asking *a);
enum bl_err query_referrals(const struct asking *a);
enum bl_err query_bookings(const struct asking *a);
/* query_notice.c */
enum bl_err query_notices(const struct asking *a);
/* A notice by its place among the tasks of an application; NULL: it is not there, or not to be
 * seen.
 */
Bl__NoticeView *query_notice_view(const struct asking *a, uint64_t id, uint32_t task);

/* How many rows a page has. */
size_t query_bounded(uint32_t asked, size_t otherwise, size_t most);
