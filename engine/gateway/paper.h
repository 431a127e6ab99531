/* paper.h — a paper for the applicant: what it says, and how it is drawn as PDF.
 * The bytes follow from the content alone, so that a reprint is the same paper: nothing here reads
 * a clock, and the date in the file is the event's. Read next: paper_kind.h, which papers there
 * are; document.c, who asks for them. */
#pragma once

#include "base/error.h"
#include "base/time.h"
#include "schema/writer.h"

#define PAPER_COLUMNS_MAX 4
#define PAPER_BLOCKS_MAX 16

enum paper_size { PAPER_A4, PAPER_RECEIPT };  // 210 × 297 mm; a roll of 80 mm, as long as it needs

enum paper_block_kind { PAPER_PARAGRAPH, PAPER_TABLE };

struct paper_block {
    enum paper_block_kind kind;
    const char *text;          // of a paragraph; a heading of a table, or NULL
    const char *const *cells;  // row after row
    size_t columns, rows;      // of a table; its first row is the head if `head`
    bool head;
    uint8_t widths[PAPER_COLUMNS_MAX];  // in percent
};

struct paper {
    const char *title, *title_en;
    const char *number;
    const char *organ;    // who signs
    const char *date;     // the day below the organ, in words
    const char *qr;       // what the square holds; NULL: there is none
    const char *code;     // for who types it
    const char *made_at;  // RFC 3339: the date in the file
    bool signs;           // the applicant signs that he has it
    struct paper_block blocks[PAPER_BLOCKS_MAX];
    size_t block_count;
};

/* Draws it into `pdf`, which writer_free releases. Takes milliseconds: not where connections wait.
 *   errors  BL_NOT_FOUND no font here has Chinese characters; BL_FAILED the text of the square is
 *           too long, or memory ran out */
MUST_CHECK enum bl_err paper_draw(const struct paper *paper, enum paper_size size,
                                  struct writer *pdf, struct bl_error *e);
/* Gives back what the library of fonts keeps, at the end of a program; no drawing follows. */
void paper_end(void);
