/* accounts.h — who may log in: accounts, their sessions and tokens, in the gateway's own store.
 * They lie in DATA/gateway, an LMDB environment apart from the broker's, and not in the chain of
 * events: what is chained stays for ever, and a password's hash has to be gone when it is changed.
 * What an account does stands in the chain under its name. The broker's folder has to be the
 * gateway's too, which it is (design.md 15.18); `binglian user` opens the same store beside it.
 *
 * Passwords are hashed by Argon2id, sessions and tokens are kept as BLAKE2b of their secret:
 * whoever reads this store can log in as nobody. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/gateway.pb-c.h"

#define ACCOUNT_SECRET_BYTES 65  // of a session or token, as text with its NUL
#define ACCOUNT_FAILURES_MAX 5   // then it is locked
#define ACCOUNT_LOCK (15 * MINUTE_US)
#define ACCOUNTS_MAX 10000
#define TOKENS_MAX 10000

struct accounts;

/* Opens the store in DATA/gateway, making it if need be. BL_IO, BL_NOT_FOUND. */
MUST_CHECK enum bl_err accounts_open(const char *data, struct accounts **accounts,
                                     struct bl_error *e);
void accounts_close(struct accounts **accounts);

/* Finds an account; the copy lies in the arena. BL_NOT_FOUND. */
MUST_CHECK enum bl_err accounts_find(struct accounts *accounts, const char *name,
                                     struct bl_arena *arena, Bl__StoredAccount **account,
                                     struct bl_error *e);
/* Makes or changes one. BL_INVALID for a role that no person has, or an officer without a
 * department; BL_EXISTS. Takes as long as a hash takes: not for the connections' threads. */
MUST_CHECK enum bl_err accounts_add(struct accounts *accounts, const Bl__Account *account,
                                    const char *password, bl_time now, struct bl_error *e);
/* Changes title, role, department, post and whether it is disabled, and ends its sessions; writes
 * what it is now. BL_INVALID as above, BL_NOT_FOUND. */
MUST_CHECK enum bl_err accounts_change(struct accounts *accounts, const Bl__Account *account,
                                       struct bl_arena *arena, Bl__StoredAccount **changed,
                                       struct bl_error *e);
MUST_CHECK enum bl_err accounts_remove(struct accounts *accounts, const char *name,
                                       struct bl_error *e);
/* Sets a password and ends the sessions of before; slow. */
MUST_CHECK enum bl_err accounts_set_password(struct accounts *accounts, const char *name,
                                             const char *password, struct bl_error *e);
/* Is this the password? Counts failures and locks; slow, as slow for a name that is not there.
 *   errors  BL_DENIED, BL_UNAVAILABLE while it is locked */
MUST_CHECK enum bl_err accounts_check(struct accounts *accounts, const char *name,
                                      const char *password, bl_time now, struct bl_arena *arena,
                                      Bl__StoredAccount **account, struct bl_error *e);
/* All of them, by name, without their hashes. */
MUST_CHECK enum bl_err accounts_list(struct accounts *accounts, struct bl_arena *arena,
                                     Bl__Accounts *list, struct bl_error *e);

/* Begins a session; writes its secret. */
MUST_CHECK enum bl_err accounts_begin_session(struct accounts *accounts,
                                              const Bl__StoredAccount *account, bl_time now,
                                              bl_time expires_at, char *secret, struct bl_error *e);
/* Whose session it is. BL_NOT_FOUND for none that goes on. */
MUST_CHECK enum bl_err accounts_session(struct accounts *accounts, const char *secret, bl_time now,
                                        struct bl_arena *arena, Bl__StoredAccount **account,
                                        Bl__StoredSession **session, struct bl_error *e);
void accounts_end_session(struct accounts *accounts, const char *secret);
/* Forgets sessions that are over. */
void accounts_sweep(struct accounts *accounts, bl_time now);
/* What a page has to send back with the session: from its secret and one that nobody else knows. */
void accounts_csrf(const struct accounts *accounts, const char *session, char *csrf);

/* Issues a token; writes its secret. BL_NOT_FOUND for an unknown account. */
MUST_CHECK enum bl_err accounts_issue(struct accounts *accounts, const Bl__NewToken *asked,
                                      bl_time now, struct bl_arena *arena, Bl__Token **token,
                                      char *secret, struct bl_error *e);
MUST_CHECK enum bl_err accounts_token(struct accounts *accounts, const char *secret, bl_time now,
                                      struct bl_arena *arena, Bl__StoredAccount **account,
                                      Bl__Token **token, struct bl_error *e);
/* `account` NULL: of all. */
MUST_CHECK enum bl_err accounts_tokens(struct accounts *accounts, const char *account,
                                       struct bl_arena *arena, Bl__Tokens *list,
                                       struct bl_error *e);
/* `account` NULL: whose ever it is. */
MUST_CHECK enum bl_err accounts_revoke(struct accounts *accounts, const char *id,
                                       const char *account, struct bl_error *e);
