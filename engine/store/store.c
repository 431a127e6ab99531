#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <sodium.h>

#include "store/environment.h"
#include "store/migrate.h"
#include "store/record.h"

#define READERS_MAX 512
#define SEAL "seal"  // the name of meta's checksum
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAP_BYTES_DEFAULT ((size_t)8 << 30)  // sanitizers keep shadow memory of address space
#else
#define MAP_BYTES_DEFAULT ((size_t)256 << 30)
#endif

enum bl_err environment_error(struct bl_error *e, int rc, const char *doing)
{
    enum bl_err code = rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT ? BL_FULL
                       : rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_INVALID ||
                               rc == MDB_BAD_VALSIZE
                           ? BL_CORRUPT
                       : rc == MDB_VERSION_MISMATCH ? BL_FORMAT
                                                    : BL_IO;

    return bl_error_set(e, code, "%s: %s", doing, mdb_strerror(rc));
}

bool environment_get(MDB_txn *txn, MDB_dbi table, struct bl_text key, struct bl_text *value,
                     enum bl_err *err, struct bl_error *e)
{
    MDB_val k = environment_value(key), v;
    int rc = mdb_get(txn, table, &k, &v);

    *err = rc == 0 || rc == MDB_NOTFOUND ? BL_OK : environment_error(e, rc, "read");
    if (rc == 0) {
        *value = environment_text(v);
    }
    return rc == 0;
}

/* LMDB maps the file and locks it with fcntl: neither is sound over a network. */
static enum bl_err refuse_network(const char *path, struct bl_error *e)
{
    static const struct {
        uint32_t magic;
        const char *name;
    } networks[] = {
        { 0x6969, "NFS" },      { 0x517B, "SMB" },      { 0xFF534D42, "CIFS" },
        { 0xFE534D42, "SMB2" }, { 0x5346414F, "AFS" },  { 0x73757245, "Coda" },
        { 0x01021997, "9P" },   { 0x00C36400, "Ceph" }, { 0x47504653, "GPFS" },
    };
    struct statfs fs;

    if (statfs(path, &fs) != 0) {
        return bl_error_set(e, errno == ENOENT ? BL_NOT_FOUND : BL_IO, "%s: %s", path,
                            strerror(errno));
    }
    for (size_t i = 0; i < BL_COUNT(networks); i++) {
        if ((uint32_t)fs.f_type == networks[i].magic) {
            return bl_error_set(e, BL_IO, "%s lies on %s; put the store on a local disk", path,
                                networks[i].name);
        }
    }
    return BL_OK;
}

static enum bl_err take_lock(struct store *store, struct bl_error *e)
{
    char path[sizeof store->path + 16];

    (void)snprintf(path, sizeof path, "%s/broker.lock", store->path);
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (store->lock < 0) {
        return bl_error_set(e, BL_IO, "%s: %s", path, strerror(errno));
    }
    if (flock(store->lock, LOCK_EX | LOCK_NB) != 0) {
        return bl_error_set(e, BL_LOCKED, "another broker holds the store %s", store->path);
    }
    return BL_OK;
}

static enum bl_err open_environment(struct store *store, struct bl_error *e)
{
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (store->read_only ? MDB_RDONLY : 0);
    int rc = mdb_env_create(&store->env);

    if (rc == 0) {
        rc = mdb_env_set_maxdbs(store->env, TABLE_COUNT);
    }
    if (rc == 0) {
        rc = mdb_env_set_mapsize(store->env, store->map_bytes);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxreaders(store->env, READERS_MAX);
    }
    if (rc == 0) {
        rc = mdb_env_open(store->env, store->path, flags, 0640);
    }
    if (rc == ENOENT) {
        return bl_error_set(e, BL_NOT_FOUND, "there is no store in %s", store->path);
    }
    if (rc != 0) {
        return environment_error(e, rc, store->path);
    }
    int dead = 0;
    (void)mdb_reader_check(store->env, &dead);  // slots of readers that were killed
    return BL_OK;
}

static enum bl_err open_tables(struct store *store, MDB_txn *txn, struct bl_error *e)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        int rc = mdb_dbi_open(txn, table_name((enum table)i), store->read_only ? 0 : MDB_CREATE,
                              &store->tables[i]);

        if (rc != 0) {
            return bl_error_set(e, rc == MDB_NOTFOUND ? BL_CORRUPT : BL_IO,
                                "%s is no store of ours: table %s: %s", store->path,
                                table_name((enum table)i), mdb_strerror(rc));
        }
    }
    return BL_OK;
}

static bool meta_get(struct store *store, MDB_txn *txn, const char *name, void *value, size_t bytes)
{
    struct bl_text found;
    enum bl_err err;

    if (!environment_get(txn, store->tables[TABLE_META], bl_text_of(name), &found, &err, NULL) ||
        found.bytes != bytes) {
        return false;
    }
    memcpy(value, found.at, bytes);
    return true;
}

enum bl_err environment_meta_put(struct store *store, MDB_txn *txn, const char *name, void *value,
                                 size_t bytes, struct bl_error *e)
{
    MDB_val key = environment_value(bl_text_of(name)), v = { bytes, value };
    int rc = mdb_put(txn, store->tables[TABLE_META], &key, &v, 0);

    return rc == 0 ? BL_OK : environment_error(e, rc, "write meta");
}

/* Was nothing ever committed to it? */
static bool is_new(const struct store *store)
{
    MDB_envinfo info;

    return mdb_env_info(store->env, &info) == 0 && info.me_last_txnid == 0;
}

/* What attempts and fingerprints hang on carries a checksum of its own. Stores of before it have
 * none. */
static struct bl_text seal_meta(const struct store *store, struct bl_arena *arena)
{
    char bytes[sizeof store->secret + sizeof store->start];

    memcpy(bytes, store->secret, sizeof store->secret);
    memcpy(bytes + sizeof store->secret, &store->start, sizeof store->start);
    return record_seal_bytes((struct bl_text){ bytes, sizeof bytes }, arena);
}

static enum bl_err check_meta(const struct store *store, MDB_txn *txn, struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    struct bl_text found;
    enum bl_err err;

    bl_arena_init(&arena, 256, 4096);
    if (environment_get(txn, store->tables[TABLE_META], bl_text_of(SEAL), &found, &err, e) &&
        !bl_text_equal(found, seal_meta(store, &arena))) {
        err = bl_error_set(
            e, BL_CORRUPT,
            "%s: what the store says of itself fails its checksum; bring a backup back "
            "with `binglian store restore`",
            store->path);
    }
    return err;
}

static enum bl_err put_meta(struct store *store, MDB_txn *txn, struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    enum bl_err err =
        environment_meta_put(store, txn, "start", &store->start, sizeof store->start, e);

    bl_arena_init(&arena, 256, 4096);
    struct bl_text seal = seal_meta(store, &arena);
    return err != BL_OK
               ? err
               : environment_meta_put(store, txn, SEAL, (void *)(uintptr_t)seal.at, seal.bytes, e);
}

/* Reads what the store says of itself, and writes it into a new one. *format: the store's own. */
static enum bl_err open_meta(struct store *store, uint64_t starts, MDB_txn *txn, uint32_t *format,
                             struct bl_error *e)
{
    enum bl_err err = BL_OK;

    *format = STORE_FORMAT;
    if (!meta_get(store, txn, "format", format, sizeof *format)) {
        if (store->read_only || !is_new(store)) {
            return bl_error_set(e, BL_CORRUPT, "%s is no store of ours", store->path);
        }
        randombytes_buf(store->secret, sizeof store->secret);
        err = environment_meta_put(store, txn, "format", format, sizeof *format, e);
        if (err == BL_OK) {
            err =
                environment_meta_put(store, txn, "secret", store->secret, sizeof store->secret, e);
        }
    }
    if (*format > STORE_FORMAT) {
        return bl_error_set(e, BL_FORMAT,
                            "%s has format %" PRIu32 "; this program knows %" PRIu32
                            ": install the newer one",
                            store->path, *format, STORE_FORMAT);
    }
    uint8_t mark;
    if (meta_get(store, txn, STORE_MIGRATING, &mark, sizeof mark)) {
        *format = 0;  // a migration was cut short: it begins again
    }
    (void)meta_get(store, txn, "secret", store->secret, sizeof store->secret);
    (void)meta_get(store, txn, "start", &store->start, sizeof store->start);
    err = err != BL_OK ? err : check_meta(store, txn, e);
    if (err == BL_OK && !store->read_only) {
        store->start += starts;
        err = put_meta(store, txn, e);
    }
    return err;
}

/* Only who writes brings an older store up to date. */
static enum bl_err refuse_older(struct store *store, MDB_txn *txn, struct bl_error *e)
{
    uint32_t format = STORE_FORMAT;

    (void)meta_get(store, txn, "format", &format, sizeof format);
    return format < STORE_FORMAT
               ? bl_error_set(e, BL_FORMAT,
                              "%s has format %" PRIu32 "; start the broker once: it brings it to "
                              "format %" PRIu32,
                              store->path, format, STORE_FORMAT)
               : BL_OK;
}

static enum bl_err open_in(struct store *store, uint64_t starts, MDB_txn *txn, uint32_t *format,
                           struct bl_error *e)
{
    enum bl_err err = BL_OK;

    if (store->read_only &&
        mdb_dbi_open(txn, table_name(TABLE_META), 0, &store->tables[TABLE_META]) == 0) {
        err = refuse_older(store, txn, e);  // it may lack tables
    }
    if (err == BL_OK) {
        err = open_tables(store, txn, e);
    }
    return err == BL_OK ? open_meta(store, starts, txn, format, e) : err;
}

static enum bl_err open_contents(struct store *store, uint64_t starts, struct bl_error *e)
{
    uint32_t format = STORE_FORMAT;
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, store->read_only ? MDB_RDONLY : 0, &txn);

    if (rc != 0) {
        return environment_error(e, rc, store->path);
    }
    enum bl_err err = open_in(store, starts, txn, &format, e);
    if (err != BL_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    rc = mdb_txn_commit(txn);
    if (rc != 0) {
        return environment_error(e, rc, store->path);
    }
    if (format == STORE_FORMAT) {
        return BL_OK;
    }
    return store->read_only ? bl_error_set(e, BL_FORMAT, "%s is being brought to format %" PRIu32,
                                           store->path, STORE_FORMAT)
                            : migrate_store(store, format, e);
}

enum bl_err store_open(const struct store_config *config, struct store **store, struct bl_error *e)
{
    struct store *opened = calloc(1, sizeof *opened);
    enum bl_err err = BL_OK;

    CHECK(opened != NULL);
    CHECK(sodium_init() >= 0);
    opened->lock = -1;
    opened->read_only = config->read_only;
    opened->map_bytes = config->map_bytes != 0 ? config->map_bytes : MAP_BYTES_DEFAULT;
    bl_text_copy(opened->path, sizeof opened->path, config->path);
    if (strlen(config->path) >= sizeof opened->path) {
        err = bl_error_set(e, BL_IO, "the path of the store is longer than %zu bytes",
                           sizeof opened->path - 1);
    } else if (!config->read_only && mkdir(config->path, 0750) != 0 && errno != EEXIST) {
        err = bl_error_set(e, BL_IO, "%s: %s", config->path, strerror(errno));
    }
    if (err == BL_OK) {
        err = refuse_network(config->path, e);
    }
    if (err == BL_OK && !config->read_only) {
        err = take_lock(opened, e);
    }
    if (err == BL_OK) {
        err = open_environment(opened, e);
    }
    if (err == BL_OK) {
        err = open_contents(opened, 1 + config->restored, e);
    }
    if (err != BL_OK) {
        store_close(&opened);
        return err;
    }
    *store = opened;
    return BL_OK;
}

void store_close(struct store **store)
{
    if (*store == NULL) {
        return;
    }
    if ((*store)->env != NULL) {
        mdb_env_close((*store)->env);
    }
    if ((*store)->lock >= 0) {
        (void)close((*store)->lock);
    }
    sodium_memzero((*store)->secret, sizeof(*store)->secret);
    free(*store);
    *store = NULL;
}

uint64_t store_start(const struct store *store)
{
    return store->start;
}

const uint8_t *store_secret(const struct store *store)
{
    return store->secret;
}

void store_query_code(const struct store *store, const char *number, char *code)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // none like another
    unsigned char hash[crypto_generichash_BYTES];

    _Static_assert(sizeof store->secret == crypto_generichash_KEYBYTES_MIN, "a key");
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)number, strlen(number),
                             store->secret, sizeof store->secret);
    for (size_t i = 0; i < STORE_CODE_BYTES - 1; i++) {
        code[i] = digits[hash[i] % 32];
    }
    code[STORE_CODE_BYTES - 1] = '\0';
}

const char *store_path(const struct store *store)
{
    return store->path;
}

enum bl_err store_read_begin(struct store *store, struct store_read **read, struct bl_error *e)
{
    struct store_read *begun = malloc(sizeof *begun);

    CHECK(begun != NULL);
    begun->store = store;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &begun->txn);
    if (rc == MDB_MAP_RESIZED) {
        rc = mdb_env_set_mapsize(store->env, 0);
        rc = rc == 0 ? mdb_txn_begin(store->env, NULL, MDB_RDONLY, &begun->txn) : rc;
    }
    if (rc != 0) {
        free(begun);
        return rc == MDB_READERS_FULL
                   ? bl_error_set(e, BL_UNAVAILABLE, "all %d reader slots are taken", READERS_MAX)
                   : environment_error(e, rc, "begin to read");
    }
    *read = begun;
    return BL_OK;
}

void store_read_end(struct store_read **read)
{
    if (*read != NULL) {
        mdb_txn_abort((*read)->txn);
        free(*read);
        *read = NULL;
    }
}
