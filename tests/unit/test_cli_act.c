/* What people type becomes one command: its JSON beside the words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/act.h"
#include "cli/help.h"
#include "cli/output.h"

struct act_case {
    const char *words[14];  // after "binglian"; the last argument becomes the command
    const char *expected;   // NULL: it cannot be made
};

// clang-format off
static const struct act_case act_cases[] = {
    { { "task", "approve", "CY-1.fire", "--opinion", "符合" },
      "{\"application\":\"CY-1\",\"decide\":{\"item\":\"fire\",\"result\":\"granted\",\"opinion\":\"符合\"}}" },
    { { "task", "approve", "CY-1.fire.review", "--dry-run", "--document", "F-7" },
      "{\"application\":\"CY-1\",\"dry_run\":true,\"decide\":{\"item\":\"fire\",\"result\":\"granted\",\"document\":\"F-7\",\"step\":\"review\"}}" },
    { { "task", "reject", "CY-1.fire", "--reason", "疏散通道被占", "--basis", "第十五条" },
      "{\"application\":\"CY-1\",\"decide\":{\"item\":\"fire\",\"result\":\"denied\",\"reason\":\"疏散通道被占\",\"basis\":\"第十五条\"}}" },
    { { "task", "claim", "CY-1.fire", "--post", "fire-01" },
      "{\"application\":\"CY-1\",\"claim\":{\"item\":\"fire\",\"post\":\"fire-01\"}}" },
    { { "task", "transfer", "CY-1.fire", "--to", "fire-02", "--reason", "回避" },
      "{\"application\":\"CY-1\",\"transfer\":{\"item\":\"fire\",\"to_post\":\"fire-02\",\"reason\":\"回避\"}}" },
    { { "task", "return", "CY-1.fire.decide", "--step", "review" },
      "{\"application\":\"CY-1\",\"send_back\":{\"item\":\"fire\",\"step\":\"review\"}}" },
    { { "task", "sign", "CY-1.fire", "--add", "a,b", "--add", "c", "--remove", "d" },
      "{\"application\":\"CY-1\",\"change_signers\":{\"item\":\"fire\",\"add\":[\"a\",\"b\",\"c\"],\"remove\":[\"d\"]}}" },
    { { "task", "suspend", "CY-1.fire", "--kind", "expert_review", "--at-most", "15WD", "--approver", "fire-02" },
      "{\"application\":\"CY-1\",\"suspend\":{\"item\":\"fire\",\"kind\":\"expert_review\",\"at_most\":\"15WD\",\"approver\":\"fire-02\"}}" },
    { { "task", "resume", "CY-1.fire", "--number", "2", "--annul" },
      "{\"application\":\"CY-1\",\"resume\":{\"item\":\"fire\",\"number\":2,\"annul\":true}}" },
    { { "task", "extend", "CY-1", "--by", "5WD" }, "{\"application\":\"CY-1\",\"extend\":{\"by\":\"5WD\"}}" },
    { { "task", "opine", "CY-1.fire.opinion-2", "--consent", "no", "--opinion", "不符合规划" },
      "{\"application\":\"CY-1\",\"opine\":{\"item\":\"fire\",\"number\":2,\"text\":\"不符合规划\"}}" },
    { { "task", "opine", "CY-1.fire.opinion-2", "--consent", "yes", "--number", "3" },
      "{\"application\":\"CY-1\",\"opine\":{\"item\":\"fire\",\"number\":3,\"consents\":true}}" },
    { { "task", "check", "CY-1.fire", "--passed", "yes" },
      "{\"application\":\"CY-1\",\"check\":{\"item\":\"fire\",\"ok\":true}}" },
    { { "task", "deliver", "CY-1.fire", "--way", "self_service", "--ready" },
      "{\"application\":\"CY-1\",\"deliver\":{\"item\":\"fire\",\"way\":\"self_service\",\"ready\":true}}" },
    { { "task", "refuse", "CY-1.fire", "--reason", "wrong_organ", "--redirect-to", "市住建局" },
      "{\"application\":\"CY-1\",\"refuse\":{\"item\":\"fire\",\"reason\":\"wrong_organ\",\"redirect_to\":\"市住建局\"}}" },
    { { "task", "notify", "CY-1.fire", "--material", "plan,lease", "--field", "area" },
      "{\"application\":\"CY-1\",\"notify\":{\"item\":\"fire\",\"materials\":[\"plan\",\"lease\"],\"fields\":[\"area\"]}}" },
    { { "incident", "resolve", "CY-1.notice-3", "--reason", "已电话告知" },
      "{\"application\":\"CY-1\",\"send_notice\":{\"number\":3,\"receipt\":\"已电话告知\"}}" },
    { { "incident", "resolve", "CY-1.fire", "--reason", "申请人已注销" },
      "{\"application\":\"CY-1\",\"terminate\":{\"item\":\"fire\",\"reason\":\"申请人已注销\"}}" },
    { { "incident", "reassign", "CY-1.fire", "--department", "amr" },
      "{\"application\":\"CY-1\",\"retry\":{\"item\":\"fire\",\"department\":\"amr\"}}" },
    { { "accept", "CY-1", "--gap" }, "{\"application\":\"CY-1\",\"accept\":{\"gap\":true}}" },
    { { "incident", "retry", "CY-1.fire" }, "{\"application\":\"CY-1\",\"retry\":{\"item\":\"fire\"}}" },
    { { "withdraw", "CY-1", "--reason", "不再经营", "--consent", "撤-3" },
      "{\"application\":\"CY-1\",\"withdraw\":{\"reason\":\"不再经营\",\"consent\":\"撤-3\"}}" },
    { { "return", "CY-1.fire" }, "{\"application\":\"CY-1\",\"return_papers\":{\"item\":\"fire\"}}" },
    { { "comment", "CY-1", "--text", "已电话告知", "--internal" },
      "{\"application\":\"CY-1\",\"comment\":{\"text\":\"已电话告知\",\"internal\":true}}" },
    { { "visit", "set", "CY-1.fire", "--item", "signboard", "--at", "2026-12-05T09:30", "--officer", "a,b" },
      "{\"application\":\"CY-1\",\"set_visit\":{\"items\":[\"signboard\",\"fire\"],\"at\":\"2026-12-05T09:30:00+08:00\",\"officers\":[\"a\",\"b\"]}}" },
    { { "visit", "set", "CY-1", "--at", "2026-12-05T01:30:00Z" },
      "{\"application\":\"CY-1\",\"set_visit\":{\"at\":\"2026-12-05T09:30:00+08:00\"}}" },
    { { "visit", "set", "CY-1", "--at", "2026-12-05" },
      "{\"application\":\"CY-1\",\"set_visit\":{\"at\":\"2026-12-05T00:00:00+08:00\"}}" },
    { { "visit", "set", "CY-1", "--at", "tomorrow" }, NULL },
    { { "visit", "end", "CY-1", "--number", "1", "--result", "missed" },
      "{\"application\":\"CY-1\",\"end_visit\":{\"number\":1,\"end\":\"missed\"}}" },
    { { "task", "reject", "CY-1.fire", "--reason", "\xff" }, NULL },
    { { "task", "reject", "\xff" }, NULL },
    { { "withdraw", "CY-1.", "--consent", "撤-3" }, NULL },
    { { "withdraw", "CY-1..fire", "--consent", "撤-3" }, NULL },
    { { "withdraw", "", "--consent", "撤-3" }, NULL },
    { { "task", "reject", "CY-1.fire", "--reason", "@/nowhere" }, NULL },
};
// clang-format on

/* The arguments of a call, as main would have them. */
static void call(struct cli *cli, char *const *words)
{
    Bl__Refusal *refusal = NULL;
    size_t used, count = 0;

    while (words[count] != NULL) {
        count++;
    }
    bl_arena_init(&cli->arena, 4096, (size_t)256 << 20);
    cli->offset_minutes = 480;
    cli->in_zone = true;
    cli->command = command_find(words, count, &used);
    assert_non_null(cli->command);
    const struct option_table tables[] = {
        { cli->command->options, cli->command->option_count },
        { help_common_options, help_common_option_count },
    };
    assert_int_equal(options_read(&cli->options, words + used, true, tables, BL_COUNT(tables),
                                  &used, &cli->arena, &refusal),
                     BL_OK);
}

/* What is written without a zone counts in the hall's, wherever that is. */
static void a_moment_counts_in_the_halls_zone(void **state)
{
    const char *const words[] = { "visit", "set", "CY-1", "--at", "2026-12-05T09:30", NULL };
    const char *const day[] = { "visit", "set", "CY-1", "--at", "2026-12-05", NULL };
    struct cli *cli = calloc(1, sizeof *cli);
    bl_time at = 0;
    int status = 0;

    (void)state;
    call(cli, (char *const *)words);
    cli->offset_minutes = -210;
    assert_int_equal(bl_time_parse("2026-12-05T13:00:00Z", &at, NULL), BL_OK);
    assert_int_equal(act_command(cli, "CY-1", &status)->set_visit->at, at);
    bl_arena_free(&cli->arena);
    memset(cli, 0, sizeof *cli);
    call(cli, (char *const *)day);
    cli->offset_minutes = 360;
    assert_int_equal(bl_time_parse("2026-12-04T18:00:00Z", &at, NULL), BL_OK);
    assert_int_equal(act_command(cli, "CY-1", &status)->set_visit->at, at);
    assert_int_equal(status, 0);
    bl_arena_free(&cli->arena);
    free(cli);
}

static void a_command_is_made(void **state)
{
    const struct act_case *row = *state;
    struct cli *cli = calloc(1, sizeof *cli);
    int status = 0;

    call(cli, (char *const *)row->words);
    const Bl__Command *command = act_command(cli, cli->options.arguments[0], &status);
    if (row->expected == NULL) {
        assert_null(command);
        assert_int_not_equal(status, 0);
    } else {
        assert_non_null(command);
        json_t *value = output_of(cli, &command->base);
        char *text = json_dumps(value, JSON_COMPACT);

        assert_string_equal(text, row->expected);
        free(text);
        json_decref(value);
    }
    bl_arena_free(&cli->arena);
    free(cli);
}

static void an_opinion_comes_from_a_file(void **state)
{
    char path[] = "/tmp/binglian-opinion-XXXXXX", at[64];
    int file = mkstemp(path);
    char *const words[] = { (char *)"task", (char *)"approve", (char *)"CY-1.fire", at, NULL };
    struct cli *cli = calloc(1, sizeof *cli);
    int status = 0;

    (void)state;
    assert_int_equal(write(file, "两行\n意见\n", 14), 14);
    (void)close(file);
    (void)snprintf(at, sizeof at, "--opinion=@%s", path);
    call(cli, words);
    const Bl__Command *command = act_command(cli, "CY-1.fire", &status);
    assert_non_null(command);
    assert_string_equal(command->decide->opinion, "两行\n意见");
    (void)unlink(path);
    bl_arena_free(&cli->arena);
    free(cli);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(act_cases) + 2];

    for (size_t i = 0; i < BL_COUNT(act_cases); i++) {
        const char *const *words = act_cases[i].words;

        tests[i] = (struct CMUnitTest){ .name = words[1],
                                        .test_func = a_command_is_made,
                                        .initial_state = (void *)&act_cases[i] };
    }
    tests[BL_COUNT(act_cases)] = (struct CMUnitTest)cmocka_unit_test(an_opinion_comes_from_a_file);
    tests[BL_COUNT(act_cases) + 1] =
        (struct CMUnitTest)cmocka_unit_test(a_moment_counts_in_the_halls_zone);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
