/* The table of routes: the router, and that each row says what there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "gateway/openapi.h"
#include "gateway/problem.h"
#include "gateway/route.h"

static const struct find_case {
    const char *name, *method, *path;
    const char *found;  // the row's path; NULL: none
    const char *first;  // its first parameter; NULL: none
    const char *allowed;
} find_cases[] = {
    // clang-format off
    { "a plain path", "GET", "/v1/applications", "/v1/applications", NULL, "" },
    { "the same path, another method", "POST", "/v1/applications", "/v1/applications", NULL, "GET" },
    { "one of them", "GET", "/v1/applications/CY-20261123-0001", "/v1/applications/{number}", "CY-20261123-0001", "" },
    { "HEAD is GET without a body", "HEAD", "/v1/applications/CY-1", "/v1/applications/{number}", "CY-1", "" },
    { "a verb", "POST", "/v1/applications/CY-1:withdraw", "/v1/applications/{number}:withdraw", "CY-1", "" },
    { "a task with its step", "POST", "/v1/tasks/CY-1.fire.review:approve", "/v1/tasks/{task}:approve", "CY-1.fire.review", "" },
    { "two parameters", "GET", "/v1/workflows/restaurant/versions/latest", "/v1/workflows/{id}/versions/{version}", "restaurant", "" },
    { "a drawing", "GET", "/v1/applications/CY-1/graph.svg", "/v1/applications/{number}/graph.svg", "CY-1", "" },
    { "a method that it has not", "PUT", "/v1/applications", NULL, NULL, "POST, GET" },
    { "an unknown verb", "POST", "/v1/applications/CY-1:eat", NULL, NULL, "" },
    { "a slash at the end", "GET", "/v1/applications/", NULL, NULL, "" },
    { "two slashes", "GET", "/v1//applications", NULL, NULL, "" },
    { "upper case", "GET", "/V1/applications", NULL, NULL, "" },
    { "a folder above", "GET", "/v1/applications/..", NULL, NULL, "" },
    { "a control character", "GET", "/v1/applications/a\nb", NULL, NULL, "" },
    { "a backslash", "GET", "/v1/applications/a\\b", NULL, NULL, "" },
    { "an escape inside an escape", "GET", "/v1/applications/%2e", NULL, NULL, "" },
    { "nothing", "GET", "", NULL, NULL, "" },
    { "a very long number", "GET", "/v1/applications/"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000", NULL, NULL, "" },
    // clang-format on
};

static void test_find(void **state)
{
    const struct find_case *row = *state;
    struct pair parameters[REQUEST_PARAMETERS_MAX];
    size_t count = 0;
    const char *allowed = "";
    AUTO(bl_arena_free) struct bl_arena arena;

    bl_arena_init(&arena, 256, SIZE_MAX);
    const struct route *found =
        route_find(row->method, row->path, parameters, &count, &arena, &allowed);
    if (row->found == NULL) {
        assert_null(found);
        assert_string_equal(allowed, row->allowed);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found->path, row->found);
    assert_int_equal(count > 0, row->first != NULL);
    if (row->first != NULL) {
        assert_string_equal(parameters[0].value, row->first);
    }
}

/* Names in a row are looked up in descriptors: here they are all looked up once. */
static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];

        assert_non_null(route->handle);
        assert_true(route->summary.zh[0] != '\0' && route->summary.en[0] != '\0');
        (void)route_takes(route);
        (void)route_gives(route);
        if (route->member == NULL) {
            assert_true((route->flags & ROUTE_PUBLIC) != 0 || route->roles != 0);
            assert_true(route->gives != NULL || route->type != NULL ||
                        strcmp(route->method, "GET") != 0);
            continue;
        }
        assert_non_null(route_member(route));
        assert_true(route_is_command(route) || route->answer != NULL);
        if (route->preset != NULL) {
            char name[64] = "";

            memcpy(name, route->preset, strcspn(route->preset, "="));
            assert_non_null(protobuf_c_message_descriptor_get_field_by_name(
                route_member(route)->descriptor, name));
        }
    }
}

/* Nobody but people calls: a worker has its socket, and a gateway is nobody. */
static void test_roles(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        bool public = (routes[i].flags & ROUTE_PUBLIC) != 0;

        assert_int_equal(route_may(&routes[i], BL__KEY__ROLE__ROLE_UNSPECIFIED), public);
        if (!route_is_command(&routes[i])) {
            assert_int_equal(route_may(&routes[i], BL__KEY__ROLE__GATEWAY), public);
            assert_int_equal(route_may(&routes[i], BL__KEY__ROLE__APPLICANT), public);
        }
    }
}

static void test_openapi(void **state)
{
    AUTO(writer_free) struct writer one, other;
    json_error_t e;

    (void)state;
    writer_init(&one, WRITER_JSON);
    writer_init(&other, WRITER_JSON);
    openapi_write(&one, "厦门");
    openapi_write(&other, "厦门");
    assert_int_equal(one.bytes, other.bytes);
    assert_memory_equal(one.at, other.at, one.bytes);
    json_t *document = json_loadb(one.at, one.bytes, JSON_REJECT_DUPLICATES, &e);
    assert_non_null(document);
    const json_t *paths = json_object_get(document, "paths");
    assert_non_null(json_object_get(json_object_get(paths, "/v1/applications"), "post"));
    assert_non_null(json_object_get(
        json_object_get(json_object_get(document, "components"), "schemas"), "ApplicationView"));
    json_decref(document);
    writer_free(&other);
}

static const struct pointer_case {
    const char *name, *pointer, *expected;
} pointer_cases[] = {
    { "the whole", "", "" },
    { "a field", "form.area", "/form/area" },
    { "a row of a table", "form.shareholders[2].name", "/form/shareholders/2/name" },
    { "what a pointer escapes", "a/b~c", "/a~1b~0c" },
};

static void test_pointer(void **state)
{
    const struct pointer_case *row = *state;
    AUTO(bl_arena_free) struct bl_arena arena;

    bl_arena_init(&arena, 256, SIZE_MAX);
    assert_string_equal(problem_pointer(&arena, row->pointer), row->expected);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(find_cases) + BL_COUNT(pointer_cases) + 3] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_openapi),
    };
    size_t count = 3;

    for (size_t i = 0; i < BL_COUNT(find_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = find_cases[i].name,
                                              .test_func = test_find,
                                              .initial_state = (void *)&find_cases[i] };
    }
    for (size_t i = 0; i < BL_COUNT(pointer_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = pointer_cases[i].name,
                                              .test_func = test_pointer,
                                              .initial_state = (void *)&pointer_cases[i] };
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
