#include "wire/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "base/arena.h"
#include "base/text.h"
#include "binglian/v1/config.pb-c.h"
#include "schema/yaml.h"

#define FILE_BYTES_MAX 4096
#define KEY_RAW_BYTES 32

/* Is it a CURVE key in Z85? */
static bool key_is_valid(const char *key)
{
    uint8_t raw[KEY_RAW_BYTES];

    return strlen(key) == IDENTITY_KEY_BYTES - 1 && zmq_z85_decode(raw, key) != NULL;
}

static bool name_is_valid(const char *name)
{
    size_t bytes = strlen(name);

    if (bytes == 0 || bytes >= IDENTITY_NAME_BYTES || !bl_text_is_valid(name, bytes)) {
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        if ((unsigned char)name[i] < ' ' || name[i] == '"' || name[i] == '\\') {
            return false;  // it stands between quotes in a file
        }
    }
    return true;
}

enum bl_err identity_make(const char *name, const char *broker_key, struct identity *identity,
                          struct bl_error *e)
{
    struct identity made = { 0 };

    if (!name_is_valid(name)) {
        return bl_error_set(e, BL_INVALID, "a key's name has 1 to %d bytes without quotes",
                            IDENTITY_NAME_BYTES - 1);
    }
    if (broker_key != NULL && !key_is_valid(broker_key)) {
        return bl_error_set(e, BL_INVALID, "the broker's key is no CURVE key");
    }
    if (zmq_curve_keypair(made.public_key, made.secret_key) != 0) {
        return bl_error_set(e, BL_FAILED, "no key: %s", zmq_strerror(errno));
    }
    bl_text_copy(made.name, sizeof made.name, name);
    bl_text_copy(made.broker_key, sizeof made.broker_key, broker_key == NULL ? "" : broker_key);
    *identity = made;
    identity_forget(&made);
    return BL_OK;
}

enum bl_err identity_make_signing(const char *name, struct identity *identity, struct bl_error *e)
{
    uint8_t seed[crypto_sign_SEEDBYTES], secret[crypto_sign_SECRETKEYBYTES];
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    struct identity made = { 0 };

    _Static_assert(sizeof seed == KEY_RAW_BYTES && sizeof public_key == KEY_RAW_BYTES, "Ed25519");
    if (!name_is_valid(name)) {
        return bl_error_set(e, BL_INVALID, "a key's name has 1 to %d bytes without quotes",
                            IDENTITY_NAME_BYTES - 1);
    }
    randombytes_buf(seed, sizeof seed);
    CHECK(crypto_sign_seed_keypair(public_key, secret, seed) == 0);
    bl_text_copy(made.name, sizeof made.name, name);
    CHECK(zmq_z85_encode(made.public_key, public_key, sizeof public_key) != NULL);
    CHECK(zmq_z85_encode(made.secret_key, seed, sizeof seed) != NULL);
    *identity = made;
    identity_forget(&made);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret, sizeof secret);
    return BL_OK;
}

void identity_key_bytes(const char key[IDENTITY_KEY_BYTES], uint8_t bytes[32])
{
    CHECK(zmq_z85_decode(bytes, key) != NULL);
}

static enum bl_err io_error(struct bl_error *e, const char *file, const char *what)
{
    return bl_error_at(e, errno == EEXIST ? BL_EXISTS : BL_IO, file, 0, 0, "%s: %s", what,
                       strerror(errno));
}

/* Reads a whole small file that belongs to its owner alone. */
static enum bl_err read_secret(const char *file, char *text, size_t *bytes, struct bl_error *e)
{
    struct stat status;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return io_error(e, file, "cannot open");
    }
    ssize_t got = fstat(fd, &status) == 0 ? read(fd, text, FILE_BYTES_MAX) : -1;
    int failure = errno;

    (void)close(fd);
    if (got < 0) {
        errno = failure;
        return io_error(e, file, "cannot read");
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return bl_error_at(e, BL_DENIED, file, 0, 0,
                           "others may read this secret key; run chmod 600 on it");
    }
    *bytes = (size_t)got;
    return BL_OK;
}

static enum bl_err take(const Bl__Identity *message, const char *file, struct identity *identity,
                        struct bl_error *e)
{
    bool trusts = message->broker_key[0] != '\0';

    if (!name_is_valid(message->name) || !key_is_valid(message->public_key) ||
        !key_is_valid(message->secret_key) || (trusts && !key_is_valid(message->broker_key))) {
        return bl_error_at(e, BL_INVALID, file, 0, 0, "a name or key in it is none");
    }
    bl_text_copy(identity->name, sizeof identity->name, message->name);
    bl_text_copy(identity->public_key, sizeof identity->public_key, message->public_key);
    bl_text_copy(identity->secret_key, sizeof identity->secret_key, message->secret_key);
    bl_text_copy(identity->broker_key, sizeof identity->broker_key, message->broker_key);
    return BL_OK;
}

enum bl_err identity_load(const char *file, struct identity *identity, struct bl_error *e)
{
    char text[FILE_BYTES_MAX];
    size_t bytes = 0;
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    struct schema_problems problems;
    ProtobufCMessage *message = NULL;
    enum bl_err err = read_secret(file, text, &bytes, e);

    if (err != BL_OK) {
        return err;
    }
    bl_arena_init(&arena, FILE_BYTES_MAX, YAML_ARENA_BYTES);
    schema_problems_init(&problems, &arena);
    if (yaml_load(text, bytes, file, &bl__identity__descriptor, &arena, &message, NULL,
                  &problems) != BL_OK) {
        err = schema_problems_error(&problems, BL_INVALID, e);
    } else {
        err = take((const Bl__Identity *)message, file, identity, e);
    }
    sodium_memzero(text, sizeof text);
    return err;
}

static int identity_text(const struct identity *identity, char *text, size_t size)
{
    bool trusts = identity->broker_key[0] != '\0';

    return snprintf(text, size, "name: \"%s\"\npublic_key: '%s'\nsecret_key: '%s'\n%s%s%s",
                    identity->name, identity->public_key, identity->secret_key,
                    trusts ? "broker_key: '" : "", identity->broker_key, trusts ? "'\n" : "");
}

static bool write_all(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(fd, text, bytes);

        if (written < 0) {
            return false;
        }
        text += written;
        bytes -= (size_t)written;
    }
    return fsync(fd) == 0;
}

enum bl_err identity_save(const struct identity *identity, const char *file, struct bl_error *e)
{
    char text[FILE_BYTES_MAX];
    int bytes = identity_text(identity, text, sizeof text);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0) {
        return io_error(e, file, "cannot make");
    }
    bool written = write_all(fd, text, (size_t)bytes);
    enum bl_err err = written ? BL_OK : io_error(e, file, "cannot write");

    (void)close(fd);
    if (!written) {
        (void)unlink(file);
    }
    sodium_memzero(text, sizeof text);
    return err;
}

void identity_forget(struct identity *identity)
{
    sodium_memzero(identity, sizeof *identity);
}
