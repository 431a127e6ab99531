/* paper_kind.h — which papers there are, and what each says: one row for each kind of event that
 * the applicant gets in writing (行政许可法 第三十二条、第三十八条、第四十二条、第四十五条). */
#pragma once

#include "base/arena.h"
#include "binglian/v1/query.pb-c.h"
#include "definition/definition.h"
#include "gateway/paper.h"

struct paper_subject;

struct paper_kind {
    const char *id;  // "acceptance"
    const char *title, *title_en;
    Bl__Event__WhatCase what;
    bool (*applies)(const Bl__Event *event);
    void (*write)(const struct paper_subject *subject, struct paper *paper);
    bool signs;  // the applicant signs that he has it
};

/* What a paper is made from. */
struct paper_subject {
    const Bl__EventView *event;
    const Bl__ApplicationView *application;
    const Bl__Submitted *submitted;  // its first event; NULL: not to be seen
    const struct definition *definition;
    const Bl__DepartmentsFile *departments;  // NULL: none are published
    const Bl__Content *content;              // as handed in until the event; NULL: erased
    const char *applicant;                   // as whoever asks may see it
    int32_t offset;                          // of the hall's zone, in minutes
    struct bl_arena *arena;
};

/* The kind of paper that an event makes; NULL: none. */
const struct paper_kind *paper_kind_of(const Bl__Event *event);
/* Writes the paper; all in the subject's arena. */
void paper_write(const struct paper_kind *kind, const struct paper_subject *subject,
                 struct paper *paper);
