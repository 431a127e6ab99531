/* The chain of hashes, for whoever trusts nobody: binglian audit verify, checkpoint, export. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "cli/command.h"
#include "cli/output.h"
#include "schema/json.h"
#include "store/audit.h"
#include "store/dump.h"
#include "wire/identity.h"

#define CHECKPOINT_FILE_BYTES_MAX 4096
#define HASH_BYTES 32

/* Opens the store that the argument names, to read. */
static int open_read(struct cli *cli, struct store **store, struct store_read **read)
{
    const struct store_config config = { .path = cli->options.arguments[0], .read_only = true };
    struct bl_error e = { 0 };

    return store_open(&config, store, &e) == BL_OK &&
                   (read == NULL || store_read_begin(*store, read, &e) == BL_OK)
               ? 0
               : cli_fail(cli, &e);
}

static const char *hex_of(struct cli *cli, const void *bytes, size_t count)
{
    char *hex = bl_arena_alloc(&cli->arena, 2 * count + 1);

    return sodium_bin2hex(hex, 2 * count + 1, bytes, count);
}

static bool read_hex(const char *hex, uint8_t *bytes, size_t count)
{
    size_t read = 0;
    const char *end = NULL;

    return sodium_hex2bin(bytes, count, hex, strlen(hex), NULL, &read, &end) == 0 &&
           read == count && *end == '\0';
}

/* --- a checkpoint outside --------------------------------------------------------------------- */

static Bl__Checkpoint *checkpoint_out(struct cli *cli, const Bl__ChainEntry *entry)
{
    Bl__Checkpoint *checkpoint = bl_arena_new(&cli->arena, Bl__Checkpoint);

    bl__checkpoint__init(checkpoint);
    checkpoint->event = entry->last;
    checkpoint->at = entry->at;
    checkpoint->alg = entry->alg;
    checkpoint->hash = hex_of(cli, entry->hash.data, entry->hash.len);
    checkpoint->signer = hex_of(cli, entry->signer.data, entry->signer.len);
    checkpoint->signature = hex_of(cli, entry->signature.data, entry->signature.len);
    return checkpoint;
}

static bool take_bytes(struct cli *cli, const char *hex, size_t count, ProtobufCBinaryData *bytes)
{
    bytes->len = count;
    bytes->data = bl_arena_alloc(&cli->arena, count);
    return read_hex(hex, bytes->data, count);
}

static Bl__ChainEntry *checkpoint_in(struct cli *cli, const Bl__Checkpoint *checkpoint)
{
    Bl__ChainEntry *entry = bl_arena_new(&cli->arena, Bl__ChainEntry);

    bl__chain_entry__init(entry);
    entry->last = checkpoint->event;
    entry->at = checkpoint->at;
    entry->alg = checkpoint->alg;
    return take_bytes(cli, checkpoint->hash, HASH_BYTES, &entry->hash) &&
                   take_bytes(cli, checkpoint->signer, CHECKPOINT_KEY_BYTES, &entry->signer) &&
                   take_bytes(cli, checkpoint->signature, CHECKPOINT_SIGNATURE_BYTES,
                              &entry->signature)
               ? entry
               : NULL;
}

/* Reads a file as `audit checkpoint -o json` writes it; NULL if it is none. */
static const Bl__ChainEntry *read_checkpoint(struct cli *cli, const char *path, struct bl_error *e)
{
    char text[CHECKPOINT_FILE_BYTES_MAX];
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };
    struct schema_problems problems;
    ProtobufCMessage *message = NULL;
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        (void)bl_error_at(e, BL_IO, path, 0, 0, "%s", strerror(errno));
        return NULL;
    }
    size_t bytes = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    bl_arena_init(&arena, 4096, JSON_ARENA_BYTES + 4096);
    schema_problems_init(&problems, &arena);
    const Bl__ChainEntry *entry = json_read_message(text, bytes, &bl__checkpoint__descriptor,
                                                    &arena, &message, &problems) == BL_OK
                                      ? checkpoint_in(cli, (const Bl__Checkpoint *)message)
                                      : NULL;
    if (entry == NULL) {
        (void)bl_error_at(e, BL_INVALID, path, 0, 0, "it is no checkpoint");
    } else {  // the message goes with its arena
        ((Bl__ChainEntry *)(uintptr_t)entry)->alg = bl_arena_string(&cli->arena, entry->alg);
    }
    return entry;
}

/* --- verify ----------------------------------------------------------------------------------- */

static void print_problem(void *context, const char *where, uint64_t id, const char *what)
{
    (void)context;
    (void)fprintf(stderr, "%s %" PRIu64 ": %s\n", where, id, what);
}

static int read_request(struct cli *cli, struct audit_request *request)
{
    const char *value;
    struct bl_error e = { 0 };

    for (size_t at = 0; (value = option_next(&cli->options, "key", &at)) != NULL;) {
        if (request->key_count == AUDIT_KEYS_MAX ||
            !read_hex(value, request->keys[request->key_count++], CHECKPOINT_KEY_BYTES)) {
            return cli_fail_usage(
                cli, "%s",
                cli_say(cli, "--key 要 64 位十六进制的公钥，见 DATA/audit.pub",
                        "--key wants a public key of 64 hex digits: DATA/audit.pub"));
        }
    }
    for (size_t at = 0; (value = option_next(&cli->options, "checkpoint", &at)) != NULL;) {
        const Bl__ChainEntry *kept = request->checkpoint_count == AUDIT_CHECKPOINTS_MAX
                                         ? NULL
                                         : read_checkpoint(cli, value, &e);

        if (kept == NULL) {
            return cli_fail(cli, &e);
        }
        request->checkpoints[request->checkpoint_count++] = kept;
    }
    return 0;
}

static void print_verified(struct cli *cli, const json_t *value)
{
    (void)printf(cli_say(cli, "%" PRId64 " 个事件、%" PRId64 " 批、%" PRId64 " 个签名：%s\n",
                         "%" PRId64 " events, %" PRId64 " batches, %" PRId64 " checkpoints: %s\n"),
                 output_integer(value, "events"), output_integer(value, "batches"),
                 output_integer(value, "checkpoints"),
                 output_integer(value, "problems") == 0
                     ? cli_say(cli, "链完整", "the chain is whole")
                     : cli_say(cli, "有问题", "PROBLEMS"));
    if (output_integer(value, "signed_until") > 0) {
        (void)printf(cli_say(cli, "签名到事件 %" PRId64 "，公钥 %s\n",
                             "signed up to event %" PRId64 " with %s\n"),
                     output_integer(value, "signed_until"), output_text(value, "signer"));
    }
}

static int run_verify(struct cli *cli)
{
    struct audit_request request = { .problem = print_problem };
    struct audit_result result = { 0 };
    struct store *store = NULL;
    struct store_read *read = NULL;
    struct bl_error e = { 0 };
    int status = read_request(cli, &request);

    status = status != 0 ? status : open_read(cli, &store, &read);
    if (status == 0) {
        enum bl_err err = audit_chain(read, &request, &result, &e);

        status = err != BL_OK && result.problems == 0 ? cli_fail(cli, &e) : bl_err_exit(err);
        (void)output_value(
            cli,
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "events", (json_int_t)result.events,
                      "batches", (json_int_t)result.batches, "checkpoints",
                      (json_int_t)result.checkpoints, "signed_until",
                      (json_int_t)result.signed_until, "problems", (json_int_t)result.problems,
                      "signer", hex_of(cli, result.signer, sizeof result.signer)),
            print_verified);
        if (request.key_count == 0) {
            cli_note(
                cli, "%s",
                cli_say(cli, "没有给出 --key：只核对了签名与其自带的公钥，伪造者也做得到",
                        "without --key each signature only fits the key that it names itself"));
        }
    }
    store_read_end(&read);
    store_close(&store);
    return status;
}

/* --- checkpoint ------------------------------------------------------------------------------- */

static void print_checkpoint(struct cli *cli, const json_t *value)
{
    (void)printf(cli_say(cli, "事件 %s\n%s %s\n公钥 %s\n签名 %s\n",
                         "event %s\n%s %s\nsigner %s\nsignature %s\n"),
                 output_text(value, "event"), output_text(value, "alg"), output_text(value, "hash"),
                 output_text(value, "signer"), output_text(value, "signature"));
}

static int read_signing_key(struct cli *cli, const char *file, struct checkpoint_key *key)
{
    struct identity identity;
    uint8_t seed[CHECKPOINT_KEY_BYTES];
    struct bl_error e = { 0 };

    if (identity_load(file, &identity, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    identity_key_bytes(identity.secret_key, seed);
    checkpoint_key_of(seed, key);
    identity_forget(&identity);
    sodium_memzero(seed, sizeof seed);
    return 0;
}

static int run_checkpoint(struct cli *cli)
{
    const char *file = option_text(&cli->options, "sign");
    struct checkpoint_key key;
    struct store *store = NULL;
    struct store_read *read = NULL;
    Bl__ChainEntry *entry = NULL;
    struct bl_error e = { 0 };
    int status = file == NULL ? 0 : read_signing_key(cli, file, &key);

    status = status != 0 ? status : open_read(cli, &store, &read);
    if (status == 0) {
        status =
            audit_checkpoint(read, file == NULL ? NULL : &key, &cli->arena, &entry, &e) == BL_OK
                ? output_value(cli, output_of(cli, &checkpoint_out(cli, entry)->base),
                               print_checkpoint)
                : cli_fail(cli, &e);
    }
    sodium_memzero(&key, sizeof key);
    store_read_end(&read);
    store_close(&store);
    return status;
}

/* --- export ----------------------------------------------------------------------------------- */

static int run_export(struct cli *cli)
{
    struct store *store = NULL;
    struct bl_error e = { 0 };
    int status = open_read(cli, &store, NULL);

    if (status == 0 &&
        dump_chain(store, option_number(&cli->options, "from", 0), stdout, &e) != BL_OK) {
        status = cli_fail(cli, &e);
    }
    store_close(&store);
    return status;
}

// clang-format off
static const struct option_row verify_options[] = {
    { "key", OPTION_TEXT, 0, "PUBLIC", { "大厅的审计公钥，取自别处；可多次", "the hall's audit key, from elsewhere; may be repeated" }, NULL },
    { "checkpoint", OPTION_TEXT, 0, "FILE", { "以前保存的签名；可多次", "a checkpoint that was kept; may be repeated" }, NULL },
};
static const struct option_row checkpoint_options[] = {
    { "sign", OPTION_TEXT, 0, "IDENTITY", { "用此密钥（DATA/audit.identity）为最新事件签名", "sign the newest event with this key: DATA/audit.identity" }, NULL },
};
static const struct option_row export_options[] = {
    { "from", OPTION_NUMBER, 0, "EVENT", { "从此事件所在的批开始", "begin with the batch of this event" }, NULL },
};

const struct command command_audit_verify = {
    .name = "audit verify", .arguments = "DIR", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "只凭存储的字节核对散列链与签名", "the chain of hashes and its signatures, from the stored bytes alone" },
    .details = { "顺序、缺失、多余、每个散列、每个签名；链完整时退出状态为 0。公钥和保存的签名要取自存储之外：给了它们，连整条链重写也看得出来。",
                 "Order, what is missing or too many, each hash, each signature; exit status 0 only if the chain is whole. Have key and checkpoints from outside the store: with them even a chain that was written anew is found." },
    COMMAND_OPTIONS(verify_options),
    .examples = "audit verify /var/lib/binglian --key $(cat audit.pub)\naudit verify copy --key $(cat audit.pub) --checkpoint 2026-11-30.json",
    .run = run_verify,
};

const struct command command_audit_checkpoint = {
    .name = "audit checkpoint", .arguments = "DIR", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "最新的签名，交审计方保存", "the newest checkpoint, for an auditor to keep" },
    .details = { "服务每秒为第一批签名一次。此前的任何事件被改、被删、被截，都与保存的签名不符。",
                 "The broker signs the first batch of each second. Whatever is changed, deleted or cut off before it disagrees with the checkpoint that was kept." },
    COMMAND_OPTIONS(checkpoint_options),
    .examples = "audit checkpoint /var/lib/binglian -o json > 2026-11-30.json\naudit checkpoint data --sign data/audit.identity -o json",
    .run = run_checkpoint,
};

const struct command command_audit_export = {
    .name = "audit export", .arguments = "DIR", .arguments_min = 1, .arguments_max = 1, .section = SECTION_HALL,
    .summary = { "整条链及其字节，每批一行 JSON", "the whole chain with its bytes, a line of JSON a batch" },
    .details = { "格式见 help dump 的 audit 行；外部审计方可用任何程序核对。", "The lines are those of kind audit in `help dump`; any program can check them." },
    COMMAND_OPTIONS(export_options),
    .examples = "audit export /var/lib/binglian > chain.jsonl\naudit export data --from 100000",
    .run = run_export,
};
// clang-format on
