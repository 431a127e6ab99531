/* What arena.h promises: aligned memory, a bound that a peer cannot pass, reuse after a reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"

#define BOUND 10000

static int setup(void **state)
{
    static struct bl_arena arena;

    bl_arena_init(&arena, 64, BOUND);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    bl_arena_free(*state);
    return 0;
}

/* Sizes around a block's end: nothing overlaps (each is filled), all is aligned. */
static void test_memory_is_apart_and_aligned(void **state)
{
    struct bl_arena *arena = *state;
    unsigned char *parts[100];

    for (size_t i = 0; i < BL_COUNT(parts); i++) {
        parts[i] = bl_arena_alloc(arena, i);
        assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
        memset(parts[i], (int)i, i);
    }
    for (size_t i = 0; i < BL_COUNT(parts); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(parts[i][j], i);
        }
    }
}

static void test_bound(void **state)
{
    struct bl_arena *arena = *state;

    assert_null(bl_arena_try(arena, BOUND + 1));
    assert_null(bl_arena_try(arena, SIZE_MAX));
    assert_non_null(bl_arena_try(arena, BOUND - 100));
    assert_null(bl_arena_try(arena, 200));
    assert_null(arena->allocator.alloc(arena->allocator.allocator_data, 200));  // protobuf-c's
    assert_non_null(bl_arena_try(arena, 50));
    bl_arena_reset(arena);
    assert_non_null(bl_arena_try(arena, BOUND));
}

static void test_reset_uses_its_blocks_again(void **state)
{
    struct bl_arena *arena = *state;
    void *first = bl_arena_alloc(arena, 48);

    bl_arena_reset(arena);
    assert_int_equal(arena->used_bytes, 0);
    assert_ptr_equal(bl_arena_alloc(arena, 48), first);
}

static void test_reserve_keeps_what_was_written(void **state)
{
    struct bl_arena *arena = *state;
    char *first = bl_arena_reserve(arena, 500);

    memcpy(first, "abc", 4);
    bl_arena_keep(arena, 4);
    char *second = bl_arena_alloc(arena, 4);
    assert_true(second >= first + 4);
    assert_true(second < first + 500);  // the rest was given back
    memcpy(second, "xyz", 4);
    assert_string_equal(first, "abc");
}

static void test_texts(void **state)
{
    struct bl_arena *arena = *state;

    assert_string_equal(bl_arena_string(arena, "老张"), "老张");
    assert_string_equal(bl_arena_text(arena, (struct bl_text){ "fire!", 4 }), "fire");
    assert_string_equal(bl_arena_text(arena, (struct bl_text){ NULL, 0 }), "");
    assert_string_equal(bl_arena_printf(arena, "%s-%04d", "CY", 7), "CY-0007");
    assert_non_null(bl_arena_copy(arena, NULL, 0));
}

static void test_zeroed_and_appended(void **state)
{
    struct bl_arena *arena = *state;
    static int a, b;

    memset(bl_arena_alloc(arena, 400), 0xAA, 400);
    bl_arena_reset(arena);
    const unsigned char *zero = bl_arena_zero(arena, 400);
    for (size_t i = 0; i < 400; i++) {
        assert_int_equal(zero[i], 0);
    }
    int **one = bl_arena_append(arena, NULL, 0, &a);
    int **two = bl_arena_append(arena, one, 1, &b);
    assert_ptr_equal(two[0], &a);
    assert_ptr_equal(two[1], &b);
    assert_ptr_equal(one[0], &a);
}

static void test_free_takes_a_zeroed_arena(void **state)
{
    struct bl_arena zeroed = { 0 };

    (void)state;
    bl_arena_free(&zeroed);
    bl_arena_free(&zeroed);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_memory_is_apart_and_aligned),    T(test_bound), T(test_reset_uses_its_blocks_again),
        T(test_reserve_keeps_what_was_written), T(test_texts), T(test_zeroed_and_appended),
        T(test_free_takes_a_zeroed_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
