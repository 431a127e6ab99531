/* The store on this machine, with the broker running or stopped: binglian store verify, dump,
 * stats. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/output.h"
#include "store/dump.h"
#include "store/stats.h"
#include "store/verify.h"

/* Opens the store that the argument names, to read. */
static int open_store(struct cli *cli, struct store **store)
{
    const struct store_config config = { .path = cli->options.arguments[0], .read_only = true };
    struct bl_error e = { 0 };

    return store_open(&config, store, &e) == BL_OK ? 0 : cli_fail(cli, &e);
}

/* --- verify ----------------------------------------------------------------------------------- */

static void print_verified(struct cli *cli, const json_t *value)
{
    (void)printf(cli_say(cli, "%" PRId64 " 个事件、%" PRId64 " 个办件、%" PRId64 " 批：%s\n",
                         "%" PRId64 " events, %" PRId64 " applications, %" PRId64 " batches: %s\n"),
                 output_integer(value, "events"), output_integer(value, "applications"),
                 output_integer(value, "batches"),
                 output_integer(value, "problems") == 0 ? cli_say(cli, "全部一致", "all agree")
                                                        : cli_say(cli, "有不一致", "PROBLEMS"));
}

static int run_verify(struct cli *cli)
{
    struct verify_result result = { 0 };
    struct store *store = NULL;
    struct bl_error e = { 0 };
    int status = open_store(cli, &store);

    if (status != 0) {
        return status;
    }
    enum bl_err err = verify_store(store, stderr, &result, &e);
    store_close(&store);
    if (err != BL_OK && err != BL_CORRUPT) {
        return cli_fail(cli, &e);
    }
    (void)output_value(cli,
                       json_pack("{s:I, s:I, s:I, s:I}", "events", (json_int_t)result.events,
                                 "applications", (json_int_t)result.applications, "batches",
                                 (json_int_t)result.batches, "problems",
                                 (json_int_t)result.problems),
                       print_verified);
    return bl_err_exit(err);
}

/* --- dump ------------------------------------------------------------------------------------- */

static int run_dump(struct cli *cli)
{
    struct store *store = NULL;
    struct bl_error e = { 0 };
    int status = open_store(cli, &store);

    if (status != 0) {
        return status;
    }
    if (dump_store(store, stdout, &e) != BL_OK) {
        status = cli_fail(cli, &e);
    }
    store_close(&store);
    return status;
}

/* --- stats ------------------------------------------------------------------------------------ */

static json_t *stats_json(const struct stats *stats)
{
    json_t *tables = json_array();

    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct stats_table *table = &stats->tables[i];

        json_array_append_new(tables,
                              json_pack("{s:s, s:I, s:I, s:i}", "table", table_name((enum table)i),
                                        "rows", (json_int_t)table->rows, "bytes",
                                        (json_int_t)(table->pages * stats->page_bytes), "depth",
                                        (int)table->depth));
    }
    return json_pack("{s:I, s:I, s:I, s:i, s:o}", "used_bytes", (json_int_t)stats->used_bytes,
                     "free_bytes", (json_int_t)stats->free_bytes, "map_bytes",
                     (json_int_t)stats->map_bytes, "readers", (int)stats->readers, "tables",
                     tables);
}

// clang-format off
static const struct column table_columns[] = {
    { "table", { "表", "TABLE" },   COLUMN_TEXT },
    { "rows",  { "行", "ROWS" },    COLUMN_NUMBER },
    { "bytes", { "字节", "BYTES" }, COLUMN_NUMBER },
    { "depth", { "深", "DEPTH" },   COLUMN_NUMBER },
};
// clang-format on
static const struct view table_view = { table_columns, BL_COUNT(table_columns), { "", "" } };

static void print_stats(struct cli *cli, const json_t *value)
{
    (void)output_list(cli, &table_view, json_incref(json_object_get(value, "tables")), NULL);
    (void)printf(cli_say(cli,
                         "已用 %" PRId64 " 字节，其中空闲 %" PRId64 "；地址空间 %" PRId64
                         "；读者 %" PRId64 "\n",
                         "%" PRId64 " bytes used, %" PRId64 " of them free; address space %" PRId64
                         "; readers %" PRId64 "\n"),
                 output_integer(value, "used_bytes"), output_integer(value, "free_bytes"),
                 output_integer(value, "map_bytes"), output_integer(value, "readers"));
}

static int run_stats(struct cli *cli)
{
    struct stats *stats = bl_arena_new(&cli->arena, struct stats);
    struct store *store = NULL;
    struct bl_error e = { 0 };
    int status = open_store(cli, &store);

    if (status != 0) {
        return status;
    }
    enum bl_err err = stats_read(store, stats, &e);
    store_close(&store);
    return err != BL_OK ? cli_fail(cli, &e) : output_value(cli, stats_json(stats), print_stats);
}

// clang-format off
const struct command command_store_verify = {
    .name = "store verify", .arguments = "DIR", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "从第一个事件起重算并核对整个存储", "fold every event again and compare it with what is stored" },
    .details = { "核对状态、投影、校验和与散列链；全部一致时退出状态为 0。每个问题在标准错误上一行。",
                 "Compares states, projections, checksums and the chain of hashes; exit status 0 only if all agree. Each problem is a line on stderr." },
    .examples = "store verify /var/lib/binglian\nstore verify data -o json",
    .run = run_verify,
};

const struct command command_store_dump = {
    .name = "store dump", .arguments = "DIR", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "把整个存储写成 JSON 行", "the whole store as JSON lines" },
    .examples = "store dump /var/lib/binglian > store.jsonl",
    .run = run_dump,
};

const struct command command_store_stats = {
    .name = "store stats", .arguments = "DIR", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "各表的大小", "how large each table is" },
    .examples = "store stats /var/lib/binglian -o json",
    .run = run_stats,
};
// clang-format on
