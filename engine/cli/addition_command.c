/* What the applicant hands in later: binglian correct, binglian supplement. */
#include <string.h>

#include "cli/act.h"
#include "cli/submission.h"
#include "cli/task_name.h"

#define PAPERS_MAX 500  // of one call, as of a submission

/* Adds what --material ID=FILE names. */
static int add_papers(struct cli *cli, struct addition *addition)
{
    Bl__Material **all = bl_arena_array(&cli->arena, Bl__Material *, PAPERS_MAX);
    size_t count = addition->material_count, at = 0;
    int status = 0;

    memcpy(all, addition->materials, count * sizeof *all);
    for (const char *given = option_next(&cli->options, "material", &at);
         given != NULL && status == 0; given = option_next(&cli->options, "material", &at)) {
        size_t length = strcspn(given, "=");

        if (given[length] == '\0' || length == 0 || count == PAPERS_MAX) {
            return cli_fail_usage(cli, "--material ID=FILE");
        }
        status = addition_paper(cli, bl_arena_text(&cli->arena, (struct bl_text){ given, length }),
                                given + length + 1, &all[count]);
        count += status == 0;
    }
    addition->materials = all;
    addition->material_count = count;
    return status;
}

static int read_addition(struct cli *cli, struct addition *addition)
{
    int status = 0;

    *addition = (struct addition){ .materials = bl_arena_array(&cli->arena, Bl__Material *, 1) };
    if (cli->options.argument_count > 1) {
        status = addition_read(cli, cli->options.arguments[1], addition);
    }
    return status == 0 ? add_papers(cli, addition) : status;
}

static int run_correct(struct cli *cli)
{
    struct task_name name = task_name_of(&cli->arena, cli->options.arguments[0]);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Correct correct = BL__CORRECT__INIT;
    struct addition addition;
    int status = read_addition(cli, &addition);

    if (status != 0) {
        return status;
    }
    correct.item = name.item;
    correct.form = addition.form;
    correct.materials = addition.materials;
    correct.n_materials = addition.material_count;
    command.application = name.number;
    command.dry_run = option_flag(&cli->options, "dry-run");
    command.what_case = BL__COMMAND__WHAT_CORRECT;
    command.correct = &correct;
    return act_do(cli, &command);
}

static int run_supplement(struct cli *cli)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Supplement supplement = BL__SUPPLEMENT__INIT;
    struct addition addition;
    int status = read_addition(cli, &addition);

    if (status != 0) {
        return status;
    }
    supplement.materials = addition.materials;
    supplement.n_materials = addition.material_count;
    command.application = cli->options.arguments[0];
    command.dry_run = option_flag(&cli->options, "dry-run");
    command.what_case = BL__COMMAND__WHAT_SUPPLEMENT;
    command.supplement = &supplement;
    return act_do(cli, &command);
}

// clang-format off
static const struct option_row addition_options[] = {
    ACT_TEXT_ROW("material", "ID=FILE", "材料和它的文件，可多次", "a material and its file; may be repeated"),
    ACT_DRY_ROW,
};

const struct command command_correct = {
    .name = "correct", .arguments = "NUMBER[.ITEM] [FILE.yaml|-]", .arguments_min = 1, .arguments_max = 2, .section = SECTION_APPLICATIONS,
    .summary = { "申请人补正：材料和更正的表单栏目", "the applicant corrects: materials, fields of the form" },
    .details = { "文件的栏目为 form 和 materials，写法同申请。", "The file has the keys form and materials, as a submission." },
    COMMAND_OPTIONS(addition_options),
    .examples = "correct CY-20261123-0001 correction.yaml\ncorrect CY-20261123-0001 --material layout_plan=files/plan.pdf",
    .run = run_correct,
};

const struct command command_supplement = {
    .name = "supplement", .arguments = "NUMBER [FILE.yaml|-]", .arguments_min = 1, .arguments_max = 2, .section = SECTION_APPLICATIONS,
    .summary = { "补交容缺材料", "hand in what was tolerated to be missing" },
    COMMAND_OPTIONS(addition_options),
    .examples = "supplement CY-20261123-0001 --material health_cert=files/cert.pdf",
    .run = run_supplement,
};
// clang-format on
