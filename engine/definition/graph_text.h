/* graph_text.h — text in a drawing: how wide it is, where it may be broken, how it is escaped.
 * Whoever looks at the drawing has other fonts than we; widths are those of common sans-serif
 * faces, generously. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"

/* Width in pixels at a font size in pixels, rounded up. */
int32_t graph_text_width(struct bl_text text, int32_t size);

/* Breaks a text into lines that fit, at spaces and between Chinese characters, inside a word only
 * where it does not fit alone; the last line ends in "…" if there would be more than `most`.
 *   lines    holds `most`
 *   returns  how many there are */
size_t graph_text_wrap(const char *text, int32_t width, int32_t size, size_t most,
                       struct bl_text *lines, struct bl_arena *arena);

/* As text or attribute of XML; control characters become spaces. */
void graph_text_xml(FILE *out, struct bl_text text);
/* As a quoted string of DOT, quotes included. */
void graph_text_dot(FILE *out, const char *text);
