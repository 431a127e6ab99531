/* arena.h — memory that is freed in one go.
 * A batch is decoded into one arena and forgotten after it is sent; a compiled definition lives in
 * one as long as its version. An arena has a bound, so what a peer can size is bounded by it:
 * protobuf-c gets NULL from its allocator and refuses the message. Everybody else uses
 * bl_arena_alloc, which stops the process when the bound is passed or memory is out. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <sanitizer/asan_interface.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"

struct bl_arena_block;

struct bl_arena {
    ProtobufCAllocator allocator;   // hand this to *_unpack; its free does nothing
    struct bl_arena_block *blocks;  // in use, newest first
    struct bl_arena_block *spare;   // kept from before the last reset
    unsigned char *at, *end;        // what is left of the newest block
    size_t block_bytes;             // how large the next block will be
    size_t used_bytes, bound_bytes;
};

/* Makes an empty arena; it takes no memory until it is used.
 *   first_bytes  size of the first block; later ones double up to 1 MiB
 *   bound_bytes  what it may hand out in all */
void bl_arena_init(struct bl_arena *arena, size_t first_bytes, size_t bound_bytes);
/* Forgets all that was handed out, keeping some megabytes for the next round. */
void bl_arena_reset(struct bl_arena *arena);
/* Gives everything back; the arena is then as after init. Takes a zeroed arena too. */
void bl_arena_free(struct bl_arena *arena);

#define BL_ARENA_ALIGNMENT alignof(max_align_t)

/* From a new block, or CHECKs; bl_arena_alloc's, where the newest block has no room. */
void *bl_arena_alloc_more(struct bl_arena *arena, size_t bytes);

/* Memory aligned for anything, not cleared; CHECKs that there is some. */
static inline void *bl_arena_alloc(struct bl_arena *arena, size_t bytes)
{
    unsigned char *memory = arena->at;
    size_t taken = (bytes + BL_ARENA_ALIGNMENT - 1) & ~(BL_ARENA_ALIGNMENT - 1);

    if (taken - 1 >= (size_t)(arena->end - memory) ||  // 0 bytes too
        taken > arena->bound_bytes - arena->used_bytes) {
        return bl_arena_alloc_more(arena, bytes);
    }
    ASAN_UNPOISON_MEMORY_REGION(memory, taken);
    arena->at = memory + taken;
    arena->used_bytes += taken;
    return memory;
}

/* The same, or NULL past the bound: for sizes that a peer chose. */
void *bl_arena_try(struct bl_arena *arena, size_t bytes);
/* Room for at most `bytes`, of which bl_arena_keep keeps the first so many: for what is written in
 * one go before its length is known. Nothing else may use the arena in between. */
void *bl_arena_reserve(struct bl_arena *arena, size_t bytes);
void bl_arena_keep(struct bl_arena *arena, size_t bytes);
static inline void *bl_arena_zero(struct bl_arena *arena, size_t bytes)
{
    return memset(bl_arena_alloc(arena, bytes), 0, bytes);
}
void *bl_arena_copy(struct bl_arena *arena, const void *from, size_t bytes);
char *bl_arena_string(struct bl_arena *arena, const char *from);
char *bl_arena_text(struct bl_arena *arena, struct bl_text from);  // NUL-terminated
char *bl_arena_printf(struct bl_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An array of pointers with one more at its end; the old array stays as it is. For arrays that are
 * short or grow rarely. */
void *bl_arena_append(struct bl_arena *arena, void *array, size_t count, void *element);
/* A zeroed struct, or array of them. */
#define bl_arena_new(arena, type) ((type *)bl_arena_zero(arena, sizeof(type)))
#define bl_arena_array(arena, type, count) ((type *)bl_arena_zero(arena, sizeof(type) * (count)))
