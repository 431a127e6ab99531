/* Copies of a data folder and the way back: binglian store backup, check, restore. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/output.h"
#include "store/backup.h"

#define RATE_DEFAULT 64  // MiB a second: a third of a small disk, so that commits go on
#define RATE_MAX 1000000

static void print_backup(struct cli *cli, const json_t *value)
{
    (void)printf(
        cli_say(cli, "到事件 %" PRId64 " 为止：%" PRId64 " 个文件，%" PRId64 " 字节\n链 %s\n",
                "up to event %" PRId64 ": %" PRId64 " files, %" PRId64 " bytes\nchain %s\n"),
        output_integer(value, "event"), output_integer(value, "files"),
        output_integer(value, "bytes"), output_text(value, "chain"));
}

static int show(struct cli *cli, enum bl_err err, const struct backup *backup,
                const struct bl_error *e)
{
    char at[BL_TIME_TEXT];

    if (err != BL_OK) {
        return cli_fail(cli, e);
    }
    return output_value(cli,
                        json_pack("{s:I, s:s, s:s, s:I, s:I}", "event", (json_int_t)backup->event,
                                  "chain", backup->chain, "at",
                                  bl_time_format(backup->at, cli->offset_minutes, at), "files",
                                  (json_int_t)backup->files, "bytes", (json_int_t)backup->bytes),
                        print_backup);
}

static int run_backup(struct cli *cli)
{
    uint64_t rate = option_number(&cli->options, "rate", RATE_DEFAULT);
    struct backup backup;
    struct bl_error e = { 0 };

    if (rate > RATE_MAX) {
        return cli_fail_usage(cli, cli_say(cli, "--rate 最多 %d", "--rate: at most %d"), RATE_MAX);
    }
    enum bl_err err = backup_make(cli->options.arguments[0], cli->options.arguments[1], rate << 20,
                                  bl_time_now(), &backup, &e);
    return show(cli, err, &backup, &e);
}

static int run_check(struct cli *cli)
{
    struct backup backup;
    struct bl_error e = { 0 };
    enum bl_err err = backup_check(cli->options.arguments[0], &backup, &e);

    return show(cli, err, &backup, &e);
}

static int run_restore(struct cli *cli)
{
    struct backup backup;
    struct bl_error e = { 0 };
    enum bl_err err =
        backup_restore(cli->options.arguments[0], cli->options.arguments[1], &backup, &e);

    return show(cli, err, &backup, &e);
}

// clang-format off
static const struct option_row backup_options[] = {
    { "rate", OPTION_NUMBER, 0, "MIB", { "每秒最多多少 MiB，默认 64，0 为不限", "MiB a second at most; default 64, 0: any" }, NULL },
};

const struct command command_store_backup = {
    .name = "store backup", .arguments = "DIR TO", .arguments_min = 2, .arguments_max = 2, .section = SECTION_HALL,
    .summary = { "把数据目录备份到新目录，服务照常运行", "copy a data folder to a new one while its broker runs" },
    .details = { "备份是某一事件时刻的完整存储，带每个文件的散列；其中有密钥，请妥善保管。保留几份由调用者决定。复制期间释放的页暂不重用。",
                 "The copy is the whole store at one event, with a hash of each file. It holds secret keys: guard it. How many to keep is the caller's business. Pages freed meanwhile are used again only after it." },
    COMMAND_OPTIONS(backup_options),
    .examples = "store backup /var/lib/binglian /backup/2026-11-30\nstore backup data copy --rate 20 -o json",
    .run = run_backup,
};

const struct command command_store_check = {
    .name = "store check", .arguments = "COPY", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "通读一份备份，核对每个文件", "read a backup through and compare each file" },
    .details = { "另可用 store verify COPY 从第一个事件起重算。", "`store verify COPY` folds its events besides." },
    .examples = "store check /backup/2026-11-30",
    .run = run_check,
};

const struct command command_store_restore = {
    .name = "store restore", .arguments = "COPY DIR", .arguments_min = 2, .arguments_max = 2, .section = SECTION_HALL,
    .summary = { "从备份恢复出新的数据目录", "make a data folder of a backup" },
    .details = { "目录须不存在或为空。不完整、损坏或较新格式的备份不恢复。备份之后的事件不在其中。",
                 "The folder must not exist, or be empty. An incomplete, damaged or newer copy is refused. What happened after the copy is not in it." },
    .examples = "store restore /backup/2026-11-30 /var/lib/binglian",
    .run = run_restore,
};
// clang-format on
