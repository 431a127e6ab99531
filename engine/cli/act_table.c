/* The table of acts: what people do to tasks and to applications. The words of the law that stand
 * behind each are in domain.md 9.2. */
#include "cli/act.h"

// clang-format off
#define OPINION_ROW ACT_TEXT_ROW("opinion", "TEXT|@FILE", "意见", "the opinion")
#define APPROVER_ROW ACT_TEXT_ROW("approver", "POST", "批准人的岗位", "post of the approver")

static const struct option_row approve_options[] = {
    OPINION_ROW,
    ACT_TEXT_ROW("document", "NUMBER", "结果文书编号", "number of the outcome document"),
    ACT_DRY_ROW,
};
static const struct option_row reject_options[] = {
    ACT_REASON_ROW,
    ACT_TEXT_ROW("basis", "CLAUSE", "所依据的条款", "the clause it rests on"),
    OPINION_ROW,
    ACT_DRY_ROW,
};
static const struct option_row claim_options[] = {
    ACT_TEXT_ROW("post", "POST", "以哪个岗位的身份", "for which post"),
    ACT_DRY_ROW,
};
static const struct option_row reason_options[] = { ACT_REASON_ROW, ACT_DRY_ROW };
static const struct option_row transfer_options[] = {
    ACT_TEXT_ROW("to", "POST", "转给哪个岗位", "to which post"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row return_options[] = {
    ACT_TEXT_ROW("step", "ID", "退到哪一环节；默认前一环节", "to which step; the one before if left out"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row sign_options[] = {
    ACT_TEXT_ROW("add", "POST,...", "加签的岗位", "posts that are to sign too"),
    ACT_TEXT_ROW("remove", "POST,...", "减签的岗位", "posts that need not sign any more"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row suspend_options[] = {
    ACT_TEXT_ROW("kind", "KIND", "特别程序，如 expert_review", "which special procedure, such as expert_review"),
    ACT_TEXT_ROW("at-most", "LIMIT", "最长多久，如 15WD", "for how long at the most: 15WD"),
    ACT_TEXT_ROW("notice", "NUMBER", "书面通知的文号", "number of the written notice to the applicant"),
    APPROVER_ROW, ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row resume_options[] = {
    ACT_NUMBER_ROW("number", "第几次暂停；只有一次时可不写", "which stop, where there are several"),
    ACT_FLAG_ROW("annul", "此次暂停作废，如同未曾开始", "it was for nothing and counts as never begun"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row hearing_options[] = {
    ACT_TEXT_ROW("at", "TIME", "定在何时，如 2026-05-20T09:00；不写：申请人提出申请", "when it is held: 2026-05-20T09:00; left out: the applicant asks for it"),
    ACT_TEXT_ROW("place", "TEXT", "地点", "where"),
    ACT_DRY_ROW,
};
static const struct option_row extend_options[] = {
    ACT_TEXT_ROW("by", "LIMIT", "延长多久；默认按流程最长", "by how much; as long as the workflow allows if left out"),
    APPROVER_ROW, ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row consult_options[] = {
    ACT_TEXT_ROW("department", "ID", "征求哪个部门的意见", "which department is asked"),
    ACT_TEXT_ROW("question", "TEXT|@FILE", "问题", "the question"),
    ACT_TEXT_ROW("limit", "LIMIT", "答复期限，默认 5WD", "to answer in; default 5WD"),
    ACT_DRY_ROW,
};
static const struct option_row opine_options[] = {
    ACT_CHOICE_ROW("consent", "同意与否", "does the department consent?", "yes|no"),
    ACT_TEXT_ROW("opinion", "TEXT|@FILE", "意见内容", "what it says"),
    ACT_NUMBER_ROW("number", "第几次征求；只有一次时可不写", "which question, where there are several"),
    ACT_DRY_ROW,
};
static const struct option_row check_options[] = {
    ACT_CHOICE_ROW("passed", "核查是否合格", "did it pass?", "yes|no"),
    ACT_TEXT_ROW("opinion", "TEXT|@FILE", "核查情况；不合格须写", "what was found; required where it did not pass"),
    ACT_DRY_ROW,
};
static const struct option_row deliver_options[] = {
    ACT_CHOICE_ROW("way", "送达方式", "how it is handed over", "window|post|self_service|e_licence"),
    ACT_FLAG_ROW("ready", "结果已备好并已通知申请人", "it waits for the applicant, who was told"),
    ACT_TEXT_ROW("receipt", "NUMBER", "签收或运单编号", "number of the receipt"),
    ACT_DRY_ROW,
};
static const struct option_row accept_options[] = {
    ACT_FLAG_ROW("gap", "容缺受理，申请人已承诺补交", "although deferrable materials are missing: the applicant has committed"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row refuse_options[] = {
    ACT_CHOICE_ROW("reason", "不予受理的情形", "which case of the law", "not_required|wrong_organ|incomplete|conditions|negative_list|cancelled"),
    ACT_TEXT_ROW("text", "TEXT|@FILE", "说明", "in words"),
    ACT_TEXT_ROW("redirect-to", "ORGAN", "应由哪个机关办理", "the right organ"),
    ACT_DRY_ROW,
};
static const struct option_row notify_options[] = {
    ACT_TEXT_ROW("material", "ID,...", "须补正的材料，只能是公布过的", "materials that are missing, of the published list only"),
    ACT_TEXT_ROW("field", "ID,...", "须更正的表单栏目", "fields of the form that are to be corrected"),
    ACT_TEXT_ROW("text", "TEXT|@FILE", "须补正什么", "what has to be corrected in them"),
    ACT_DRY_ROW,
};

static const struct option_row withdraw_options[] = {
    ACT_REASON_ROW,
    ACT_TEXT_ROW("consent", "NUMBER", "申请人撤回申请的书面材料编号", "the paper on which the applicant said so"),
    ACT_DRY_ROW,
};
static const struct option_row comment_options[] = {
    ACT_TEXT_ROW("text", "TEXT|@FILE", "说明内容", "what is said"),
    ACT_FLAG_ROW("internal", "申请人看不到", "not for the applicant"),
    ACT_DRY_ROW,
};
static const struct option_row revoke_options[] = {
    ACT_REASON_ROW,
    ACT_TEXT_ROW("basis", "CLAUSE", "所依据的条款", "the clause it rests on"),
    ACT_DRY_ROW,
};
static const struct option_row resolve_options[] = {
    ACT_TEXT_ROW("reason", "TEXT", "如何办妥的", "how it was settled"),
    ACT_DRY_ROW,
};
static const struct option_row reassign_options[] = {
    ACT_TEXT_ROW("department", "ID", "由哪个部门办理", "which department goes on with it"),
    ACT_REASON_ROW, ACT_DRY_ROW,
};
static const struct option_row visit_set_options[] = {
    ACT_TEXT_ROW("item", "ID,...", "一并勘验的事项", "items that are visited together"),
    ACT_TEXT_ROW("at", "TIME", "时间，如 2026-12-05T09:30", "when: 2026-12-05T09:30"),
    ACT_TEXT_ROW("place", "TEXT", "地点", "where"),
    ACT_TEXT_ROW("officer", "POST,...", "前往的岗位，至少两个", "who goes, two at least"),
    ACT_FLAG_ROW("confirmed", "申请人已确认", "the applicant has confirmed"),
    ACT_NUMBER_ROW("number", "改期：第几次勘验", "of a visit that is moved"),
    ACT_DRY_ROW,
};
static const struct option_row visit_end_options[] = {
    ACT_CHOICE_ROW("result", "结果", "how it ended", "held|cancelled|missed"),
    ACT_TEXT_ROW("text", "TEXT|@FILE", "情况", "what was found"),
    ACT_NUMBER_ROW("number", "第几次勘验", "which visit"),
    ACT_DRY_ROW,
};

/* A command that is one act. */
#define ACT(symbol, name_, section_, arguments_, zh, en, rows, example, ...)                       \
    static const struct act act_##symbol = { __VA_ARGS__ };                                        \
    const struct command command_##symbol = {                                                      \
        .name = (name_), .arguments = (arguments_), .arguments_min = 1,                            \
        .arguments_max = ARGUMENTS_MAX, .section = (section_), .summary = { zh, en },              \
        COMMAND_OPTIONS(rows), .examples = (example), .act = &act_##symbol, .run = act_run,        \
    };

/* What people do at what they have to do. */
#define TASK(symbol, word, zh, en, rows, example, ...)                                             \
    ACT(task_##symbol, "task " word, SECTION_WORK, "TASK...", zh, en, rows,                        \
        "task " word " CY-20261123-0001.fire_check" example, __VA_ARGS__)

TASK(approve, "approve", "准予，或在本环节签同意", "approve, or sign the step", approve_options,
    " --opinion 符合要求\ntask approve CY-20261123-0001.fire_check CY-20261123-0002.fire_check --dry-run",
    .what = "decide", .preset = "result=granted", .step = true)
TASK(reject, "reject", "不予，须有理由和条款", "reject; needs a reason and the clause", reject_options,
    " --reason 疏散通道被占 --basis 消防法第十五条", .what = "decide", .preset = "result=denied", .step = true)
TASK(claim, "claim", "领取任务", "claim it for a post", claim_options, " --post fire-01", .what = "claim")
TASK(unclaim, "unclaim", "放回任务", "give it back to all", reason_options, "", .what = "unclaim")
TASK(transfer, "transfer", "转给另一岗位", "hand it to another post", transfer_options,
    " --to fire-02 --reason 回避", .what = "transfer", .fields = "to=to_post", .required = "to")
TASK(return, "return", "退回先前的环节，另起一轮", "send it back to an earlier step, as a new round", return_options,
    " --step review --reason 现场照片不清", .what = "send_back")
TASK(recall, "recall", "收回刚办错的一步", "take back a wrong button, in time", reason_options,
    " --reason 点错", .what = "recall")
TASK(sign, "sign", "加签或减签", "add or remove signers", sign_options, " --add fire-02", .what = "change_signers")
TASK(suspend, "suspend", "因特别程序暂停计时", "stop the clock for a special procedure", suspend_options,
    " --kind expert_review --at-most 15WD --notice 特告2026-7 --approver fire-80", .what = "suspend", .required = "kind")
TASK(resume, "resume", "恢复计时", "let the clock run again", resume_options, " --reason 评审结束", .what = "resume")
TASK(hearing, "hearing", "登记听证申请，或者定下听证的时间地点", "the applicant asks for a hearing, or its day is set", hearing_options,
    " --at 2026-05-20T09:00 --place 一号会议室", .what = "arrange_hearing")
TASK(extend, "extend", "延长期限，只能一次", "extend the limit, once", extend_options,
    " --by 5WD --approver fire-90 --reason 案情复杂", .what = "extend")
TASK(consult, "consult", "向另一部门征求意见", "ask another department for its opinion", consult_options,
    " --department urban --question 是否符合规划", .what = "consult", .required = "department")
TASK(opine, "opine", "答复征求意见", "answer a question of another department", opine_options,
    ".opinion-1 --consent yes --opinion 符合", .what = "opine", .fields = "consent=consents opinion=text", .required = "consent")
TASK(check, "check", "告知承诺的事后核查", "the later check of a grant on a written promise", check_options,
    " --passed yes", .what = "check", .fields = "passed=ok opinion=text", .required = "passed")
TASK(deliver, "deliver", "送达结果", "hand the outcome over", deliver_options, " --way window --receipt QS-7", .what = "deliver")
TASK(accept, "accept", "部门受理", "accept the item", accept_options, "", .what = "accept")
TASK(refuse, "refuse", "不予受理", "refuse to accept", refuse_options,
    " --reason wrong_organ --redirect-to 市住建局", .what = "refuse", .required = "reason")
TASK(notify, "notify", "一次性告知须补正的全部内容", "tell once all that is missing", notify_options,
    " --material layout_plan --text 图纸缺疏散标识", .what = "notify", .fields = "material=materials field=fields")

/* What is done to an application, or to one item of it. */
#define CASE(symbol, word, zh, en, rows, example, ...)                                             \
    ACT(symbol, word, SECTION_APPLICATIONS, "NUMBER[.ITEM]...", zh, en, rows,                      \
        word " CY-20261123-0001" example, __VA_ARGS__)

CASE(accept, "accept", "受理已收的办件，或部门受理自己的事项", "accept what was received; with an item, for its department",
    accept_options, "\naccept CY-20261123-0001.fire_check", .what = "accept")
CASE(refuse, "refuse", "不予受理", "refuse to accept", refuse_options,
    " --reason not_required --text 本事项不需许可", .what = "refuse", .required = "reason")
CASE(notify, "notify", "一次性告知须补正的全部内容", "tell once all that is missing", notify_options,
    " --material layout_plan --text 图纸缺疏散标识", .what = "notify", .fields = "material=materials field=fields")
CASE(return, "return", "退件：材料退还申请人", "give the papers back", reason_options, " --reason 逾期未补正", .what = "return_papers")
CASE(withdraw, "withdraw", "申请人撤回整个申请或一个事项", "the applicant withdraws, all or one item", withdraw_options,
    " --reason 不再经营 --consent 撤件申请2026-3", .what = "withdraw")
CASE(comment, "comment", "记录一条说明，不改变任何状态", "say something on the record; changes nothing", comment_options,
    " --text 已电话告知申请人", .what = "comment", .required = "text")
CASE(reopen, "reopen", "复议或纠错后重新办理", "an end was overturned: it goes on", reason_options,
    ".fire_check --reason 行政复议决定撤销", .what = "reopen")
CASE(revoke, "revoke", "撤销已准予的许可", "take back what was granted", revoke_options,
    ".fire_check --reason 提供虚假材料 --basis 行政许可法第六十九条", .what = "revoke")
CASE(visit_set, "visit set", "约定或改期现场勘验，几个事项一次上门", "one appointment on the spot for several items", visit_set_options,
    " --item fire_check,signboard --at 2026-12-05T09:30 --officer fire-01,urban-02", .what = "set_visit", .fields = "item=items officer=officers")
CASE(visit_end, "visit end", "勘验结果：已办、取消或无人", "what became of a visit", visit_end_options,
    " --number 1 --result held", .what = "end_visit", .fields = "result=end", .required = "result")

/* What an operator does where things have stopped. */
#define CARE(symbol, word, zh, en, rows, example, ...)                                             \
    ACT(symbol, word, SECTION_TASKS, "NUMBER.ITEM...", zh, en, rows,                               \
        word " CY-20261123-0001.signboard" example, __VA_ARGS__)

CARE(release, "release", "让暂缓的事项继续办理", "let a held item go on", reason_options, " --reason 仍需办理", .what = "release")
CARE(terminate, "terminate", "不作决定而终止一个事项，须有理由", "end an item without a decision; needs a reason", reason_options,
    " --reason 申请人已注销", .what = "terminate")
CARE(incident_retry, "incident retry", "重新派发一个异常任务", "put an incident's task back to work", reason_options,
    " --reason 系统已修复", .what = "retry")
CARE(incident_resolve, "incident resolve", "了结一个异常，须有理由：通知已用别的方式告知；事项不再办理而终止", "settle an incident, with a reason: a notice was told in another way; an item ends without a decision",
    resolve_options, ".notice-3 --reason 已电话告知\nincident resolve CY-20261123-0001.signboard --reason 申请人已注销", .what = "send_notice", .fields = "reason=receipt", .otherwise = "terminate", .required = "reason")
CARE(incident_reassign, "incident reassign", "异常任务改由另一部门的工作程序办理", "give an incident's task to another department's workers", reassign_options,
    " --department amr --reason 系统停用", .what = "retry", .required = "department")
// clang-format on
