/* workflow_fixture.h — small workflows for tests, written as their items only, and the real ones.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "definition/definition.h"
#include "schema/problem.h"

#define FIXTURE_BYTES (1 << 20)

static const char fixture_form[] = "form:\n"
                                   "  - section: S\n"
                                   "    fields:\n"
                                   "      area: {type: number, label: 面积}\n"
                                   "      open: {type: yes_no, label: 开放}\n"
                                   "      use: {type: choice, label: 用途, options: [学校, 工厂]}\n"
                                   "      from: {type: date, label: 起始日}\n"
                                   "      kinds: {type: choices, label: 类别, options: [甲, 乙]}\n"
                                   "      staff: {type: table, label: 员工, columns: {name: {type: "
                                   "text, label: 姓名, required: true}}}\n";

/* Loads YAML; the test fails with all that is wrong. */
static struct definition *fixture_definition(const char *yaml, const char *name)
{
    struct bl_arena arena;
    struct schema_problems *problems;
    struct definition *definition = NULL;

    bl_arena_init(&arena, 1 << 14, 1 << 24);
    problems = bl_arena_new(&arena, struct schema_problems);
    schema_problems_init(problems, &arena);
    if (definition_load(yaml, strlen(yaml), name, NULL, &definition, problems) != BL_OK) {
        schema_problems_print(stderr, problems);
        fail_msg("%s does not load", name);
    }
    bl_arena_free(&arena);
    return definition;
}

/* A workflow of `items` ("  a: {title: …}\n"), with `tail` (join, special…) after them. */
static struct definition *fixture_workflow(const char *promise, const char *items, const char *tail)
{
    static char yaml[FIXTURE_BYTES];

    (void)snprintf(yaml, sizeof yaml,
                   "workflow: trial\nversion: 1\ntitle: {zh: 试验, en: Trial}\ncalendar: cn\n"
                   "handling: joint\nlead: x\npromise: %s\nlegal: 300 working days\n"
                   "number: \"T-{seq:4}\"\ntrial: true\n%sitems:\n%s%s",
                   promise, fixture_form, items, tail);
    return fixture_definition(yaml, "trial.yaml");
}

/* A file of workflows/. */
__attribute__((unused)) static struct definition *fixture_file(const char *name)
{
    static char yaml[FIXTURE_BYTES];
    char path[512];

    (void)snprintf(path, sizeof path, "%s/workflows/%s", SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    yaml[fread(yaml, 1, sizeof yaml - 1, file)] = '\0';
    (void)fclose(file);
    return fixture_definition(yaml, name);
}
