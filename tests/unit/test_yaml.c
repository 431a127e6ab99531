/* YAML → message. Each file of schema/yaml/ stands beside what the loader says of it; one without
 * problems stands beside an empty file. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "sample.pb-c.h"
#include "schema/json.h"
#include "schema/yaml.h"

#define FOLDER SOURCE_DIR "/tests/unit/schema/yaml/"
#define FILE_BYTES_MAX 65536
#define CASES_MAX 100

static char *read_file(struct bl_arena *arena, const char *name, const char *suffix, size_t *bytes)
{
    char *content = bl_arena_zero(arena, FILE_BYTES_MAX);
    FILE *in = fopen(bl_arena_printf(arena, FOLDER "%s%s", name, suffix), "rb");

    assert_non_null(in);
    *bytes = fread(content, 1, FILE_BYTES_MAX - 1, in);
    fclose(in);
    return content;
}

struct loaded {
    struct bl_arena arena;
    struct schema_problems problems;
    Sample__Sample *sample;
    const struct yaml_document *document;
    enum bl_err code;
};

static void load(struct loaded *l, const char *source, size_t bytes)
{
    ProtobufCMessage *message;

    bl_arena_init(&l->arena, 1 << 12, 2 * YAML_ARENA_BYTES);
    schema_problems_init(&l->problems, &l->arena);
    l->code = yaml_load(source, bytes, NULL, &sample__sample__descriptor, &l->arena, &message,
                        &l->document, &l->problems);
    schema_problems_sort(&l->problems);
    l->sample = (Sample__Sample *)message;
}

static void test_file(void **state)
{
    const char *name = *state;
    struct loaded l;
    AUTO(bl_arena_free) struct bl_arena arena;
    char *said = NULL;
    size_t bytes, expected_bytes, said_bytes;

    bl_arena_init(&arena, 1 << 16, 1 << 20);
    const char *source = read_file(&arena, name, ".yaml", &bytes);
    const char *expected = read_file(&arena, name, ".expected", &expected_bytes);
    load(&l, source, bytes);
    FILE *out = open_memstream(&said, &said_bytes);
    schema_problems_print(out, &l.problems);
    fclose(out);
    assert_string_equal(said, expected);
    assert_int_equal(l.code, expected_bytes == 0 ? BL_OK : BL_DEFINITION);
    /* What is left must be a message that others can walk. */
    if (l.sample != NULL) {
        struct writer writer;

        writer_init(&writer, WRITER_JSON);
        json_write_message(&writer, &l.sample->base, (struct json_options){ 0 });
        writer_free(&writer);
    }
    free(said);
    bl_arena_free(&l.arena);
}

static void test_values(void **state)
{
    AUTO(bl_arena_free) struct bl_arena arena;
    struct writer writer;
    struct loaded l;
    size_t bytes;

    (void)state;
    bl_arena_init(&arena, 1 << 16, 1 << 20);
    const char *source = read_file(&arena, "good", ".yaml", &bytes);
    load(&l, source, bytes);
    assert_int_equal(l.code, BL_OK);
    writer_init(&writer, WRITER_JSON);
    json_write_message(&writer, &l.sample->base, (struct json_options){ .offset_minutes = 480 });
    assert_string_equal(
        bl_arena_text(&arena, (struct bl_text){ writer.at, writer.bytes }),
        "{\"text\":\"no\",\"data\":\"AAH/\",\"flag\":true,\"i32\":-5,"
        "\"u64\":\"18446744073709551615\",\"at\":\"2026-11-30T17:30:00+08:00\",\"number\":1000,"
        "\"kind\":\"yes_no\",\"part\":{\"department\":\"fire\",\"title\":{\"zh\":\"消防\"},"
        "\"needs\":{\"of\":[\"a\",\"b\"]}},\"count\":0,\"words\":[\"0755\",\"12:30\",\"yes\"],"
        "\"parts\":[{\"department\":\"a\",\"needs\":{\"count\":2}},"
        "{\"department\":\"b\",\"needs\":{\"of\":[\"x\"]}}],"
        "\"items\":{\"z\":{\"department\":\"one\"},\"a\":{\"department\":\"two\"}},"
        "\"years\":{\"2026\":\"x\",\"-1\":\"two\\nlines\\n\"},"
        "\"files\":{\"a\":\"2026-10-01\",\"b\":\"~\",\"c\":\"null\"},"
        "\"form\":{\"area\":320.5,\"ok\":true,\"no\":\"no\",\"id\":\"110105194912310021\","
        "\"code\":\"0755\",\"none\":null,\"nil\":null,\"phone\":\"138\"},"
        "\"value\":[1,{\"a\":\"b\"}],\"held\":{\"name\":\"n\",\"form\":{\"x\":1}}}");
    writer_free(&writer);
    bl_arena_free(&l.arena);
}

static void assert_at(struct yaml_position at, uint32_t line, uint32_t column)
{
    assert_int_equal(at.line, line);
    assert_int_equal(at.column, column);
}

static void test_positions(void **state)
{
    static const char source[] = "text: 文\n"                             // 1
                                 "part: {department: fire, title: 题}\n"  // 2
                                 "words: [a, bb, c]\n"                    // 3
                                 "items:\n"                               // 4
                                 "  fire_check:\n"                        // 5
                                 "    department: fire\n"                 // 6
                                 "    needs: [a, b]\n"                    // 7
                                 "    parts:\n"                           // 8
                                 "      - department: x\n";               // 9
    struct loaded l;

    (void)state;
    load(&l, source, strlen(source));
    assert_int_equal(l.code, BL_OK);
    const Sample__Sample *sample = l.sample;
    const Sample__Part *item = sample->items[0]->value;
    assert_at(yaml_position(l.document, sample, "text", YAML_WHOLE), 1, 7);
    assert_at(yaml_key_position(l.document, sample, "text", YAML_WHOLE), 1, 1);
    assert_at(yaml_position(l.document, sample, "words", 1), 3, 12);
    assert_at(yaml_position(l.document, sample->part, "title", YAML_WHOLE), 2, 33);
    assert_at(yaml_position(l.document, sample->part->title, "zh", YAML_WHOLE), 2, 33);
    assert_at(yaml_position(l.document, sample, "items", 0), 5, 3);
    assert_at(yaml_position(l.document, sample->items[0], NULL, YAML_WHOLE), 5, 3);
    assert_at(yaml_position(l.document, sample->items[0], "value", YAML_WHOLE), 5, 3);
    assert_at(yaml_position(l.document, item, NULL, YAML_WHOLE), 5, 3);
    assert_at(yaml_position(l.document, item, "department", YAML_WHOLE), 6, 17);
    assert_at(yaml_position(l.document, item->needs, "of", 1), 7, 16);
    assert_at(yaml_position(l.document, item->parts[0], NULL, YAML_WHOLE), 9, 9);
    assert_at(yaml_position(l.document, item->parts[0], "department", YAML_WHOLE), 9, 21);
    /* What is not there is looked for where it should be. */
    assert_at(yaml_position(l.document, item, "code", YAML_WHOLE), 5, 3);
    yaml_problem(&l.problems, l.document, SCHEMA_WARNING, "E-TEST", item->needs, "of", 0,
                 "no item %s", "a");
    assert_int_equal(l.problems.warning_count, 1);
    assert_int_equal(l.problems.problems[0].line, 7);
    assert_int_equal(l.problems.problems[0].column, 13);
    assert_string_equal(l.problems.problems[0].text, "no item a");
    bl_arena_free(&l.arena);
}

static void test_bounds(void **state)
{
    static char large[YAML_BYTES_MAX + 1], many[200000];
    struct loaded l;
    size_t n = 7;

    (void)state;
    memset(large, 'a', sizeof large);
    load(&l, large, sizeof large);
    assert_int_equal(l.code, BL_DEFINITION);
    assert_string_equal(l.problems.problems[0].text, "the file is larger than 1 MiB");
    bl_arena_free(&l.arena);

    memcpy(many, "value: [", 8);
    for (n = 8; n < 180000; n += 2) {
        memcpy(many + n, "1,", 2);
    }
    load(&l, many, n);
    assert_int_equal(l.code, BL_DEFINITION);
    assert_string_equal(l.problems.problems[0].text, "the file has too many values");
    bl_arena_free(&l.arena);

    /* What is wrong costs no more than what is right, however often it is said. */
    n = (size_t)snprintf(many, sizeof many, "kinds: [");
    for (int i = 0; i < 49000; i++) {
        memcpy(many + n, "x, ", 3);
        n += 3;
    }
    n += (size_t)snprintf(many + n, sizeof many - n, "]");
    load(&l, many, n);
    assert_int_equal(l.problems.error_count, 49000);
    assert_true(l.arena.used_bytes < YAML_ARENA_BYTES);
    bl_arena_free(&l.arena);

    /* Every key wrong: as many problems as anybody reads, and a count of the rest. */
    n = 0;
    for (int i = 0; i < 1000; i++) {
        n += (size_t)snprintf(many + n, sizeof many - n, "zebra%d: 1\n", i);
    }
    load(&l, many, n);
    assert_int_equal(l.problems.count, SCHEMA_PROBLEMS_MAX);
    assert_int_equal(l.problems.error_count, 1000);
    bl_arena_free(&l.arena);
}

static void test_has_key(void **state)
{
    static const char source[] = "a: {departments: 1}\nworkflow: x\n";

    (void)state;
    assert_true(yaml_has_key(source, strlen(source), "workflow"));
    assert_false(yaml_has_key(source, strlen(source), "departments"));
    assert_false(yaml_has_key("[", 1, "workflow"));
}

static int is_yaml(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".yaml") == 0;
}

int main(void)
{
    struct CMUnitTest tests[CASES_MAX] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_has_key),
    };
    struct dirent **files = NULL;
    int count = scandir(FOLDER, &files, is_yaml, alphasort);
    size_t n = 4;

    CHECK(count > 0 && n + (size_t)count <= CASES_MAX);
    for (int i = 0; i < count; i++) {
        *strrchr(files[i]->d_name, '.') = '\0';
        tests[n++] = (struct CMUnitTest){ .name = files[i]->d_name,
                                          .test_func = test_file,
                                          .initial_state = files[i]->d_name };
    }
    int failed = _cmocka_run_group_tests("yaml", tests, n, NULL, NULL);
    for (int i = 0; i < count; i++) {
        free(files[i]);
    }
    free(files);
    return failed;
}
