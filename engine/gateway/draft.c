/* Drafts: each person's own, saved by the page while he types. */
#include <stdlib.h>
#include <string.h>

#include "core/refusal.h"
#include "gateway/accounts.h"
#include "gateway/drafts.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"

/* Who asks; false after it was answered that his account is gone. */
static bool owner_of(struct request *request, struct draft_owner *owner)
{
    Bl__StoredAccount *account;
    struct bl_error e = { 0 };
    const char *name = request->caller.person.name;
    enum bl_err err =
        accounts_find(request->gateway->accounts, name, &request->arena, &account, &e);

    if (err != BL_OK) {
        problem(request, err, err == BL_NOT_FOUND ? "account-unknown" : bl_err_name(err), "");
        return false;
    }
    *owner = (struct draft_owner){ name, account->account->created_at };
    return true;
}

/* The id that the path has; NULL after it was answered that it is none. */
static const char *id_of(struct request *request)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_";
    const char *id = request_parameter(request, "id");
    size_t bytes = strlen(id);

    if (bytes == 0 || bytes > DRAFT_ID_BYTES_MAX || strspn(id, allowed) != bytes) {
        problem(request, BL_INVALID, "draft-id", "id");
        return NULL;
    }
    return id;
}

static void refuse_bound(struct request *request, enum bl_err code, const char *rule, size_t limit)
{
    Bl__Refusal *refusal = refusal_new(&request->arena, code, rule, "");

    problem_refusal(request, refusal_argument(&request->arena, refusal, "limit",
                                              bl_arena_printf(&request->arena, "%zu", limit)));
}

static void refuse(struct request *request, enum bl_err code, const struct bl_error *e)
{
    if (code == BL_NOT_FOUND) {
        problem(request, code, "draft-unknown", "id");
    } else if (code == BL_STALE) {
        problem_status(request, 412, code, "draft-stale", "If-Match");
    } else if (code == BL_TOO_LARGE) {
        refuse_bound(request, code, "draft-large", DRAFT_BYTES_MAX);
    } else if (code == BL_FULL) {
        refuse_bound(request, code, "drafts-many", DRAFTS_OF_ONE_MAX);
    } else {
        problem_error(request, e);
    }
}

static void show(struct request *request, const Bl__Draft *draft)
{
    response_message(request, 200, &draft->base, draft->revision);
    response_header(request, "Cache-Control", "no-store");
}

void list_drafts(struct request *request)
{
    Bl__Drafts list = BL__DRAFTS__INIT;
    struct draft_owner owner;
    struct bl_error e = { 0 };

    if (!owner_of(request, &owner)) {
        return;
    }
    enum bl_err err = drafts_list(request->gateway->drafts, &owner, &request->arena, &list, &e);
    if (err != BL_OK) {
        refuse(request, err, &e);
        return;
    }
    response_message(request, 200, &list.base, 0);
    response_header(request, "Cache-Control", "no-store");
}

void show_draft(struct request *request)
{
    const char *id = id_of(request);
    struct draft_owner owner;
    struct bl_error e = { 0 };
    Bl__Draft *draft;

    if (id == NULL || !owner_of(request, &owner)) {
        return;
    }
    enum bl_err err =
        drafts_find(request->gateway->drafts, &owner, id, &request->arena, &draft, &e);
    if (err != BL_OK) {
        refuse(request, err, &e);
    } else {
        show(request, draft);
    }
}

/* If-Match: "7.0123456789abcdef" → 7. Nothing: it is new; what is no tag of ours matches nothing.
 */
static uint32_t revision_read(const struct request *request)
{
    const char *match = request_header(request, "if-match");

    if (match == NULL) {
        return 0;
    }
    unsigned long revision = match[0] == '"' ? strtoul(match + 1, NULL, 10) : 0;
    return revision == 0 || revision >= UINT32_MAX ? UINT32_MAX : (uint32_t)revision;
}

/* Runs in the pool: it waits for the disk. */
static void keep(struct request *request)
{
    const Bl__SaveDraft *said = request->context;
    Bl__Draft draft = BL__DRAFT__INIT;
    struct draft_owner owner;
    struct bl_error e = { 0 };

    if (!owner_of(request, &owner)) {
        return;
    }
    draft.id = request_parameter(request, "id");
    draft.saved_at = request->now;
    draft.title = said->title;
    draft.workflow = said->workflow;
    draft.version = said->version;
    draft.content = said->content;
    enum bl_err err = drafts_save(request->gateway->drafts, &owner, revision_read(request), &draft,
                                  &request->arena, &e);
    if (err != BL_OK) {
        refuse(request, err, &e);
    } else {
        show(request, &draft);
    }
}

void save_draft(struct request *request)
{
    ProtobufCMessage *message;

    if (id_of(request) != NULL &&
        request_read_body(request, &bl__save_draft__descriptor, &message)) {
        request->context = message;
        request->job.think = keep;
        request->job.kind = JOB_THINK;
    }
}

static void forget(struct request *request)
{
    struct draft_owner owner;
    struct bl_error e = { 0 };

    if (!owner_of(request, &owner)) {
        return;
    }
    enum bl_err err =
        drafts_remove(request->gateway->drafts, &owner, request_parameter(request, "id"), &e);
    if (err != BL_OK) {
        refuse(request, err, &e);
    } else {
        response_empty(request, 204);
    }
}

void remove_draft(struct request *request)
{
    if (id_of(request) != NULL) {
        request->job.think = forget;
        request->job.kind = JOB_THINK;
    }
}
