/* The papers for the applicant: which there are, and each as PDF. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/paper_kind.h"
#include "gateway/problem.h"
#include "gateway/read.h"
#include "store/catalog.h"
#include "store/read.h"
#include "store/sight.h"
#include "store/view.h"

#define EVENTS_MAX 5000  // of one application that are looked through

/* What is asked about: the application as the caller sees it, and its events. */
struct file {
    const Bl__ApplicationView *application;
    Bl__EventView **events;
    size_t count;
};

/* One page of the history; false: there is none, or a problem was answered. */
static bool read_page(struct request *request, const char *number, uint64_t after,
                      Bl__QueryAnswer *answer)
{
    Bl__GetEvents get = BL__GET_EVENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    struct bl_error e = { 0 };

    get.number = number;
    get.after = after;
    get.limit = QUERY_EVENTS_MAX;
    query.what_case = BL__QUERY__WHAT_EVENTS;
    query.events = &get;
    if (read_ask(request, &request->caller.person, &query, answer, &e) != BL_OK) {
        problem_error(request, &e);
        return false;
    }
    return answer->refusal == NULL && answer->n_events > 0;
}

static void read_events(struct request *request, struct file *file)
{
    Bl__QueryAnswer answer;
    uint64_t after = 0;

    file->events = bl_arena_array(&request->arena, Bl__EventView *, EVENTS_MAX);
    while (file->count + QUERY_EVENTS_MAX <= EVENTS_MAX &&
           read_page(request, file->application->number, after, &answer)) {
        memcpy(file->events + file->count, answer.events, answer.n_events * sizeof *answer.events);
        file->count += answer.n_events;
        after = file->events[file->count - 1]->event->seq;
        if (answer.next[0] == '\0') {
            break;
        }
    }
}

/* False after a problem was answered: what may not be seen is not there. */
static bool read_file(struct request *request, struct file *file)
{
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;
    Bl__QueryAnswer *answer = bl_arena_new(&request->arena, Bl__QueryAnswer);
    struct bl_error e = { 0 };

    *file = (struct file){ 0 };
    get.number = request_parameter(request, "number");
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    if (read_ask(request, &request->caller.person, &query, answer, &e) != BL_OK) {
        problem_error(request, &e);
    } else if (answer->refusal != NULL) {
        problem_refusal(request, answer->refusal);
    } else {
        file->application = answer->applications[0];
        read_events(request, file);
    }
    return request->response.status == 0;
}

static const char *id_of(struct request *request, const Bl__EventView *event)
{
    return bl_arena_printf(&request->arena, "%s-%llu", paper_kind_of(event->event)->id,
                           (unsigned long long)event->event->seq);
}

/* --- the list --------------------------------------------------------------------------------- */

static Bl__Paper *entry_of(struct request *request, const Bl__EventView *event)
{
    const struct paper_kind *kind = paper_kind_of(event->event);
    Bl__Paper *entry = bl_arena_new(&request->arena, Bl__Paper);
    Bl__Title *title = bl_arena_new(&request->arena, Bl__Title);

    bl__paper__init(entry);
    bl__title__init(title);
    title->zh = kind->title;
    title->en = kind->title_en;
    entry->id = id_of(request, event);
    entry->kind = kind->id;
    entry->title = title;
    entry->item = event->item;
    entry->at = event->event->at;
    entry->event = event->event->seq;
    return entry;
}

void list_documents(struct request *request)
{
    Bl__Papers papers = BL__PAPERS__INIT;
    struct file file;

    if (!read_file(request, &file)) {
        return;
    }
    papers.items = bl_arena_array(&request->arena, Bl__Paper *, file.count + 1);
    for (size_t i = 0; i < file.count; i++) {
        if (paper_kind_of(file.events[i]->event) != NULL) {
            papers.items[papers.n_items++] = entry_of(request, file.events[i]);
        }
    }
    response_message(request, 200, &papers.base, 0);
}

/* --- one paper -------------------------------------------------------------------------------- */

/* How many versions the content had when the event happened, which may have made one itself. */
static uint32_t version_at(const struct file *file, uint64_t seq)
{
    uint32_t version = 1;

    for (size_t i = 0; i < file->count && file->events[i]->event->seq <= seq; i++) {
        Bl__Event__WhatCase what = file->events[i]->event->what_case;

        version += what == BL__EVENT__WHAT_CORRECTED || what == BL__EVENT__WHAT_SUPPLEMENTED;
    }
    return version;
}

static const Bl__Submitted *submitted_of(const struct file *file)
{
    return file->count > 0 && file->events[0]->event->what_case == BL__EVENT__WHAT_SUBMITTED
               ? file->events[0]->event->submitted
               : NULL;
}

/* The version of the workflow when the event happened. */
static uint32_t workflow_at(const struct file *file, uint64_t seq)
{
    const Bl__Submitted *submitted = submitted_of(file);
    uint32_t version = submitted == NULL ? file->application->version : submitted->version;

    for (size_t i = 0; i < file->count && file->events[i]->event->seq <= seq; i++) {
        if (file->events[i]->event->what_case == BL__EVENT__WHAT_MIGRATED) {
            version = file->events[i]->event->migrated->to;
        }
    }
    return version;
}

static const Bl__Content *read_content_of(struct request *request, const struct file *file,
                                          uint64_t seq)
{
    struct store_read *read AUTO(store_read_end) = NULL;
    Bl__StoredContent *stored;

    if (store_read_begin(request->gateway->store, &read, NULL) != BL_OK ||
        read_content(read, file->application->id, version_at(file, seq), &request->arena, &stored,
                     NULL) != BL_OK) {
        return NULL;
    }
    return bl__content__unpack(&request->arena.allocator, stored->content.len,
                               stored->content.data);
}

/* The pattern with the number and the code in it; without one the two, for who scans at a window.
 */
static const char *link_of(struct request *request, const Bl__ApplicationView *application)
{
    const char *pattern = request->gateway->config->progress_link;
    const char *link = "";

    if (pattern == NULL || pattern[0] == '\0') {
        return bl_arena_printf(&request->arena, "%s %s", application->number,
                               application->query_code);
    }
    while (*pattern != '\0') {
        size_t plain = strcspn(pattern, "{");

        link = bl_arena_printf(&request->arena, "%s%.*s", link, (int)plain, pattern);
        pattern += plain;
        if (strncmp(pattern, "{number}", 8) == 0) {
            link = bl_arena_printf(&request->arena, "%s%s", link, application->number);
            pattern += 8;
        } else if (strncmp(pattern, "{code}", 6) == 0) {
            link = bl_arena_printf(&request->arena, "%s%s", link, application->query_code);
            pattern += 6;
        } else if (*pattern == '{') {
            link = bl_arena_printf(&request->arena, "%s{", link);
            pattern++;
        }
    }
    return link;
}

/* Whoever gives the applicant his code gives him his papers too: he sees the whole name. */
static const char *applicant_of(struct request *request, const struct file *file,
                                const Bl__Content *content)
{
    return sight_query_code(&request->caller.person) && content != NULL &&
                   content->applicant != NULL
               ? content->applicant->name
               : file->application->applicant;
}

static bool make_paper(struct request *request, const struct file *file, const Bl__EventView *event,
                       struct paper *paper)
{
    struct catalog_version version;
    struct bl_error e = { 0 };
    const Bl__Content *content = read_content_of(request, file, event->event->seq);

    if (catalog_find(request->gateway->catalog, file->application->workflow,
                     workflow_at(file, event->event->seq), &version, &e) != BL_OK) {
        problem_error(request, &e);
        return false;
    }
    struct paper_subject subject = { .event = event,
                                     .application = file->application,
                                     .submitted = submitted_of(file),
                                     .definition = version.definition,
                                     .departments = catalog_departments(request->gateway->catalog),
                                     .content = content,
                                     .applicant = applicant_of(request, file, content),
                                     .offset = request_offset(request),
                                     .arena = &request->arena };
    paper_write(paper_kind_of(event->event), &subject, paper);
    if (sight_query_code(&request->caller.person)) {
        paper->qr = link_of(request, file->application);
        paper->code = file->application->query_code;
    }
    return true;
}

/* What is drawn, and for whom: kept while the pool has it. */
struct print {
    struct paper paper;
    enum paper_size size;
    const char *id;
};

/* In the pool. */
static void print(struct request *request)
{
    struct print *print = request->context;
    struct writer pdf;
    struct bl_error e = { 0 };

    if (paper_draw(&print->paper, print->size, &pdf, &e) != BL_OK) {
        problem_error(request, &e);
        return;
    }
    bl_log(BL_LOG_INFO, "document.print", "account=%s app=%s document=%s paper=%s trace=%s",
           request->caller.person.name, request_parameter(request, "number"), print->id,
           print->size == PAPER_A4 ? "a4" : "receipt", request->trace_id);
    response_text(request, 200, "application/pdf", (struct bl_text){ pdf.at, pdf.bytes });
    response_header(request, "Content-Disposition",
                    bl_arena_printf(&request->arena, "inline; filename=\"%s.pdf\"", print->id));
    writer_free(&pdf);
}

static const Bl__EventView *find(struct request *request, const struct file *file, const char *id)
{
    for (size_t i = 0; i < file->count; i++) {
        if (paper_kind_of(file->events[i]->event) != NULL &&
            strcmp(id_of(request, file->events[i]), id) == 0) {
            return file->events[i];
        }
    }
    return NULL;
}

void show_document(struct request *request)
{
    const char *id = request_parameter(request, "document");
    const char *size = request_argument(request, "paper");
    struct print *print_job = bl_arena_new(&request->arena, struct print);
    struct file file;

    if (size != NULL && strcmp(size, "a4") != 0 && strcmp(size, "receipt") != 0) {
        problem(request, BL_MALFORMED, "value", "paper");
        return;
    }
    if (!read_file(request, &file)) {
        return;
    }
    const Bl__EventView *event = find(request, &file, id);
    if (event == NULL) {
        problem(request, BL_NOT_FOUND, "not-found", "document");
    } else if (make_paper(request, &file, event, &print_job->paper)) {
        print_job->size = size != NULL && strcmp(size, "receipt") == 0 ? PAPER_RECEIPT : PAPER_A4;
        print_job->id = id_of(request, event);
        request->context = print_job;
        request->job.think = print;
        request->job.kind = JOB_THINK;
    }
}
