/* Events in words. */
#include <inttypes.h>
#include <string.h>

#include "cli/tree.h"

// clang-format off
/* What an event says, by the name of its field in Event. {path} is a value of it, {=path} the word
 * for it, {?path} and {!path} nothing, where a flag is set or not; what stands within <> is left out
 * where a value of it is missing. */
static const struct sentence happenings[] = {
    { "submitted",   { "已提交<{?paper}（停机期间纸质收件，补录）>", "submitted<{?paper} (taken on paper, entered later)>" } },
    { "accepted",    { "受理<{?deemed}（未在期限内告知，视为受理）><：{reason}>", "accepted<{?deemed} (by silence)><: {reason}>" } },
    { "decided",     { "{=result}<：{reason}><（依据：{basis}）><{?with_gap}（容缺）>", "{=result}<: {reason}>< ({basis})><{?with_gap} (with a gap)>" } },
    { "warned",      { "{clock}临近时限<{?by_stop}（到期前暂停）>", "{clock} close to its limit<{?by_stop} (stopped on its last day)>" } },
    { "overdue",     { "{clock}超过时限<，{=follows}>", "{clock} overdue<, {=follows}>" } },
    { "failed",      { "办理失败<：{reason}><{?incident}（列为异常）>", "failed<: {reason}><{?incident} (an incident)>" } },
    { "retried",     { "重新派发<：{reason}>", "retried<: {reason}>" } },
    { "released",    { "恢复办理<：{reason}>", "released<: {reason}>" } },
    { "terminated",  { "终止<：{reason}>", "terminated<: {reason}>" } },
    { "published",   { "发布 {publication.id}", "published {publication.id}" } },
    { "retired",     { "停用 {workflow}", "retired {workflow}" } },
    { "key_granted", { "登记密钥 {key.name}", "key granted {key.name}" } },
    { "key_revoked", { "吊销密钥 {name}", "key revoked {name}" } },
    { "absence_set", { "{absence.post} 外出，由 {absence.deputy} 代理至 {absence.to}", "{absence.post} is away, {absence.deputy} stands in until {absence.to}" } },
    { "absence_ended", { "{post} 返岗", "{post} is back" } },
    { "refused",     { "不予受理：{=reason}<，{text}><，应由{redirect_to}办理>", "not accepted: {=reason}<, {text}><; {redirect_to} is in charge>" } },
    { "notified",    { "一次性告知须补正<：{materials}><；{text}><{?breach}（第二次告知，违规）>", "told what is missing<: {materials}><; {text}><{?breach} (the second time: a breach)>" } },
    { "corrected",   { "申请人补正<：{materials}><；更正 {fields}>", "corrected<: {materials}><; fields {fields}>" } },
    { "returned",    { "退件<：{reason}>", "papers given back<: {reason}>" } },
    { "withdrawn",   { "申请人撤回<：{reason}><（{consent}）>", "withdrawn<: {reason}>< ({consent})>" } },
    { "supplemented", { "补交<：{materials}>", "supplemented<: {materials}>" } },
    { "checked",     { "事后核查<{?ok}合格><{!ok}不合格><：{text}>", "checked afterwards: <{?ok}passed><{!ok}failed><: {text}>" } },
    { "claimed",     { "{post} 领取", "claimed by {post}" } },
    { "unclaimed",   { "放回<：{reason}>", "given back to all<: {reason}>" } },
    { "transferred", { "转给 {to_post}<：{reason}>", "handed to {to_post}<: {reason}>" } },
    { "step_signed", { "<{post} ><{?approves}签同意><{!approves}签不同意><：{opinion}><：{reason}><{?passed}，本环节办完>",
                       "<{?approves}signed><{!approves}signed against>< by {post}><: {opinion}><: {reason}><{?passed}; the step is done>" } },
    { "signers_changed", { "<加签 {added}><减签 {removed}><：{reason}>", "<signers added: {added}>< signers removed: {removed}><: {reason}>" } },
    { "sent_back",   { "退回先前环节<：{reason}>", "sent back<: {reason}>" } },
    { "recalled",    { "收回刚办的一步<：{reason}>", "recalled<: {reason}>" } },
    { "consulted",   { "向 {department} 征求意见<：{question}>", "asked {department}<: {question}>" } },
    { "opened",      { "到了可以开始的日期", "the day has come that it waited for" } },
    { "opined",      { "征求意见答复：<{?consents}同意><{!consents}不同意><，{text}>", "answered: <{?consents}consents><{!consents}objects><, {text}>" } },
    { "passed_up",   { "报上级决定<：{opinion}>", "passed up<: {opinion}>" } },
    { "visit_set",   { "现场勘验<{?moved}改>定于 {visit.at}<，{visit.place}><，前往 {visit.officers}>", "site visit <{?moved}moved to ><{!moved}set for >{visit.at}<, {visit.place}><, by {visit.officers}>" } },
    { "visit_ended", { "现场勘验：{=end}<，{text}>", "site visit {=end}<: {text}>" } },
    { "suspended",   { "暂停计时（{stop.kind}）<，至多 {stop.cap}><，通知 {stop.notice}><：{reason}>", "clock stopped ({stop.kind})<, {stop.cap} at the most><, notice {stop.notice}><: {reason}>" } },
    { "resumed",     { "恢复计时<{?by_cap}（暂停期满）><{?annulled}（此次暂停作废）><：{reason}>", "clock runs again<{?by_cap} (the stop is over)><{?annulled} (the stop counts as never begun)><: {reason}>" } },
    { "hearing_arranged", { "听证<{?asked}：申请人已申请，须在 {hold.due_at} 前举行><：定于 {at}><，{place}>", "hearing<{?asked} asked for, to be held by {hold.due_at}>< on {at}><, {place}>" } },
    { "extended",    { "延长 {by}<，{approver} 批准><：{reason}>", "extended by {by}<, approved by {approver}><: {reason}>" } },
    { "delivered",   { "<{?ready}结果待领取><{!ready}已送达><（{=way}）><，签收 {receipt}>", "<{?ready}ready to be collected><{!ready}delivered>< ({=way})><, receipt {receipt}>" } },
    { "revoked",     { "撤销许可<：{reason}><（依据：{basis}）>", "revoked<: {reason}>< ({basis})>" } },
    { "reopened",    { "重新办理<：{reason}>", "reopened<: {reason}>" } },
    { "recomputed",  { "日历 {calendar} 变更，期限重算<：{moves}>", "calendar {calendar} has changed, limits counted again<: {moves}>" } },
    { "escalated",   { "上报{=to}<，须在 {reply_by} 前答复>", "escalated to {=to}<, answer by {reply_by}>" } },
    { "urged",       { "{=urging.level}<：{text}><，须在 {urging.reply_by} 前答复>", "{=urging.level}<: {text}><, answer by {urging.reply_by}>" } },
    { "replied",     { "答复催办<：{text}><，{result}>", "urging answered<: {text}><, {result}>" } },
    { "notice_sent", { "通知已发出<（{receipt}）>", "notice sent< ({receipt})>" } },
    { "notice_failed", { "通知发送失败<：{reason}><{?incident}（列为异常）>", "notice failed<: {reason}><{?incident} (an incident)>" } },
    { "commented",   { "说明：{text}", "said: {text}" } },
    { "migrated",    { "转用第 {to} 版<：{reason}>", "goes on under version {to}<: {reason}>" } },
    { "project_opened", { "设立重大项目 {code}< {title}>", "project {code} opened<: {title}>" } },
    { "project_tracked", { "专人跟踪：{tracker}< {tracker_name}><：{reason}>", "tracked by {tracker}< {tracker_name}><: {reason}>" } },
    { "project_milestone", { "节点 {milestone.id}<，定于 {milestone.due_at}><，{milestone.reached_at} 达成><{?milestone.overdue}，超期><：{reason}>", "milestone {milestone.id}<, due {milestone.due_at}><, reached {milestone.reached_at}><{?milestone.overdue}, overdue><: {reason}>" } },
    { "project_joined", { "纳入 {number}", "joined by {number}" } },
    { "project_closed", { "项目结束<：{reason}>", "project closed<: {reason}>" } },
    { "referral_made", { "首问引导至 {referral.to_department}< {referral.to_post}><：{referral.subject}>", "led to {referral.to_department}< {referral.to_post}><: {referral.subject}>" } },
    { "referral_handed", { "已交接<给 {by_post}><：{text}>", "handed over< to {by_post}><: {text}>" } },
    { "booking_planned", { "排定 {window} 的预约时段", "slots planned at {window}" } },
    { "booked",      { "预约 {appointment.number} 号", "appointment {appointment.number} made" } },
    { "booking_changed", { "预约 {number} 号：{=state}<，{reason}>", "appointment {number}: {=state}<, {reason}>" } },
};

static const struct sentence clocks[] = {
    { "notify",     { "一次性告知", "notification" } },
    { "correction", { "补正", "correction" } },
    { "supplement", { "补交", "supplement" } },
    { "deliver",    { "送达", "delivery" } },
    { "check",      { "事后核查", "later check" } },
    { "step",       { "环节", "step" } },
    { "opinion",    { "征求意见", "opinion" } },
    { "hearing",    { "听证", "hearing" } },
    { "ask",        { "申请听证", "asking for the hearing" } },
    { "reply",      { "催办答复", "answer to an urging" } },
    { "rung",       { "逐级上报", "escalation" } },
};
static const struct sentence units[] = {
    { "wd", { "个工作日", " working days" } },
    { "nd", { "天", " days" } },
    { "wh", { "个工作小时", " working hours" } },
    { "nh", { "小时", " hours" } },
};
// clang-format on

static const char *find_words(const struct cli *cli, const struct sentence *rows, size_t count,
                              const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].rule, name) == 0) {
            return words_in(rows[i].words, cli->language);
        }
    }
    return NULL;
}

/* "法定", "整体承诺", "补正"… of a ClockName. */
static const char *clock_words(struct cli *cli, const json_t *clock)
{
    const char *kind = find_words(cli, clocks, BL_COUNT(clocks), output_text(clock, "kind"));

    if (kind == NULL) {
        kind = json_is_true(output_find(clock, "legal")) ? cli_say(cli, "法定", "legal limit")
                                                         : cli_say(cli, "承诺", "promise");
    }
    return json_is_true(output_find(clock, "whole"))
               ? bl_arena_printf(&cli->arena, cli_say(cli, "整体%s", "%s of the whole"), kind)
               : kind;
}

/* "5个工作日" of a Limit. */
static const char *limit_words(struct cli *cli, const json_t *limit)
{
    int64_t halves = output_integer(limit, "halves");
    const char *unit = find_words(cli, units, BL_COUNT(units), output_text(limit, "unit"));

    return bl_arena_printf(&cli->arena, "%" PRId64 "%s%s", halves / 2, halves % 2 != 0 ? ".5" : "",
                           unit == NULL ? "" : unit);
}

static const char *value_words(struct cli *cli, const json_t *value, bool as_word);

static const char *list_words(struct cli *cli, const json_t *list)
{
    const char *words = "";
    size_t index;
    json_t *value;

    json_array_foreach(list, index, value)
    {
        words = bl_arena_printf(&cli->arena, "%s%s%s", words,
                                index == 0 ? "" : cli_say(cli, "、", ", "),
                                value_words(cli, value, false));
    }
    return words;
}

static const char *object_words(struct cli *cli, const json_t *value)
{
    if (json_object_get(value, "halves") != NULL) {
        return limit_words(cli, value);
    }
    if (json_object_get(value, "was") != NULL) {  // a due moment that was moved
        return bl_arena_printf(&cli->arena, "%s %s → %s",
                               clock_words(cli, json_object_get(value, "clock")),
                               output_time(cli, output_text(value, "was")),
                               output_time(cli, output_text(value, "is")));
    }
    return clock_words(cli, value);
}

/* What stands for a value; "" where there is none. */
static const char *value_words(struct cli *cli, const json_t *value, bool as_word)
{
    if (json_is_string(value)) {
        return as_word ? sentence_word(json_string_value(value), cli->language)
                       : output_time(cli, json_string_value(value));
    }
    if (json_is_integer(value)) {
        return bl_arena_printf(&cli->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    if (json_is_array(value)) {
        return list_words(cli, value);
    }
    return json_is_object(value) ? object_words(cli, value) : "";
}

/* Fills one {…} in; false where its value is missing, or its flag is not as asked. */
static bool fill_value(struct cli *cli, const json_t *what, struct bl_text inside,
                       const char **made)
{
    const char *path = bl_arena_text(&cli->arena, inside);
    const json_t *value = output_find(what, path + (strchr("?!=", path[0]) != NULL));

    if (path[0] == '?' || path[0] == '!') {
        return json_is_true(value) == (path[0] == '?');
    }
    const char *words = value_words(cli, value, path[0] == '=');
    *made = bl_arena_printf(&cli->arena, "%s%s", *made, words);
    return words[0] != '\0';
}

/* Appends a pattern to *made; false if something in it is missing. */
static bool fill(struct cli *cli, const json_t *what, struct bl_text pattern, const char **made)
{
    const char *at = pattern.at, *end = pattern.at + pattern.bytes;
    bool complete = true;

    while (at < end) {
        size_t plain = strcspn(at, "{<");

        plain = plain < (size_t)(end - at) ? plain : (size_t)(end - at);
        *made = bl_arena_printf(&cli->arena, "%s%.*s", *made, (int)plain, at);
        at += plain;
        if (at == end) {
            break;
        }
        const char *close = strchr(at, *at == '{' ? '}' : '>');
        struct bl_text inside = { at + 1, (size_t)(close - at) - 1 };
        if (*at == '{') {
            complete &= fill_value(cli, what, inside, made);
        } else {
            const char *with = *made;

            *made = fill(cli, what, inside, &with) ? with : *made;
        }
        at = close + 1;
    }
    return complete;
}

const char *tree_event(struct cli *cli, const json_t *event, const json_t *application)
{
    const char *item = output_text(event, "item");
    const char *made = item[0] == '\0' ? "" : tree_item_title(cli, application, item);

    if (made[0] != '\0') {
        made = bl_arena_printf(&cli->arena, "%s ", made);
    }
    for (size_t i = 0; i < BL_COUNT(happenings); i++) {
        const json_t *what = json_object_get(json_object_get(event, "event"), happenings[i].rule);

        if (what != NULL) {
            const char *words = words_in(happenings[i].words, cli->language);

            (void)fill(cli, what, bl_text_of(words), &made);
            return json_is_true(json_object_get(what, "completed"))
                       ? bl_arena_printf(&cli->arena, "%s%s", made,
                                         cli_say(cli, "，全部办结", ", all completed"))
                       : made;
        }
    }
    return made;
}

void tree_print_event(struct cli *cli, const json_t *event, const json_t *application,
                      bool numbered, FILE *out)
{
    char text[BL_TIME_TEXT] = "";
    bl_time at;

    if (bl_time_parse(output_text(event, "event.at"), &at, NULL) == BL_OK) {
        (void)bl_time_format(at - at % SECOND_US, cli->offset_minutes, text);
        text[10] = ' ';
        text[19] = '\0';
    }
    (void)fprintf(out, "%s  %6s  %s%s%s\n", text, output_text(event, "event.seq"),
                  numbered ? output_text(event, "application") : "", numbered ? "  " : "",
                  tree_event(cli, event, application));
}
