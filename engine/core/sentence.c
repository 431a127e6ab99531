#include "core/sentence.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"

// clang-format off
/* Ordered by rule, for bsearch. */
static const struct sentence table[] = {
    { "absence-dates", { "离岗的起止日期有误：止须在起之后，且在将来", "these are no dates of an absence: it ends after it begins, and not in the past" } },
    { "absence-deputy", { "须指明本部门的另一岗位顶岗", "another post of the department has to stand in" } },
    { "absence-not-yours", { "不能为岗位“{pointer}”登记离岗<；可由{who}办理>", "you may not say that post {pointer} is vacant<; {who} may>" } },
    { "absence-unknown", { "岗位“{pointer}”没有登记离岗", "post {pointer} is not vacant" } },
    { "absences-many", { "登记的离岗过多", "too many posts are vacant" } },
    { "account-department", { "工作人员须属于一个部门", "an officer belongs to a department" } },
    { "account-exists", { "已有这个账号", "there is an account of this name" } },
    { "account-locked", { "密码连错多次，账号已暂时锁定，请稍后再试", "too many wrong passwords: the account is locked for a while" } },
    { "account-name", { "账号名只能用小写字母、数字、点、横线和下划线", "a name has a-z, 0-9, '.', '-' and '_'" } },
    { "account-own", { "不能更改自己的账号，请另一位管理员办理", "you cannot change your own account: ask another administrator" } },
    { "account-role", { "没有这种账号角色", "there are no accounts of this role" } },
    { "account-unknown", { "没有这个账号", "there is no such account" } },
    { "address", { "地址不是有效的文本", "the address is no text" } },
    { "agent", { "代理人的姓名、证件号码或电话有误", "the agent's name, id or telephone number is wrong" } },
    { "agent-mandate", { "代理申请须附授权委托书编号", "an agent needs the number of his letter of authority" } },
    { "applicant-id", { "申请人证件号码有误：18 位号码须是有效的居民身份证号码或统一社会信用代码",
                        "the applicant's id is wrong: 18 characters have to be a valid identity number or credit code" } },
    { "applicant-in-address", { "证件号码不能写在网址里，请用 POST /v1/applications:find 查询", "the number of somebody's papers does not belong in an address; use POST /v1/applications:find" } },
    { "applicant-name-long", { "申请人名称过长", "the applicant's name is too long" } },
    { "applicant-phone", { "申请人联系电话有误", "the applicant's telephone number is wrong" } },
    { "applicant-required", { "须填写申请人名称", "the applicant's name is missing" } },
    { "application-ended", { "办件已经办结", "the application has ended" } },
    { "application-unknown", { "没有这个办件：{pointer}", "there is no application {pointer}" } },
    { "appointment-early", { "预约 {pointer} 的时段还没有开始", "the slot of appointment {pointer} has not begun" } },
    { "appointment-over", { "预约 {pointer} 已经到场、取消或爽约", "appointment {pointer} is over: arrived, cancelled or missed" } },
    { "appointment-state", { "预约只能改为到场、取消或爽约", "an appointment is arrived, cancelled or missed" } },
    { "appointment-unknown", { "没有预约 {pointer}", "there is no appointment {pointer}" } },
    { "approver-may-not", { "岗位“{pointer}”无权批准<；须由{who}批准>", "post {pointer} may not approve this<; {who} has to>" } },
    { "approver-required", { "须写明批准人<（{who}）>的岗位", "the post that approved it is missing<: {who}>" } },
    { "arguments-many", { "参数超过 {limit} 个", "more than {limit} arguments" } },
    { "attempt", { "这次派发已失效，决定未采用", "this attempt is over; the decision was not taken" } },
    { "attempt-malformed", { "派发编号有误", "this is no attempt" } },
    { "basis-required", { "须写明法律依据", "the clause of the law is missing" } },
    { "booking-date", { "日期有误，请写成 2026-12-05", "this is no date; write it as 2026-12-05" } },
    { "booking-full", { "{pointer} 的时段已约满<；最近的空位在 {next}>", "the slot at {pointer} is full<; the next free one is at {next}>" } },
    { "booking-mode", { "这种服务方式不能预约", "this mode of service cannot be booked" } },
    { "booking-past", { "“{pointer}”已经过去", "{pointer} is over" } },
    { "booking-slot-unknown", { "这一天没有 {pointer} 开始的时段", "no slot of this day begins at {pointer}" } },
    { "booking-slots", { "时段有误（{pointer}）：须依次排列、互不重叠，且至少有一个名额", "the slots are wrong ({pointer}): one after the other, none over another, with a place each" } },
    { "booking-taken", { "{pointer} 的时段已有人预约，不能取消或改短", "somebody has booked the slot at {pointer}: it stays as it is" } },
    { "booking-text", { "“{pointer}”过长", "{pointer} is too long" } },
    { "booking-time", { "时间有误，请写成 09:30", "this is no time; write it as 09:30" } },
    { "booking-twice", { "此人已预约 {pointer} 的时段", "this person has booked the slot at {pointer} already" } },
    { "booking-unknown", { "这个窗口当天没有安排预约", "no appointments are planned at this window on this day" } },
    { "booking-window", { "窗口名称有误：至多 15 个字", "the window's name is wrong: 15 characters at the most" } },
    { "broker-away", { "办理服务暂时连接不上，请稍后再试；可以查询", "the broker does not answer; reads go on, try again later" } },
    { "calendar-unknown", { "还没有发布本大厅的日历", "the hall's calendar is not published" } },
    { "cannot-connect", { "连接不上服务", "no broker answers there" } },
    { "claimed", { "事项“{pointer}”已由岗位 {who} 认领", "item {pointer} is claimed by post {who}" } },
    { "claimed-already", { "事项“{pointer}”您已认领", "you have claimed item {pointer} already" } },
    { "clock-unknown", { "“{pointer}”没有这个期限，或其起点已无从查起", "{pointer} has no such limit, or its beginning is not known any more" } },
    { "command", { "请求过大", "the request is too large" } },
    { "command-unknown", { "不认识的命令", "the broker does not know this command" } },
    { "comment-empty", { "意见不能为空", "there is nothing in the comment" } },
    { "commitment-closed", { "事项“{pointer}”的告知承诺不适用于本申请", "item {pointer} cannot be had on a promise in this case" } },
    { "commitment-none", { "事项“{pointer}”不实行告知承诺", "item {pointer} is not granted on a promise" } },
    { "commitments-many", { "承诺的事项过多", "there are more promises than items" } },
    { "condition-error", { "事项“{pointer}”的适用条件无法计算：{condition}",
                           "the condition of item {pointer} cannot be evaluated: {condition}" } },
    { "consent-required", { "撤回须有申请人的书面意思表示：请填写文书编号", "a withdrawal needs the paper on which the applicant said so" } },
    { "consult-limit", { "征求意见的期限有误，请写如 5 working days", "this is no limit for an opinion; write for example 5 working days" } },
    { "consult-limit-late", { "征求意见的时限不得晚于本事项的承诺时限，至迟 {limit}", "an opinion cannot be waited for longer than the item has time: until {limit} at the latest" } },
    { "consult-question", { "须写明征求什么意见，500 字以内", "the question is missing or longer than 500 characters" } },
    { "consult-whom", { "不能向“{pointer}”征求意见：须是另一个已公布的部门", "{pointer} cannot be asked: it has to be another department of the hall" } },
    { "consultation-open", { "事项“{pointer}”还在等{who}的意见", "item {pointer} waits for the opinion of {who}" } },
    { "consultations-many", { "事项“{pointer}”征求意见过多", "item {pointer} has too many opinions" } },
    { "consulted-already", { "已向“{pointer}”征求意见，尚未答复", "{pointer} has been asked and has not answered yet" } },
    { "content-erased", { "申请内容已按保存期限清除，不能再补充", "what was handed in has been erased after its retention; nothing can be added" } },
    { "content-malformed", { "申请内容不是有效的报文", "the content of the application is no message of ours" } },
    { "content-type", { "请求正文须为 application/json", "the body has to be application/json" } },
    { "control-character", { "“{pointer}”中有控制字符，请删去", "{pointer} has control characters; leave them out" } },
    { "correction-empty", { "没有补交材料，也没有改动表单", "there is no new material and no changed field" } },
    { "corrupt", { "存储记录校验失败，已列为异常", "a stored record fails its check and was set aside as an incident" } },
    { "csrf", { "页面校验失败，请刷新页面再试", "this did not come from the session's own page; reload it" } },
    { "cursor-malformed", { "游标有误，请从第一页开始", "this is no cursor; begin with the first page" } },
    { "day-zero", { "起算当日不计", "the day on which it begins does not count" } },
    { "decision-unknown", { "决定只能是 approve（准予）或 reject（不予）", "a decision is either approve or reject" } },
    { "definition", { "流程、日历或部门文件有误", "a workflow, calendar or department file is wrong" } },
    { "definition-problem", { "{pointer}：{problem} [{code}]", "{pointer}: {problem} [{code}]" } },
    { "delivery-way", { "不能这样送达，可选：{options}", "it cannot be delivered in this way; choose from {options}" } },
    { "denied", { "没有权限<；可由{who}办理>", "you may not do this<; {who} may>" } },
    { "department-unknown", { "没有部门“{pointer}”", "there is no department {pointer}" } },
    { "departments-accept", { "本流程由各部门自行受理，请指明事项", "departments accept their own items here: name the item" } },
    { "document-long", { "结果文书编号过长", "the number of the outcome document is too long" } },
    { "downstream-acted", { "事项“{pointer}”据此已开始办理（{state}），不能撤回", "item {pointer} has been worked on because of it ({state}); it cannot be taken back" } },
    { "draft-id", { "草稿编号只能用字母、数字、“-”和“_”，最长64个", "the id of a draft has letters, digits, - and _, at most 64" } },
    { "draft-large", { "草稿过大，最多{limit}字节", "the draft is too large: at most {limit} bytes" } },
    { "draft-stale", { "草稿在别处改过，请先重新读取", "the draft was saved elsewhere since: read it again first" } },
    { "draft-unknown", { "没有这份草稿", "there is no such draft" } },
    { "drafts-many", { "草稿过多（最多{limit}份），请先删去一些", "too many drafts (at most {limit}): remove some first" } },
    { "duplicate-open", { "该申请人已有同一流程的在办件：{number}", "the applicant has an open application of this workflow already: {number}" } },
    { "exists", { "已经存在，且内容不同", "it is there already, with other content" } },
    { "extension-late", { "“{pointer}”期限已过，此时批准的延期无效", "the limit of {pointer} is over: an extension granted now is void" } },
    { "extension-long", { "“{pointer}”的延期不能超过 {limit}", "{pointer} may be extended by {limit} at the most" } },
    { "extension-none", { "“{pointer}”的流程没有规定延期", "the workflow allows no extension of {pointer}" } },
    { "extension-not-running", { "“{pointer}”没有在计时的期限可延", "no limit of {pointer} is running" } },
    { "extension-once", { "“{pointer}”已经延期一次，不能再延", "{pointer} was extended already, and that may be once" } },
    { "failed", { "操作失败", "it failed" } },
    { "field-not-listed", { "“{pointer}”不在事项公布的表单栏目内，不得要求补正", "{pointer} is not among the item's published fields: it cannot be asked for" } },
    { "form-cn-id", { "“{pointer}”不是有效的居民身份证号码：{fault}", "{pointer} is no valid identity number: {fault}" } },
    { "form-control", { "“{pointer}”中有控制字符或换行，请删去", "{pointer} has control characters or line breaks; leave them out" } },
    { "form-date", { "“{pointer}”不是有效日期，请写成 2026-11-23", "{pointer} is no date; write it as 2026-11-23" } },
    { "form-decimals", { "“{pointer}”是金额，最多两位小数", "{pointer} is an amount of money: two decimals at the most" } },
    { "form-email", { "“{pointer}”不是有效的电子邮箱：{fault}", "{pointer} is no e-mail address: {fault}" } },
    { "form-malformed", { "表单不是有效的报文", "the form is no message of ours" } },
    { "form-option", { "“{pointer}”的选项<“{given}”>不存在，可选：{options}", "{pointer} is none of its options<: \"{given}\">; choose from {options}" } },
    { "form-phone", { "“{pointer}”不是有效的电话号码：{fault}", "{pointer} is no telephone number: {fault}" } },
    { "form-repeated", { "“{pointer}”重复填写", "{pointer} is there twice" } },
    { "form-required", { "“{pointer}”必填", "{pointer} is missing" } },
    { "form-too-few", { "“{pointer}”至少 {limit} 项", "{pointer} needs at least {limit}" } },
    { "form-too-large", { "“{pointer}”不能大于 {limit}", "{pointer} is more than {limit}" } },
    { "form-too-long", { "“{pointer}”超过 {limit} 个字", "{pointer} is longer than {limit} characters" } },
    { "form-too-many", { "“{pointer}”至多 {limit} 项", "{pointer} has more than {limit}" } },
    { "form-too-short", { "“{pointer}”不足 {limit} 个字", "{pointer} is shorter than {limit} characters" } },
    { "form-too-small", { "“{pointer}”不能小于 {limit}", "{pointer} is less than {limit}" } },
    { "form-type", { "“{pointer}”的类型不对，应为{expected}", "{pointer} has the wrong type; it is to be {expected}" } },
    { "form-unknown", { "表单没有“{pointer}”这一栏<；是不是“{nearest}”？>", "the form has no field {pointer}<; did you mean {nearest}?>" } },
    { "form-uscc", { "“{pointer}”不是有效的统一社会信用代码：{fault}", "{pointer} is no valid unified social credit code: {fault}" } },
    { "format", { "存储由更新的版本写成，本程序不能打开", "the store was written by a newer version" } },
    { "four-eyes", { "事项“{pointer}”的决定人不得是经办人<；可由{who}办理>", "whoever decides item {pointer} must not have worked on it before<; {who} may>" } },
    { "full", { "磁盘或存储空间已满，本次操作未执行", "the disk or the store is full; nothing was done" } },
    { "gap-in-time", { "事项“{pointer}”的容缺补齐期限未到，不能退件", "the time to close the gap of item {pointer} is not over: its papers cannot be returned" } },
    { "gap-needed", { "“{pointer}”待补：只能容缺受理（gap）", "{pointer} is still to come: accept it with a gap, or wait" } },
    { "gap-not-tolerated", { "本流程不实行容缺受理", "this workflow tolerates no gap" } },
    { "gap-open", { "事项“{pointer}”的容缺材料尚未补齐，不能发出结果", "a material of item {pointer} is still to come: its outcome cannot be issued yet" } },
    { "hearing-asked", { "事项“{pointer}”的听证已有人申请", "the hearing on item {pointer} has been asked for" } },
    { "hearing-none", { "事项“{pointer}”没有可申请的听证", "there is no hearing on item {pointer} to be asked for" } },
    { "hearing-notice", { "听证须提前{limit}个工作日通知申请人，请另定日期", "the applicant is told {limit} working days before a hearing; set a later day" } },
    { "hearing-place", { "须写明听证地点", "the place of the hearing is needed" } },
    { "hearing-unasked", { "事项“{pointer}”的听证还没有人申请", "nobody has asked for the hearing on item {pointer} yet" } },
    { "idempotency-key", { "须带 Idempotency-Key：1 至 255 个可见字符", "an Idempotency-Key of 1 to 255 visible characters is needed" } },
    { "if-match", { "If-Match 不是本办件的版本标记", "If-Match is no ETag of this application" } },
    { "if-match-required", { "须带 If-Match：先查看再决定", "If-Match is needed: read first, then decide" } },
    { "in-flight", { "未答复的请求过多，请稍后再试", "too many requests wait for an answer; try again later" } },
    { "invalid", { "内容不符合要求<：{pointer}>", "a value breaks its rule<: {pointer}>" } },
    { "io", { "系统读写出错", "the operating system refused" } },
    { "item-not-open", { "事项“{pointer}”现为“{state}”，不能这样操作", "item {pointer} is {state}: this cannot be done now" } },
    { "item-removed", { "事项“{pointer}”已不在本办件的流程版本中", "item {pointer} is no part of the version under which this case runs" } },
    { "item-unknown", { "本办件没有事项“{pointer}”", "this application has no item {pointer}" } },
    { "key-department", { "工作程序和经办人的密钥须指明部门，其他角色的不指明", "the key of a worker or an officer names its department, and no other does" } },
    { "key-exists", { "已有名为“{pointer}”的密钥，或此公钥已登记", "there is a key {pointer} already, or this public key has another name" } },
    { "key-malformed", { "公钥须是 40 个字符的 Z85 文本", "a public key is 40 characters of Z85" } },
    { "key-name", { "密钥名称有误", "this is no name for a key" } },
    { "key-post", { "经办人的密钥须指明岗位，其他角色的不指明", "the key of an officer names his post, and no other does" } },
    { "key-role", { "密钥须指明角色", "a key has a role" } },
    { "key-unknown", { "没有名为“{pointer}”的密钥", "there is no key {pointer}" } },
    { "limit-malformed", { "时限有误，请写成 1 working day 或 4 working hours", "this is no limit; write it as 1 working day or 4 working hours" } },
    { "locked", { "另一个服务进程正在使用这个存储", "another broker holds this store" } },
    { "login-required", { "请先登录", "log in first" } },
    { "malformed", { "不是有效的报文", "these bytes are no message of ours" } },
    { "material-later", { "材料“{pointer}”须随申请一并提交", "material {pointer} cannot follow later" } },
    { "material-malformed", { "材料“{pointer}”的文件名或摘要有误", "the file name or hash of material {pointer} is wrong" } },
    { "material-not-awaited", { "没有在等材料“{pointer}”", "nobody waits for material {pointer}" } },
    { "material-not-listed", { "材料“{pointer}”不在事项公布的清单内，不得要求", "material {pointer} is not on the item's published list: it cannot be asked for" } },
    { "material-required", { "缺少主审要件“{pointer}”", "the essential material {pointer} is missing" } },
    { "material-twice", { "材料“{pointer}”重复提交", "material {pointer} is there twice" } },
    { "material-unknown", { "流程没有材料“{pointer}”", "the workflow asks for no material {pointer}" } },
    { "method", { "这个地址不支持该方法", "this address has no such method" } },
    { "migrate-unfinished", { "事项“{pointer}”还有送达、补交或核查未完，新版没有这个事项", "item {pointer} waits for delivery, a supplement or a check, and the new version does not have it" } },
    { "migrations-many", { "本办件已迁移 20 次", "this case was migrated 20 times already" } },
    { "milestone-due", { "节点“{pointer}”须有期限", "{pointer} has no due moment" } },
    { "milestone-id", { "节点编号只能用字母、数字、- 和 _，至多 40 个字符", "the id of a milestone is 40 letters, digits, - and _ at the most" } },
    { "milestone-reached", { "节点“{pointer}”已经完成", "milestone {pointer} is reached already" } },
    { "milestone-twice", { "节点“{pointer}”重复", "milestone {pointer} is there twice" } },
    { "milestone-unknown", { "没有节点“{pointer}”", "there is no milestone {pointer}" } },
    { "milestones-many", { "节点至多 50 个", "a project has 50 milestones at the most" } },
    { "no-earlier-step", { "“{pointer}”没有可退回的更早环节", "{pointer} has no earlier step to go back to" } },
    { "no-incident", { "事项“{pointer}”现为“{state}”，没有待处理的异常", "item {pointer} is {state} and has no incident" } },
    { "not-claimed", { "事项“{pointer}”没有人认领", "nobody has claimed item {pointer}" } },
    { "not-consulted", { "没有就事项“{pointer}”征求您部门的意见，或已答复", "your department is not asked about item {pointer}, or has answered" } },
    { "not-found", { "没有找到<：{pointer}>", "not found<: {pointer}>" } },
    { "not-held", { "事项“{pointer}”现为“{state}”，没有被暂缓", "item {pointer} is {state} and is not held" } },
    { "not-suspended", { "事项“{pointer}”没有这样的暂停", "item {pointer} is not suspended so" } },
    { "nothing-to-accept", { "没有待受理的内容<：{pointer}>", "nothing waits for acceptance<: {pointer}>" } },
    { "nothing-to-check", { "事项“{pointer}”现为“{state}”，没有待核查的承诺", "item {pointer} is {state} and has no promise to check" } },
    { "nothing-to-correct", { "没有可以补正的事项<：{pointer} 现为“{state}”>", "nothing can be corrected<: {pointer} is {state}>" } },
    { "nothing-to-deliver", { "事项“{pointer}”现为“{state}”，没有待送达的结果", "item {pointer} is {state} and has nothing to deliver" } },
    { "nothing-to-recall", { "“{pointer}”没有可撤回的操作", "there is nothing to take back of {pointer}" } },
    { "nothing-to-refuse", { "没有可以不予受理的事项<：{pointer} 现为“{state}”>", "nothing waits for acceptance that could be refused<: {pointer} is {state}>" } },
    { "nothing-to-reopen", { "事项“{pointer}”不能重新办理（{state}）", "item {pointer} cannot be opened again ({state})" } },
    { "nothing-to-return", { "没有可以退件的事项<：{pointer} 现为“{state}”>", "there are no papers to return<: {pointer} is {state}>" } },
    { "nothing-to-revoke", { "事项“{pointer}”没有可撤销的准予（{state}）", "item {pointer} has no grant to revoke ({state})" } },
    { "nothing-to-supplement", { "没有待补齐的容缺材料", "no gap is to be closed" } },
    { "nothing-to-withdraw", { "没有可以撤回的事项<：{pointer} 现为“{state}”>", "nothing is left to withdraw<: {pointer} is {state}>" } },
    { "notice-no-incident", { "通知“{pointer}”没有异常", "notice {pointer} has no incident" } },
    { "notice-required", { "暂停计时须有给申请人的书面告知文号", "a written notice to the applicant is needed to stop the clock" } },
    { "notice-unknown", { "本办件没有待发的通知“{pointer}”", "no notice {pointer} of this application waits" } },
    { "notify-empty", { "请写明要补正的材料或者栏目", "say which materials or fields are to be corrected" } },
    { "notify-first", { "材料不全须先一次性告知，不能直接不予受理：事项“{pointer}”现为“{state}”", "incomplete papers are told of first: item {pointer} is {state}" } },
    { "notify-late", { "受理之后不得再要求补正<：事项“{pointer}”现为“{state}”>", "what is missing is told before acceptance only<: item {pointer} is {state}>" } },
    { "notify-many", { "材料或者栏目过多", "there are too many materials or fields" } },
    { "number-exhausted", { "业务编号已用尽", "no business number is left" } },
    { "ok", { "成功", "done" } },
    { "opinion-long", { "审查意见过长", "the opinion is too long" } },
    { "option-choice", { "--{pointer} 不能是“{given}”，可选：{options}", "--{pointer}: \"{given}\" is none of {options}" } },
    { "option-number", { "--{pointer} 须是数字，而不是“{given}”", "--{pointer}: \"{given}\" is no number" } },
    { "option-unknown", { "没有选项 {pointer}<；是不是 --{nearest}？>", "unknown option {pointer}<; did you mean --{nearest}?>" } },
    { "option-value", { "--{pointer} 须带一个值：{value}", "--{pointer} needs a value: {value}" } },
    { "option-valueless", { "--{pointer} 不带值", "--{pointer} takes no value" } },
    { "options-many", { "选项超过 {limit} 个", "more than {limit} options" } },
    { "other-department", { "事项“{pointer}”由{who}办理", "item {pointer} is decided by {who}" } },
    { "overload", { "服务繁忙，请稍后再试", "the broker is busy; try again later" } },
    { "pages-missing", { "网页没有安装：请用 ninja web 编译，或用 --web 指定目录", "the pages are not installed: build them with ninja web, or name their folder with --web" } },
    { "password-wrong", { "账号或密码不对", "the name or the password is wrong" } },
    { "path-unknown", { "没有这个地址", "there is nothing at this address" } },
    { "post-cannot-sign", { "岗位“{pointer}”不能签署本环节<；可由{who}办理>", "post {pointer} cannot sign this step<; {who} may>" } },
    { "post-may-not", { "岗位没有事项“{pointer}”本环节的职责（{role}）<；可由{who}办理>", "your post does not hold role {role}, which this step of item {pointer} asks for<; {who} may>" } },
    { "post-unknown", { "没有这个岗位：{pointer}", "there is no post {pointer}" } },
    { "progress-unknown", { "办件编号或查询码不对", "the number or the query code is wrong" } },
    { "project-applications-many", { "项目“{pointer}”的办件已达 1000 件", "project {pointer} has 1000 applications already" } },
    { "project-closed", { "项目“{pointer}”已经结束", "project {pointer} is closed" } },
    { "project-code", { "项目代码只能用字母、数字、- 和 _，至多 40 个字符", "a project's code is 40 letters, digits, - and _ at the most" } },
    { "project-exists", { "已有项目“{pointer}”", "there is a project {pointer} already" } },
    { "project-has-open", { "项目“{pointer}”还有 {count} 件在办；确要结束须写明理由", "{count} applications of project {pointer} are open; to close it all the same give a reason" } },
    { "project-other-tracker", { "项目“{pointer}”由他人跟踪<；可由{who}办理>", "project {pointer} has another tracker<; {who} may>" } },
    { "project-text", { "“{pointer}”未填写或过长", "{pointer} is missing or too long" } },
    { "project-tracker-required", { "须指明一名跟踪人", "name the one officer who follows the project" } },
    { "project-tracker-same", { "跟踪人已是“{pointer}”", "{pointer} is the tracker already" } },
    { "project-unknown", { "没有项目“{pointer}”", "there is no project {pointer}" } },
    { "publication-large", { "文件“{pointer}”过大", "file {pointer} is too large" } },
    { "publication-not-found", { "没有发布过：{pointer}", "{pointer} is not published" } },
    { "publication-unknown", { "“{pointer}”不是流程、日历或部门文件", "{pointer} is no workflow, calendar or list of departments" } },
    { "query-unknown", { "不认识的查询", "the broker does not know this query" } },
    { "rate", { "请求过于频繁，请稍后再试", "too many requests; try again later" } },
    { "reason-long", { "理由过长", "the reason is too long" } },
    { "reason-required", { "须说明理由", "a reason is needed" } },
    { "recall-late", { "事项“{pointer}”已过撤回时限", "it is too late to take back what was done to item {pointer}" } },
    { "recall-not-yours", { "只能撤回自己的操作<；可由{who}办理>", "only whoever did it may take it back<; {who} may>" } },
    { "record-damaged", { "“{pointer}”的存储记录校验失败，已列为异常，其他办件不受影响",
 "the record of {pointer} fails its check and was set aside as an incident; nobody else is affected" } },
    { "redirect-required", { "不属于本机关职责的，须告知应当申请的机关", "name the organ whose duty it is" } },
    { "redirect-unasked", { "只有不属于本机关职责时才告知其他机关", "another organ is named only where it is its duty" } },
    { "referral-handed", { "引导 {pointer} 已经交接", "referral {pointer} is handed over already" } },
    { "referral-post", { "岗位“{pointer}”未填写或过长", "the post {pointer} is missing or too long" } },
    { "referral-subject", { "事由未填写或过长", "the subject is missing or too long" } },
    { "referral-unknown", { "没有引导记录 {pointer}", "there is no referral {pointer}" } },
    { "refuse-reason", { "须选定不予受理的理由", "choose the reason of the refusal" } },
    { "refused", { "当前状态不允许这样操作", "the rules do not allow it in this state" } },
    { "reply-denied", { "催办 {pointer} 不是发给您的<；可由{who}答复>", "urging {pointer} is not meant for you<; {who} may answer>" } },
    { "request-id-future", { "请求编号所含的时间在未来：请校准时钟", "the time in the request id lies in the future: set the clock" } },
    { "request-id-long", { "请求编号过长", "the request id is too long" } },
    { "request-id-required", { "提交须带请求编号", "a submission needs a request id" } },
    { "request-reused", { "同一请求编号已用于不同内容", "this request id was used with other content" } },
    { "revision-stale", { "办件已有变动（现为第 {revision} 次），请看过再办", "the application has changed since you read it; it is at revision {revision} now" } },
    { "role", { "没有权限<；可由{who}办理>", "your role may not do this<; {who} may>" } },
    { "role-may-not", { "没有权限<；可由{who}办理>", "your role may not do this<; {who} may>" } },
    { "rounds-many", { "事项“{pointer}”退回次数过多", "item {pointer} has been sent back too often" } },
    { "signed-already", { "事项“{pointer}”本环节您已签署", "you have signed this step of item {pointer} already" } },
    { "signers-few", { "剩下的签署人不足", "too few would be left to sign" } },
    { "signers-in-order", { "事项“{pointer}”须依次签署，现在轮到岗位 {who}", "item {pointer} is signed in order; it is the turn of post {who}" } },
    { "signers-many", { "签署人过多", "there are too many signers" } },
    { "signers-none", { "须指明增加或减少哪些签署岗位", "name the posts to add or to remove" } },
    { "signers-settle", { "事项“{pointer}”这样调整会直接得出结论：结论须由签署作出", "this change would settle the step of item {pointer}: a verdict is given by a signature" } },
    { "stale", { "这次派发已失效，决定未采用", "this attempt is over; the decision was not taken" } },
    { "stated-by-manager", { "补录收件时刻须由大厅经理办理<；可由{who}办理>", "only the hall's manager enters a receipt of before<; {who} may>" } },
    { "stated-future", { "补录的收件时刻在未来", "the stated receipt lies in the future" } },
    { "stated-old", { "补录的收件时刻距今超过 30 天", "the stated receipt is more than 30 days back" } },
    { "step-of-machine", { "事项“{pointer}”的本环节由部门的工作程序办理", "this step of item {pointer} is for the department's workers" } },
    { "step-over", { "事项“{pointer}”已不在该环节，现在是 {step}", "item {pointer} is no longer at that step; it is at {step}" } },
    { "still-missing", { "事项“{item}”还缺：{pointer}", "item {item} still lacks {pointer}" } },
    { "stop-ambiguous", { "事项“{pointer}”有多个暂停，请指明编号", "item {pointer} has several stops: say which" } },
    { "stop-kind", { "事项“{pointer}”不能因此暂停计时<，可选：{options}>", "the clock of item {pointer} cannot be stopped for this<; possible: {options}>" } },
    { "stop-long", { "暂停“{pointer}”不能超过 {limit}", "{pointer} may stop the clock for {limit} at the most" } },
    { "stop-open", { "事项“{pointer}”已因此暂停", "item {pointer} is stopped for this already" } },
    { "stops-used", { "事项“{pointer}”最多暂停 {limit} 次，已用完", "the clock of item {pointer} may be stopped {limit} times, and was" } },
    { "store-full", { "磁盘或存储空间已满，本次操作未执行", "the disk or the store is full; nothing was done" } },
    { "streams-many", { "事件流过多，请稍后再试", "too many streams; try again later" } },
    { "text-required", { "须写明理由", "say why" } },
    { "timeout", { "超时未答复，结果未知；可用同一请求编号重试", "no answer in time and the outcome is unknown; ask again with the same key" } },
    { "token-read-only", { "这个令牌只能查询", "this token may only read" } },
    { "token-unknown", { "令牌无效或已过期", "this token is unknown or has expired" } },
    { "too-large", { "内容过大", "it is too large" } },
    { "too-many-keys", { "密钥过多", "there are too many keys" } },
    { "too-many-publications", { "已发布的版本过多", "too many versions are published" } },
    { "unavailable", { "服务繁忙，请稍后再试", "the broker is busy; try again later" } },
    { "unknown-outcome", { "提交写入中断，结果未知", "a commit failed half way; the outcome is unknown" } },
    { "urge-denied", { "您不能这样催办<；可由{who}办理>", "you may not urge at this level<; {who} may>" } },
    { "urge-level", { "催办须指明级别：remind、urge 或 order", "an urging has a level: remind, urge or order" } },
    { "urge-limit", { "答复时限最长 {limit} 个工作日", "an answer can be given {limit} working days at the most" } },
    { "urge-text", { "“{pointer}”未填写或过长", "{pointer} is missing or too long" } },
    { "urging-unknown", { "没有未答复的催办 {pointer}", "there is no open urging {pointer}" } },
    { "urgings-many", { "未答复的催办已达 20 件", "20 urgings are open already" } },
    { "usage", { "命令用法有误", "the command line is wrong" } },
    { "value-date", { "“{pointer}”不是可用的日期；请写 2026-11-30，带时刻的收件写 2026-11-30T09:00，年份至 9000", "{problem}" } },
    { "value-limit", { "“{pointer}”不是可用的期限；请写 5 working days、0.5 working days、4 working hours、30 days 或 2 hours", "{problem}" } },
    { "value-set", { "“{pointer}”不能这样填；请按表单写 栏目=值", "{problem}" } },
    { "value-suspension", { "“{pointer}”不是可用的暂停区间；请写 2025-09-26..2025-10-09，先始后终", "{problem}" } },
    { "value-what-if", { "“{pointer}”不能作为假设；请写 事项=3WD、部门+3 或特别程序的名称", "{problem}" } },
    { "verdict", { "决定只能是 approve、reject 或 fail，或以 act 给出一项操作", "a decision is approve, reject or fail, or an act" } },
    { "version-published", { "流程“{pointer}”第 {version} 版已发布且内容不同；请增加 version",
                             "version {version} of {pointer} is published with other content; raise its version" } },
    { "version-same", { "办件已在第 {pointer} 版", "the case runs under version {pointer} already" } },
    { "version-unknown", { "没有发布过第 {pointer} 版", "version {pointer} is not published" } },
    { "visit-end", { "踏勘须说明结果：已进行、取消或未到", "say how the visit ended: held, cancelled or missed" } },
    { "visit-items", { "踏勘须指明事项", "a visit is for at least one item" } },
    { "visit-not-yet", { "踏勘时间未到", "the visit is still to come" } },
    { "visit-officers", { "现场核查须二至二十名不同的工作人员", "a visit is made by two to twenty different officers" } },
    { "visit-place", { "踏勘地点过长", "the place of the visit is too long" } },
    { "visit-time", { "踏勘时间须在将来", "the time of a visit lies in the future" } },
    { "visit-unknown", { "没有这次踏勘", "there is no such visit" } },
    { "visits-many", { "待进行的踏勘过多", "too many visits are to come" } },
    { "window-accepts", { "本流程由窗口受理", "the window accepts here" } },
    { "window-long", { "窗口名称过长", "the name of the window is too long" } },
    { "workflow-unknown", { "没有已发布的流程“{pointer}”", "there is no published workflow {pointer}" } },
};

/* Ordered by name. */
static const struct sentence vocabulary[] = {
    { "accept",         { "受理",         "accept" } },
    { "acceptance",     { "受理通知",     "acceptance" } },
    { "accepted",    { "办理中",       "in review" } },
    { "accountability", { "问责",         "accountability" } },
    { "administrator", { "管理员",     "administrator" } },
    { "agent",          { "代办",         "by an agent" } },
    { "applicant",      { "申请人",       "applicant" } },
    { "appointment",    { "预约",         "appointment" } },
    { "approve",        { "准予",         "approve" } },
    { "arrange_hearing", { "听证",        "hearing" } },
    { "arrived",        { "已到",         "arrived" } },
    { "blocked",     { "前置未通过",   "blocked" } },
    { "blue",        { "蓝",           "blue" } },
    { "booked",         { "已约",         "booked" } },
    { "calendar",    { "日历",         "calendar" } },
    { "cancelled",      { "已取消",       "cancelled" } },
    { "change_signers", { "加减签", "change the signers" } },
    { "changed_date",   { "期限变更",     "a changed date" } },
    { "character",   { "含有不允许的字符", "a character that cannot stand there" } },
    { "check",          { "事后核查",     "later check" } },
    { "check-digit", { "校验码不符",   "the check digit does not fit" } },
    { "choices",     { "多个选项",     "a list of choices" } },
    { "claim",          { "领取",         "claim" } },
    { "clerk",       { "窗口人员",     "clerk" } },
    { "closed",         { "已归档",       "closed" } },
    { "collect",        { "领取结果",     "collect the outcome" } },
    { "collection",     { "结果待领取",   "ready to collect" } },
    { "coming",         { "待启用",       "coming" } },
    { "comment",        { "备注", "comment" } },
    { "completed",   { "已办结",       "completed" } },
    { "conditions",     { "不符合法定条件", "the conditions are not met" } },
    { "consent",        { "视为同意",     "consent by silence" } },
    { "consult",        { "征求意见",     "consult" } },
    { "correct",        { "补正",         "correct" } },
    { "correcting",     { "补正中",       "to be corrected" } },
    { "correction",     { "补正通知",     "correction" } },
    { "counted",        { "计入", "counted" } },
    { "counter",        { "窗口",         "at the counter" } },
    { "current",        { "在用",         "current" } },
    { "date",        { "日期有误",     "no such date" } },
    { "day-zero",       { "起算日，不计入", "where it starts: not counted" } },
    { "decide",         { "决定",         "decide" } },
    { "decided",     { "已决定",       "decided" } },
    { "decider",        { "决定人", "decider" } },
    { "decision",       { "决定",         "decision" } },
    { "deemed",         { "视为受理",     "accepted by silence" } },
    { "deliver",        { "送达",         "deliver" } },
    { "delivered",      { "已送达",       "delivered" } },
    { "delivering",     { "待领取",       "waits for collection" } },
    { "denied",      { "不予",         "denied" } },
    { "department_head", { "部门负责人",   "head of the department" } },
    { "departments", { "部门",         "departments" } },
    { "door_to_door",   { "上门",         "at the door" } },
    { "due",            { "到期日", "the due day" } },
    { "e_licence",      { "电子证照",     "e-licence" } },
    { "earlier",        { "旧版",         "earlier" } },
    { "express",        { "限时",         "express" } },
    { "extend",         { "延期",         "extend" } },
    { "extension",      { "延期",         "extension" } },
    { "gateway",     { "网关",         "gateway" } },
    { "government",     { "政府", "government" } },
    { "granted",     { "准予",         "granted" } },
    { "green",       { "绿",           "green" } },
    { "grey",        { "灰",           "grey" } },
    { "hall",           { "大厅",         "hall" } },
    { "held",           { "已勘验",       "held" } },
    { "holiday",        { "法定节假日", "holiday" } },
    { "in_progress", { "办理中",       "in progress" } },
    { "incomplete",     { "未补正",       "not complete" } },
    { "inspector",      { "核查人", "inspector" } },
    { "integer",     { "整数",         "a whole number" } },
    { "legal",          { "法定", "legal" } },
    { "length",      { "位数不对",     "the wrong length" } },
    { "makeup",         { "调休上班日，计入", "a worked weekend day: counted" } },
    { "manager",        { "大厅负责人",   "hall manager" } },
    { "missed",         { "未成",         "missed" } },
    { "negative_list",  { "属负面清单",   "on the negative list" } },
    { "not_needed",  { "不需办理",     "not needed" } },
    { "not_required",   { "不需许可",     "no permit is needed" } },
    { "notices-full",   { "通知积压已满，其后的没有记下", "too many notices wait: those after it have no place" } },
    { "notify",         { "一次性告知",   "notify" } },
    { "number",      { "数字",         "a number" } },
    { "officer",        { "经办人员",     "officer" } },
    { "online",         { "网上",         "online" } },
    { "operator",       { "系统管理员", "operator" } },
    { "opine",          { "答复征求意见", "give an opinion" } },
    { "order",          { "领导督办",     "leader's order" } },
    { "organ_head",     { "机关负责人", "head of the organ" } },
    { "overtime",       { "延时",         "off-hours" } },
    { "partly_done", { "部分办结",     "partly done" } },
    { "pending",     { "待启动",       "waiting" } },
    { "post",           { "邮寄",         "by post" } },
    { "promise",        { "承诺", "promise" } },
    { "recall",         { "收回",         "recall" } },
    { "received",    { "已收件",       "received" } },
    { "red",         { "红",           "red" } },
    { "refusal",        { "不予受理",     "refusal" } },
    { "refuse",         { "不予受理",     "refuse" } },
    { "refused",        { "不予受理",     "not accepted" } },
    { "region",      { "地区代码有误", "no such region" } },
    { "reject",         { "不予",         "reject" } },
    { "rejected",       { "不予",         "rejected" } },
    { "release",        { "恢复办理", "release" } },
    { "remind",         { "催办",         "reminder" } },
    { "reopen",         { "重新办理",     "reopen" } },
    { "resume",         { "恢复计时",     "resume" } },
    { "resumption",     { "恢复计时",     "resumption" } },
    { "retired",        { "已停用",       "retired" } },
    { "retry",          { "重新派发", "retry" } },
    { "return",         { "退件",         "give back" } },
    { "return_papers",  { "退件", "give back the papers" } },
    { "returned",       { "已退件",       "given back" } },
    { "reviewer",       { "审查人", "reviewer" } },
    { "reviewing",      { "审查中",       "under review" } },
    { "revoke",         { "撤销",         "revoke" } },
    { "revoked",        { "已撤销",       "revoked" } },
    { "section_head",   { "科室负责人",   "head of the section" } },
    { "self_service",   { "自助",         "self-service" } },
    { "send_back",      { "退回先前环节", "send back" } },
    { "set_visit",      { "约定勘验", "set a visit" } },
    { "sign",           { "签署",         "sign" } },
    { "special",        { "特别程序",     "special procedure" } },
    { "stopped",        { "暂停，不计入", "stopped: not counted" } },
    { "submitted",   { "已提交",       "submitted" } },
    { "supervision",    { "监督部门",     "supervision" } },
    { "supervisor",  { "监督人员",     "supervisor" } },
    { "supplement",     { "补交",         "supplement" } },
    { "suspend",        { "暂停计时",     "suspend" } },
    { "suspended",      { "已暂停",       "suspended" } },
    { "suspension",     { "暂停计时",     "suspension" } },
    { "table",       { "表格",         "a table" } },
    { "tacit",       { "默认同意",     "granted by silence" } },
    { "terminate",      { "终止", "terminate" } },
    { "terminated",  { "已终止",       "terminated" } },
    { "text",        { "文字",         "a text" } },
    { "tracked",        { "专人跟踪",     "tracked" } },
    { "tracker",     { "跟踪人员",     "tracker" } },
    { "transfer",       { "转办",         "transfer" } },
    { "unclaim",        { "放回",         "give back to all" } },
    { "upper_review",   { "上级审批",     "with the authority above" } },
    { "urge",           { "督办",         "urging" } },
    { "visit",          { "现场勘验",     "site visit" } },
    { "weekend",        { "周末", "weekend" } },
    { "window",         { "窗口",         "at the window" } },
    { "withdraw",       { "撤回",         "withdraw" } },
    { "withdrawn",      { "已撤回",       "withdrawn" } },
    { "worker",      { "工作程序",     "worker" } },
    { "workflow",    { "流程",         "workflow" } },
    { "wrong_organ",    { "不属本机关职权", "another organ's duty" } },
    { "yellow",      { "黄",           "yellow" } },
    { "yes-no",      { "是或否（true、false）", "true or false" } },
};
// clang-format on

static int compare(const void *key, const void *row)
{
    return strcasecmp(key, ((const struct sentence *)row)->rule);
}

const struct sentence *sentence_find(const char *rule)
{
    return bsearch(rule, table, BL_COUNT(table), sizeof *table, compare);
}

const struct sentence *sentences(size_t *count)
{
    *count = BL_COUNT(table);
    return table;
}

const char *sentence_word(const char *name, enum language language)
{
    const struct sentence *row =
        bsearch(name, vocabulary, BL_COUNT(vocabulary), sizeof *vocabulary, compare);

    return row == NULL ? name : words_in(row->words, language);
}

/* "clerk, administrator" in the reader's words. */
static const char *words_of_list(const char *list, enum language language, struct bl_arena *arena)
{
    const char *made = "";

    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        const char *name = bl_arena_text(arena, (struct bl_text){ list, length });

        made = bl_arena_printf(arena, "%s%s%s", made,
                               made[0] == '\0'           ? ""
                               : language == LANGUAGE_ZH ? "、"
                                                         : ", ",
                               sentence_word(name, language));
        list += length;
        list += strspn(list, ", ");
    }
    return made;
}

/* Is the argument's value a name that we have a word for? Others are shown as they are: somebody
 * may have a field called text. */
static bool is_word(const char *argument)
{
    return strcmp(argument, "expected") == 0 || strcmp(argument, "fault") == 0 ||
           strcmp(argument, "state") == 0;
}

/* What stands for {name}. */
static const char *argument_find(const Bl__Refusal *refusal, struct bl_text name,
                                 enum language language, struct bl_arena *arena)
{
    if (bl_text_is(name, "pointer")) {
        return refusal->pointer;
    }
    if (bl_text_is(name, "who")) {
        return words_of_list(refusal->who_may, language, arena);
    }
    for (size_t i = 0; i < refusal->n_arguments; i++) {
        const Bl__Argument *argument = refusal->arguments[i];

        if (bl_text_is(name, argument->name)) {
            return is_word(argument->name) ? sentence_word(argument->value, language)
                                           : argument->value;
        }
    }
    return NULL;
}

/* Appends a pattern to *made with its arguments filled in; parts within <> are left out where an
 * argument of theirs is missing. Returns whether all others were there. */
static bool fill(const Bl__Refusal *refusal, struct bl_text pattern, enum language language,
                 struct bl_arena *arena, const char **made)
{
    const char *at = pattern.at, *end = pattern.at + pattern.bytes;
    bool complete = true;

    while (at < end) {
        const char *mark = at;

        while (mark < end && *mark != '{' && *mark != '<') {
            mark++;
        }
        *made = bl_arena_printf(arena, "%s%.*s", *made, (int)(mark - at), at);
        if (mark == end) {
            break;
        }
        const char *close = memchr(mark, *mark == '{' ? '}' : '>', (size_t)(end - mark));
        CHECK(close != NULL);
        struct bl_text inside = { mark + 1, (size_t)(close - mark) - 1 };
        if (*mark == '{') {
            const char *value = argument_find(refusal, inside, language, arena);

            complete = complete && value != NULL && value[0] != '\0';
            *made = bl_arena_printf(arena, "%s%s", *made, value != NULL ? value : "");
        } else {
            const char *with = *made;

            *made = fill(refusal, inside, language, arena, &with) ? with : *made;
        }
        at = close + 1;
    }
    return complete;
}

static const char *say(const struct sentence *sentence, const Bl__Refusal *refusal,
                       enum language language, struct bl_arena *arena)
{
    const char *made = "";

    (void)fill(refusal, bl_text_of(words_in(sentence->words, language)), language, arena, &made);
    return made;
}

const char *sentence_make(const Bl__Refusal *refusal, enum language language,
                          struct bl_arena *arena)
{
    const struct sentence *sentence = sentence_find(refusal->rule);

    if (sentence != NULL) {
        return say(sentence, refusal, language, arena);
    }
    sentence = sentence_find(refusal->code);
    if (sentence == NULL) {
        return bl_arena_printf(arena, "%s: %s", refusal->code, refusal->rule);
    }
    return bl_arena_printf(arena, "%s (%s)", say(sentence, refusal, language, arena),
                           refusal->rule);
}
