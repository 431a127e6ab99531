#include "gateway/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/gateway.h"
#include "gateway/problem.h"
#include "gateway/route.h"

#define PATH_BYTES 4096
#define SEAL_BYTES 16
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

static enum bl_err failed(struct bl_error *e, const char *path)
{
    return bl_error_set(e, BL_IO, "%s: %s", path, strerror(errno));
}

/* Writes a new key beside its place and links it there: whoever comes second keeps the first's. */
static enum bl_err make(const char *path, struct bl_error *e)
{
    unsigned char key[CURSOR_KEY_BYTES];
    char beside[PATH_BYTES + 16];

    (void)snprintf(beside, sizeof beside, "%s.%ld", path, (long)getpid());
    int file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return failed(e, beside);
    }
    randombytes_buf(key, sizeof key);
    bool made = write(file, key, sizeof key) == (ssize_t)sizeof key && fsync(file) == 0;
    sodium_memzero(key, sizeof key);
    made = made && (link(beside, path) == 0 || errno == EEXIST);
    enum bl_err err = made ? BL_OK : failed(e, path);
    (void)close(file);
    (void)unlink(beside);
    return err;
}

enum bl_err cursor_open(const char *data, unsigned char key[CURSOR_KEY_BYTES], struct bl_error *e)
{
    char path[PATH_BYTES];

    if (snprintf(path, sizeof path, "%s/gateway/cursor.key", data) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return failed(e, data);
    }
    if (access(path, F_OK) != 0) {
        enum bl_err err = make(path, e);
        if (err != BL_OK) {
            return err;
        }
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return failed(e, path);
    }
    ssize_t bytes = read(file, key, CURSOR_KEY_BYTES);
    (void)close(file);
    return bytes == CURSOR_KEY_BYTES
               ? BL_OK
               : bl_error_set(e, BL_CORRUPT, "%s: not a key of %d bytes", path, CURSOR_KEY_BYTES);
}

static void seal(const struct request *request, const char *position, unsigned char out[SEAL_BYTES])
{
    const char *parts[] = { request->caller.person.name, request->route->path, position };
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, request->gateway->cursor_key, CURSOR_KEY_BYTES,
                                  SEAL_BYTES);
    for (size_t i = 0; i < BL_COUNT(parts); i++) {
        const char *part = parts[i] == NULL ? "" : parts[i];
        // with its zero: "ab", "c" is not "a", "bc"
        (void)crypto_generichash_update(&state, (const unsigned char *)part, strlen(part) + 1);
    }
    (void)crypto_generichash_final(&state, out, SEAL_BYTES);
}

const char *cursor_seal(struct request *request, const char *position)
{
    size_t bytes = strlen(position), size = sodium_base64_encoded_len(SEAL_BYTES + bytes, VARIANT);
    unsigned char *sealed = bl_arena_alloc(&request->arena, SEAL_BYTES + bytes);
    char *text = bl_arena_alloc(&request->arena, size);

    seal(request, position, sealed);
    memcpy(sealed + SEAL_BYTES, position, bytes);
    return sodium_bin2base64(text, size, sealed, SEAL_BYTES + bytes, VARIANT);
}

/* NULL: it is not this gateway's, or not this caller's of this route. */
static const char *open_sealed(struct request *request, const char *text)
{
    unsigned char *sealed = bl_arena_alloc(&request->arena, strlen(text) + 1), made[SEAL_BYTES];
    size_t bytes = 0;

    if (sodium_base642bin(sealed, strlen(text), text, strlen(text), NULL, &bytes, NULL, VARIANT) !=
            0 ||
        bytes <= SEAL_BYTES || memchr(sealed + SEAL_BYTES, '\0', bytes - SEAL_BYTES) != NULL) {
        return NULL;
    }
    sealed[bytes] = '\0';
    seal(request, (const char *)sealed + SEAL_BYTES, made);
    return sodium_memcmp(sealed, made, SEAL_BYTES) == 0 ? (const char *)sealed + SEAL_BYTES : NULL;
}

bool cursor_unseal(struct request *request, ProtobufCMessage *question)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(question->descriptor, "after");

    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING) {
        return true;
    }
    const char **after = (const char **)((char *)question + field->offset);
    if (*after == NULL || **after == '\0') {
        return true;
    }
    *after = open_sealed(request, *after);
    if (*after == NULL) {
        problem(request, BL_MALFORMED, "cursor-malformed", "after");
    }
    return *after != NULL;
}
