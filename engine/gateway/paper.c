#include "gateway/paper.h"

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define MM (72.0 / 25.4)
#define RECEIPT_MAX (2000 * MM)  // a roll that is measured has no end, but a surface has
#define CELL_PADDING 0.35        // of the text's size
// Song faces first, as official papers have them; what is not here is passed over.
#define FAMILIES "Noto Serif CJK SC,Noto Sans CJK SC,WenQuanYi Zen Hei,serif"

/* The paper while it is drawn. `y` goes down. */
struct sheet {
    cairo_t *cr;
    PangoLayout *layout;
    double left, width, top, bottom, y;
    double text;  // size of the text in points
    enum paper_size size;
    uint32_t page;
};

/* --- text ------------------------------------------------------------------------------------- */

/* Is it a character that would move others about: a control, or an order of direction? */
static bool is_unruly(gunichar c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200E && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* What people typed cannot forge a line of the paper. */
static char *tamed(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(out, is_unruly(c) ? ' ' : c);
    }
    return g_string_free(out, FALSE);
}

struct look {
    double size, width;
    bool bold;
    PangoAlignment align;
    double indent;
};

/* Sets the text; returns its height. */
static double set(struct sheet *sheet, const char *text, struct look look)
{
    PangoFontDescription *font = pango_font_description_from_string(FAMILIES);
    char *tame = tamed(text);
    int height;

    pango_font_description_set_absolute_size(font, look.size * PANGO_SCALE);
    pango_font_description_set_weight(font, look.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(sheet->layout, font);
    pango_layout_set_width(sheet->layout, (int)(look.width * PANGO_SCALE));
    pango_layout_set_wrap(sheet->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(sheet->layout, look.align);
    pango_layout_set_indent(sheet->layout, (int)(look.indent * PANGO_SCALE));
    pango_layout_set_line_spacing(sheet->layout, 1.3F);
    pango_layout_set_auto_dir(sheet->layout, FALSE);
    pango_layout_set_text(sheet->layout, tame, -1);
    pango_layout_get_size(sheet->layout, NULL, &height);
    pango_font_description_free(font);
    g_free(tame);
    return (double)height / PANGO_SCALE;
}

static void show_at(struct sheet *sheet, double x, double y)
{
    cairo_move_to(sheet->cr, x, y);
    pango_cairo_show_layout(sheet->cr, sheet->layout);
}

/* --- pages ------------------------------------------------------------------------------------ */

static void end_page(struct sheet *sheet)
{
    char text[32];

    if (sheet->size == PAPER_A4) {
        (void)snprintf(text, sizeof text, "— %u —", sheet->page);
        (void)set(sheet, text, (struct look){ 9, sheet->width, false, PANGO_ALIGN_CENTER, 0 });
        show_at(sheet, sheet->left, sheet->bottom + 8 * MM);
    }
    cairo_show_page(sheet->cr);
}

/* Room for something of this height, on the next page if need be. */
static void make_room(struct sheet *sheet, double height)
{
    if (sheet->y + height > sheet->bottom && sheet->y > sheet->top) {
        end_page(sheet);
        sheet->page++;
        sheet->y = sheet->top;
    }
}

/* A text as one piece. */
static void put(struct sheet *sheet, const char *text, struct look look)
{
    double height = set(sheet, text, look);

    make_room(sheet, height);
    show_at(sheet, sheet->left, sheet->y);
    sheet->y += height;
}

/* A text that may go over pages, line by line. */
static void put_paragraph(struct sheet *sheet, const char *text)
{
    struct look look = { sheet->text, sheet->width, false, PANGO_ALIGN_LEFT, 2 * sheet->text };

    (void)set(sheet, text, look);
    PangoLayoutIter *line = pango_layout_get_iter(sheet->layout);
    do {
        PangoRectangle box;
        double height, baseline;

        pango_layout_iter_get_line_extents(line, NULL, &box);
        height = (double)box.height / PANGO_SCALE;
        baseline = (double)(pango_layout_iter_get_baseline(line) - box.y) / PANGO_SCALE;
        if (sheet->y + height > sheet->bottom) {
            end_page(sheet);  // sets another text: begin again where we are
            sheet->page++;
            sheet->y = sheet->top;
            int index = pango_layout_iter_get_index(line);
            pango_layout_iter_free(line);
            (void)set(sheet, text, look);
            line = pango_layout_get_iter(sheet->layout);
            while (pango_layout_iter_get_index(line) < index && pango_layout_iter_next_line(line)) {
            }
            pango_layout_iter_get_line_extents(line, NULL, &box);
        }
        cairo_move_to(sheet->cr, sheet->left + (double)box.x / PANGO_SCALE, sheet->y + baseline);
        pango_cairo_show_layout_line(sheet->cr, pango_layout_iter_get_line_readonly(line));
        sheet->y += height;
    } while (pango_layout_iter_next_line(line));
    pango_layout_iter_free(line);
}

/* --- tables ----------------------------------------------------------------------------------- */

static struct look look_of_cell(const struct sheet *sheet, const struct paper_block *block,
                                size_t row, size_t column)
{
    double padding = sheet->text * CELL_PADDING;
    bool is_head = block->head && row == 0;

    return (struct look){ sheet->text * 0.92,
                          sheet->width * block->widths[column] / 100 - 2 * padding, is_head,
                          is_head ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT, 0 };
}

static const char *cell_of(const struct paper_block *block, size_t row, size_t column)
{
    return block->cells[row * block->columns + column];
}

static double height_of_row(struct sheet *sheet, const struct paper_block *block, size_t row)
{
    double most = 0;

    for (size_t i = 0; i < block->columns; i++) {
        double height = set(sheet, cell_of(block, row, i), look_of_cell(sheet, block, row, i));

        most = height > most ? height : most;
    }
    return most + 2 * sheet->text * CELL_PADDING;
}

static void put_row(struct sheet *sheet, const struct paper_block *block, size_t row)
{
    double height = height_of_row(sheet, block, row), x = sheet->left;
    double padding = sheet->text * CELL_PADDING;

    make_room(sheet, height);
    cairo_set_line_width(sheet->cr, 0.6);
    for (size_t i = 0; i < block->columns; i++) {
        double width = sheet->width * block->widths[i] / 100;

        cairo_rectangle(sheet->cr, x, sheet->y, width, height);
        cairo_stroke(sheet->cr);
        double text = set(sheet, cell_of(block, row, i), look_of_cell(sheet, block, row, i));
        show_at(sheet, x + padding, sheet->y + (height - text) / 2);
        x += width;
    }
    sheet->y += height;
}

static void put_block(struct sheet *sheet, const struct paper_block *block)
{
    switch (block->kind) {
    case PAPER_PARAGRAPH:
        put_paragraph(sheet, block->text);
        break;
    case PAPER_TABLE:
        if (block->text != NULL) {
            put(sheet, block->text,
                (struct look){ sheet->text, sheet->width, true, PANGO_ALIGN_LEFT, 0 });
        }
        for (size_t i = 0; i < block->rows; i++) {
            put_row(sheet, block, i);
        }
        break;
    }
    sheet->y += sheet->text * 0.6;
}

/* --- head and foot ---------------------------------------------------------------------------- */

static void put_head(struct sheet *sheet, const struct paper *paper)
{
    double title = sheet->size == PAPER_A4 ? 22 : 13;

    put(sheet, paper->title, (struct look){ title, sheet->width, true, PANGO_ALIGN_CENTER, 0 });
    put(sheet, paper->title_en,
        (struct look){ sheet->text * 0.75, sheet->width, false, PANGO_ALIGN_CENTER, 0 });
    sheet->y += sheet->text * 0.5;
    put(sheet, paper->number,
        (struct look){ sheet->text, sheet->width, false, PANGO_ALIGN_CENTER, 0 });
    sheet->y += sheet->text;
}

static void put_signature(struct sheet *sheet, const struct paper *paper)
{
    struct look right = { sheet->text, sheet->width, false, PANGO_ALIGN_RIGHT, 0 };

    sheet->y += sheet->text;
    make_room(sheet, sheet->text * (paper->signs ? 8 : 5));
    put(sheet, paper->organ, right);
    put(sheet, paper->date, right);
    if (paper->signs) {
        sheet->y += sheet->text * 0.8;
        put(sheet,
            sheet->size == PAPER_A4 ? "申请人（签收）：＿＿＿＿＿＿　　联系电话：＿＿＿＿＿＿"
                                    : "申请人（签收）：＿＿＿＿＿＿",
            (struct look){ sheet->text * 0.92, sheet->width, false, PANGO_ALIGN_LEFT, 0 });
    }
}

static void draw_square(struct sheet *sheet, const QRcode *code, double side)
{
    double dot = side / code->width;

    cairo_save(sheet->cr);
    cairo_set_antialias(sheet->cr, CAIRO_ANTIALIAS_NONE);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width; x++) {
            if ((code->data[y * code->width + x] & 1) != 0) {
                cairo_rectangle(sheet->cr, sheet->left + x * dot, sheet->y + y * dot, dot, dot);
            }
        }
    }
    cairo_fill(sheet->cr);
    cairo_restore(sheet->cr);
}

/* The square, and what to type beside it. */
static enum bl_err put_query(struct sheet *sheet, const struct paper *paper, struct bl_error *e)
{
    double side = (sheet->size == PAPER_A4 ? 28 : 24) * MM;
    char text[256];

    if (paper->qr == NULL) {
        return BL_OK;
    }
    QRcode *code = QRcode_encodeString8bit(paper->qr, 0, QR_ECLEVEL_M);
    if (code == NULL) {
        return bl_error_set(e, BL_FAILED, "the query link is too long for a QR code");
    }
    sheet->y += sheet->text;
    make_room(sheet, side);
    draw_square(sheet, code, side);
    QRcode_free(code);
    (void)snprintf(text, sizeof text, "扫码查询办理进度\n办件编号：%s\n查询码：%.4s-%s",
                   paper->number, paper->code, paper->code + 4);
    double left = sheet->left, width = sheet->width, gap = sheet->text;
    double y = sheet->y;
    struct look look = { sheet->text * 0.85, width - side - gap, false, PANGO_ALIGN_LEFT, 0 };

    sheet->left += side + gap;
    for (char *line = text, *rest; line != NULL; line = rest) {
        rest = strchr(line, '\n');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        put(sheet, line, look);
    }
    sheet->left = left;
    sheet->y = y + side > sheet->y ? y + side : sheet->y;
    return BL_OK;
}

static enum bl_err put_paper(struct sheet *sheet, const struct paper *paper, struct bl_error *e)
{
    put_head(sheet, paper);
    for (size_t i = 0; i < paper->block_count; i++) {
        put_block(sheet, &paper->blocks[i]);
    }
    put_signature(sheet, paper);
    return put_query(sheet, paper, e);
}

/* --- the file --------------------------------------------------------------------------------- */

static cairo_status_t keep(void *context, const unsigned char *data, unsigned int bytes)
{
    struct writer *pdf = context;

    if (pdf->bytes + bytes > pdf->size) {
        pdf->size = (pdf->bytes + bytes) * 2;
        pdf->at = realloc(pdf->at, pdf->size);
        CHECK(pdf->at != NULL);
    }
    memcpy(pdf->at + pdf->bytes, data, bytes);
    pdf->bytes += bytes;
    return CAIRO_STATUS_SUCCESS;
}

static void sheet_open(struct sheet *sheet, cairo_surface_t *surface, enum paper_size size,
                       double height)
{
    bool a4 = size == PAPER_A4;
    double margin = (a4 ? 26 : 4) * MM;

    *sheet = (struct sheet){ .size = size, .page = 1, .text = a4 ? 12 : 8.5 };
    sheet->cr = cairo_create(surface);
    sheet->layout = pango_cairo_create_layout(sheet->cr);
    sheet->left = margin;
    sheet->width = (a4 ? 210 : 80) * MM - 2 * margin;
    sheet->top = sheet->y = a4 ? 28 * MM : margin;
    sheet->bottom = height - (a4 ? 25 * MM : 0);
}

static void sheet_close(struct sheet *sheet)
{
    g_object_unref(sheet->layout);
    cairo_destroy(sheet->cr);
}

static enum bl_err check_font(struct sheet *sheet, struct bl_error *e)
{
    (void)set(sheet, "受理通知书", (struct look){ 12, 500, false, PANGO_ALIGN_LEFT, 0 });
    return pango_layout_get_unknown_glyphs_count(sheet->layout) == 0
               ? BL_OK
               : bl_error_set(e, BL_NOT_FOUND,
                              "no font with Chinese characters: install fonts-noto-cjk or "
                              "fonts-wqy-zenhei");
}

/* How long the roll is; also whether there is a font at all. */
static enum bl_err measure(const struct paper *paper, enum paper_size size, double *height,
                           struct bl_error *e)
{
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
    struct sheet sheet;

    sheet_open(&sheet, surface, size, RECEIPT_MAX);
    enum bl_err err = check_font(&sheet, e);
    if (err == BL_OK && size == PAPER_RECEIPT) {
        err = put_paper(&sheet, paper, e);
    }
    *height = size == PAPER_A4 ? 297 * MM : sheet.y + 6 * MM;
    sheet_close(&sheet);
    cairo_surface_destroy(surface);
    return err;
}

enum bl_err paper_draw(const struct paper *paper, enum paper_size size, struct writer *pdf,
                       struct bl_error *e)
{
    double height;
    struct sheet sheet;
    enum bl_err err = measure(paper, size, &height, e);

    if (err != BL_OK) {
        return err;
    }
    writer_init(pdf, WRITER_JSON);
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(keep, pdf, (size == PAPER_A4 ? 210 : 80) * MM, height);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, paper->title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, paper->made_at);
    sheet_open(&sheet, surface, size, height);
    err = put_paper(&sheet, paper, e);
    end_page(&sheet);
    sheet_close(&sheet);
    cairo_surface_finish(surface);
    if (err == BL_OK && cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        err =
            bl_error_set(e, BL_FAILED, "%s", cairo_status_to_string(cairo_surface_status(surface)));
    }
    cairo_surface_destroy(surface);
    return err;
}

void paper_end(void)
{
    pango_cairo_font_map_set_default(NULL);
    cairo_debug_reset_static_data();
    FcFini();
}
