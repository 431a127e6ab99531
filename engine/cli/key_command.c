/* Who may connect: binglian key new, grant, list, revoke. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/key.h"
#include "cli/output.h"

#define ROLES                                                                                      \
    "clerk|worker|tracker|supervisor|administrator|gateway|officer|manager"  // in the order of
                                                                             // Key.Role

int key_grant(struct cli *cli, struct bl_client *client, const char *name, const char *public_key,
              Bl__Key__Role role, const char *department, const char *post)
{
    Bl__Key key = BL__KEY__INIT;
    Bl__GrantKey grant = BL__GRANT_KEY__INIT;
    Bl__Command command = BL__COMMAND__INIT;
    const Bl__Answer *answer = NULL;

    key.name = name;
    key.role = role;
    key.department = department == NULL ? "" : department;
    key.post = post == NULL ? "" : post;
    key.public_key = public_key;
    grant.key = &key;
    command.what_case = BL__COMMAND__WHAT_GRANT_KEY;
    command.grant_key = &grant;
    return connect_do(cli, client, &command, &answer);
}

/* With --role the key is granted at once. */
static int grant_as_told(struct cli *cli, const char *name, const char *public_key)
{
    const char *role = option_text(&cli->options, "role");
    struct bl_client *client = NULL;
    int status = connect_open(cli, &client);

    if (status == 0) {
        status = key_grant(
            cli, client, name, public_key, (Bl__Key__Role)(option_choice(ROLES, role) + 1),
            option_text(&cli->options, "department"), option_text(&cli->options, "post"));
    }
    bl_client_close(&client);
    return status;
}

/* The key of the broker that the new identity will trust: as told, or as our own identity has it.
 */
static int find_broker_key(struct cli *cli, char broker_key[IDENTITY_KEY_BYTES])
{
    const char *told = option_text(&cli->options, "broker-key");
    const char *own = connect_identity(cli);
    struct identity identity;
    struct bl_error e = { 0 };

    if (told != NULL) {
        bl_text_copy(broker_key, IDENTITY_KEY_BYTES, told);
        return 0;
    }
    if (own == NULL) {
        return cli_fail_usage(
            cli, "%s",
            cli_say(cli, "需要服务的公钥：--broker-key，或用 --identity、--data 取自已有的密钥文件",
                    "whom is it to trust? --broker-key, or --identity or --data of who knows"));
    }
    if (identity_load(own, &identity, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    bl_text_copy(broker_key, IDENTITY_KEY_BYTES, identity.broker_key);
    identity_forget(&identity);
    return 0;
}

static void print_key(struct cli *cli, const json_t *value)
{
    (void)cli;
    (void)printf("%s  %s\n", output_text(value, "file"), output_text(value, "public_key"));
}

static int run_new(struct cli *cli)
{
    const char *name = cli->options.arguments[0];
    const char *file = option_text(&cli->options, "out");
    char broker_key[IDENTITY_KEY_BYTES];
    struct identity identity;
    struct bl_error e = { 0 };
    int status = find_broker_key(cli, broker_key);

    if (status != 0) {
        return status;
    }
    file = file != NULL ? file : bl_arena_printf(&cli->arena, "%s.identity", name);
    if (identity_make(name, broker_key, &identity, &e) != BL_OK ||
        identity_save(&identity, file, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    json_t *value =
        json_pack("{s:s, s:s, s:s}", "name", name, "file", file, "public_key", identity.public_key);
    if (option_text(&cli->options, "role") != NULL) {
        status = grant_as_told(cli, name, identity.public_key);
    }
    identity_forget(&identity);
    (void)output_value(cli, value, print_key);
    return status;
}

static int run_grant(struct cli *cli)
{
    const char *public_key = cli->options.arguments[1];

    if (option_text(&cli->options, "role") == NULL) {
        return cli_fail_usage(cli, cli_say(cli, "缺少 --role %s", "missing: --role %s"), ROLES);
    }
    return grant_as_told(cli, cli->options.arguments[0], public_key);
}

// clang-format off
static const struct column columns[] = {
    { "name",       { "名称", "NAME" },       COLUMN_TEXT },
    { "role",       { "角色", "ROLE" },       COLUMN_WORD },
    { "department", { "部门", "DEPARTMENT" }, COLUMN_TEXT },
    { "post",       { "岗位", "POST" },       COLUMN_TEXT },
    { "revoked",    { "吊销", "REVOKED" },    COLUMN_YES },
    { "public_key", { "公钥", "PUBLIC KEY" }, COLUMN_TEXT },
};
// clang-format on
static const struct view view = { columns, BL_COUNT(columns), { "没有密钥", "no keys" } };

static int show_keys(struct cli *cli, const Bl__QueryAnswer *answer)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < answer->n_keys; i++) {
        json_array_append_new(rows, output_of(cli, &answer->keys[i]->base));
    }
    return output_list(cli, &view, rows, answer->next);
}

static int run_list(struct cli *cli)
{
    Bl__ListKeys list = BL__LIST_KEYS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    query.what_case = BL__QUERY__WHAT_KEYS;
    query.keys = &list;
    return connect_show(cli, &query, show_keys);
}

static int run_revoke(struct cli *cli)
{
    Bl__RevokeKey revoke = BL__REVOKE_KEY__INIT;
    Bl__Command command = BL__COMMAND__INIT;
    struct bl_client *client = NULL;
    const Bl__Answer *answer = NULL;
    int status = connect_open(cli, &client);

    revoke.name = cli->options.arguments[0];
    command.what_case = BL__COMMAND__WHAT_REVOKE_KEY;
    command.revoke_key = &revoke;
    if (status == 0) {
        status = connect_do(cli, client, &command, &answer);
    }
    bl_client_close(&client);
    return status;
}

// clang-format off
#define ROLE_ROW { "role", OPTION_TEXT, 0, "ROLE", { "角色", "what it may do" }, ROLES }
#define DEPARTMENT_ROW { "department", OPTION_TEXT, 0, "ID", { "工作程序或经办人所属的部门", "whose worker or officer it is" }, NULL }
#define POST_ROW { "post", OPTION_TEXT, 0, "ID", { "经办人的岗位", "the officer's post" }, NULL }

static const struct option_row new_options[] = {
    { "out", OPTION_TEXT, 0, "FILE", { "写到哪个文件，默认 NAME.identity", "the file; default NAME.identity" }, NULL },
    { "broker-key", OPTION_TEXT, 0, "KEY", { "服务的公钥", "the broker's public key" }, NULL },
    ROLE_ROW,
    DEPARTMENT_ROW,
    POST_ROW,
};
static const struct option_row grant_options[] = { ROLE_ROW, DEPARTMENT_ROW, POST_ROW };

const struct command command_key_new = {
    .name = "key new", .arguments = "NAME", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "生成一对密钥，写入只有自己可读的文件", "make a key pair, in a file that only its owner reads" },
    .details = { "带 --role 时由管理员同时登记；否则把公钥交给管理员，用 key grant 登记。",
                 "With --role an administrator grants it at once; else give the public key to one, for `key grant`." },
    COMMAND_OPTIONS(new_options),
    .examples = "key new fire-1 --role worker --department fire --data /var/lib/binglian\nkey new fire-01 --role officer --department fire --post fire-01\nkey new window-3 --broker-key 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7' --out window-3.key",
    .run = run_new,
};

const struct command command_key_grant = {
    .name = "key grant", .arguments = "NAME PUBLIC_KEY", .arguments_min = 2, .arguments_max = 2, .section = SECTION_HALL,
    .summary = { "登记一个公钥", "grant a public key its role" },
    COMMAND_OPTIONS(grant_options),
    .examples = "key grant fire-1 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID' --role worker --department fire",
    .run = run_grant,
};

const struct command command_key_list = {
    .name = "key list", .arguments = "", .section = SECTION_HALL,
    .summary = { "登记的密钥", "the keys that were granted" },
    .examples = "key list",
    .run = run_list,
};

const struct command command_key_revoke = {
    .name = "key revoke", .arguments = "NAME", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "吊销一个密钥", "revoke a key" },
    .examples = "key revoke fire-1",
    .run = run_revoke,
};
// clang-format on
