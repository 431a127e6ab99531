/* What `binglian help TOPIC` explains besides commands and codes. */
#include "cli/help.h"
#include "cli/topic_workflow.h"

// clang-format off
const struct topic topics[] = {
    { "durations", { "期限的写法", "How limits are written" }, {
      "5 working days    5WD     工作日：受理次日为第一天，到第五个工作日下班时止\n"
      "0.5 working days  0.5WD   半个工作日：从受理时刻起半天的办公时间\n"
      "4 working hours   4WH     办公时间内的小时\n"
      "30 days           30ND    自然日\n"
      "2 hours           2NH     自然小时\n"
      "法定节假日和调休依 workflows/calendars/ 中的日历；binglian calendar explain 列出每一个计入的日子。",
      "5 working days    5WD     the day after acceptance is the first; it ends at the close of the fifth\n"
      "0.5 working days  0.5WD   half a day of office time from the moment of acceptance\n"
      "4 working hours   4WH     hours while the office is open\n"
      "30 days           30ND    calendar days\n"
      "2 hours           2NH     hours as they pass\n"
      "Holidays and made-up days are in workflows/calendars/; binglian calendar explain lists each day that counted." } },
    { "conditions", { "条件的写法", "How conditions are written" }, {
      "form.area > 300 || form.decorated\n"
      "form.use in ['学校', '医院'] && item.fire_check.result == 'granted'\n"
      "form.kinds.exists(k, k.startsWith('生'))\n"
      "条件是 CEL（Common Expression Language）的子集，类型按表单检查：\n"
      "值    true false null、整数、小数、文字、列表 […]、映射 {…}；日期是文字 '2026-11-30'，先后即大小\n"
      "运算  || && ! == != < <= > >= in + - * / % ?: [ ] .\n"
      "函数  size has startsWith endsWith contains matches；int double string bool dyn\n"
      "列表  all exists exists_one filter map\n"
      "不在子集内：无符号整数（1u）、字节串（b'…'）、时刻与时长、类型和消息。\n"
      "没填的栏目是其类型的空值，has(form.area) 可分辨。试算：binglian workflow eval '1 + 2 > 2.5'",
      "form.area > 300 || form.decorated\n"
      "form.use in ['school', 'hospital'] && item.fire_check.result == 'granted'\n"
      "form.kinds.exists(k, k.startsWith('raw'))\n"
      "A condition is a subset of CEL (Common Expression Language), typed against the form:\n"
      "values     true false null, whole numbers, decimals, texts, lists […], maps {…}; a date is a text '2026-11-30', ordered as the days are\n"
      "operators  || && ! == != < <= > >= in + - * / % ?: [ ] .\n"
      "functions  size has startsWith endsWith contains matches; int double string bool dyn\n"
      "lists      all exists exists_one filter map\n"
      "Not in the subset: unsigned integers (1u), bytes (b'…'), timestamps and durations, types and messages.\n"
      "An absent field is the empty value of its type; has(form.area) tells. Try one: binglian workflow eval '1 + 2 > 2.5'" } },
    { "workflow", { "流程定义的每一个键", "Every key of a definition" }, { NULL, NULL }, topic_workflow },
    { "patterns", { "流程控制模式：43 种中能写的和怎么写", "Control flow: which of the 43 workflow patterns can be written, and how" }, { NULL, NULL }, topic_patterns },
    { "lights", { "灯色", "Lights" }, {
      "● 绿  在办，时间充裕\n▲ 黄  临近承诺时限\n■ 红  已超承诺或法定时限\n‖ 蓝  时钟依法暂停\n○ 灰  已结束\n灯色由时间算出，不存储；显示的剩余天数都是工作日。",
      "● green   running, in good time\n▲ yellow  close to the promise\n■ red     over the promise or the legal limit\n‖ blue    stopped, as the law allows\n○ grey    ended\nA light is computed from the time and never stored; remaining days are working days." } },
    { "output", { "输出格式", "Formats of output" }, {
      "-o table  给人看的表（默认）\n-o json   一个 JSON 值；列表是 {\"items\": […], \"next\": \"游标\"}\n-o jsonl  每行一个 JSON 值\n-o yaml   YAML\n-o csv    逗号分隔，首行为列名\n"
      "字段名与 proto/binglian/v1/ 相同，枚举为小写，时刻为带大厅时区的 RFC 3339，64 位整数为字符串。\n数据在标准输出，提示在标准错误。",
      "-o table  a table for people (default)\n-o json   one JSON value; a list is {\"items\": […], \"next\": \"cursor\"}\n-o jsonl  one JSON value a line\n-o yaml   YAML\n-o csv    comma separated, names in the first line\n"
      "Fields are named as in proto/binglian/v1/, enum values are in lower case, instants are RFC 3339 in the hall's zone, 64-bit numbers are strings.\nData goes to stdout, talk to stderr." } },
    { "exit", { "退出状态", "Exit status" }, {
      "0 成功\n1 失败\n2 用法有误\n3 没有找到\n4 没有权限\n5 与当前状态冲突\n6 输入有误\n7 连接不上或超时\n8 watch --until 等到了别的结局",
      "0 ok\n1 failed\n2 usage\n3 not found\n4 denied\n5 conflict with the state\n6 invalid input\n7 cannot connect, or timed out\n8 watch --until: it ended otherwise" } },
    { "environment", { "环境变量", "Environment" }, {
      "BINGLIAN_CONNECT   服务地址\nBINGLIAN_DATA      本机服务的数据目录\nBINGLIAN_IDENTITY  密钥文件\nBINGLIAN_WORKFLOWS 流程目录\nLANG、LC_ALL       en 开头为英文，否则为中文\nNO_COLOR           不用颜色",
      "BINGLIAN_CONNECT   the broker's address\nBINGLIAN_DATA      data folder of a broker on this machine\nBINGLIAN_IDENTITY  key file\nBINGLIAN_WORKFLOWS folder of definitions\nLANG, LC_ALL       English where they begin with en, else Chinese\nNO_COLOR           no colours" } },
    { "submission", { "申请文件", "The file of an application" }, {
      "workflow: restaurant\nkey: laozhang-1   # 请求编号，可省略\napplicant: {name: 张三, id: 11010519491231002X, phone: \"13800000000\"}\nform: {shop_name: 老张面馆, credit_code: 91350100M000100Y43, owner_id: 11010519491231002X, phone: \"13800000000\", area: 320.5, decorated: true}\nmaterials: {lease: files/lease.pdf, layout_plan: files/plan.pdf}\n同一请求编号重复提交只办一次，答复相同。\n\n材料写 later 表示容缺补交；文件不在时按纸质材料登记。另可写：\n  mode: door_to_door            服务方式：counter online appointment door_to_door agent tracked express overtime\n  project: XM-2026-7            所属重大项目\n  agent: {name: 李四, phone: \"13900000000\", mandate: 委托书-7}   代理人\n  commitments: [fire_check]     申请人书面承诺的事项（告知承诺）\n  stated_receipt: 2026-11-23T09:30:00+08:00   停机期间纸质收件，由大厅负责人补录\n补正和补交（binglian correct、supplement）的文件只有 form 和 materials。",
      "workflow: restaurant\nkey: laozhang-1   # request id; made if absent\napplicant: {name: 张三, id: 11010519491231002X, phone: \"13800000000\"}\nform: {shop_name: 老张面馆, credit_code: 91350100M000100Y43, owner_id: 11010519491231002X, phone: \"13800000000\", area: 320.5, decorated: true}\nmaterials: {lease: files/lease.pdf, layout_plan: files/plan.pdf}\nThe same key may be sent again at will: it is done once and answered alike.\n\nA material that is `later` is to follow; a file that is not there is taken as paper. Besides:\n  mode: door_to_door            counter online appointment door_to_door agent tracked express overtime\n  project: XM-2026-7            the major project that it belongs to\n  agent: {name: 李四, phone: \"13900000000\", mandate: 委托书-7}   who hands it in for the applicant\n  commitments: [fire_check]     items whose conditions the applicant promises in writing\n  stated_receipt: 2026-11-23T09:30:00+08:00   taken on paper while the system was down: a manager's entry\nThe file of a correction or supplement (binglian correct, supplement) has form and materials only." } },
    { "dump", { "存储转储的格式", "The format of a dump" }, {
      "binglian store dump DIR 每行一个 JSON 值，数字就是 JSON 数字，时刻为毫秒：\n"
      "{\"kind\":\"app\",\"app\":编号,\"key\":请求编号,\"state\":…}\n"
      "{\"kind\":\"item\",\"app\":…,\"item\":…,\"state\":…,\"deadline_ms\":…,\"promise_ms\":…,\"legal_ms\":…,\"decisions\":[{\"lease\":…,\"decision\":…,\"effective\":…}]}\n"
      "{\"kind\":\"event\",\"seq\":n,\"app\":…,\"type\":…,\"item\":…,\"at_ms\":…}\n"
      "{\"kind\":\"timer\",\"app\":…,\"item\":…,\"at_ms\":…}\n"
      "{\"kind\":\"audit\",\"seq\":n,\"alg\":\"blake2b-256\",\"prev\":…,\"body\":存储字节的 base64,\"hash\":…}；签名处另有 at（微秒）、signer、signature",
      "binglian store dump DIR prints a JSON value a line; numbers are JSON numbers, moments milliseconds:\n"
      "{\"kind\":\"app\",\"app\":number,\"key\":request id,\"state\":…}\n"
      "{\"kind\":\"item\",\"app\":…,\"item\":…,\"state\":…,\"deadline_ms\":…,\"promise_ms\":…,\"legal_ms\":…,\"decisions\":[{\"lease\":…,\"decision\":…,\"effective\":…}]}\n"
      "{\"kind\":\"event\",\"seq\":n,\"app\":…,\"type\":…,\"item\":…,\"at_ms\":…}\n"
      "{\"kind\":\"timer\",\"app\":…,\"item\":…,\"at_ms\":…}\n"
      "{\"kind\":\"audit\",\"seq\":n,\"alg\":\"blake2b-256\",\"prev\":…,\"body\":base64 of the stored bytes,\"hash\":…}; at a checkpoint also at (microseconds), signer, signature" } },
    { "journal", { "客户端日志的格式", "The format of journals" }, {
      "load --journal 和 binglian-worker --journal 每个动作追加一行，t 为单调时钟的纳秒：\n"
      "{\"t\":…,\"proc\":\"client-3\",\"id\":7,\"op\":\"submit\",\"phase\":\"invoke|ok|fail|info\",\"key\":请求编号,\"app\":编号,\"items\":2,\"seq\":事件}\n"
      "{\"t\":…,\"proc\":\"worker-1\",\"id\":9,\"op\":\"decide\",\"phase\":…,\"app\":…,\"item\":…,\"lease\":派发,\"decision\":\"approve\",\"seq\":事件}\n"
      "{\"t\":…,\"op\":\"query\",\"phase\":\"ok\",\"app\":…,\"ver\":修订,\"last\":所见最新事件}\n"
      "info 表示结果未知（超时）。",
      "load --journal and binglian-worker --journal append a line for each act; t is the monotonic clock in ns:\n"
      "{\"t\":…,\"proc\":\"client-3\",\"id\":7,\"op\":\"submit\",\"phase\":\"invoke|ok|fail|info\",\"key\":request id,\"app\":number,\"items\":2,\"seq\":event}\n"
      "{\"t\":…,\"proc\":\"worker-1\",\"id\":9,\"op\":\"decide\",\"phase\":…,\"app\":…,\"item\":…,\"lease\":attempt,\"decision\":\"approve\",\"seq\":event}\n"
      "{\"t\":…,\"op\":\"query\",\"phase\":\"ok\",\"app\":…,\"ver\":revision,\"last\":newest event seen}\n"
      "info means that the outcome is unknown (a timeout)." } },
};
// clang-format on
const size_t topic_count = BL_COUNT(topics);

const char *topic_text(struct cli *cli, const struct topic *topic)
{
    return topic->make != NULL ? topic->make(&cli->arena, cli->language)
                               : words_in(topic->text, cli->language);
}
