/* What each code of a problem in a file means, and what to do about it: `binglian help E-KEY`. */
#include <stdlib.h>
#include <string.h>

#include "definition/definition.h"

// clang-format off
/* Ordered by code, for bsearch. */
static const struct definition_code codes[] = {
    { "E-CALENDAR", "日历文件有误：某一层日历依据的日历不存在，或日期、时段、年份写法不对。请按提示位置改正；上层日历用 base 指明所依据的日历。",
      "A calendar file is wrong: the calendar it stands on is not there, or a date, an hour or a year is not written right. Correct the place that is named; a further layer names its base." },
    { "E-CHOICE", "几个互斥的键写了不止一个。只保留一个。",
      "Two keys that exclude each other are both there. Keep one." },
    { "E-CONDITION", "条件表达式有误：拼错了栏目名、类型不能比较，或不是真假值。条件是 CEL 的子集，例如 form.area > 300 || form.decorated。",
      "A condition is wrong: a misspelt field, types that cannot be compared, or a result that is neither true nor false. Conditions are a subset of CEL, such as form.area > 300 || form.decorated." },
    { "E-CONSTANT", "条件与表单无关，结果总是一样。去掉它，或改成引用表单。",
      "A condition does not depend on the form and is always the same. Remove it, or let it ask the form." },
    { "E-CONTEXT", "找不到 departments.yaml 或 calendars/，其中的名称未经核对。把它们放在流程文件旁，或用 --workflows 指明目录。",
      "departments.yaml or calendars/ are not there, so names could not be checked. Put them beside the workflow, or name their folder with --workflows." },
    { "E-CYCLE", "事项互相等待，永远不能开始。去掉环上的一个 needs。",
      "Items wait for each other and none can begin. Remove one of the needs in the cycle." },
    { "E-DUPLICATE", "同一个键写了两次。只保留一个。", "A key is there twice. Keep one." },
    { "E-DURATION", "期限写法不对。可写 5 working days、0.5 working days、4 working hours、30 days、2 hours，或简写 5WD、4WH、30ND、2NH。",
      "This is not a duration. Write 5 working days, 0.5 working days, 4 working hours, 30 days or 2 hours, or in short 5WD, 4WH, 30ND, 2NH." },
    { "E-EXTENSION", "延长期限超过法律允许：行政机关负责人批准的不超过 10 个工作日，政府批准的不超过 15 个工作日（行政许可法 第四十二条）。",
      "The extension is longer than the law allows: 10 working days by the head of the organ, 15 by the government (行政许可法 第四十二条)." },
    { "E-FIELD", "表单栏目自相矛盾：min 大于 max、类型不该有选项或缺少选项、表格缺少列等。",
      "A field of the form contradicts itself: min above max, options where the type has none or none where it needs them, a table without columns." },
    { "E-ID", "标识只能用小写字母、数字和下划线，以字母开头，最长 63 个字符。",
      "An id is made of small letters, digits and '_', begins with a letter and has at most 63 characters." },
    { "E-JOIN", "汇合规则不成立：需要的数目多于分支、否决者不在分支内，或规则相互矛盾。",
      "A join cannot work: it needs more branches than there are, a veto is none of its branches, or two rules contradict each other." },
    { "E-JSON", "不是有效的 JSON。", "This is not JSON." },
    { "E-KEY", "没有这个键。请看提示的相近名称；字段名一律小写加下划线。",
      "There is no such key. The nearest name is suggested; keys are in snake_case." },
    { "E-KIND", "即办件的承诺时限不能超过一个工作日。改为 kind: promised，或缩短时限。",
      "An instant item takes a working day at the most. Write kind: promised, or a shorter promise." },
    { "E-LANGUAGE", "有的文字没有英文。写成 {zh: …, en: …}。", "A text has no English. Write {zh: …, en: …}." },
    { "E-LEGAL", "法定期限超过整体的法定期限，或超过行政许可法第四十二条的一般期限。缩短它，或在注释中写明依据的法律。",
      "A legal limit is longer than that of the whole, or than 行政许可法 第四十二条 allows in general. Shorten it, or name the law that allows it." },
    { "E-MATERIAL", "同一材料既是主审要件又可容缺。二者只能取一。",
      "A material is both essential and deferrable. Keep one." },
    { "E-MISSING", "缺少必须的键。", "A required key is missing." },
    { "E-NUMBER", "业务编号格式不对。可用字母、数字、- 和 _，以及 {date}、{month}、{year}、{seq:4}。",
      "The format of business numbers is wrong. It is made of letters, digits, '-', '_' and {date}, {month}, {year}, {seq:4}." },
    { "E-PATH", "最长的一串事项加起来超过整体承诺时限。缩短其中的时限、减少 needs，或放宽承诺。",
      "The longest path of items does not fit the promise of the whole. Shorten a limit on it, remove a need, or promise less." },
    { "E-PATTERN", "文字不符合规定的样式。", "A text does not have the form that it must have." },
    { "E-POST", "岗位的 AB 岗指向自己或不存在的岗位。", "A post's deputy is itself, or no post." },
    { "E-PROMISE", "承诺时限长于法定期限。缩短承诺。", "A promise is longer than the legal limit. Shorten it." },
    { "E-PUBLICITY", "公开公示内容不全。trial: true 的流程只作提醒。",
      "What has to be made public is incomplete. Where the workflow says trial: true it is a warning." },
    { "E-RANGE", "数值或数目超出允许范围。", "A number, or how many there are of something, is out of range." },
    { "E-REFERENCE", "引用了不存在的名称。请看提示的相近名称。", "A name refers to nothing. The nearest name is suggested." },
    { "E-ROLE", "部门中没有岗位担任这个角色。在 departments.yaml 中为岗位加上角色。",
      "No post of the department has this role. Add it to a post in departments.yaml." },
    { "E-SAFETY", "涉及安全的事项不得超时默认同意。去掉 tacit 或 safety。",
      "An item that is about safety is never granted by silence. Remove tacit, or safety." },
    { "E-SPECIAL", "特别程序停止法定期限须有法律依据（行政许可法 第四十五条以外的须写 basis）。",
      "A special procedure that stops the legal clock needs a law: write its basis where it is none of 行政许可法 第四十五条." },
    { "E-STEPS", "内部环节的时限之和超过事项的承诺时限。", "The limits of an item's steps add up to more than its promise." },
    { "E-TWICE", "同一名称出现两次。只保留一个。", "A name is there twice. Keep one." },
    { "E-TYPE", "值的类型不对。", "A value has the wrong type." },
    { "E-UNUSED", "定义了却没有用到。用它，或删去。", "Something is defined and never used. Use it, or remove it." },
    { "E-VALUE", "不是允许的取值之一。", "This is none of the values that are allowed." },
    { "E-YAML", "不是我们接受的 YAML：不许用锚点、别名、标签、合并键、制表符缩进和多个文档。",
      "This is not the YAML that we take: no anchors, aliases, tags, merge keys, tabs or second documents." },
};
// clang-format on

static int compare(const void *key, const void *row)
{
    return strcmp(key, ((const struct definition_code *)row)->code);
}

const struct definition_code *definition_code_find(const char *code)
{
    return bsearch(code, codes, BL_COUNT(codes), sizeof *codes, compare);
}

const struct definition_code *definition_codes(size_t *count)
{
    *count = BL_COUNT(codes);
    return codes;
}
