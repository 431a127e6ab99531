/* What each code of a problem means, for `binglian help E-DURATION`. */
#include <stdlib.h>
#include <string.h>

#include "definition/definition.h"

/* In the order of the codes: they are found by bisection. */
static const struct definition_code codes[] = {
    // clang-format off
    { "E-CALENDAR", "日历文件有误。",
      "The calendar says something that cannot be: a date that does not exist, office hours that "
      "overlap, a holiday that is also worked." },
    { "E-CHOICE", "两个键只能写一个。",
      "Two keys that exclude each other; keep one." },
    { "E-COMMIT", "告知承诺只用于本部门自己决定的事项；上报件和征求意见不能承诺。",
      "notify_commit grants at once on the applicant's written promise, so the department must decide "
      "itself: not an item that is decided above, not an opinion." },
    { "E-CONDITION", "条件写错了，或者类型不对。条件按表单检查：字段要存在，比较的类型要一致，结果为真或者假。",
      "A condition (a subset of CEL) is checked against the form: every field must exist, what is "
      "compared must have one type, and the result is true or false. Results of items may be asked "
      "for as item.ID.result where the item needs that item: \"form.area > 300 || form.decorated\"." },
    { "E-CONSTANT", "条件的结果总是一样，与所填内容无关。",
      "The condition is always true or always false, whatever is answered." },
    { "E-CONTEXT", "没有找到 departments.yaml 或者日历，其中的名称没有核对。",
      "There is no departments.yaml or no calendar beside the file or in --workflows DIR, so names "
      "in them could not be checked." },
    { "E-CYCLE", "事项互相等待，谁也不能开始。",
      "Items need each other in a circle, so none of them could ever start." },
    { "E-DUPLICATE", "同一个键写了两次。",
      "A key stands twice in one mapping; the second would silently replace the first." },
    { "E-DURATION", "时限写错了。可以写：5 working days、0.5 working days、4 working hours、30 days、2 hours，或者 5WD、4WH、30ND、2NH。",
      "A limit is a number and a unit: 5 working days, 0.5 working days, 4 working hours, 30 days "
      "(calendar days), 2 hours; in short 5WD, 4WH, 30ND, 2NH. Working days are those of the "
      "calendar, the day of acceptance does not count." },
    { "E-EXTENSION", "延期超过法律允许的天数：本机关负责人批准最多十个工作日，本级政府批准最多十五个工作日。",
      "An extension is longer than 行政许可法 第四十二条 allows: 10 working days by the head of the "
      "organ, 15 by the government." },
    { "E-FIELD", "表单字段的类型与其他设置不符。",
      "A field says something that its type does not have: choices need options, tables need "
      "columns, min is not greater than max." },
    { "E-FILE",
      "申请里写的材料文件读不到。相对路径从申请文件所在的目录算起；以后再交的材料写 later。文件不存在只是"
      "警告：按纸质材料登记其名称。",
      "A material's file cannot be read. A path begins at the folder of the submission; what comes "
      "later is written: later. A file that is not there is a warning: it is taken as paper, by its "
      "name." },
    { "E-ID", "标识写错了：小写字母开头，只用小写字母、数字和下划线。",
      "An id begins with a lower-case letter and has lower-case letters, digits and \"_\", so that it "
      "can stand in conditions, addresses and task names." },
    { "E-JOIN", "等待规则不能满足，或者没有等待任何事项。",
      "A join must be able to be met: it names at least one item, needs no more than it names, and "
      "a veto belongs to an item that it waits for." },
    { "E-JSON", "不是有效的 JSON（RFC 8259）：UTF-8，没有重复的键。",
      "Not JSON (RFC 8259): UTF-8, no duplicate keys, nothing after the value." },
    { "E-KEY", "不认识的键。",
      "The key is none of those that may stand here." },
    { "E-KIND", "即办件应当当场或者当日办结。",
      "An instant item is done on the spot or on the same day." },
    { "E-LADDER", "逾期升级的各级应当按时间先后排列。",
      "The rungs of escalation stand in the order of their time after the broken promise, each later "
      "than the one before." },
    { "E-LANGUAGE", "有的文字没有英文。",
      "Texts have Chinese and English; the plain Chinese string is shown in both." },
    { "E-LAW", "时限超过法律规定：一次性告知五日（行政许可法 第三十二条）、送达十日（第四十四条）；补正、撤回、事后核查的时限超过常例时提醒。",
      "A limit is longer than the law gives: 5 working days to tell all that is missing (行政许可法 "
      "第三十二条), 10 to deliver (第四十四条). As a warning: longer than halls give to correct, to take a "
      "wrong button back, or to check a promise afterwards." },
    { "E-LEGAL", "法定时限过长。",
      "A legal limit is longer than that of the whole, or than 20 or 45 working days of 行政许可法 "
      "第四十二条 without another law." },
    { "E-MATERIAL", "材料不能既是主审要件又可以容缺。",
      "An essential material cannot come later; a deferrable one is not essential." },
    { "E-MISSING", "缺少必须的键。",
      "A key that must be there is not." },
    { "E-NUMBER", "编号格式写错了，例如 \"CY-{date}-{seq:4}\"。",
      "A number is letters, digits, \"-\", \"_\", at most one of {date}, {month}, {year}, and {seq} or "
      "{seq:4} once." },
    { "E-PATH", "承诺时限短于最长的办理路径。",
      "The promise of the whole is shorter than the items that wait for each other, one after "
      "another, promise." },
    { "E-PATTERN", "文字的写法不对。",
      "The text is not written as it must be." },
    { "E-POST", "岗位设置有误。",
      "A post cannot stand in for itself." },
    { "E-PROMISE", "承诺时限长于法定时限。",
      "What is promised is never longer than what the law allows." },
    { "E-PUBLICITY", "公开公示的十项内容不完整。",
      "Each item is published with ten fields: title, procedure, time limit, discipline, "
      "preconditions, materials, fee basis and standard, department, officer's name, duties. With "
      "trial: true a gap is only a warning." },
    { "E-RANGE", "数值或者长度超出范围。",
      "A number, a length or a count is out of its range." },
    { "E-REFERENCE", "引用的名称不存在。",
      "A name is used that is defined nowhere: an item, field, material, special procedure, "
      "department, post or calendar." },
    { "E-ROLE", "没有岗位承担这个角色。",
      "No post of the department has the role of this step; departments.yaml gives roles to posts." },
    { "E-SAFETY", "涉及安全的事项不得超时默认。",
      "What concerns safety is never granted by silence." },
    { "E-SPECIAL", "第四十五条八类之外的程序要停止计时，须写明法律依据。",
      "Outside the eight kinds of 行政许可法 第四十五条 only another law, named as basis, stops the "
      "legal clock." },
    { "E-STEPS", "各环节时限之和超过事项的承诺时限。",
      "The steps of an item follow each other and must fit its promise together." },
    { "E-TOLERANCE", "容缺受理的补交期限不超过事项的承诺时限，并且要有可以容缺的材料。",
      "Acceptance with a tolerated gap needs a deferrable material, and the time to hand it in is never "
      "longer than an item promises; a shorter item cuts it to its own promise." },
    { "E-TWICE", "同一名称出现两次。",
      "A name stands twice where it can stand once." },
    { "E-TYPE", "值的类型不对。",
      "The value has another type than the key." },
    { "E-UNUSED", "没有用到：字段没有部门看，材料没有事项要。",
      "Nobody uses it: a field that no item sees and no condition asks for, a material that no item "
      "needs. What is not needed may not be asked for: 行政许可法 第三十一条." },
    { "E-UPPER", "上报件须写明上级机关及其时限，其他事项不得写 upper。",
      "An upward item names the authority above and its limit; no other item has one." },
    { "E-VALUE", "不在可选的值之内。",
      "The value is none of those that may stand here." },
    { "E-VISIT", "联合踏勘只有一个事项。",
      "Items with the same name under visit are visited together, so one item alone needs no name." },
    { "E-YAML", "不是我们接受的 YAML：不用锚点、别名、标签、合并键和制表符。",
      "Not the YAML that we take: one document in UTF-8, no anchors, aliases, tags, merge keys or "
      "tabs." },
    // clang-format on
};

static int compare(const void *key, const void *code)
{
    return strcmp(key, ((const struct definition_code *)code)->code);
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
