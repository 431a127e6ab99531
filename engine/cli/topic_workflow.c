#include "cli/topic_workflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "definition/control_flow.h"

#define KEY_COLUMNS 15

// clang-format off
static const struct key_help keys[] = {
    { NULL, { "整个流程", "The whole" } },
    { "workflow", { "流程标识；必填", "its id; required" } },
    { "version", { "版本号，每次发布加一；在办的留在原版本", "counts up with each publication; running cases stay on theirs" } },
    { "title", { "名称，{zh, en} 或者只写中文；事项、材料、环节等同", "its name, {zh, en} or Chinese alone; the same of items, materials, steps" } },
    { "summary", { "一句话介绍", "a sentence for applicants" } },
    { "calendar", { "工作日历，见 calendars/", "the calendar of working days, in calendars/" } },
    { "handling", { "single 一个部门二十日；unified、joint、central 多部门四十五日（行政许可法 第二十六条、第四十二条）", "single: one department, 20 working days; unified, joint, central: several, 45 (行政许可法 第二十六条, 第四十二条)" } },
    { "lead", { "牵头部门", "the department that answers for the whole" } },
    { "promise", { "承诺时限，不长于法定时限；整体的不短于最长路径", "what is promised, never longer than the law; of the whole, at least the longest path" } },
    { "legal", { "法定时限；不写按第四十二条", "what the law allows; without it Article 42" } },
    { "number", { "业务编号：{date} {month} {year} 之一和 {seq:4}", "the business number: one of {date} {month} {year}, and {seq:4}" } },
    { "acceptance", { "window 窗口受理（默认）；department 各部门受理本部门事项；事项可另写", "window: the clerk accepts (default); department: each its own; an item may say otherwise" } },
    { "after_hours", { "工作时间以外收件：next_workday 下一开门时刻起算（默认），same_day 当时起算", "filed outside office hours: next_workday counts from the next opening (default), same_day from then" } },
    { "notify", { "一次性告知的期限，默认且至多 5 个工作日（第三十二条）；到期无声视为受理", "to tell once all that is missing: 5 working days by default and at most (Article 32); silence is acceptance" } },
    { "correction", { "申请人补正的时间，默认 15 个工作日；事项可另写；逾期退件", "the applicant's time to correct: 15 working days by default; an item may say otherwise; then it is returned" } },
    { "tolerant", { "容缺受理：缺可容缺材料也受理，时钟照走", "accepted although a deferrable material is missing; the clocks run" } },
    { "supplement", { "容缺补交的期限，不长于事项的承诺时限", "to close the gap, never longer than an item promises" } },
    { "on_late", { "逾期未补：return 退件（默认）、deny 不予、wait 等", "the gap not closed: return (default), deny or wait" } },
    { "recall", { "按错可撤回的时间，默认 4 个工作小时", "how long a wrong button may be taken back: 4 working hours by default" } },
    { "extension", { "延期一次并告知理由：at_most 至多、approver 批准人 organ_head（十日）或 government（十五日）（第四十二条）", "once, with reasons told: at_most, and approver organ_head (10 working days) or government (15) (Article 42)" } },
    { "escalation", { "逾期后逐级报送：to 角色、after 之后多久、reply 几时答复、on_legal 超法定即时；不写：科长、负责人、效能办、问责", "who hears of an overdue item: to a role, after so long, reply within, on_legal at once; without it head of section, department head, supervision, accountability" } },
    { "notices", { "通知申请人的渠道：承担发送的部门", "channels by which applicants are told: departments whose workers send" } },
    { "trial", { "试行：公示不全只是警告", "on trial: incomplete publicity is a warning" } },
    { NULL, { "表单 form、材料 materials", "The form and the materials" } },
    { "form", { "唯一的一张表，分 section；每个字段只填一次", "the one form, in sections; each field is asked once" } },
    { "fields", { "分区里的字段；事项里：本部门能看到的字段，仅此而已", "of a section: its fields; of an item: what the department sees, and no more" } },
    { "type", { "text long_text number integer money date yes_no choice choices phone email cn_id uscc address table", "text long_text number integer money date yes_no choice choices phone email cn_id uscc address table" } },
    { "label", { "字段的名称", "what the field is called" } },
    { "help", { "填写说明", "how to fill it in" } },
    { "required", { "必填，默认否", "must be filled in; default no" } },
    { "sensitive", { "个人信息：不进日志、消息和公开页", "personal: never in logs, messages or public pages" } },
    { "min", { "最小值、最少字数、最少选项或者行数", "the least value, characters, choices or rows" } },
    { "max", { "最大值、最多字数、最多选项或者行数", "the greatest of the same" } },
    { "options", { "可选的值：{value, zh, en} 或者只写中文", "what may be chosen: {value, zh, en} or Chinese alone" } },
    { "columns", { "表格的列", "of a table" } },
    { "materials", { "材料：formats 格式；事项里列出要哪些，公示之外不得要（第三十条）", "papers with their formats; an item lists what it asks for, nothing else may be asked (Article 30)" } },
    { "formats", { "pdf jpg png ofd docx xlsx dwg zip e_licence", "pdf jpg png ofd docx xlsx dwg zip e_licence" } },
    { "essential", { "主审要件：没有不能受理", "without it nothing is accepted" } },
    { "deferrable", { "可容缺后补", "may follow later" } },
    { NULL, { "事项 items", "The items" } },
    { "items", { "各部门决定的事项；没有 needs 的同时开始", "what departments decide; without needs they start side by side" } },
    { "code", { "国家事项目录编码", "in the national catalogue" } },
    { "department", { "承办部门，见 departments.yaml", "who decides: departments.yaml" } },
    { "kind", { "instant 即办件（一日内）、promised 承诺件（默认）、upward 上报件、opinion 征求意见", "instant (within a day), promised (default), upward, opinion" } },
    { "when", { "条件（CEL），不成立则不需要；见 help conditions", "a condition in CEL; false: not needed; see help conditions" } },
    { "needs", { "先要准予的事项：[a, b] 或者 {need, of, veto, late, expression}；见 help patterns", "items to be granted first: [a, b] or {need, of, veto, late, expression}; see help patterns" } },
    { "basis", { "设定事项的法律依据；特别程序、收费同", "the law that asks for it; the same of special procedures and fees" } },
    { "warn", { "亮黄灯的提前量，默认两成，至少一个工作日", "how long before the end it turns yellow: a fifth by default, a working day at least" } },
    { "steps", { "内部流转的环节；不写：由部门的工作程序办", "stations inside the department; without them its workers decide" } },
    { "id", { "环节的标识", "of a step" } },
    { "role", { "承担的角色，machine 为工作程序", "of posts in departments.yaml, or machine" } },
    { "limit", { "环节的时限；outcome 里为送达期限，默认且至多 10 个工作日（第四十四条）", "of a step; of an outcome the time to deliver, 10 working days by default and at most (Article 44)" } },
    { "signers", { "会签：{need: all|any|数, in_order}", "who has to sign: {need: all|any|number, in_order}" } },
    { "in_order", { "依次签，默认不限先后", "one after another; default any order" } },
    { "four_eyes", { "决定的人没有办过前面的环节", "who decides has not worked on an earlier step" } },
    { "special", { "可停表的特别程序；事项里列名，整体里写 at_most、basis、stops_legal", "what may stop the clock: named in the item, described for the whole by at_most, basis, stops_legal" } },
    { "at_most", { "特别程序的上限，到期自动续走；延期的上限", "the cap: beyond it the clock runs again by itself; of an extension its length" } },
    { "stops_legal", { "第四十五条八类以外的也停法定时限，须有 basis", "a kind outside the eight of Article 45 stops the legal clock too, by the law named as basis" } },
    { "stops_max", { "最多停几次，默认 3", "how often the clock may be stopped; 3 by default" } },
    { "on_overdue", { "逾期：{action: escalate}（默认）或者 {action: tacit} 超时默认", "when overdue: {action: escalate} (default), or {action: tacit}: silence is consent" } },
    { "action", { "escalate 或 tacit", "escalate or tacit" } },
    { "safety", { "涉及安全：永不默认", "about safety: never granted by silence" } },
    { "upper", { "上报件的第二程：department、promise、legal（第四十三条）", "of an upward item the second leg: department, promise, legal (Article 43)" } },
    { "notify_commit", { "告知承诺：申请人书面承诺即准予，post_check 内核查，不实撤销；when 谁可以", "granted at once on the applicant's written promise, checked within post_check, revoked if false; when: who may" } },
    { "post_check", { "事后核查的期限，通常 30 至 60 个工作日", "within this time after the grant; usually 30 to 60 working days" } },
    { "visit", { "同名的事项一次联合踏勘（至少两人，第三十四条）；踏勘不停表", "items of the same name are visited together (two officers at least, Article 34); a visit stops no clock" } },
    { "not_before", { "日期字段：到这一天才开始", "a date of the form: it does not start before that day" } },
    { "ordered", { "受理的先后就是权利的先后（第五十七条）", "the order of acceptance gives the rank of rights (Article 57)" } },
    { "issue_with_gap", { "材料未补齐也可出证，默认否", "the outcome may be issued before the gap is closed; default no" } },
    { "outcome", { "结果文书 document、送达方式 deliver、送达期限 limit", "the document, ways to deliver, limit" } },
    { "document", { "文书的名称", "what it is called" } },
    { "deliver", { "window post self_service e_licence；只有 e_licence 的公布即送达", "window post self_service e_licence; e_licence alone is delivered by its publication" } },
    { NULL, { "汇合 join、needs", "Joins" } },
    { "join", { "整体何时有结果，写法同 needs；默认所有事项都准予", "when the whole is settled, written as needs; by default all items" } },
    { "need", { "all（默认）、any 或者几个", "all (default), any or a number" } },
    { "of", { "等哪些事项", "which items" } },
    { "veto", { "其中一个不予即告失败", "one of these denied, and it has failed" } },
    { "late", { "定局后尚在办的：record 办完留档（默认）、hold 停下待定、cancel 终止", "who is still open then: record (default) they finish, hold they wait, cancel they end" } },
    { "on_reject", { "finish_others（默认）或 stop_others", "finish_others (default) or stop_others" } },
    { "expression", { "以条件代替个数：item.a.result == 'granted'", "a condition in place of a number: item.a.result == 'granted'" } },
    { "to", { "escalation 的角色", "a role, of escalation" } },
    { "after", { "escalation：逾期之后多久", "of escalation: so long after the promise" } },
    { "reply", { "escalation：多久之内答复", "of escalation: an answer within" } },
    { "on_legal", { "escalation：超过法定时限即时", "of escalation: at once when the legal limit is broken" } },
    { "approver", { "organ_head 或 government", "organ_head or government" } },
    { NULL, { "公示 publicity：十项公开，名称、时限、材料、部门已在事项里", "Publicity: ten fields, of which title, limits, materials and department stand in the item" } },
    { "publicity", { "每个事项一段，缺一不可（trial 除外）", "one entry for each item, complete unless on trial" } },
    { "procedure", { "程序", "procedure" } },
    { "discipline", { "纪律要求", "discipline" } },
    { "preconditions", { "前置条件，没有写“无”", "preconditions, \"无\" where there is none" } },
    { "fee", { "收费：amount 元、basis 依据（第五十八条）", "amount in yuan and its basis (Article 58)" } },
    { "amount", { "金额，0 或 12.50", "0 or 12.50" } },
    { "officer", { "承办人：post 岗位、duties 职责；departments.yaml 里为姓名", "post and duties; in departments.yaml the name" } },
    { "post", { "岗位标识", "the post" } },
    { "duties", { "岗位职责", "its duties" } },
    { NULL, { "departments.yaml", "departments.yaml" } },
    { "departments", { "部门，各有 title、phone、posts", "each with title, phone, posts" } },
    { "phone", { "公布的电话", "published" } },
    { "posts", { "岗位：roles 角色、deputy 代岗、officer 姓名", "roles, deputy, officer" } },
    { "roles", { "环节的角色；section_head 批准停表，organ_head、government 批准延期", "roles of steps; section_head approves stops, organ_head and government extensions" } },
    { "deputy", { "代岗的岗位（AB 岗）", "the post that stands in" } },
};
// clang-format on

const struct key_help *key_helps(size_t *count)
{
    *count = BL_COUNT(keys);
    return keys;
}

/* Closes what open_memstream made and moves it into the arena. */
static const char *finish(FILE *out, char **text, struct bl_arena *arena)
{
    const char *copy;

    CHECK(fclose(out) == 0);
    (*text)[strlen(*text) - 1] = '\0';  // whoever prints it ends the line
    copy = bl_arena_string(arena, *text);
    free(*text);
    return copy;
}

const char *topic_workflow(struct bl_arena *arena, enum language language)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    CHECK(out != NULL);
    for (size_t i = 0; i < BL_COUNT(keys); i++) {
        if (keys[i].key == NULL) {
            (void)fprintf(out, "%s%s\n", i == 0 ? "" : "\n", words_in(keys[i].text, language));
        } else {
            (void)fprintf(out, "  %-*s %s\n", KEY_COLUMNS, keys[i].key,
                          words_in(keys[i].text, language));
        }
    }
    return finish(out, &text, arena);
}

/* First what is expressed, then the others. */
const char *topic_patterns(struct bl_arena *arena, enum language language)
{
    char *text = NULL;
    size_t bytes = 0, count;
    FILE *out = open_memstream(&text, &bytes);
    const struct control_pattern *patterns = control_patterns(&count);
    static const struct words headings[] = { { "不需要的", "What a hall does without" },
                                             { "能写的", "What the language expresses" } };

    CHECK(out != NULL);
    for (int expressed = 1; expressed >= 0; expressed--) {
        (void)fprintf(out, "%s%s\n", expressed == 1 ? "" : "\n",
                      words_in(headings[expressed], language));
        for (size_t i = 0; i < count; i++) {
            if (patterns[i].expressed == (expressed == 1)) {
                (void)fprintf(out, "  WCP-%-2u %s\n         %s\n", patterns[i].number,
                              language == LANGUAGE_ZH ? patterns[i].zh : patterns[i].name,
                              words_in(patterns[i].text, language));
            }
        }
    }
    return finish(out, &text, arena);
}
