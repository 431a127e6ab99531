/* What people have to do: a department's tasks, those of one post, or a single one with the part of
 * the form that its item lists, and what may be done with it now. */
#include <string.h>

#include "core/application.h"
#include "core/office.h"
#include "google/protobuf/struct.pb-c.h"
#include "store/query_state.h"
#include "store/sight.h"

/* Of a row: department, due, application, item, consultation. */
#define APPLICATION_AT (DEPARTMENT_KEY_BYTES + 8)
#define ITEM_AT (APPLICATION_AT + 8)
#define CONSULTATION_AT (ITEM_AT + 2)
#define KEY_BYTES (CONSULTATION_AT + 2)

#define WAKES_MAX 1000  // events that time alone makes of one application

/* One piece of work. */
struct work {
    const Bl__Application *application;
    uint32_t item;
    const Bl__Consultation *consultation;  // NULL: the item's own
    struct catalog_version version;
};

struct listing {
    const struct asking *a;
    const Bl__ListTasks *what;
    Bl__Directory *directory;
    struct key prefix;
    size_t limit, rows;
    struct bl_text end;
};

static const Bl__Item *item_of(const struct work *work)
{
    return work->application->items[work->item];
}

static const struct definition_item *defined(const struct work *work)
{
    return &work->version.definition->items[work->item];
}

static const char *department_of(const struct work *work)
{
    return work->consultation != NULL ? work->consultation->department : item_of(work)->department;
}

/* What kind of work it is; NULL: none of its department's. */
static const char *kind_of(const struct work *work)
{
    const Bl__Item *item = item_of(work);

    if (work->consultation != NULL) {
        return "opine";
    }
    if (item->state == BL__ITEM__STATE__RECEIVED) {
        return defined(work)->acceptance_by_department ? "accept" : NULL;
    }
    if (application_item_is_running(item)) {
        return item->desk != NULL && item->desk->personal ? "decide" : NULL;
    }
    return "check";
}

/* The world as a post finds it. */
static struct world world_of(const struct listing *listing, const struct principal *principal)
{
    return (struct world){ .now = listing->a->viewer.now,
                           .principal = principal,
                           .departments = listing->a->viewer.departments,
                           .directory = listing->directory };
}

/* Is it something for this post: has it, or somebody it stands in for, the step's role? */
static bool is_for_post(const struct listing *listing, const struct work *work)
{
    const Bl__Item *item = item_of(work);
    struct principal officer = { .role = BL__KEY__ROLE__OFFICER };
    struct world world = world_of(listing, &officer);

    if (listing->what->post[0] == '\0') {
        return true;
    }
    bl_text_copy(officer.department, sizeof officer.department, department_of(work));
    bl_text_copy(officer.post, sizeof officer.post, listing->what->post);
    if (strcmp(kind_of(work), "decide") != 0) {
        return office_post(&world, officer.department, officer.post) != NULL;
    }
    if (listing->what->claimed || item->desk->post[0] != '\0') {
        return item->desk->post[0] != '\0' &&
               office_may_as(&world, item->department, item->desk->post);
    }
    if (item->desk->n_signers == 0) {
        return office_may(&world, item->department, defined(work)->steps[item->desk->step].role,
                          NULL);
    }
    for (size_t i = 0; i < item->desk->n_signers; i++) {
        if (office_may_as(&world, item->department, item->desk->signers[i])) {
            return true;
        }
    }
    return false;
}

static const char *name_of(const struct asking *a, const struct work *work)
{
    const Bl__Item *item = item_of(work);
    bool at_step = item->desk != NULL && application_item_is_running(item);

    return bl_arena_printf(a->viewer.arena, "%s.%s%s%s", work->application->number, item->id,
                           at_step ? "." : "",
                           at_step ? defined(work)->steps[item->desk->step].id : "");
}

static Bl__TaskView *view_of(const struct asking *a, const struct work *work, const char *kind)
{
    const Bl__Item *item = item_of(work);
    Bl__TaskView *view = bl_arena_new(a->viewer.arena, Bl__TaskView);

    bl__task_view__init(view);
    view->task = name_of(a, work);
    view->application = work->application->number;
    view->workflow = work->application->workflow;
    view->kind = kind;
    view->department = department_of(work);
    view->light = application_item_light(item, a->viewer.now);
    view->applicant = view_masked(a->viewer.arena, query_applicant(a, work->application));
    view_task(&a->viewer, &work->version, work->application, work->item, view);
    if (work->consultation != NULL) {
        view->question = work->consultation->question;
        view->answer_by = work->consultation->limit == NULL ? 0 : work->consultation->limit->due_at;
    } else {
        view->changed = (const char **)item->changed;
        view->n_changed = item->n_changed;
    }
    return view;
}

static bool read_work(const struct asking *a, uint64_t id, uint32_t item, uint32_t consultation,
                      struct work *work)
{
    Bl__Application *application;

    *work = (struct work){ .item = item };
    if (read_application(a->read, id, a->viewer.arena, &application, NULL) != BL_OK ||
        item >= application->n_items || application->items[item]->removed ||
        catalog_find(a->viewer.catalog, application->workflow, application->version, &work->version,
                     NULL) != BL_OK) {
        return false;
    }
    work->application = application;
    for (size_t i = 0; i < application->items[item]->n_consultations; i++) {
        if (application->items[item]->consultations[i]->number == consultation) {
            work->consultation = application->items[item]->consultations[i];
        }
    }
    return consultation == 0 || work->consultation != NULL;
}

static bool is_wanted(const struct listing *listing, const struct work *work)
{
    const char *kind = kind_of(work);

    if (kind == NULL || !sight_department(listing->a->viewer.principal, department_of(work))) {
        return false;
    }
    if (listing->what->claimed &&
        (strcmp(kind, "decide") != 0 || item_of(work)->desk->post[0] == '\0')) {
        return false;
    }
    return is_for_post(listing, work);
}

static bool visit(void *context, struct bl_text key, struct bl_text value)
{
    struct listing *listing = context;
    const struct asking *a = listing->a;
    struct work work;

    (void)value;
    if (key.bytes != KEY_BYTES ||
        memcmp(key.at, listing->prefix.bytes, listing->prefix.count) != 0) {
        return false;
    }
    if (a->answer->n_tasks == listing->limit || listing->rows == QUERY_ROWS_MAX ||
        query_is_large(a)) {
        listing->end =
            (struct bl_text){ bl_arena_copy(a->viewer.arena, key.at, key.bytes), key.bytes };
        return false;
    }
    listing->rows++;
    if (read_work(a, key_read_u64(key.at + APPLICATION_AT), key_read_u16(key.at + ITEM_AT),
                  key_read_u16(key.at + CONSULTATION_AT), &work) &&
        is_wanted(listing, &work)) {
        a->answer->tasks[a->answer->n_tasks++] = view_of(a, &work, kind_of(&work));
    }
    return true;
}

static enum bl_err list(const struct asking *a, struct listing *listing)
{
    struct bl_text from = key_text(&listing->prefix);

    if (listing->what->after[0] != '\0' &&
        !query_read_cursor(a->viewer.arena, listing->what->after, &from)) {
        return query_refuse(a, BL_INVALID, "cursor-malformed", "after");
    }
    a->answer->tasks = bl_arena_array(a->viewer.arena, Bl__TaskView *, listing->limit);
    enum bl_err err = read_scan(a->read, TABLE_DESKS, from, visit, listing, a->e);
    if (err == BL_OK && listing->end.at != NULL) {
        a->answer->next = query_cursor(a->viewer.arena, listing->end);
    }
    return err;
}

/* --- one task ---------------------------------------------------------------------------------
 */

static void add_form(const struct asking *a, const struct work *work, ProtobufCBinaryData bytes,
                     Bl__TaskView *view)
{
    Google__Protobuf__Struct *form =
        google__protobuf__struct__unpack(&a->viewer.arena->allocator, bytes.len, bytes.data);
    size_t kept = 0;

    for (size_t i = 0; form != NULL && i < form->n_fields; i++) {
        if (definition_item_lists_field(work->version.definition, defined(work),
                                        form->fields[i]->key)) {
            form->fields[kept++] = form->fields[i];
        }
    }
    if (form == NULL) {
        return;
    }
    form->n_fields = kept;
    view->form.len = google__protobuf__struct__get_packed_size(form);
    view->form.data = bl_arena_alloc(a->viewer.arena, view->form.len + 1);
    (void)google__protobuf__struct__pack(form, view->form.data);
}

/* What the item lists of form and materials, and no more; whoever is asked for an opinion has the
 * question. */
static void add_content(const struct asking *a, const struct work *work, Bl__TaskView *view)
{
    Bl__StoredContent *stored;

    if (work->consultation != NULL ||
        read_content(a->read, work->application->id, work->application->contents, a->viewer.arena,
                     &stored, NULL) != BL_OK) {
        return;
    }
    Bl__Content *content =
        bl__content__unpack(&a->viewer.arena->allocator, stored->content.len, stored->content.data);
    if (content == NULL) {
        return;
    }
    add_form(a, work, content->form, view);
    view->materials = bl_arena_array(a->viewer.arena, Bl__Material *, content->n_materials + 1);
    for (size_t i = 0; i < content->n_materials; i++) {
        if (definition_item_lists_material(work->version.definition, defined(work),
                                           content->materials[i]->id)) {
            view->materials[view->n_materials++] = content->materials[i];
        }
    }
}

/* The part of "NUMBER.item.step" behind the first dot, up to the next. */
static const char *item_part(struct bl_arena *arena, const char *task, char **number)
{
    *number = bl_arena_string(arena, task);
    char *item = strchr(*number, '.');

    if (item == NULL) {
        return "";
    }
    *item++ = '\0';
    item[strcspn(item, ".")] = '\0';
    return item;
}

/* The consultation of an item that is the viewer's department's, if the item itself is not. */
static const Bl__Consultation *asked_of(const struct asking *a, const Bl__Item *item)
{
    for (size_t i = 0; i < item->n_consultations && !sight_item(a->viewer.principal, item); i++) {
        if (item->consultations[i]->answered_at == 0 &&
            sight_department(a->viewer.principal, item->consultations[i]->department)) {
            return item->consultations[i];
        }
    }
    return NULL;
}

/* Lets a state that was read catch up with time, as it will before any act is decided. */
static void catch_up(const struct world *world, Bl__Application *application,
                     struct bl_arena *arena)
{
    for (int i = 0; i < WAKES_MAX && application_aggregate.next(application) <= world->now; i++) {
        Bl__Event *event = application_aggregate.wake(world, application, arena);

        if (event == NULL) {
            return;
        }
        event->previous = application->last_event;
        event->seq = application->last_event + 1;
        application_aggregate.evolve(application, event, arena);
    }
}

static void add_may(const struct asking *a, const struct listing *listing, const struct work *work,
                    Bl__TaskView *view)
{
    struct world world = world_of(listing, a->viewer.principal);

    world.actor = a->query->actor;
    world.definition = work->version.definition;
    world.calendar = work->version.calendar;
    world.id = work->application->id;
    Bl__Application *application = NULL;
    if (read_application(a->read, work->application->id, a->viewer.arena, &application, NULL) ==
        BL_OK) {
        catch_up(&world, application, a->viewer.arena);
        query_may(a, &world, application, work->item, view);
    }
}

static enum bl_err show(const struct asking *a, struct listing *listing)
{
    char *number;
    const char *id = item_part(a->viewer.arena, listing->what->task, &number);
    Bl__Application *application;
    struct work work;
    enum bl_err err = query_find(a, number, &application);

    if (err != BL_OK || application == NULL) {
        return err;
    }
    int index = application_item_find(application, id);
    if (index >= 0 && application->items[index]->removed &&
        sight_item(a->viewer.principal, application->items[index])) {
        return query_refuse(a, BL_NOT_FOUND, "item-removed", id);
    }
    if (index < 0 || !read_work(a, application->id, (uint32_t)index, 0, &work)) {
        return query_refuse(a, BL_NOT_FOUND, "item-unknown", listing->what->task);
    }
    work.consultation = asked_of(a, item_of(&work));
    if (work.consultation == NULL && !sight_item(a->viewer.principal, item_of(&work))) {
        return query_refuse(a, BL_NOT_FOUND, "item-unknown", listing->what->task);
    }
    const char *kind = kind_of(&work);
    Bl__TaskView *view = view_of(a, &work, kind == NULL ? "" : kind);
    add_content(a, &work, view);
    add_may(a, listing, &work, view);
    a->answer->tasks = bl_arena_array(a->viewer.arena, Bl__TaskView *, 1);
    a->answer->tasks[a->answer->n_tasks++] = view;
    return BL_OK;
}

/* Who is away now or will be: of a department, or of all. */
enum bl_err query_absences(const struct asking *a)
{
    const char *department = a->query->absences->department;
    Bl__Directory *directory;
    enum bl_err err = read_directory(a->read, a->viewer.arena, &directory, a->e);

    if (err != BL_OK) {
        return err;
    }
    a->answer->absences = bl_arena_array(a->viewer.arena, Bl__Absence *, directory->n_absences + 1);
    for (size_t i = 0; i < directory->n_absences; i++) {
        Bl__Absence *absence = directory->absences[i];

        if (absence->to > a->viewer.now &&
            (department[0] == '\0' || strcmp(absence->department, department) == 0) &&
            sight_department(a->viewer.principal, absence->department)) {
            a->answer->absences[a->answer->n_absences++] = absence;
        }
    }
    return BL_OK;
}

/* An officer who names nobody asks for his own department's. */
enum bl_err query_tasks(const struct asking *a)
{
    const Bl__ListTasks *what = a->query->tasks;
    const char *own = a->viewer.principal->department;
    struct listing listing = {
        .a = a,
        .what = what,
        .limit = query_bounded(what->limit, QUERY_LIMIT_DEFAULT, QUERY_LIMIT_MAX),
    };
    enum bl_err err = read_directory(a->read, a->viewer.arena, &listing.directory, a->e);

    if (err != BL_OK) {
        return err;
    }
    if (what->task[0] != '\0') {
        return show(a, &listing);
    }
    if (what->department[0] != '\0' || own[0] != '\0') {
        key_department(&listing.prefix, what->department[0] != '\0' ? what->department : own);
    }
    return list(a, &listing);
}
