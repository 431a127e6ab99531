/* What happens next with an application and who has to act, as one sentence. */
#include <string.h>

#include "cli/tree.h"

struct next_words {
    const char *what;
    struct words words;
};

// clang-format off
/* {who} has to act, {of} is the item, {step} where it is in the department, {role} who may claim
 * it, {detail} the stop, the urging or the channel. */
static const struct next_words next_sentences[] = {
    { "accept",     { "{who}须决定是否受理{of}", "{who} has to accept {of} or not" } },
    { "answer",     { "{who}须答复{detail}", "{who} has to answer: {detail}" } },
    { "check",      { "{who}须对{of}作事后核查", "{who} has to check {of} afterwards" } },
    { "claim",      { "{who}的{role}待领取{of}的{step}", "{who} ({role}) has to claim {step} of {of}" } },
    { "collect",    { "{who}可领取{of}的结果", "{who} can collect the outcome of {of}" } },
    { "correct",    { "{who}须补正{of}的材料", "{who} has to correct {of}" } },
    { "decide",     { "{who}正在办理{of}", "{who} has to decide {of}" } },
    { "deliver",    { "{who}须送达{of}的结果", "{who} has to deliver the outcome of {of}" } },
    { "notice",     { "{who}须处理发不出的通知（{detail}）", "{who} has to see to a notice that cannot leave ({detail})" } },
    { "opine",      { "{who}须就{of}答复征求意见", "{who} has to give an opinion on {of}" } },
    { "release",    { "{who}须决定{of}是否继续", "{who} has to let {of} go on or end it" } },
    { "resume",     { "{of}暂停中（{detail}），待{who}恢复", "{of} stands ({detail}) until {who} resumes it" } },
    { "retry",      { "{who}须处理{of}的异常", "{who} has to see to the incident of {of}" } },
    { "step",       { "{who}正在办理{of}的{step}", "{who} works on {step} of {of}" } },
    { "supplement", { "{who}须补交{of}的容缺材料", "{who} has to supplement {of}" } },
    { "visit",      { "{who}将现场勘验（{of}）", "{who} visits the site for {of}" } },
    { "wait",       { "{of}未到开始之日", "{of} waits for its day" } },
};
// clang-format on

static const char *pattern_of(struct cli *cli, const json_t *next)
{
    const char *what = output_text(next, "what");

    if (strcmp(what, "decide") == 0 && output_title(cli, next, "step")[0] != '\0') {
        what = "step";
    }
    for (size_t i = 0; i < BL_COUNT(next_sentences); i++) {
        if (strcmp(next_sentences[i].what, what) == 0) {
            return words_in(next_sentences[i].words, cli->language);
        }
    }
    return cli_say(cli, "{who}须处理{of}", "{who} has to act on {of}");  // of a newer broker
}

/* The department and its post, or a role. */
static const char *who_of(struct cli *cli, const json_t *next)
{
    const char *who = output_text(next, "who"), *title = output_title(cli, next, "who_title");
    const char *post = output_text(next, "post");

    if (title[0] == '\0' || strcmp(who, title) == 0) {
        title = sentence_word(who, cli->language);
    }
    return post[0] == '\0' ? title : bl_arena_printf(&cli->arena, "%s %s", title, post);
}

/* The stop by the title that the workflow gives it. */
static const char *detail_of(struct cli *cli, const json_t *application, const json_t *next)
{
    const char *detail = output_text(next, "detail");
    size_t index, stop_index;
    json_t *item, *stop;

    json_array_foreach(output_find(application, "items"), index, item)
    {
        json_array_foreach(output_find(item, "stops"), stop_index, stop)
        {
            const char *title = output_title(cli, stop, "title");

            if (strcmp(output_text(stop, "kind"), detail) == 0 && title[0] != '\0') {
                return title;
            }
        }
    }
    return sentence_word(detail, cli->language);
}

static const char *value_of(struct cli *cli, const json_t *application, const json_t *next,
                            struct bl_text name)
{
    if (bl_text_is(name, "who")) {
        return who_of(cli, next);
    }
    if (bl_text_is(name, "of")) {
        const char *title = output_title(cli, next, "item_title");

        return title[0] != '\0' ? title
                                : tree_item_title(cli, application, output_text(next, "item"));
    }
    if (bl_text_is(name, "step")) {
        return output_title(cli, next, "step");
    }
    if (bl_text_is(name, "role")) {
        return sentence_word(output_text(next, "role"), cli->language);
    }
    CHECK(bl_text_is(name, "detail"));
    return detail_of(cli, application, next);
}

const char *tree_next(struct cli *cli, const json_t *application)
{
    const json_t *next = output_find(application, "next");
    const char *made = "", *by = output_text(next, "by");

    if (next == NULL) {
        return "";
    }
    for (const char *at = pattern_of(cli, next); *at != '\0';) {
        size_t plain = strcspn(at, "{"), name = strcspn(at + plain, "}");

        made = bl_arena_printf(&cli->arena, "%s%.*s", made, (int)plain, at);
        at += plain;
        if (*at == '{') {
            made = bl_arena_printf(
                &cli->arena, "%s%s", made,
                value_of(cli, application, next, (struct bl_text){ at + 1, name - 1 }));
            at += name + 1;
        }
    }
    return by[0] == '\0' ? made
                         : bl_arena_printf(&cli->arena, cli_say(cli, "%s，最迟 %s", "%s, by %s"),
                                           made, output_time(cli, by));
}
