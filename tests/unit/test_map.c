/* What map.h promises, held against an array: a long play of puts and removals from a seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/map.h"

#define KEYS 600
#define STEPS 200000

static uint64_t chance(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Ids as they are: small ones, ascending ones, and some that differ only in their high half. */
static uint64_t key_of(size_t i)
{
    return i % 3 == 0 ? i + 1 : i % 3 == 1 ? (uint64_t)(i + 1) << 32 : (uint64_t)7 << 32 | (i + 1);
}

static void test_as_an_array(void **state)
{
    static char values[KEYS];
    bool there[KEYS] = { false };
    struct bl_map map = { 0 };
    uint64_t seed = 20261123;
    size_t count = 0;

    (void)state;
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = chance(&seed) % KEYS;

        if (chance(&seed) % 2 == 0) {
            bl_map_put(&map, key_of(i), &values[i]);
            count += there[i] ? 0 : 1;
            there[i] = true;
        } else {
            assert_ptr_equal(bl_map_remove(&map, key_of(i)), there[i] ? &values[i] : NULL);
            count -= there[i];
            there[i] = false;
        }
        assert_int_equal(map.count, count);
        i = chance(&seed) % KEYS;
        assert_ptr_equal(bl_map_get(&map, key_of(i)), there[i] ? &values[i] : NULL);
    }
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(bl_map_get(&map, key_of(i)), there[i] ? &values[i] : NULL);
    }
    bl_map_free(&map);
}

static void test_empty(void **state)
{
    struct bl_map map = { 0 };

    (void)state;
    assert_null(bl_map_get(&map, 7));
    assert_null(bl_map_remove(&map, 7));
    bl_map_clear(&map);
    bl_map_free(&map);
}

static void test_put_replaces(void **state)
{
    struct bl_map map = { 0 };
    int a, b;

    (void)state;
    bl_map_put(&map, 7, &a);
    bl_map_put(&map, 7, &b);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(bl_map_get(&map, 7), &b);
    bl_map_free(&map);
}

static void test_clear_keeps_the_memory(void **state)
{
    struct bl_map map = { 0 };
    int value;

    (void)state;
    for (uint64_t key = 1; key <= 1000; key++) {
        bl_map_put(&map, key, &value);
    }
    size_t capacity = map.capacity;
    bl_map_clear(&map);
    assert_int_equal(map.count, 0);
    assert_int_equal(map.capacity, capacity);
    assert_null(bl_map_get(&map, 500));
    bl_map_put(&map, 500, &value);
    assert_ptr_equal(bl_map_get(&map, 500), &value);
    bl_map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_an_array),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_put_replaces),
        cmocka_unit_test(test_clear_keeps_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
