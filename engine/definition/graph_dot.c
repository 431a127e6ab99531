/* The same drawing for Graphviz and what reads its language: structure and words, no places. */
#include <stdlib.h>

#include "definition/graph.h"
#include "definition/graph_text.h"
#include "definition/wording.h"

struct dot {
    FILE *out;
    const struct definition *definition;
    const struct graph_options *options;
};

static const char *say(const struct dot *dot, const char *zh, const char *en)
{
    return dot->options->language == LANGUAGE_ZH ? zh : en;
}

/* What stands below a box: the leg above, what may stop the clock, who is visited together. */
static void put_course(const struct dot *dot, FILE *text, const struct definition_item *item)
{
    enum language language = dot->options->language;
    char limit[WORDING_LIMIT];

    if (item->upper_department != NULL) {
        (void)fprintf(text, "\n%s %s · %s %s", say(dot, "上报", "passed up to"),
                      item->upper_department, say(dot, "承诺", "promise"),
                      wording_limit(item->upper_promise, language, limit));
    }
    for (size_t i = 0; i < item->special_count; i++) {
        const struct definition_special *special = &dot->definition->special[item->special[i]];

        (void)fprintf(text, "\n%s %s ≤ %s", say(dot, "可停表", "may stop for"), special->id,
                      wording_limit(special->at_most, language, limit));
    }
    if (item->kind == BL__ITEM_DEFINITION__KIND__OPINION) {
        (void)fprintf(text, "\n%s%s", say(dot, "征求意见", "an opinion"),
                      item->tacit ? say(dot, "，逾期视为同意", "; silence is consent") : "");
    }
    if (item->visit[0] != '\0') {
        (void)fprintf(text, "\n%s %s", say(dot, "联合踏勘", "joint visit"), item->visit);
    }
    if (item->not_before >= 0) {
        (void)fprintf(text, "\n%s %s", say(dot, "不早于", "not before"), item->source->not_before);
    }
    if (item->post_check.halves > 0) {
        (void)fprintf(text, "\n%s %s", say(dot, "可告知承诺，核查", "on a promise, check within"),
                      wording_limit(item->post_check, language, limit));
    }
}

/* Title, department, limit and condition, one below the other. */
static void put_item(const struct dot *dot, const struct definition_item *item)
{
    enum language language = dot->options->language;
    char limit[WORDING_LIMIT];
    char *label = NULL;
    size_t bytes = 0;
    FILE *text = open_memstream(&label, &bytes);

    CHECK(text != NULL);
    (void)fprintf(text, "%s\n%s · %s %s", wording_text(item->source->title, language),
                  item->department, say(dot, "承诺", "promise"),
                  wording_limit(item->promise, language, limit));
    if (item->when != NULL) {
        (void)fprintf(text, "\n%s %s", say(dot, "如果", "if"), item->source->when);
    }
    put_course(dot, text, item);
    (void)fclose(text);
    (void)fprintf(dot->out, "  \"%s\" [class=\"item-%s\", label=", item->id, item->id);
    graph_text_dot(dot->out, label);
    (void)fprintf(dot->out, "%s];\n", item->when == NULL ? "" : ", style=\"rounded,dashed\"");
    free(label);
}

/* What the join asks for, where it is not all. */
static void put_needs(const struct dot *dot, const struct definition_item *item)
{
    const struct definition_join *needs = &item->needs;

    for (size_t i = 0; i < needs->branch_count; i++) {
        (void)fprintf(dot->out, "  \"%s\" -> \"%s\"", dot->definition->items[needs->branches[i]].id,
                      item->id);
        if (needs->kind == JOIN_ANY) {
            (void)fprintf(dot->out, " [label=\"%s\"]", say(dot, "任一", "any"));
        } else if (needs->kind == JOIN_COUNT) {
            (void)fprintf(dot->out, " [label=\"%u/%zu\"]", needs->need, needs->branch_count);
        } else if (needs->kind == JOIN_EXPRESSION) {
            (void)fputs(" [label=", dot->out);
            graph_text_dot(dot->out, item->source->needs->expression);
            (void)fputc(']', dot->out);
        }
        (void)fputs(";\n", dot->out);
    }
    if (needs->branch_count == 0) {
        (void)fprintf(dot->out, "  start -> \"%s\";\n", item->id);
    }
    if (item->dependent_count == 0) {
        (void)fprintf(dot->out, "  \"%s\" -> end;\n", item->id);
    }
}

void graph_dot(FILE *out, const struct definition *definition, const struct graph_options *options)
{
    struct dot dot = { out, definition, options };

    (void)fputs("digraph ", out);
    graph_text_dot(out, definition->workflow);
    (void)fputs(" {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
                "  label=",
                out);
    graph_text_dot(out, wording_text(definition->source->title, options->language));
    (void)fprintf(out,
                  ";\n  start [shape=oval, label=\"%s\"];\n  end [shape=oval, label=\"%s\"];\n",
                  say(&dot, "受理", "accept"), say(&dot, "办结", "end"));
    for (size_t i = 0; i < definition->item_count; i++) {
        put_item(&dot, &definition->items[i]);
    }
    for (size_t i = 0; i < definition->item_count; i++) {
        put_needs(&dot, &definition->items[i]);
    }
    (void)fputs("}\n", out);
}
