/* departments.yaml: who there is, which posts they have, who stands in for whom. */
#include <string.h>

#include "definition/compile.h"
#include "schema/yaml.h"

#define SCRATCH_FIRST_BYTES ((size_t)16 << 10)
#define SCRATCH_BYTES_MAX ((size_t)64 << 20)

/* AB 岗: the deputy is another post of the department. One that is not there yet stops nobody from
 * working, so it is only pointed out. */
static void check_deputy(struct report *report, const char *path, const Bl__Department *department,
                         const char *post, const char *deputy)
{
    if (deputy[0] == '\0') {
        return;
    }
    if (strcmp(post, deputy) == 0) {
        report_add(report, SCHEMA_ERROR, "E-POST", path,
                   "post %s is its own deputy; name another post", post);
        return;
    }
    for (size_t i = 0; i < department->n_posts; i++) {
        if (strcmp(department->posts[i]->key, deputy) == 0) {
            return;
        }
    }
    report_add(report, SCHEMA_WARNING, "E-REFERENCE", path,
               "there is no post %s to stand in; add it or correct the name", deputy);
}

static void check_post(struct report *report, struct names *posts, const char *id,
                       const Bl__Department *department, const Bl__Department__PostsEntry *entry)
{
    const char *path = report_path(report, "departments.%s.posts.%s", id, entry->key);

    (void)compile_id(report, path, "post", entry->key, true);
    if (names_add(posts, entry->key, 0) >= 0) {
        report_add(report, SCHEMA_ERROR, "E-TWICE", path,
                   "post %s is there in another department too; give it another id", entry->key);
    }
    if (entry->value == NULL) {
        return;
    }
    check_deputy(report, report_path(report, "%s.deputy", path), department, entry->key,
                 entry->value->deputy);
    for (size_t i = 0; i < entry->value->n_roles; i++) {
        (void)compile_id(report, report_path(report, "%s.roles[%zu]", path, i), "role",
                         entry->value->roles[i], true);
    }
}

static void check_departments(struct report *report, const Bl__DepartmentsFile *file)
{
    size_t post_count = 0;
    struct names posts;

    for (size_t i = 0; i < file->n_departments; i++) {
        const Bl__Department *department = file->departments[i]->value;

        post_count += department == NULL ? 0 : department->n_posts;
    }
    posts = names_new(report->scratch, post_count);
    for (size_t i = 0; i < file->n_departments; i++) {
        const char *id = file->departments[i]->key;
        const Bl__Department *department = file->departments[i]->value;

        (void)compile_department_id(report, report_path(report, "departments.%s", id), id);
        for (size_t k = 0; department != NULL && k < department->n_posts; k++) {
            check_post(report, &posts, id, department, department->posts[k]);
        }
    }
}

enum bl_err definition_load_departments(const char *source, size_t bytes, const char *file,
                                        struct bl_arena *arena,
                                        const Bl__DepartmentsFile **departments,
                                        struct schema_problems *problems)
{
    uint32_t errors_before = problems->error_count;
    const struct yaml_document *document;
    ProtobufCMessage *message = NULL;
    enum bl_err read;
    struct bl_arena scratch;

    bl_arena_init(&scratch, SCRATCH_FIRST_BYTES, SCRATCH_BYTES_MAX);
    file = bl_arena_string(problems->arena, file);
    read = yaml_load(source, bytes, file, &bl__departments_file__descriptor, arena, &message,
                     &document, problems);
    if (message != NULL) {
        struct report report = { problems,          errors_before, &scratch, file,
                                 { source, bytes }, message,       document };

        check_departments(&report, (const Bl__DepartmentsFile *)message);
    }
    bl_arena_free(&scratch);
    schema_problems_sort(problems);
    if (read != BL_OK || problems->error_count > errors_before) {
        return BL_DEFINITION;
    }
    *departments = (const Bl__DepartmentsFile *)message;
    return BL_OK;
}
