#include "gateway/accounts.h"

#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/principal.h"
#include "gateway/cabinet.h"
#include "store/record.h"

#define MAP_BYTES ((size_t)256 << 20)
#define SECRET_BYTES 32
#define HASH_BYTES 32
#define TOKEN_ID_BYTES 8
#define TOKEN_DAYS 90
#define TOKEN_PREFIX "bl_"  // so that scanners for leaked secrets know one
#define SWEEP_MAX 1000      // sessions looked at in one turn

/* Checked where there is no such account: of a password that nobody knows, at the cost of a real
 * one. */
static const char dummy[] = "$argon2id$v=19$m=65536,t=2,p=1$13WkpdETcNLCOpXm0eSqsQ$"
                            "rVWpsLz1XS2xK6Zh1FjvbvLrTmGwKRQeklVaXQ3Qvcg";

enum accounts_table { ACCOUNTS, SESSIONS, TOKENS, META, TABLES };

struct accounts {
    MDB_env *env;
    MDB_dbi tables[TABLES];
    unsigned char secret[SECRET_BYTES];  // of CSRF tokens
};

/* --- the environment -------------------------------------------------------------------------- */

static int open_tables(struct accounts *accounts)
{
    static const char *const names[TABLES] = { "accounts", "sessions", "tokens", "meta" };
    MDB_txn *txn;
    MDB_val key = { 6, (void *)(uintptr_t) "secret" }, value;
    int rc = mdb_txn_begin(accounts->env, NULL, 0, &txn);

    for (size_t i = 0; rc == 0 && i < TABLES; i++) {
        rc = mdb_dbi_open(txn, names[i], MDB_CREATE, &accounts->tables[i]);
    }
    if (rc == 0) {
        rc = mdb_get(txn, accounts->tables[META], &key, &value);
        if (rc == 0 && value.mv_size == SECRET_BYTES) {
            memcpy(accounts->secret, value.mv_data, SECRET_BYTES);
        } else {
            randombytes_buf(accounts->secret, SECRET_BYTES);
            value = (MDB_val){ SECRET_BYTES, accounts->secret };
            rc = mdb_put(txn, accounts->tables[META], &key, &value, 0);
        }
    }
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

enum bl_err accounts_open(const char *data, struct accounts **accounts, struct bl_error *e)
{
    struct accounts *opened = calloc(1, sizeof *opened);

    CHECK(opened != NULL && sodium_init() >= 0);
    enum bl_err err = cabinet_open(data, NULL, MAP_BYTES, TABLES, &opened->env, e);
    if (err == BL_OK) {
        int rc = open_tables(opened);

        err = rc == 0 ? BL_OK : cabinet_error(e, rc, data);
    }
    if (err != BL_OK) {
        accounts_close(&opened);
        return err;
    }
    *accounts = opened;
    return BL_OK;
}

void accounts_close(struct accounts **accounts)
{
    if (*accounts != NULL) {
        if ((*accounts)->env != NULL) {
            mdb_env_close((*accounts)->env);
        }
        sodium_memzero(*accounts, sizeof **accounts);
        free(*accounts);
        *accounts = NULL;
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

static enum bl_err begin(struct accounts *accounts, bool writes, MDB_txn **txn, struct bl_error *e)
{
    int rc = mdb_txn_begin(accounts->env, NULL, writes ? 0 : MDB_RDONLY, txn);

    return rc == 0 ? BL_OK : cabinet_error(e, rc, "begin");
}

static enum bl_err end(MDB_txn *txn, enum bl_err err, struct bl_error *e)
{
    if (err != BL_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    int rc = mdb_txn_commit(txn);
    return rc == 0 ? BL_OK : cabinet_error(e, rc, "commit");
}

static MDB_val value_of(struct bl_text text)
{
    return (MDB_val){ text.bytes, (void *)(uintptr_t)text.at };
}

static enum bl_err get(struct accounts *accounts, MDB_txn *txn, enum accounts_table table,
                       struct bl_text key, const ProtobufCMessageDescriptor *descriptor,
                       struct bl_arena *arena, void *message, struct bl_error *e)
{
    MDB_val k = value_of(key), v;
    int rc = mdb_get(txn, accounts->tables[table], &k, &v);

    if (rc != 0) {
        return rc == MDB_NOTFOUND ? BL_NOT_FOUND : cabinet_error(e, rc, "read");
    }
    struct bl_text copy = { bl_arena_copy(arena, v.mv_data, v.mv_size), v.mv_size };
    return record_unpack(copy, descriptor, arena, message, e);
}

static enum bl_err put(struct accounts *accounts, MDB_txn *txn, enum accounts_table table,
                       struct bl_text key, const ProtobufCMessage *message, unsigned flags,
                       struct bl_arena *arena, struct bl_error *e)
{
    struct bl_text record = record_seal_message(message, arena);
    MDB_val k = value_of(key), v = value_of(record);
    int rc = mdb_put(txn, accounts->tables[table], &k, &v, flags);

    return rc == 0              ? BL_OK
           : rc == MDB_KEYEXIST ? bl_error_set(e, BL_EXISTS, "it is there already")
                                : cabinet_error(e, rc, "write");
}

static enum bl_err drop(struct accounts *accounts, MDB_txn *txn, enum accounts_table table,
                        struct bl_text key, struct bl_error *e)
{
    MDB_val k = value_of(key);
    int rc = mdb_del(txn, accounts->tables[table], &k, NULL);

    return rc == 0              ? BL_OK
           : rc == MDB_NOTFOUND ? bl_error_set(e, BL_NOT_FOUND, "there is none")
                                : cabinet_error(e, rc, "remove");
}

static size_t rows(struct accounts *accounts, MDB_txn *txn, enum accounts_table table)
{
    MDB_stat stat;

    return mdb_stat(txn, accounts->tables[table], &stat) == 0 ? stat.ms_entries : 0;
}

/* Visits a table's rows until `visit` says false. */
typedef bool (*visit_row)(void *context, struct bl_text key, struct bl_text record);

static void walk(struct accounts *accounts, MDB_txn *txn, enum accounts_table table,
                 visit_row visit, void *context)
{
    MDB_cursor *cursor;
    MDB_val key, value;

    if (mdb_cursor_open(txn, accounts->tables[table], &cursor) != 0) {
        return;
    }
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0 &&
           visit(context, (struct bl_text){ key.mv_data, key.mv_size },
                 (struct bl_text){ value.mv_data, value.mv_size })) {
    }
    mdb_cursor_close(cursor);
}

/* A secret as it is handed out, and the hash under which it is kept. */
static void make_secret(const char *prefix, char *text)
{
    unsigned char bytes[SECRET_BYTES];

    randombytes_buf(bytes, sizeof bytes);
    int length = snprintf(text, ACCOUNT_SECRET_BYTES, "%s", prefix);
    (void)sodium_bin2base64(text + length, ACCOUNT_SECRET_BYTES - (size_t)length, bytes,
                            sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

static struct bl_text hash_of(const char *secret, unsigned char *hash)
{
    (void)crypto_generichash(hash, HASH_BYTES, (const unsigned char *)secret, strlen(secret), NULL,
                             0);
    return (struct bl_text){ (const char *)hash, HASH_BYTES };
}

/* --- accounts --------------------------------------------------------------------------------- */

static enum bl_err find_in(struct accounts *accounts, MDB_txn *txn, const char *name,
                           struct bl_arena *arena, Bl__StoredAccount **account, struct bl_error *e)
{
    if (name[0] == '\0' || strlen(name) > 63) {
        return BL_NOT_FOUND;
    }
    return get(accounts, txn, ACCOUNTS, bl_text_of(name), &bl__stored_account__descriptor, arena,
               account, e);
}

enum bl_err accounts_find(struct accounts *accounts, const char *name, struct bl_arena *arena,
                          Bl__StoredAccount **account, struct bl_error *e)
{
    MDB_txn *txn;
    enum bl_err err = begin(accounts, false, &txn, e);

    if (err == BL_OK) {
        err = find_in(accounts, txn, name, arena, account, e);
        mdb_txn_abort(txn);
    }
    return err;
}

static enum bl_err hash_password(const char *password, char *hash, struct bl_error *e)
{
    return crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                             crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0
               ? BL_OK
               : bl_error_set(e, BL_UNAVAILABLE, "no memory for the password's hash");
}

/* A name is part of cookies, logs and events: plain characters only. */
static bool name_is_fine(const char *name)
{
    size_t bytes = strlen(name);

    return bytes > 0 && bytes <= 63 && name[0] != '.' && name[0] != '-' && name[0] != '_' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == bytes;
}

static enum bl_err check_account(const Bl__Account *account, struct bl_error *e)
{
    Bl__Actor actor = BL__ACTOR__INIT;
    struct principal person;

    actor.on_behalf_of = account->name;
    actor.department = account->department;
    actor.post = account->post;
    actor.role = account->role;
    if (!name_is_fine(account->name)) {
        return bl_error_at(e, BL_INVALID, "account-name", 0, 0,
                           "a name has a-z, 0-9, '.', '_' and '-'");
    }
    if (account->role == BL__KEY__ROLE__APPLICANT || !principal_for(&actor, &person)) {
        return bl_error_at(e, BL_INVALID, "account-role", 0, 0, "no role of people");
    }
    if (account->role == BL__KEY__ROLE__OFFICER && account->department[0] == '\0') {
        return bl_error_at(e, BL_INVALID, "account-department", 0, 0,
                           "an officer belongs to a department");
    }
    return BL_OK;
}

enum bl_err accounts_add(struct accounts *accounts, const Bl__Account *account,
                         const char *password, bl_time now, struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__StoredAccount stored = BL__STORED_ACCOUNT__INIT;
    Bl__Account made = *account;
    char hash[crypto_pwhash_STRBYTES];
    MDB_txn *txn;
    enum bl_err err = check_account(account, e);

    bl_arena_init(&arena, 4096, SIZE_MAX);
    err = err == BL_OK ? hash_password(password, hash, e) : err;
    err = err == BL_OK ? begin(accounts, true, &txn, e) : err;
    if (err != BL_OK) {
        return err;
    }
    made.created_at = now;
    made.locked_until = 0;
    stored.account = &made;
    stored.password_hash = hash;
    stored.epoch = randombytes_random();  // a namesake of before has left no sessions behind
    if (rows(accounts, txn, ACCOUNTS) >= ACCOUNTS_MAX) {
        err = bl_error_set(e, BL_FULL, "there are %d accounts", ACCOUNTS_MAX);
    } else {
        err = put(accounts, txn, ACCOUNTS, bl_text_of(made.name), &stored.base, MDB_NOOVERWRITE,
                  &arena, e);
    }
    return end(txn, err, e);
}

enum bl_err accounts_change(struct accounts *accounts, const Bl__Account *account,
                            struct bl_arena *arena, Bl__StoredAccount **changed, struct bl_error *e)
{
    MDB_txn *txn;
    enum bl_err err = check_account(account, e);

    err = err == BL_OK ? begin(accounts, true, &txn, e) : err;
    if (err != BL_OK) {
        return err;
    }
    err = find_in(accounts, txn, account->name, arena, changed, e);
    if (err == BL_OK) {
        Bl__Account *to = (*changed)->account;

        to->title = account->title;
        to->role = account->role;
        to->department = account->department;
        to->post = account->post;
        to->disabled = account->disabled;
        (*changed)->epoch++;
        err =
            put(accounts, txn, ACCOUNTS, bl_text_of(account->name), &(*changed)->base, 0, arena, e);
    }
    return end(txn, err, e);
}

struct collecting {
    struct bl_arena *arena;
    const char *account;
    Bl__Accounts *accounts;
    Bl__Tokens *tokens;
    struct bl_text keys[SWEEP_MAX];  // of rows to be removed
    size_t key_count, looked;
    bl_time now;
    const char *id;
};

/* Tokens of an account, or one by its id. */
static bool collect_token_keys(void *context, struct bl_text key, struct bl_text record)
{
    struct collecting *c = context;
    ProtobufCMessage *message;

    if (record_unpack(record, &bl__stored_token__descriptor, c->arena, &message, NULL) == BL_OK) {
        const Bl__Token *token = ((Bl__StoredToken *)message)->token;

        if ((c->account == NULL || strcmp(token->account, c->account) == 0) &&
            (c->id == NULL || strcmp(token->id, c->id) == 0)) {
            c->keys[c->key_count++] =
                (struct bl_text){ bl_arena_copy(c->arena, key.at, key.bytes), key.bytes };
        }
    }
    return c->key_count < SWEEP_MAX;
}

static enum bl_err drop_keys(struct accounts *accounts, MDB_txn *txn, enum accounts_table table,
                             const struct collecting *c, struct bl_error *e)
{
    enum bl_err err = BL_OK;

    for (size_t i = 0; err == BL_OK && i < c->key_count; i++) {
        err = drop(accounts, txn, table, c->keys[i], e);
    }
    return err;
}

enum bl_err accounts_remove(struct accounts *accounts, const char *name, struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    struct collecting c = { .arena = &arena, .account = name };
    MDB_txn *txn;
    enum bl_err err = begin(accounts, true, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    bl_arena_init(&arena, 4096, SIZE_MAX);
    err = name_is_fine(name) ? drop(accounts, txn, ACCOUNTS, bl_text_of(name), e) : BL_NOT_FOUND;
    if (err == BL_OK) {
        walk(accounts, txn, TOKENS, collect_token_keys, &c);
        err = drop_keys(accounts, txn, TOKENS, &c, e);
    }
    return end(txn, err, e);
}

enum bl_err accounts_set_password(struct accounts *accounts, const char *name, const char *password,
                                  struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__StoredAccount *stored;
    char hash[crypto_pwhash_STRBYTES];
    MDB_txn *txn;
    enum bl_err err = hash_password(password, hash, e);

    bl_arena_init(&arena, 4096, SIZE_MAX);
    err = err == BL_OK ? begin(accounts, true, &txn, e) : err;
    if (err != BL_OK) {
        return err;
    }
    err = find_in(accounts, txn, name, &arena, &stored, e);
    if (err == BL_OK) {
        stored->password_hash = hash;
        stored->epoch++;
        stored->failures = 0;
        stored->account->locked_until = 0;
        err = put(accounts, txn, ACCOUNTS, bl_text_of(name), &stored->base, 0, &arena, e);
    }
    return end(txn, err, e);
}

/* Writes down how a check ended; the account may have been removed meanwhile. */
static enum bl_err count_check(struct accounts *accounts, const char *name, bool good, bl_time now,
                               struct bl_arena *arena, struct bl_error *e)
{
    Bl__StoredAccount *stored;
    MDB_txn *txn;
    enum bl_err err = begin(accounts, true, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    err = find_in(accounts, txn, name, arena, &stored, e);
    if (err == BL_OK) {
        stored->failures = good ? 0 : stored->failures + 1;
        if (stored->failures >= ACCOUNT_FAILURES_MAX) {
            stored->failures = 0;
            stored->account->locked_until = now + ACCOUNT_LOCK;
        }
        err = put(accounts, txn, ACCOUNTS, bl_text_of(name), &stored->base, 0, arena, e);
    }
    return end(txn, err, e);
}

enum bl_err accounts_check(struct accounts *accounts, const char *name, const char *password,
                           bl_time now, struct bl_arena *arena, Bl__StoredAccount **account,
                           struct bl_error *e)
{
    Bl__StoredAccount *found = NULL;
    enum bl_err err = accounts_find(accounts, name, arena, &found, e);

    if (err != BL_OK && err != BL_NOT_FOUND) {
        return err;
    }
    if (found != NULL && now < found->account->locked_until) {
        return bl_error_set(e, BL_UNAVAILABLE, "locked");
    }
    bool good = crypto_pwhash_str_verify(found != NULL ? found->password_hash : dummy, password,
                                         strlen(password)) == 0;

    if (found == NULL || found->account->disabled) {
        return bl_error_set(e, BL_DENIED, "no such account");
    }
    if (!good || found->failures > 0) {
        err = count_check(accounts, name, good, now, arena, e);
    }
    if (err != BL_OK) {
        return err;
    }
    if (!good) {
        return bl_error_set(e, BL_DENIED, "wrong password");
    }
    *account = found;
    return BL_OK;
}

static bool collect_account(void *context, struct bl_text key, struct bl_text record)
{
    struct collecting *c = context;
    struct bl_text copy = { bl_arena_copy(c->arena, record.at, record.bytes), record.bytes };
    ProtobufCMessage *message;

    (void)key;
    if (record_unpack(copy, &bl__stored_account__descriptor, c->arena, &message, NULL) == BL_OK) {
        c->accounts->items[c->accounts->n_items++] = ((Bl__StoredAccount *)message)->account;
    }
    return true;
}

enum bl_err accounts_list(struct accounts *accounts, struct bl_arena *arena, Bl__Accounts *list,
                          struct bl_error *e)
{
    struct collecting c = { .arena = arena, .accounts = list };
    MDB_txn *txn;
    enum bl_err err = begin(accounts, false, &txn, e);

    if (err == BL_OK) {
        list->items = bl_arena_array(arena, Bl__Account *, rows(accounts, txn, ACCOUNTS) + 1);
        walk(accounts, txn, ACCOUNTS, collect_account, &c);
        mdb_txn_abort(txn);
    }
    return err;
}

/* --- sessions --------------------------------------------------------------------------------- */

enum bl_err accounts_begin_session(struct accounts *accounts, const Bl__StoredAccount *account,
                                   bl_time now, bl_time expires_at, char *secret,
                                   struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    Bl__StoredSession session = BL__STORED_SESSION__INIT;
    unsigned char hash[HASH_BYTES];
    MDB_txn *txn;
    enum bl_err err = begin(accounts, true, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    bl_arena_init(&arena, 1024, SIZE_MAX);
    session.account = account->account->name;
    session.epoch = account->epoch;
    session.created_at = now;
    session.expires_at = expires_at;
    make_secret("", secret);
    err = put(accounts, txn, SESSIONS, hash_of(secret, hash), &session.base, 0, &arena, e);
    return end(txn, err, e);
}

enum bl_err accounts_session(struct accounts *accounts, const char *secret, bl_time now,
                             struct bl_arena *arena, Bl__StoredAccount **account,
                             Bl__StoredSession **session, struct bl_error *e)
{
    unsigned char hash[HASH_BYTES];
    MDB_txn *txn;
    enum bl_err err = begin(accounts, false, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    err = get(accounts, txn, SESSIONS, hash_of(secret, hash), &bl__stored_session__descriptor,
              arena, session, e);
    err = err == BL_OK ? find_in(accounts, txn, (*session)->account, arena, account, e) : err;
    mdb_txn_abort(txn);
    return err == BL_OK && ((*account)->account->disabled ||
                            (*account)->epoch != (*session)->epoch || now >= (*session)->expires_at)
               ? BL_NOT_FOUND
               : err;
}

void accounts_end_session(struct accounts *accounts, const char *secret)
{
    unsigned char hash[HASH_BYTES];
    MDB_txn *txn;

    if (begin(accounts, true, &txn, NULL) == BL_OK) {
        enum bl_err err = drop(accounts, txn, SESSIONS, hash_of(secret, hash), NULL);

        (void)end(txn, err, NULL);
    }
}

static bool collect_old(void *context, struct bl_text key, struct bl_text record)
{
    struct collecting *c = context;
    ProtobufCMessage *message;

    if (record_unpack(record, &bl__stored_session__descriptor, c->arena, &message, NULL) != BL_OK ||
        ((Bl__StoredSession *)message)->expires_at <= c->now) {
        c->keys[c->key_count++] =
            (struct bl_text){ bl_arena_copy(c->arena, key.at, key.bytes), key.bytes };
    }
    return c->key_count < SWEEP_MAX;
}

void accounts_sweep(struct accounts *accounts, bl_time now)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    struct collecting c = { .arena = &arena, .now = now };
    MDB_txn *txn;

    bl_arena_init(&arena, 4096, SIZE_MAX);
    if (begin(accounts, true, &txn, NULL) == BL_OK) {
        walk(accounts, txn, SESSIONS, collect_old, &c);
        enum bl_err err = drop_keys(accounts, txn, SESSIONS, &c, NULL);

        (void)end(txn, err, NULL);
    }
}

void accounts_csrf(const struct accounts *accounts, const char *session, char *csrf)
{
    unsigned char hash[HASH_BYTES];

    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)session, strlen(session),
                             accounts->secret, sizeof accounts->secret);
    (void)sodium_bin2base64(csrf, ACCOUNT_SECRET_BYTES, hash, sizeof hash,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* --- tokens ----------------------------------------------------------------------------------- */

static Bl__Token *new_token(const Bl__NewToken *asked, bl_time now, struct bl_arena *arena)
{
    Bl__Token *token = bl_arena_new(arena, Bl__Token);
    unsigned char id[TOKEN_ID_BYTES];
    char *text = bl_arena_alloc(arena, 2 * TOKEN_ID_BYTES + 1);

    randombytes_buf(id, sizeof id);
    bl__token__init(token);
    token->id = sodium_bin2hex(text, 2 * TOKEN_ID_BYTES + 1, id, sizeof id);
    token->name = asked->name;
    token->account = asked->account;
    token->read_only = asked->read_only;
    token->created_at = now;
    token->expires_at = now + (asked->days == 0 ? TOKEN_DAYS : (bl_time)asked->days) * DAY_US;
    return token;
}

enum bl_err accounts_issue(struct accounts *accounts, const Bl__NewToken *asked, bl_time now,
                           struct bl_arena *arena, Bl__Token **token, char *secret,
                           struct bl_error *e)
{
    Bl__StoredToken stored = BL__STORED_TOKEN__INIT;
    Bl__StoredAccount *account;
    unsigned char hash[HASH_BYTES];
    MDB_txn *txn;
    enum bl_err err = begin(accounts, true, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    err = find_in(accounts, txn, asked->account, arena, &account, e);
    if (err == BL_OK && rows(accounts, txn, TOKENS) >= TOKENS_MAX) {
        err = bl_error_set(e, BL_FULL, "there are %d tokens", TOKENS_MAX);
    }
    if (err == BL_OK) {
        make_secret(TOKEN_PREFIX, secret);
        stored.token = *token = new_token(asked, now, arena);
        err = put(accounts, txn, TOKENS, hash_of(secret, hash), &stored.base, 0, arena, e);
    }
    return end(txn, err, e);
}

enum bl_err accounts_token(struct accounts *accounts, const char *secret, bl_time now,
                           struct bl_arena *arena, Bl__StoredAccount **account, Bl__Token **token,
                           struct bl_error *e)
{
    unsigned char hash[HASH_BYTES];
    Bl__StoredToken *stored;
    MDB_txn *txn;
    enum bl_err err = begin(accounts, false, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    err = get(accounts, txn, TOKENS, hash_of(secret, hash), &bl__stored_token__descriptor, arena,
              &stored, e);
    err = err == BL_OK ? find_in(accounts, txn, stored->token->account, arena, account, e) : err;
    mdb_txn_abort(txn);
    if (err != BL_OK || (*account)->account->disabled || now >= stored->token->expires_at) {
        return err == BL_OK ? BL_NOT_FOUND : err;
    }
    *token = stored->token;
    return BL_OK;
}

static bool collect_token(void *context, struct bl_text key, struct bl_text record)
{
    struct collecting *c = context;
    struct bl_text copy = { bl_arena_copy(c->arena, record.at, record.bytes), record.bytes };
    ProtobufCMessage *message;

    (void)key;
    if (record_unpack(copy, &bl__stored_token__descriptor, c->arena, &message, NULL) == BL_OK) {
        Bl__Token *token = ((Bl__StoredToken *)message)->token;

        if (c->account == NULL || strcmp(token->account, c->account) == 0) {
            c->tokens->items[c->tokens->n_items++] = token;
        }
    }
    return true;
}

enum bl_err accounts_tokens(struct accounts *accounts, const char *account, struct bl_arena *arena,
                            Bl__Tokens *list, struct bl_error *e)
{
    struct collecting c = { .arena = arena, .tokens = list, .account = account };
    MDB_txn *txn;
    enum bl_err err = begin(accounts, false, &txn, e);

    if (err == BL_OK) {
        list->items = bl_arena_array(arena, Bl__Token *, rows(accounts, txn, TOKENS) + 1);
        walk(accounts, txn, TOKENS, collect_token, &c);
        mdb_txn_abort(txn);
    }
    return err;
}

enum bl_err accounts_revoke(struct accounts *accounts, const char *id, const char *account,
                            struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    struct collecting c = { .arena = &arena, .id = id, .account = account };
    MDB_txn *txn;
    enum bl_err err = begin(accounts, true, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    bl_arena_init(&arena, 4096, SIZE_MAX);
    walk(accounts, txn, TOKENS, collect_token_keys, &c);
    err = c.key_count == 0 ? bl_error_set(e, BL_NOT_FOUND, "there is no such token")
                           : drop_keys(accounts, txn, TOKENS, &c, e);
    return end(txn, err, e);
}
