/* The table. A row that names a member of Command is open to whom core/principal lets send it. */
#include "gateway/handlers.h"
#include "gateway/route.h"

#define QUERY(path_, tag_, member_, answer_, flags_, roles_, zh, en)                               \
    {                                                                                              \
        .method = "GET", .path = (path_), .tag = (tag_), .handle = read_query,                     \
        .member = (member_), .answer = (answer_), .flags = (flags_), .roles = (roles_),            \
        .summary = {                                                                               \
            zh,                                                                                    \
            en                                                                                     \
        }                                                                                          \
    }
/* Of one kind of published files. */
#define PUBLISHED(path_, tag_, member_, answer_, preset_, type_, flags_, zh, en)                   \
    {                                                                                              \
        .method = "GET", .path = (path_), .tag = (tag_), .handle = read_query,                     \
        .member = (member_), .answer = (answer_), .preset = (preset_), .type = (type_),            \
        .flags = (flags_), .roles = ROLES_ALL, .summary = {                                        \
            zh,                                                                                    \
            en                                                                                     \
        }                                                                                          \
    }
#define COMMAND(path_, tag_, member_, preset_, flags_, zh, en)                                     \
    {                                                                                              \
        .method = "POST", .path = (path_), .tag = (tag_), .handle = write_command,                 \
        .member = (member_), .preset = (preset_), .flags = (flags_), .summary = {                  \
            zh,                                                                                    \
            en                                                                                     \
        }                                                                                          \
    }
#define CASE(verb, member, flags, zh, en)                                                          \
    COMMAND("/v1/applications/{number}:" verb, "applications", member, NULL, flags, zh, en)
#define TASK(verb, member, preset, flags, zh, en)                                                  \
    COMMAND("/v1/tasks/{task}:" verb, "tasks", member, preset, ROUTE_TASK | (flags), zh, en)
/* What the gateway does itself. */
#define OWN(method_, path_, tag_, handle_, takes_, gives_, type_, flags_, roles_, zh, en)          \
    {                                                                                              \
        .method = (method_), .path = (path_), .tag = (tag_), .handle = (handle_),                  \
        .takes = (takes_), .gives = (gives_), .type = (type_), .flags = (flags_),                  \
        .roles = (roles_), .summary = {                                                            \
            zh,                                                                                    \
            en                                                                                     \
        }                                                                                          \
    }

#define D(name) &bl__##name##__descriptor
#define SVG "image/svg+xml"
#define YAML "application/yaml"
#define ICS "text/calendar; charset=utf-8"

// clang-format off
const struct route routes[] = {
    /* --- workflows and calendars --- */
    PUBLISHED("/v1/workflows", "workflows", "publications", "publications", "kind=workflow", NULL, ROUTE_LIST, "已发布的流程", "the published workflows"),
    OWN("GET", "/v1/workflows/{id}/versions/{version}", "workflows", workflow_definition, NULL, D(workflow), NULL, 0, ROLES_ALL, "一个流程版本的定义", "the definition of a version"),
    OWN("GET", "/v1/workflows/{id}/versions/{version}/form", "workflows", workflow_form, NULL, NULL, "application/schema+json", 0, ROLES_ALL, "表单和材料（JSON Schema，供表单生成）", "form and materials as JSON Schema, for form builders"),
    OWN("GET", "/v1/workflows/{id}/versions/{version}/graph.svg", "workflows", workflow_graph, NULL, NULL, SVG, 0, ROLES_ALL, "流程图", "its drawing"),
    OWN("GET", "/v1/workflows/{id}/versions/{version}/bpmn", "workflows", workflow_bpmn, NULL, NULL, "application/xml", 0, ROLES_ALL, "BPMN 2.0，供建模工具", "as BPMN 2.0, for modelling tools"),
    PUBLISHED("/v1/workflows/{id}/versions/{version}/source", "workflows", "source", "source", "kind=workflow", YAML, 0, "发布时的 YAML 原文", "the YAML as it was published"),
    COMMAND("/v1/workflows", "workflows", "publish", NULL, ROUTE_YAML, "发布流程、日历或部门文件（YAML）", "publish a workflow, calendar or departments file, as YAML"),
    COMMAND("/v1/workflows/{workflow}/versions/{version}:retire", "workflows", "retire", NULL, 0, "停用一个版本", "retire a version"),
    OWN("POST", "/v1/workflows:validate", "workflows", workflow_validate, NULL, D(validation), NULL, ROUTE_YAML, ROLES_ALL, "检查流程文件，列出全部问题及行列", "check a file; every problem with line and column"),
    OWN("POST", "/v1/workflows:evaluate", "workflows", workflow_evaluate, D(evaluate), D(evaluation), NULL, 0, ROLES_ALL, "填到一半的表单：问哪些栏目、要哪些材料、哪些部门参与、何时到期", "a form half filled in: what it asks, which papers and departments it needs, what is due when"),
    OWN("POST", "/v1/workflows:simulate", "workflows", workflow_simulate, D(trial), D(trial_result), NULL, 0, ROLES_ALL, "试算各事项的日期", "play an application on paper: what is due when"),
    PUBLISHED("/v1/calendars", "calendars", "publications", "publications", "kind=calendar", NULL, ROUTE_LIST, "已发布的日历", "the published calendars"),
    OWN("GET", "/v1/calendars/{id}/years/{year}", "calendars", calendar_year, NULL, D(calendar_year), NULL, 0, ROLES_ALL, "一年的每一天：工作日、休息日、调休和办公时间", "every day of a year: worked, off or made up for, and the office hours"),
    QUERY("/v1/departments", "departments", "departments", "departments", ROUTE_LIST | ROUTE_BROKER, ROLES_ALL, "部门及其工作程序", "departments and their workers"),

    /* --- applications --- */
    COMMAND("/v1/applications", "applications", "submit", NULL, ROUTE_KEY, "提交申请", "submit an application"),
    QUERY("/v1/applications", "applications", "applications", "applications", ROUTE_LIST, ROLES_ALL, "办件列表，可按灯色、部门等筛选", "applications, by light, department and so on"),
    { .method = "POST", .path = "/v1/applications:find", .tag = "applications", .handle = find_applications, .answer = "applications", .takes = D(list_applications), .flags = ROUTE_LIST, .roles = ROLES_ALL, .summary = { "按条件查办件，可按申请人证件号码", "the same list asked for in a body, also by the number of the applicant's papers" } },
    OWN("GET", "/v1/applications.ics", "applications", applications_agenda, NULL, NULL, ICS, 0, ROLES_ALL, "在办件的期限（日历，RFC 5545），可按项目、窗口订阅", "when open applications are due, as a calendar to subscribe to, of a project or window"),
    QUERY("/v1/applications/{number}", "applications", "application", "applications", ROUTE_SHOWN, ROLES_ALL, "一个办件", "one application"),
    QUERY("/v1/applications/{number}/events", "applications", "events", "events", ROUTE_LIST, ROLES_ALL, "办理经过", "its history"),
    QUERY("/v1/applications/{number}/why", "applications", "why", "why", ROUTE_LIST, ROLES_ALL, "到期日是怎么算出来的", "how a due moment came about, day by day"),
    OWN("GET", "/v1/applications/{number}/graph.svg", "applications", application_graph, NULL, NULL, SVG, 0, ROLES_ALL, "办到哪里了（图）", "how far it is, as a drawing"),
    OWN("GET", "/v1/applications/{number}/documents", "applications", list_documents, NULL, D(papers), NULL, 0, ROLES_ALL, "给申请人的文书", "the papers for the applicant"),
    OWN("GET", "/v1/applications/{number}/documents/{document}", "applications", show_document, NULL, NULL, "application/pdf", 0, ROLES_ALL, "一份文书（PDF，A4；paper=receipt 为 80 毫米小票）", "one of them as PDF, A4 or with paper=receipt 80 mm wide"),
    CASE("accept", "accept", 0, "受理", "accept what was received"),
    CASE("refuse", "refuse", ROUTE_MATCH, "不予受理", "refuse to accept"),
    CASE("notify", "notify", ROUTE_MATCH, "一次性告知须补正的全部内容", "tell once all that is missing"),
    CASE("correct", "correct", ROUTE_MATCH, "申请人补正", "what the applicant hands in after that"),
    CASE("return", "return_papers", ROUTE_MATCH, "退件", "give the papers back"),
    CASE("withdraw", "withdraw", ROUTE_MATCH, "申请人撤回", "the applicant withdraws"),
    CASE("supplement", "supplement", 0, "补齐容缺材料", "hand in what was missing"),
    CASE("comment", "comment", 0, "记录一条说明", "say something on the record"),
    CASE("urge", "urge", 0, "催办、督办", "urge"),
    OWN("POST", "/v1/applications:urge", "applications", urge_applications, D(urge_batch), D(task_batch_result), NULL, 0, ROLES_ALL, "批量催办，逐个答复", "urge several; each has its own outcome"),
    CASE("reply", "reply", 0, "答复督办", "answer an urging"),
    CASE("extend", "extend", ROUTE_MATCH, "延长整个办件的期限", "extend the limit of the whole"),
    CASE("set-visit", "set_visit", 0, "约定现场勘验", "appoint a visit on the spot"),
    CASE("end-visit", "end_visit", 0, "勘验结果", "what became of a visit"),
    CASE("revoke", "revoke", ROUTE_MATCH, "撤销已准予的许可", "take back what was granted"),
    CASE("reopen", "reopen", ROUTE_MATCH, "重新办理", "an end was overturned: it goes on"),
    CASE("migrate", "migrate", ROUTE_MATCH, "转到新的流程版本", "go on under another version of the workflow"),
    CASE("notice-sent", "send_notice", 0, "通知已送出", "a notice has left"),
    CASE("notice-failed", "fail_notice", 0, "通知送不出", "a notice could not be sent"),

    /* --- tasks --- */
    QUERY("/v1/tasks", "tasks", "tasks", "tasks", ROUTE_LIST, ROLES_ALL, "待办任务，最急的在前", "what people have to do, the most urgent first"),
    OWN("GET", "/v1/tasks.ics", "tasks", tasks_agenda, NULL, NULL, ICS, 0, ROLES(OFFICER), "本岗位任务的期限（日历，RFC 5545）", "when the tasks of one's own post are due, as a calendar to subscribe to"),
    QUERY("/v1/tasks/{task}", "tasks", "tasks", "tasks", 0, ROLES_ALL, "一个任务：能看的栏目、材料和可办的操作", "one task: the fields that may be seen, and what is possible"),
    TASK("approve", "decide", "result=GRANTED", ROUTE_MATCH, "准予，或在本环节签同意", "approve, or sign the step"),
    TASK("reject", "decide", "result=DENIED", ROUTE_MATCH, "不予", "reject"),
    TASK("claim", "claim", NULL, 0, "领取", "claim it for a post"),
    TASK("unclaim", "unclaim", NULL, 0, "放回", "give it back to all"),
    TASK("transfer", "transfer", NULL, 0, "转给另一岗位", "hand it to another post"),
    TASK("return", "send_back", NULL, ROUTE_MATCH, "退回先前的环节", "send it back to an earlier step"),
    TASK("recall", "recall", NULL, 0, "收回刚办错的一步", "take back a wrong button, in time"),
    TASK("sign", "change_signers", NULL, 0, "加签或减签", "add or remove signers"),
    TASK("suspend", "suspend", NULL, ROUTE_MATCH, "因特别程序暂停计时", "stop the clock for a special procedure"),
    TASK("resume", "resume", NULL, 0, "恢复计时", "let the clock run again"),
    TASK("hearing", "arrange_hearing", NULL, 0, "登记听证申请，或者定下听证的时间地点", "the applicant asks for a hearing, or its day is set"),
    TASK("extend", "extend", NULL, ROUTE_MATCH, "延长期限", "extend the limit"),
    TASK("consult", "consult", NULL, 0, "征求另一部门的意见", "ask another department for its opinion"),
    TASK("opine", "opine", NULL, 0, "答复征求意见", "answer such a question"),
    TASK("check", "check", NULL, ROUTE_MATCH, "告知承诺的事后核查", "the later check of a grant on a written promise"),
    TASK("deliver", "deliver", NULL, 0, "送达结果", "hand the outcome over"),
    TASK("accept", "accept", NULL, 0, "部门受理", "accept the item"),
    TASK("refuse", "refuse", NULL, ROUTE_MATCH, "不予受理", "refuse to accept it"),
    TASK("notify", "notify", NULL, ROUTE_MATCH, "一次性告知", "tell once all that is missing"),
    TASK("release", "release", NULL, 0, "让暂缓的事项继续", "let a held item go on"),
    TASK("terminate", "terminate", NULL, ROUTE_MATCH, "不作决定而终止", "end an item without a decision"),
    TASK("retry", "retry", NULL, 0, "重新派发异常任务", "put an incident's task back to work"),
    OWN("POST", "/v1/tasks:batch", "tasks", batch_tasks, D(task_batch), D(task_batch_result), NULL, 0, ROLES_ALL, "同一操作办理多个任务，逐个答复", "the same act at several tasks; each has its own outcome"),
    QUERY("/v1/incidents", "tasks", "incidents", "incidents", ROUTE_LIST, ROLES_ALL, "异常任务", "tasks that cannot be done"),
    QUERY("/v1/notices", "tasks", "notices", "notices", ROUTE_LIST, ROLES_HALL, "还没送出的通知", "notices that have not left"),
    QUERY("/v1/absences", "departments", "absences", "absences", ROUTE_LIST, ROLES_ALL, "请假与代岗", "who is away, and who stands in"),
    COMMAND("/v1/absences", "departments", "set_absence", NULL, 0, "登记请假与代岗", "an officer is away, another post stands in"),
    COMMAND("/v1/absences/{department}/{post}:end", "departments", "end_absence", NULL, 0, "销假", "he is back"),

    /* --- projects, referrals, bookings --- */
    QUERY("/v1/projects", "projects", "projects", "projects", ROUTE_LIST, ROLES_ALL, "重点项目", "major projects"),
    QUERY("/v1/projects/{code}", "projects", "projects", "projects", 0, ROLES_ALL, "一个项目及其办件", "a project with its applications"),
    COMMAND("/v1/projects", "projects", "open_project", NULL, ROUTE_KEY, "立项", "open a project"),
    COMMAND("/v1/projects/{code}:track", "projects", "track_project", NULL, 0, "更换项目专员", "name another tracker"),
    COMMAND("/v1/projects/{code}:milestone", "projects", "set_milestone", NULL, 0, "里程碑", "a milestone"),
    COMMAND("/v1/projects/{code}:close", "projects", "close_project", NULL, 0, "结束项目", "close it"),
    QUERY("/v1/referrals", "projects", "referrals", "referrals", ROUTE_LIST, ROLES_ALL, "首问负责的转办", "who was asked first, and to whom he handed over"),
    COMMAND("/v1/referrals", "projects", "refer", NULL, ROUTE_KEY, "首问转办", "hand somebody who asked to whom it concerns"),
    COMMAND("/v1/referrals/{referral}:hand-over", "projects", "hand_over", NULL, 0, "转办交接", "it was handed over"),
    QUERY("/v1/bookings", "projects", "bookings", "bookings", ROUTE_LIST, ROLES_ALL, "预约", "appointments"),
    COMMAND("/v1/bookings", "projects", "book", NULL, ROUTE_KEY, "预约", "make an appointment"),
    COMMAND("/v1/windows/{window}/days/{date}:plan", "projects", "plan_bookings", NULL, 0, "排预约号源", "offer slots for appointments"),
    COMMAND("/v1/windows/{window}/days/{date}/bookings/{number}:change", "projects", "change_booking", NULL, 0, "更改预约", "change an appointment"),

    /* --- what happens --- */
    QUERY("/v1/events", "events", "events", "events", ROUTE_LIST, ROLES_ALL, "全部事件，从 after 之后起", "all events that one may see, after a number"),
    OWN("GET", "/v1/stream", "events", open_stream, NULL, NULL, "text/event-stream", 0, ROLES_ALL, "事件流（SSE），可用 Last-Event-ID 续传", "the same as server-sent events, resumed by Last-Event-ID"),
    QUERY("/v1/status", "operation", "status", "status", ROUTE_BROKER, ROLES_ALL, "大厅状态", "how the hall is"),
    QUERY("/v1/workers", "operation", "workers", "workers", ROUTE_LIST | ROUTE_BROKER, ROLES_HALL, "工作程序", "the departments' workers"),
    QUERY("/v1/keys", "operation", "keys", "keys", ROUTE_LIST, ROLES(ADMINISTRATOR), "密钥", "keys"),

    /* --- accounts --- */
    OWN("POST", "/v1/session", "accounts", log_in, D(login), D(session), NULL, ROUTE_PUBLIC, 0, "登录", "log in; sets a cookie"),
    OWN("GET", "/v1/session", "accounts", show_session, NULL, D(session), NULL, 0, ROLES_ALL, "我是谁", "who one is"),
    OWN("DELETE", "/v1/session", "accounts", log_out, NULL, NULL, NULL, 0, ROLES_ALL, "退出", "log out"),
    OWN("GET", "/v1/accounts", "accounts", list_accounts, NULL, D(accounts), NULL, 0, ROLES(ADMINISTRATOR), "账号", "accounts"),
    OWN("POST", "/v1/accounts", "accounts", make_account, D(new_account), D(account), NULL, 0, ROLES(ADMINISTRATOR), "新账号", "make an account"),
    OWN("PUT", "/v1/accounts/{name}", "accounts", change_account, D(change_account), D(account), NULL, 0, ROLES(ADMINISTRATOR), "改角色、部门、岗位，或停用；结束其全部会话", "change its role, department or post, or disable it; ends its sessions"),
    OWN("DELETE", "/v1/accounts/{name}", "accounts", remove_account, NULL, NULL, NULL, 0, ROLES(ADMINISTRATOR), "删除账号", "remove an account"),
    OWN("POST", "/v1/accounts/{name}:password", "accounts", set_password, D(set_password), NULL, NULL, 0, ROLES_ALL, "改密码，结束其全部会话", "set a password; ends the account's sessions"),
    OWN("GET", "/v1/tokens", "accounts", list_tokens, NULL, D(tokens), NULL, 0, ROLES_ALL, "令牌（不含密文）", "tokens, without their secrets"),
    OWN("POST", "/v1/tokens", "accounts", make_token, D(new_token), D(issued_token), NULL, 0, ROLES_ALL, "新令牌，密文只显示这一次", "issue a token; its secret is shown once"),
    OWN("DELETE", "/v1/tokens/{id}", "accounts", remove_token, NULL, NULL, NULL, 0, ROLES_ALL, "吊销令牌", "revoke a token"),

    /* --- drafts --- */
    OWN("GET", "/v1/drafts", "drafts", list_drafts, NULL, D(drafts), NULL, 0, ROLES_ALL, "自己的草稿", "one's own drafts"),
    OWN("GET", "/v1/drafts/{id}", "drafts", show_draft, NULL, D(draft), NULL, 0, ROLES_ALL, "一份草稿", "one draft"),
    OWN("PUT", "/v1/drafts/{id}", "drafts", save_draft, D(save_draft), D(draft), NULL, 0, ROLES_ALL, "保存草稿；已有的须带 If-Match", "save a draft; one that is there needs If-Match"),
    OWN("DELETE", "/v1/drafts/{id}", "drafts", remove_draft, NULL, NULL, NULL, 0, ROLES_ALL, "删除草稿", "remove a draft"),

    /* --- without an account --- */
    OWN("GET", "/public/v1/progress/{number}", "public", public_progress, NULL, D(progress), NULL, ROUTE_PUBLIC, 0, "凭查询码查进度", "how far it is, with the query code"),
    OWN("GET", "/", "public", show_home, NULL, NULL, "text/html; charset=utf-8", ROUTE_PUBLIC | ROUTE_INTERNAL, 0, "网页", "the pages"),
    OWN("GET", "/pages/{file}", "public", show_page_file, NULL, NULL, "application/octet-stream", ROUTE_PUBLIC | ROUTE_INTERNAL, 0, "网页的脚本和样式", "their script and style"),
    OWN("GET", "/livez", "operation", show_livez, NULL, D(health), NULL, ROUTE_PUBLIC | ROUTE_INTERNAL, 0, "进程在", "the process answers"),
    OWN("GET", "/healthz", "operation", show_livez, NULL, D(health), NULL, ROUTE_PUBLIC | ROUTE_INTERNAL, 0, "同 /livez", "as /livez, for old monitors"),
    OWN("GET", "/readyz", "operation", show_readyz, NULL, D(health), NULL, ROUTE_PUBLIC | ROUTE_INTERNAL, 0, "可以服务", "it can serve"),
    OWN("GET", "/version", "operation", show_version, NULL, D(health), NULL, ROUTE_PUBLIC | ROUTE_INTERNAL, 0, "版本", "which version runs"),
    OWN("GET", "/metrics", "operation", show_metrics, NULL, NULL, "text/plain; version=0.0.4; charset=utf-8", ROUTE_PUBLIC | ROUTE_INTERNAL, 0, "Prometheus 指标", "metrics for Prometheus"),
    OWN("GET", "/openapi.json", "operation", show_openapi, NULL, NULL, "application/json", ROUTE_PUBLIC | ROUTE_INTERNAL, 0, "本接口的 OpenAPI 3.1 文档", "this interface as OpenAPI 3.1"),
};
// clang-format on
const size_t route_count = BL_COUNT(routes);
