#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define BLOCK_BYTES_MAX ((size_t)1 << 20)
#define KEPT_BYTES_MAX ((size_t)16 << 20)  // over a reset: what a busy batch takes

struct bl_arena_block {
    struct bl_arena_block *next;
    size_t bytes;
    _Alignas(max_align_t) unsigned char memory[];
};

static void *allocator_alloc(void *arena, size_t bytes)
{
    return bl_arena_try(arena, bytes);
}

static void allocator_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

void bl_arena_init(struct bl_arena *arena, size_t first_bytes, size_t bound_bytes)
{
    *arena = (struct bl_arena){
        .allocator = { allocator_alloc, allocator_free, arena },
        .block_bytes = first_bytes,
        .bound_bytes = bound_bytes,
    };
}

/* What is not handed out is poisoned where the address sanitizer runs, so that it finds whoever
 * still looks at what was forgotten. */
static void use_block(struct bl_arena *arena, struct bl_arena_block *block)
{
    ASAN_POISON_MEMORY_REGION(block->memory, block->bytes);
    arena->at = block->memory;
    arena->end = block->memory + block->bytes;
}

static void free_blocks(struct bl_arena_block *block)
{
    while (block != NULL) {
        struct bl_arena_block *next = block->next;

        free(block);
        block = next;
    }
}

void bl_arena_reset(struct bl_arena *arena)
{
    size_t kept_bytes = 0;

    while (arena->blocks != NULL) {
        struct bl_arena_block *block = arena->blocks;

        ASAN_POISON_MEMORY_REGION(block->memory, block->bytes);
        arena->blocks = block->next;
        block->next = arena->spare;
        arena->spare = block;
    }
    for (struct bl_arena_block **at = &arena->spare; *at != NULL; at = &(*at)->next) {
        kept_bytes += (*at)->bytes;
        if (kept_bytes > KEPT_BYTES_MAX) {
            free_blocks((*at)->next);
            (*at)->next = NULL;
            break;
        }
    }
    arena->at = arena->end = NULL;
    arena->used_bytes = 0;
}

void bl_arena_free(struct bl_arena *arena)
{
    free_blocks(arena->blocks);
    free_blocks(arena->spare);
    arena->blocks = arena->spare = NULL;
    arena->at = arena->end = NULL;
    arena->used_bytes = 0;
}

/* A block of at least so many bytes: a spare one if the next is large enough. */
static struct bl_arena_block *find_block(struct bl_arena *arena, size_t bytes)
{
    struct bl_arena_block *block = arena->spare;

    if (block != NULL && block->bytes >= bytes) {
        arena->spare = block->next;
        return block;
    }
    size_t size = arena->block_bytes < bytes ? bytes : arena->block_bytes;
    block = malloc(sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    block->bytes = size;
    if (arena->block_bytes < BLOCK_BYTES_MAX) {
        arena->block_bytes *= 2;
    }
    return block;
}

static bool add_block(struct bl_arena *arena, size_t bytes)
{
    struct bl_arena_block *block = find_block(arena, bytes);

    if (block == NULL) {
        return false;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    use_block(arena, block);
    return true;
}

static size_t rounded(size_t bytes)
{
    return (bytes + BL_ARENA_ALIGNMENT - 1) & ~(BL_ARENA_ALIGNMENT - 1);
}

/* Makes sure that the newest block has room; the memory is not taken yet. */
static void *make_room(struct bl_arena *arena, size_t bytes)
{
    if (bytes > arena->bound_bytes || arena->used_bytes > arena->bound_bytes - bytes) {
        return NULL;
    }
    bool is_short = arena->at == NULL || (size_t)(arena->end - arena->at) < rounded(bytes);
    return is_short && !add_block(arena, rounded(bytes)) ? NULL : arena->at;
}

static void take(struct bl_arena *arena, size_t bytes)
{
    ASAN_UNPOISON_MEMORY_REGION(arena->at, rounded(bytes));
    arena->at += rounded(bytes);
    arena->used_bytes += rounded(bytes);
}

void *bl_arena_try(struct bl_arena *arena, size_t bytes)
{
    void *memory = make_room(arena, bytes);

    if (memory != NULL) {
        take(arena, bytes);
    }
    return memory;
}

void *bl_arena_reserve(struct bl_arena *arena, size_t bytes)
{
    void *memory = make_room(arena, bytes);

    CHECK(memory != NULL);
    ASAN_UNPOISON_MEMORY_REGION(memory, rounded(bytes));
    return memory;
}

void bl_arena_keep(struct bl_arena *arena, size_t bytes)
{
    CHECK((size_t)(arena->end - arena->at) >= rounded(bytes));
    take(arena, bytes);
}

void *bl_arena_alloc_more(struct bl_arena *arena, size_t bytes)
{
    void *memory = bl_arena_try(arena, bytes);

    CHECK(memory != NULL);
    return memory;
}

void *bl_arena_copy(struct bl_arena *arena, const void *from, size_t bytes)
{
    void *to = bl_arena_alloc(arena, bytes);

    if (bytes > 0) {
        memcpy(to, from, bytes);
    }
    return to;
}

char *bl_arena_string(struct bl_arena *arena, const char *from)
{
    return bl_arena_copy(arena, from, strlen(from) + 1);
}

char *bl_arena_text(struct bl_arena *arena, struct bl_text from)
{
    char *to = bl_arena_alloc(arena, from.bytes + 1);

    if (from.bytes > 0) {
        memcpy(to, from.at, from.bytes);
    }
    to[from.bytes] = '\0';
    return to;
}

char *bl_arena_printf(struct bl_arena *arena, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    CHECK(length >= 0);
    char *text = bl_arena_alloc(arena, (size_t)length + 1);
    (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(arguments);
    va_end(again);
    return text;
}

void *bl_arena_append(struct bl_arena *arena, void *array, size_t count, void *element)
{
    void **grown = bl_arena_alloc(arena, (count + 1) * sizeof *grown);

    if (count > 0) {
        memcpy(grown, array, count * sizeof *grown);
    }
    grown[count] = element;
    return grown;
}
