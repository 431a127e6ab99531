#include "gateway/paper_kind.h"

#include <stdio.h>
#include <string.h>

#include "deadline/limit.h"

#define FIELDS_MAX 16

/* --- words ------------------------------------------------------------------------------------ */

static const char *date_of(const struct paper_subject *s, bl_time at)
{
    struct bl_date date = bl_date_of(bl_time_day(at, s->offset));

    return at == 0 ? "—"
                   : bl_arena_printf(s->arena, "%d年%d月%d日", date.year, date.month, date.day);
}

static const char *moment_of(const struct paper_subject *s, bl_time at)
{
    int64_t minutes = (at / MINUTE_US + s->offset) % (24 * 60);

    return bl_arena_printf(s->arena, "%s %02d:%02d", date_of(s, at), (int)(minutes / 60),
                           (int)(minutes % 60));
}

static const char *unit_of(Bl__Limit__Unit unit)
{
    switch (unit) {
    case BL__LIMIT__UNIT__WD:
        return "个工作日";
    case BL__LIMIT__UNIT__ND:
        return "日";
    case BL__LIMIT__UNIT__WH:
        return "个工作小时";
    case BL__LIMIT__UNIT__NH:
        return "小时";
    case BL__LIMIT__UNIT__UNIT_UNSPECIFIED:
        break;
    }
    return "";
}

static const char *limit_of(const struct paper_subject *s, const Bl__Limit *limit)
{
    return limit == NULL || limit->halves == 0
               ? "—"
               : bl_arena_printf(s->arena, "%d%s%s", limit->halves / 2,
                                 limit->halves % 2 == 0 ? "" : ".5", unit_of(limit->unit));
}

/* A limit as a definition writes it. */
static const char *limit_in_words(const struct paper_subject *s, const char *text)
{
    struct limit limit;
    Bl__Limit message = BL__LIMIT__INIT;

    if (limit_parse(text, &limit, NULL) != BL_OK) {
        return "—";
    }
    message.halves = limit.halves;
    message.unit = (Bl__Limit__Unit)limit.unit;
    return limit_of(s, &message);
}

static const char *organ_of(const struct paper_subject *s, const char *id)
{
    for (size_t i = 0; s->departments != NULL && i < s->departments->n_departments; i++) {
        if (strcmp(s->departments->departments[i]->key, id) == 0) {
            return s->departments->departments[i]->value->title->zh;
        }
    }
    return id;
}

static const Bl__ItemDefinition *item_of(const struct paper_subject *s, const char *id)
{
    const Bl__Workflow *workflow = s->definition->source;

    for (size_t i = 0; i < workflow->n_items; i++) {
        if (strcmp(workflow->items[i]->key, id) == 0) {
            return workflow->items[i]->value;
        }
    }
    return NULL;
}

static const char *item_title(const struct paper_subject *s, const char *id)
{
    const Bl__ItemDefinition *item = item_of(s, id);

    return item == NULL ? id : item->title->zh;
}

static const char *material_title(const struct paper_subject *s, const char *id)
{
    const Bl__Workflow *workflow = s->definition->source;

    for (size_t i = 0; i < workflow->n_materials; i++) {
        if (strcmp(workflow->materials[i]->key, id) == 0) {
            return workflow->materials[i]->value->title->zh;
        }
    }
    return id;
}

/* Did the item apply when the papers were handed in? What was settled later changes no paper. */
static bool applied(const struct paper_subject *s, const char *id)
{
    for (size_t i = 0; s->submitted != NULL && i < s->submitted->n_items; i++) {
        if (strcmp(s->submitted->items[i]->id, id) == 0) {
            return s->submitted->items[i]->state != BL__ITEM__STATE__NOT_NEEDED;
        }
    }
    return false;
}

static const char *said(const char *text)
{
    return text == NULL || text[0] == '\0' ? "—" : text;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static struct paper_block *add(struct paper *paper, enum paper_block_kind kind)
{
    struct paper_block *block = &paper->blocks[paper->block_count++];

    CHECK(paper->block_count <= PAPER_BLOCKS_MAX);
    *block = (struct paper_block){ .kind = kind };
    return block;
}

static void say(struct paper *paper, const char *text)
{
    add(paper, PAPER_PARAGRAPH)->text = text;
}

/* A table that grows. */
static struct paper_block *begin_table(const struct paper_subject *s, struct paper *paper,
                                       const char *heading, size_t columns, size_t rows_max)
{
    struct paper_block *block = add(paper, PAPER_TABLE);

    block->text = heading;
    block->columns = columns;
    block->cells = bl_arena_array(s->arena, const char *, columns *rows_max);
    return block;
}

static void add_cells(struct paper_block *block, const char *a, const char *b, const char *c)
{
    const char **row = (const char **)block->cells + block->rows++ * block->columns;

    row[0] = a;
    row[1] = b;
    if (block->columns > 2) {
        row[2] = c;
    }
}

static void add_field(struct paper_block *block, const char *label, const char *value)
{
    add_cells(block, label, said(value), NULL);
}

/* What every paper has: who, what, when. */
static struct paper_block *begin_fields(const struct paper_subject *s, struct paper *paper)
{
    struct paper_block *fields = begin_table(s, paper, NULL, 2, FIELDS_MAX);

    fields->widths[0] = 26;
    fields->widths[1] = 74;
    add_field(fields, "申请人", s->applicant);
    add_field(fields, "申请事项", s->application->title->zh);
    add_field(fields, "申请日期", date_of(s, s->application->submitted_at));
    return fields;
}

static void add_item(const struct paper_subject *s, struct paper_block *fields)
{
    if (s->event->item[0] != '\0') {
        add_field(fields, "办理事项", item_title(s, s->event->item));
        const Bl__ItemDefinition *item = item_of(s, s->event->item);
        if (item != NULL) {
            add_field(fields, "办理部门", organ_of(s, item->department));
        }
    }
}

static void add_remedies(struct paper *paper)
{
    // 行政许可法 第三十八条; 行政复议法 第二十条; 行政诉讼法 第四十六条
    say(paper, "如不服本决定，可以自收到本决定书之日起六十日内依法申请行政复议，或者自收到本决定书"
               "之日起六个月内依法向人民法院提起行政诉讼。");
}

/* --- acceptance ------------------------------------------------------------------------------- */

static void write_materials(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Content *content = s->content;

    if (content == NULL || content->n_materials == 0) {
        return;
    }
    struct paper_block *table = begin_table(s, paper, "申请材料", 3, content->n_materials + 1);
    table->head = true;
    table->widths[0] = 12;
    table->widths[1] = 62;
    table->widths[2] = 26;
    add_cells(table, "序号", "材料名称", "收取情况");
    for (size_t i = 0; i < content->n_materials; i++) {
        const Bl__Material *material = content->materials[i];

        add_cells(table, bl_arena_printf(s->arena, "%zu", i + 1), material_title(s, material->id),
                  material->later           ? "待补（容缺）"
                  : material->hash.len == 0 ? "纸质"
                                            : "电子");
    }
}

static void write_items(const struct paper_subject *s, struct paper *paper)
{
    const Bl__ApplicationView *application = s->application;
    struct paper_block *table =
        begin_table(s, paper, "办理事项与承诺时限", 3, application->n_items + 1);

    table->head = true;
    table->widths[0] = 42;
    table->widths[1] = 36;
    table->widths[2] = 22;
    add_cells(table, "事项", "办理部门", "承诺时限");
    for (size_t i = 0; i < application->n_items; i++) {
        const Bl__ItemDefinition *item = item_of(s, application->items[i]->id);

        if (item != NULL && applied(s, application->items[i]->id)) {
            add_cells(table, item->title->zh, organ_of(s, item->department),
                      limit_in_words(s, item->promise));
        }
    }
}

/* May some item of the application be stopped for it? */
static bool may_stop(const struct paper_subject *s, const char *kind)
{
    for (size_t i = 0; i < s->application->n_items; i++) {
        const Bl__ItemDefinition *item = item_of(s, s->application->items[i]->id);

        for (size_t j = 0; item != NULL && j < item->n_special; j++) {
            if (applied(s, s->application->items[i]->id) && strcmp(item->special[j], kind) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* 行政许可法 第四十五条: what does not count is told in writing. */
static void write_special(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Workflow *workflow = s->definition->source;
    struct paper_block *table = NULL;

    for (size_t i = 0; i < workflow->n_special; i++) {
        const Bl__Special *special = workflow->special[i]->value;

        if (!may_stop(s, workflow->special[i]->key)) {
            continue;
        }
        if (table == NULL) {
            table = begin_table(s, paper, "下列特别程序所需时间不计入办理时限", 3,
                                workflow->n_special + 1);
            table->head = true;
            table->widths[0] = 28;
            table->widths[1] = 28;
            table->widths[2] = 44;
            add_cells(table, "特别程序", "最长时间", "依据");
        }
        add_cells(table, special->title->zh, limit_in_words(s, special->at_most),
                  said(special->basis));
    }
}

static bool is_accepted(const Bl__Event *event)
{
    return event->submitted->accepted;
}

static bool is_received(const Bl__Event *event)
{
    return !event->submitted->accepted;
}

static bool always(const Bl__Event *event)
{
    (void)event;
    return true;
}

static bool is_first(const Bl__Event *event)
{
    return event->accepted->started_at != 0;
}

static void write_acceptance(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Event *event = s->event->event;
    bool submitted = event->what_case == BL__EVENT__WHAT_SUBMITTED;
    const Bl__Clock *promise = submitted ? event->submitted->promise : event->accepted->promise;
    bl_time start = submitted ? event->submitted->started_at : event->accepted->started_at;
    struct paper_block *fields = begin_fields(s, paper);

    add_field(fields, "受理日期", date_of(s, start == 0 ? event->at : start));
    add_field(fields, "承诺时限", limit_in_words(s, s->definition->source->promise));
    if (promise != NULL && promise->due_at != 0) {
        add_field(fields, "承诺办结",
                  bl_arena_printf(s->arena, "%s前%s", moment_of(s, promise->due_at),
                                  promise->provisional ? "（暂定，以公布的节假日为准）" : ""));
    }
    say(paper,
        !submitted && event->accepted->deemed
            ? "你（单位）的申请逾期未被告知补正，依照《中华人民共和国行政许可法》第三十二条，"
              "自收到申请材料之日起即为受理。"
            : "经审查，你（单位）提交的申请材料齐全、符合法定形式，依照《中华人民共和国行政"
              "许可法》第三十二条，决定予以受理。");
    write_items(s, paper);
    write_materials(s, paper);
    write_special(s, paper);
}

static void write_receipt(const struct paper_subject *s, struct paper *paper)
{
    struct paper_block *fields = begin_fields(s, paper);

    add_field(fields, "收到时间", moment_of(s, s->event->event->at));
    say(paper,
        "已收到下列申请材料。是否受理，将在五个工作日内书面告知；逾期不告知的，自收到申请材料之"
        "日起即为受理（《中华人民共和国行政许可法》第三十二条）。");
    write_materials(s, paper);
}

/* --- before acceptance ------------------------------------------------------------------------ */

static void write_notification(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Notified *notified = s->event->event->notified;
    struct paper_block *fields = begin_fields(s, paper);

    add_item(s, fields);
    say(paper,
        "你（单位）提交的申请材料不齐全或者不符合法定形式，依照《中华人民共和国行政许可法》第三"
        "十二条，现一次性告知需要补正的全部内容：");
    struct paper_block *table =
        begin_table(s, paper, NULL, 2, notified->n_materials + notified->n_fields + 1);
    table->head = true;
    table->widths[0] = 14;
    table->widths[1] = 86;
    add_cells(table, "序号", "需要补正的材料或者填报内容", NULL);
    for (size_t i = 0; i < notified->n_materials; i++) {
        add_cells(table, bl_arena_printf(s->arena, "%zu", i + 1),
                  material_title(s, notified->materials[i]), NULL);
    }
    for (size_t i = 0; i < notified->n_fields; i++) {
        add_cells(table, bl_arena_printf(s->arena, "%zu", notified->n_materials + i + 1),
                  notified->fields[i], NULL);
    }
    if (notified->text[0] != '\0') {
        say(paper, bl_arena_printf(s->arena, "说明：%s", notified->text));
    }
    say(paper, "请按上述内容补正；全部补正后即予受理。");
}

static const char *refused_because(Bl__Refused__Reason reason)
{
    switch (reason) {
    case BL__REFUSED__REASON__NOT_REQUIRED:
        return "依法不需要取得行政许可";
    case BL__REFUSED__REASON__WRONG_ORGAN:
        return "依法不属于本机关职权范围";
    case BL__REFUSED__REASON__INCOMPLETE:
        return "申请材料未按告知内容补正";
    case BL__REFUSED__REASON__CONDITIONS:
        return "不符合法定条件";
    case BL__REFUSED__REASON__NEGATIVE_LIST:
        return "属于负面清单禁止的情形";
    case BL__REFUSED__REASON__CANCELLED:
        return "该事项已经取消";
    case BL__REFUSED__REASON__REASON_UNSPECIFIED:
        break;
    }
    return "—";
}

static void write_refusal(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Refused *refused = s->event->event->refused;
    struct paper_block *fields = begin_fields(s, paper);

    add_item(s, fields);
    add_field(fields, "不予受理理由", refused_because(refused->reason));
    if (refused->redirect_to[0] != '\0') {
        add_field(fields, "应向其申请", organ_of(s, refused->redirect_to));
    }
    if (refused->text[0] != '\0') {
        say(paper, bl_arena_printf(s->arena, "说明：%s", refused->text));
    }
    say(paper, "依照《中华人民共和国行政许可法》第三十二条，决定不予受理。");
    add_remedies(paper);
}

static void write_return(const struct paper_subject *s, struct paper *paper)
{
    add_item(s, begin_fields(s, paper));
    say(paper, bl_arena_printf(s->arena, "你（单位）的申请材料现予退回。理由：%s",
                               said(s->event->event->returned->reason)));
    say(paper, "材料备齐后可以重新申请。");
}

static void write_withdrawal(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Withdrawn *withdrawn = s->event->event->withdrawn;
    struct paper_block *fields = begin_fields(s, paper);

    add_item(s, fields);
    add_field(fields, "撤回依据", withdrawn->consent);
    say(paper, bl_arena_printf(s->arena, "根据你（单位）的请求，本申请已撤回，办理终止。理由：%s",
                               said(withdrawn->reason)));
}

/* --- on the way ------------------------------------------------------------------------------- */

static void write_suspension(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Suspended *suspended = s->event->event->suspended;
    const Bl__Workflow *workflow = s->definition->source;
    const Bl__Special *special = NULL;
    struct paper_block *fields = begin_fields(s, paper);

    for (size_t i = 0; i < workflow->n_special; i++) {
        if (strcmp(workflow->special[i]->key, suspended->stop->kind) == 0) {
            special = workflow->special[i]->value;
        }
    }
    add_item(s, fields);
    add_field(fields, "特别程序", special == NULL ? suspended->stop->kind : special->title->zh);
    add_field(fields, "依据", special == NULL ? NULL : special->basis);
    add_field(fields, "文书编号", suspended->stop->notice);
    add_field(fields, "开始日期", date_of(s, suspended->stop->from));
    add_field(fields, "所需时间", limit_of(s, suspended->stop->cap));
    add_field(fields, "最迟结束", date_of(s, suspended->stop->ends_at));
    say(paper,
        suspended->stop->legal
            ? "上述程序所需时间不计入法定办理期限和承诺时限（《中华人民共和国行政许可法》第四十"
              "五条）。到期后期限自动继续计算。"
            : "上述程序所需时间不计入承诺时限，法定办理期限照常计算。到期后承诺时限自动继续计"
              "算。");
    if (suspended->reason[0] != '\0') {
        say(paper, bl_arena_printf(s->arena, "事由：%s", suspended->reason));
    }
}

static const char *approver_of(const char *approver)
{
    return strcmp(approver, "government") == 0   ? "本级人民政府"
           : strcmp(approver, "organ_head") == 0 ? "本行政机关负责人"
                                                 : said(approver);
}

static void write_extension(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Extended *extended = s->event->event->extended;
    struct paper_block *fields = begin_fields(s, paper);

    add_item(s, fields);
    add_field(fields, "延长", limit_of(s, extended->by));
    add_field(fields, "批准", approver_of(extended->approver));
    say(paper, bl_arena_printf(s->arena,
                               "因下列理由，不能在规定期限内作出决定，依照《中华人民共和国行政许可"
                               "法》第四十二条，经批准延长办理期限。理由：%s",
                               said(extended->reason)));
}

/* --- the end ---------------------------------------------------------------------------------- */

static bool is_granted(const Bl__Event *event)
{
    return event->decided->result == BL__ITEM__RESULT__GRANTED ||
           event->decided->result == BL__ITEM__RESULT__TACIT;
}

static bool is_denied(const Bl__Event *event)
{
    return event->decided->result == BL__ITEM__RESULT__DENIED;
}

static void write_grant(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Decided *decided = s->event->event->decided;
    const Bl__ItemDefinition *item = item_of(s, s->event->item);
    struct paper_block *fields = begin_fields(s, paper);

    add_item(s, fields);
    add_field(fields, "依据", item == NULL ? NULL : item->basis);
    if (item != NULL && item->outcome != NULL) {
        add_field(fields, "结果文书", item->outcome->document->zh);
    }
    add_field(fields, "文书编号", decided->document);
    say(paper,
        "经审查，你（单位）的申请符合法定条件，依照《中华人民共和国行政许可法》第三十八条，决定"
        "准予。结果文书自本决定作出之日起十个工作日内颁发、送达（第四十四条）。");
    if (decided->with_gap) {
        say(paper, "本决定以申请人按承诺补齐容缺材料为前提。");
    }
}

static void write_denial(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Decided *decided = s->event->event->decided;
    struct paper_block *fields = begin_fields(s, paper);

    add_item(s, fields);
    add_field(fields, "依据", decided->basis);
    say(paper,
        bl_arena_printf(s->arena,
                        "经审查，依照《中华人民共和国行政许可法》第三十八条，决定不予准许。理"
                        "由：%s",
                        said(decided->reason)));
    add_remedies(paper);
}

static void write_termination(const struct paper_subject *s, struct paper *paper)
{
    add_item(s, begin_fields(s, paper));
    say(paper, bl_arena_printf(s->arena, "本事项的办理已终止，不再作出决定。理由：%s",
                               said(s->event->event->terminated->reason)));
    add_remedies(paper);
}

static void write_revocation(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Revoked *revoked = s->event->event->revoked;
    struct paper_block *fields = begin_fields(s, paper);

    add_item(s, fields);
    add_field(fields, "依据", revoked->basis);
    say(paper, bl_arena_printf(s->arena, "决定撤销已准予的许可。理由：%s", said(revoked->reason)));
    add_remedies(paper);
}

static const char *way_of(Bl__OutcomeDefinition__Delivery way)
{
    switch (way) {
    case BL__OUTCOME_DEFINITION__DELIVERY__WINDOW:
        return "窗口领取";
    case BL__OUTCOME_DEFINITION__DELIVERY__POST:
        return "邮寄";
    case BL__OUTCOME_DEFINITION__DELIVERY__SELF_SERVICE:
        return "自助领取";
    case BL__OUTCOME_DEFINITION__DELIVERY__E_LICENCE:
        return "电子证照";
    case BL__OUTCOME_DEFINITION__DELIVERY__DELIVERY_UNSPECIFIED:
        break;
    }
    return "—";
}

static bool is_delivered(const Bl__Event *event)
{
    return !event->delivered->ready;
}

static void write_delivery(const struct paper_subject *s, struct paper *paper)
{
    const Bl__Delivered *delivered = s->event->event->delivered;
    const Bl__ItemDefinition *item = item_of(s, s->event->item);
    struct paper_block *fields = begin_fields(s, paper);

    add_item(s, fields);
    if (item != NULL && item->outcome != NULL) {
        add_field(fields, "送达文书", item->outcome->document->zh);
    }
    add_field(fields, "送达方式", way_of(delivered->way));
    add_field(fields, "签收凭证", delivered->receipt);
    add_field(fields, "送达时间", moment_of(s, s->event->event->at));
}

/* --- the table -------------------------------------------------------------------------------- */

// clang-format off
static const struct paper_kind kinds[] = {
    { "acceptance",   "受理通知书",         "Notice of acceptance",           BL__EVENT__WHAT_SUBMITTED,  is_accepted,  write_acceptance,   true },
    { "receipt",      "收件凭证",           "Receipt of papers",              BL__EVENT__WHAT_SUBMITTED,  is_received,  write_receipt,      false },
    { "acceptance",   "受理通知书",         "Notice of acceptance",           BL__EVENT__WHAT_ACCEPTED,   is_first,     write_acceptance,   true },
    { "notification", "一次性补正告知书",   "Notice of what has to be corrected", BL__EVENT__WHAT_NOTIFIED, always,     write_notification, true },
    { "refusal",      "不予受理通知书",     "Refusal to accept",              BL__EVENT__WHAT_REFUSED,    always,       write_refusal,      true },
    { "return",       "退件通知书",         "Return of papers",               BL__EVENT__WHAT_RETURNED,   always,       write_return,       true },
    { "withdrawal",   "撤回申请确认书",     "Confirmation of withdrawal",     BL__EVENT__WHAT_WITHDRAWN,  always,       write_withdrawal,   true },
    { "suspension",   "特别程序告知书",     "Notice of a special procedure",  BL__EVENT__WHAT_SUSPENDED,  always,       write_suspension,   true },
    { "extension",    "延长办理期限告知书", "Notice of an extended limit",    BL__EVENT__WHAT_EXTENDED,   always,       write_extension,    true },
    { "grant",        "准予行政许可决定书", "Decision: granted",              BL__EVENT__WHAT_DECIDED,    is_granted,   write_grant,        true },
    { "denial",       "不予行政许可决定书", "Decision: denied",               BL__EVENT__WHAT_DECIDED,    is_denied,    write_denial,       true },
    { "termination",  "终止办理告知书",     "Notice of termination",          BL__EVENT__WHAT_TERMINATED, always,       write_termination,  true },
    { "revocation",   "撤销行政许可决定书", "Decision: revoked",              BL__EVENT__WHAT_REVOKED,    always,       write_revocation,   true },
    { "delivery",     "送达回证",           "Receipt of delivery",            BL__EVENT__WHAT_DELIVERED,  is_delivered, write_delivery,     true },
};
// clang-format on

const struct paper_kind *paper_kind_of(const Bl__Event *event)
{
    for (size_t i = 0; i < BL_COUNT(kinds); i++) {
        if (kinds[i].what == event->what_case && kinds[i].applies(event)) {
            return &kinds[i];
        }
    }
    return NULL;
}

void paper_write(const struct paper_kind *kind, const struct paper_subject *subject,
                 struct paper *paper)
{
    const Bl__Event *event = subject->event->event;
    const Bl__ItemDefinition *item = item_of(subject, subject->event->item);
    char *made_at = bl_arena_alloc(subject->arena, BL_TIME_TEXT);

    *paper = (struct paper){ .title = kind->title, .title_en = kind->title_en };
    paper->number = subject->application->number;
    paper->organ =
        organ_of(subject, item == NULL ? subject->definition->source->lead : item->department);
    paper->date = date_of(subject, event->at);
    paper->made_at = bl_time_format(event->at - event->at % SECOND_US, subject->offset, made_at);
    paper->signs = kind->signs;
    kind->write(subject, paper);
}
