/* graph.h — draws a workflow: what runs beside what, who decides, within which time, and on what
 * condition. As SVG, laid out in layers by ourselves (the same definition gives the same bytes),
 * and as DOT for other tools. Read next: graph_layout.h for where things go, graph_text.h for what
 * they say, graph_svg.c for how it looks.
 *
 * The SVG stands alone, without scripts, fonts or ids, so it may be put into a page as it is.
 * Classes for those who colour it: each item is g.item.item-ID, and with live states state-*,
 * result-* and light-* as well; each need is path.edge.to-ID. */
#pragma once

#include <stdio.h>

#include "base/language.h"
#include "binglian/v1/query.pb-c.h"
#include "binglian/v1/state.pb-c.h"
#include "definition/definition.h"

/* How far one item of an application is. */
struct graph_live {
    Bl__Item__State state;
    Bl__Item__Result result;
    Bl__Light light;
    const char *label;  // the state in words, shown in the item; NULL: none
};

struct graph_options {
    enum language language;                  // of the larger text; the other one stands below
    const Bl__DepartmentsFile *departments;  // for their titles; NULL: ids are shown
    const struct graph_live *live;           // of each item, by index; NULL: none
};

void graph_svg(FILE *out, const struct definition *definition, const struct graph_options *options);
/* As BPMN 2.0 XML without a layout; `live` is not shown. */
void graph_bpmn(FILE *out, const struct definition *definition,
                const struct graph_options *options);
void graph_dot(FILE *out, const struct definition *definition, const struct graph_options *options);
