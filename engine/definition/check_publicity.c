/* 公开公示: each item is published with ten fields. Title, time limit, materials and department
 * stand in the item; procedure, discipline, preconditions, fee, officer and duties under
 * `publicity`; the officer's name at the post in departments.yaml. */
#include <string.h>

#include "definition/compile.h"

struct list {
    char text[256];
    size_t bytes;
};

static void list_add(struct list *list, const char *name)
{
    int written = snprintf(list->text + list->bytes, sizeof list->text - list->bytes, "%s%s",
                           list->bytes == 0 ? "" : ", ", name);

    CHECK(written > 0 && (size_t)written < sizeof list->text - list->bytes);
    list->bytes += (size_t)written;
}

static bool is_empty(const Bl__Text *text)
{
    return text == NULL || text->zh[0] == '\0';
}

/* What an item's publicity does not say, by key. */
static void list_missing(const Bl__Publicity *publicity, struct list *missing)
{
    const Bl__Fee *fee = publicity->fee;
    const Bl__PublicOfficer *officer = publicity->officer;
    const struct {
        const char *key;
        bool missing;
    } fields[] = {
        { "procedure", is_empty(publicity->procedure) },
        { "discipline", is_empty(publicity->discipline) },
        { "preconditions", publicity->n_preconditions == 0 },
        { "fee.amount", fee == NULL || fee->amount[0] == '\0' },
        { "fee.basis", fee == NULL || fee->basis[0] == '\0' },
        { "officer.post", officer == NULL || officer->post[0] == '\0' },
        { "officer.duties", officer == NULL || is_empty(officer->duties) },
    };

    for (size_t i = 0; i < BL_COUNT(fields); i++) {
        if (fields[i].missing) {
            list_add(missing, fields[i].key);
        }
    }
}

static enum schema_severity severity(const struct compiler *compiler)
{
    return compiler->definition->trial ? SCHEMA_WARNING : SCHEMA_ERROR;
}

/* Yuan with at most two decimals. */
static void check_fee(struct compiler *compiler, const char *path, const Bl__Fee *fee)
{
    size_t whole, decimals = 0;

    if (fee == NULL || fee->amount[0] == '\0') {
        return;
    }
    whole = strspn(fee->amount, "0123456789");
    if (fee->amount[whole] == '.') {
        decimals = strspn(fee->amount + whole + 1, "0123456789") + 1;
    }
    if (whole == 0 || decimals == 1 || decimals > 3 || fee->amount[whole + decimals] != '\0') {
        report_add(&compiler->report, SCHEMA_ERROR, "E-PUBLICITY",
                   report_path(&compiler->report, "%s.fee.amount", path),
                   "\"%s\" is no amount in yuan; write 0 or 12.50", fee->amount);
    }
}

/* The post is the department's, and somebody holds it: the name is one of the ten fields. */
static void check_officer(struct compiler *compiler, const char *path,
                          const struct definition_item *item, const char *post)
{
    const Bl__DepartmentsFile *file = compiler->context->departments;
    const char *at = report_path(&compiler->report, "%s.officer.post", path);
    const Bl__Department *department = NULL;

    for (size_t i = 0; file != NULL && i < file->n_departments; i++) {
        if (strcmp(file->departments[i]->key, item->department) == 0) {
            department = file->departments[i]->value;
        }
    }
    if (department == NULL) {
        return;
    }
    for (size_t i = 0; i < department->n_posts; i++) {
        const Bl__Department__PostsEntry *entry = department->posts[i];

        if (strcmp(entry->key, post) == 0) {
            if (entry->value != NULL && entry->value->officer[0] == '\0') {
                report_add(&compiler->report, severity(compiler), "E-PUBLICITY", at,
                           "nobody's name stands at post %s; write officer: in departments.yaml",
                           post);
            }
            return;
        }
    }
    report_add(&compiler->report, SCHEMA_ERROR, "E-REFERENCE", at,
               "department %s has no post \"%s\"; name one of its posts in departments.yaml",
               item->department, post);
}

static const Bl__Publicity *publicity_of(const Bl__Workflow *source, const char *item)
{
    for (size_t i = 0; i < source->n_publicity; i++) {
        if (strcmp(source->publicity[i]->key, item) == 0) {
            return source->publicity[i]->value;
        }
    }
    return NULL;
}

static void check_item(struct compiler *compiler, const struct definition_item *item)
{
    const Bl__Publicity *publicity = publicity_of(compiler->source, item->id);
    const char *path = report_path(&compiler->report, "publicity.%s", item->id);
    struct list missing = { .bytes = 0 };

    if (publicity == NULL) {
        report_add(&compiler->report, severity(compiler), "E-PUBLICITY",
                   report_path(&compiler->report, "items.%s", item->id),
                   "item %s is not published; add it to publicity with procedure, discipline, "
                   "preconditions, fee and officer",
                   item->id);
        return;
    }
    list_missing(publicity, &missing);
    if (missing.bytes > 0) {
        report_add(&compiler->report, severity(compiler), "E-PUBLICITY", path,
                   "the publicity of %s lacks %s; write all ten fields of 公开公示", item->id,
                   missing.text);
    }
    check_fee(compiler, path, publicity->fee);
    if (publicity->officer != NULL && publicity->officer->post[0] != '\0') {
        check_officer(compiler, path, item, publicity->officer->post);
    }
}

void check_publicity(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;
    const Bl__Workflow *source = compiler->source;

    for (size_t i = 0; i < source->n_publicity; i++) {
        (void)compile_reference(
            compiler, report_path(&compiler->report, "publicity.%s", source->publicity[i]->key),
            "item", source->publicity[i]->key);
    }
    for (size_t i = 0; i < definition->item_count; i++) {
        check_item(compiler, &definition->items[i]);
    }
}
