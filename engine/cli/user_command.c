/* Who may log in over HTTP: binglian user and binglian token. They open the gateway's own store on
 * this machine, whether it runs or not; an account's acts stand in the events under its name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "cli/command.h"
#include "cli/folder.h"
#include "cli/output.h"
#include "cli/user.h"
#include "gateway/accounts.h"

#define ROLE_CHOICES "clerk|officer|tracker|supervisor|manager|administrator"
#define PASSWORD_BYTES_MIN 10
#define PASSWORD_RANDOM_BYTES 15

static const Bl__Key__Role roles[] = {
    BL__KEY__ROLE__CLERK,      BL__KEY__ROLE__OFFICER, BL__KEY__ROLE__TRACKER,
    BL__KEY__ROLE__SUPERVISOR, BL__KEY__ROLE__MANAGER, BL__KEY__ROLE__ADMINISTRATOR,
};

static const char *text_or_empty(const struct cli *cli, const char *option)
{
    const char *text = option_text(&cli->options, option);

    return text == NULL ? "" : text;
}

/* What accounts.c says of what cannot be: the name of a sentence in `source`. */
static int fail(struct cli *cli, enum bl_err code, const struct bl_error *e, const char *given)
{
    if (code == BL_NOT_FOUND) {
        struct bl_error unknown = { 0 };

        (void)bl_error_at(&unknown, BL_NOT_FOUND, given, 0, 0, "there is none");
        return cli_fail(cli, &unknown);
    }
    return code == BL_INVALID ? cli_fail_value(cli, e->source, given, e) : cli_fail(cli, e);
}

static int open_accounts(struct cli *cli, struct accounts **accounts)
{
    const char *data = option_text(&cli->options, "data");
    struct bl_error e = { 0 };

    data = data != NULL ? data : getenv("BINGLIAN_DATA");
    if (data == NULL || data[0] == '\0') {
        return cli_fail_usage(cli, "%s",
                              cli_say(cli, "需要数据目录：--data DIR 或 BINGLIAN_DATA",
                                      "where are the accounts? --data DIR, or BINGLIAN_DATA"));
    }
    return accounts_open(data, accounts, &e) == BL_OK ? 0 : cli_fail(cli, &e);
}

/* --- passwords -------------------------------------------------------------------------------- */

const char *user_password(struct cli *cli)
{
    unsigned char bytes[PASSWORD_RANDOM_BYTES];
    char *password = bl_arena_alloc(&cli->arena, 2 * sizeof bytes);

    randombytes_buf(bytes, sizeof bytes);
    return sodium_bin2base64(password, 2 * sizeof bytes, bytes, sizeof bytes,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* From a file or stdin, its first line; without one a random one, which is then printed. */
static int find_password(struct cli *cli, const char **password, bool *made)
{
    const char *file = option_text(&cli->options, "password-file");
    struct bl_text text;
    struct bl_error e = { 0 };

    *made = file == NULL;
    if (file == NULL) {
        *password = user_password(cli);
        return 0;
    }
    if (file_read(cli, file, &text, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    text.bytes = strcspn(text.at, "\r\n");
    *password = bl_arena_text(&cli->arena, text);
    if (bl_text_characters(text.at, text.bytes) < PASSWORD_BYTES_MIN) {
        return cli_fail_usage(
            cli, "%s", cli_say(cli, "密码至少 10 个字", "a password has at least 10 characters"));
    }
    return 0;
}

static void print_account(struct cli *cli, const json_t *value)
{
    const char *password = output_text(value, "password");

    (void)cli;
    (void)printf("%s  %s\n", output_text(value, "name"), password);
}

/* What was made, with the password if nobody else knows it. */
static int show_account(struct cli *cli, const char *name, const char *password, bool made)
{
    json_t *value = json_pack("{s:s}", "name", name);

    if (made) {
        json_object_set_new(value, "password", json_string(password));
    }
    return output_value(cli, value, print_account);
}

/* --- users ------------------------------------------------------------------------------------ */

static int run_add(struct cli *cli)
{
    const char *role = option_text(&cli->options, "role"), *password;
    Bl__Account account = BL__ACCOUNT__INIT;
    struct accounts *accounts = NULL;
    struct bl_error e = { 0 };
    bool made;
    int status = role == NULL
                     ? cli_fail_usage(cli, cli_say(cli, "缺少 --role %s", "missing: --role %s"),
                                      ROLE_CHOICES)
                     : find_password(cli, &password, &made);

    status = status == 0 ? open_accounts(cli, &accounts) : status;
    if (status != 0) {
        return status;
    }
    account.name = cli->options.arguments[0];
    account.title = text_or_empty(cli, "title");
    account.role = roles[option_choice(ROLE_CHOICES, role)];
    account.department = text_or_empty(cli, "department");
    account.post = text_or_empty(cli, "post");
    enum bl_err err = accounts_add(accounts, &account, password, bl_time_now(), &e);
    accounts_close(&accounts);
    return err == BL_OK ? show_account(cli, account.name, password, made)
                        : fail(cli, err, &e, account.name);
}

// clang-format off
static const struct column user_columns[] = {
    { "name",         { "账号", "NAME" },         COLUMN_TEXT },
    { "title",        { "姓名", "TITLE" },        COLUMN_TEXT },
    { "role",         { "角色", "ROLE" },         COLUMN_WORD },
    { "department",   { "部门", "DEPARTMENT" },   COLUMN_TEXT },
    { "post",         { "岗位", "POST" },         COLUMN_TEXT },
    { "locked_until", { "锁定至", "LOCKED TO" },  COLUMN_TIME },
};
static const struct column token_columns[] = {
    { "id",         { "编号", "ID" },        COLUMN_TEXT },
    { "name",       { "用途", "NAME" },      COLUMN_TEXT },
    { "account",    { "账号", "ACCOUNT" },   COLUMN_TEXT },
    { "read_only",  { "只读", "READ ONLY" }, COLUMN_YES },
    { "expires_at", { "到期", "EXPIRES" },   COLUMN_TIME },
};
// clang-format on
static const struct view user_view = { user_columns,
                                       BL_COUNT(user_columns),
                                       { "没有账号", "no accounts" } };
static const struct view token_view = { token_columns,
                                        BL_COUNT(token_columns),
                                        { "没有令牌", "no tokens" } };

static int run_list(struct cli *cli)
{
    Bl__Accounts list = BL__ACCOUNTS__INIT;
    struct accounts *accounts = NULL;
    struct bl_error e = { 0 };
    json_t *rows;
    int status = open_accounts(cli, &accounts);

    if (status != 0) {
        return status;
    }
    enum bl_err err = accounts_list(accounts, &cli->arena, &list, &e);
    accounts_close(&accounts);
    if (err != BL_OK) {
        return cli_fail(cli, &e);
    }
    rows = json_array();
    for (size_t i = 0; i < list.n_items; i++) {
        json_array_append_new(rows, output_of(cli, &list.items[i]->base));
    }
    return output_list(cli, &user_view, rows, NULL);
}

static int run_remove(struct cli *cli)
{
    const char *name = cli->options.arguments[0];
    struct accounts *accounts = NULL;
    struct bl_error e = { 0 };
    int status = open_accounts(cli, &accounts);

    if (status != 0) {
        return status;
    }
    enum bl_err err = accounts_remove(accounts, name, &e);
    accounts_close(&accounts);
    return err == BL_OK ? 0 : fail(cli, err, &e, name);
}

static int run_password(struct cli *cli)
{
    const char *name = cli->options.arguments[0], *password;
    struct accounts *accounts = NULL;
    struct bl_error e = { 0 };
    bool made;
    int status = find_password(cli, &password, &made);

    status = status == 0 ? open_accounts(cli, &accounts) : status;
    if (status != 0) {
        return status;
    }
    enum bl_err err = accounts_set_password(accounts, name, password, &e);
    accounts_close(&accounts);
    return err == BL_OK ? show_account(cli, name, password, made) : fail(cli, err, &e, name);
}

/* --- tokens ----------------------------------------------------------------------------------- */

static void print_token(struct cli *cli, const json_t *value)
{
    (void)cli;
    (void)printf("%s\n", output_text(value, "secret"));
}

static int run_token_new(struct cli *cli)
{
    Bl__NewToken asked = BL__NEW_TOKEN__INIT;
    Bl__IssuedToken issued = BL__ISSUED_TOKEN__INIT;
    char secret[ACCOUNT_SECRET_BYTES];
    struct accounts *accounts = NULL;
    struct bl_error e = { 0 };
    int status = open_accounts(cli, &accounts);

    if (status != 0) {
        return status;
    }
    asked.account = cli->options.arguments[0];
    asked.name = text_or_empty(cli, "name");
    asked.read_only = option_flag(&cli->options, "read-only");
    asked.days = (uint32_t)option_number(&cli->options, "days", 0);
    enum bl_err err =
        accounts_issue(accounts, &asked, bl_time_now(), &cli->arena, &issued.token, secret, &e);
    accounts_close(&accounts);
    if (err != BL_OK) {
        return fail(cli, err, &e, asked.account);
    }
    issued.secret = secret;
    return output_value(cli, output_of(cli, &issued.base), print_token);
}

static int run_token_list(struct cli *cli)
{
    Bl__Tokens list = BL__TOKENS__INIT;
    struct accounts *accounts = NULL;
    struct bl_error e = { 0 };
    json_t *rows;
    int status = open_accounts(cli, &accounts);

    if (status != 0) {
        return status;
    }
    enum bl_err err = accounts_tokens(accounts, NULL, &cli->arena, &list, &e);
    accounts_close(&accounts);
    if (err != BL_OK) {
        return cli_fail(cli, &e);
    }
    rows = json_array();
    for (size_t i = 0; i < list.n_items; i++) {
        json_array_append_new(rows, output_of(cli, &list.items[i]->base));
    }
    return output_list(cli, &token_view, rows, NULL);
}

static int run_token_revoke(struct cli *cli)
{
    const char *id = cli->options.arguments[0];
    struct accounts *accounts = NULL;
    struct bl_error e = { 0 };
    int status = open_accounts(cli, &accounts);

    if (status != 0) {
        return status;
    }
    enum bl_err err = accounts_revoke(accounts, id, NULL, &e);
    accounts_close(&accounts);
    return err == BL_OK ? 0 : fail(cli, err, &e, id);
}

// clang-format off
#define PASSWORD_ROW { "password-file", OPTION_TEXT, 0, "FILE|-", { "密码所在的文件（第一行）；不给则随机生成并显示", "the file with the password in its first line; without it a random one is printed" }, NULL }

static const struct option_row add_options[] = {
    { "role", OPTION_TEXT, 0, "ROLE", { "角色", "what he may do" }, ROLE_CHOICES },
    { "department", OPTION_TEXT, 0, "ID", { "部门", "an officer's department" }, NULL },
    { "post", OPTION_TEXT, 0, "ID", { "岗位", "an officer's post" }, NULL },
    { "title", OPTION_TEXT, 0, "TEXT", { "姓名", "as people call him" }, NULL },
    PASSWORD_ROW,
};
static const struct option_row password_options[] = { PASSWORD_ROW };
static const struct option_row token_options[] = {
    { "name", OPTION_TEXT, 0, "TEXT", { "用途", "what it is for" }, NULL },
    { "days", OPTION_NUMBER, 0, "N", { "几天后到期，默认 90", "until it expires; default 90" }, NULL },
    { "read-only", OPTION_FLAG, 0, NULL, { "只能查询", "it may only read" }, NULL },
};

const struct command command_user_add = {
    .name = "user add", .arguments = "NAME", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "新建一个网页和接口账号", "make an account for pages and HTTP" },
    COMMAND_OPTIONS(add_options),
    .examples = "user add anna --role clerk --data /var/lib/binglian\nuser add lin --role officer --department fire --post fire-01",
    .run = run_add,
};

const struct command command_user_list = {
    .name = "user list", .arguments = "", .section = SECTION_HALL,
    .summary = { "账号", "the accounts" },
    .examples = "user list --data /var/lib/binglian",
    .run = run_list,
};

const struct command command_user_remove = {
    .name = "user remove", .arguments = "NAME", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "删除账号及其令牌，会话立即失效", "remove an account with its tokens; its sessions end" },
    .examples = "user remove anna",
    .run = run_remove,
};

const struct command command_user_password = {
    .name = "user password", .arguments = "NAME", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "改密码并解除锁定，会话立即失效", "set a password and unlock; sessions end" },
    COMMAND_OPTIONS(password_options),
    .examples = "user password anna",
    .run = run_password,
};

const struct command command_token_new = {
    .name = "token new", .arguments = "ACCOUNT", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "给机器发一个令牌，只显示这一次", "issue a bearer token for a machine; shown once" },
    COMMAND_OPTIONS(token_options),
    .examples = "token new tracker --name dashboard --read-only --days 30",
    .run = run_token_new,
};

const struct command command_token_list = {
    .name = "token list", .arguments = "", .section = SECTION_HALL,
    .summary = { "令牌（不含密文）", "the tokens, without their secrets" },
    .examples = "token list",
    .run = run_token_list,
};

const struct command command_token_revoke = {
    .name = "token revoke", .arguments = "ID", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "吊销令牌", "revoke a token" },
    .examples = "token revoke 5f1c2a3b4d5e6f70",
    .run = run_token_revoke,
};
// clang-format on
