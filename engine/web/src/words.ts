// Every text of the pages, Chinese and English, and the language they are shown in.
import { signal } from "@preact/signals";
import type { Title } from "./api";

const texts = {
  hall: ["并联审批", "Parallel approval"],
  name: ["账号", "Account"],
  password: ["密码", "Password"],
  log_in: ["登录", "Log in"],
  log_out: ["退出", "Log out"],
  skip: ["跳到正文", "Skip to content"],
  cases: ["办件", "Applications"],
  tasks: ["待办", "To do"],
  progress: ["进度查询", "Progress"],
  large: ["大字", "Large type"],
  contrast: ["高对比度", "High contrast"],
  language: ["English", "中文"],
  keys: ["按键", "Keys"],
  keys_move: ["上下移动", "move"],
  keys_open: ["打开", "open"],
  keys_go: ["办件 / 待办 / 进度查询", "applications / to do / progress"],
  keys_search: ["查找", "search"],
  keys_approve: ["准予（在任务页）", "approve, on a task"],
  keys_reject: ["不予（在任务页）", "reject, on a task"],
  keys_back: ["返回，关闭", "back, close"],
  keys_help: ["本表", "this list"],
  close: ["关闭", "Close"],
  loading: ["正在读取…", "Reading…"],
  retry: ["再试一次", "Try again"],
  more: ["更多", "More"],
  cases_none: ["没有符合条件的办件。", "No application is like this."],
  tasks_none: ["没有待办。新任务会自己出现。", "Nothing to do. New tasks appear by themselves."],
  search: ["办件编号", "Number of an application"],
  find: ["查找", "Find"],
  all: ["全部", "All"],
  light: ["灯色", "Light"],
  number: ["编号", "Number"],
  matter: ["事项", "Matter"],
  applicant: ["申请人", "Applicant"],
  now: ["现在在哪", "Now at"],
  due: ["到期", "Due"],
  left: ["时限", "Time"],
  department: ["部门", "Department"],
  step: ["环节", "Step"],
  state: ["状态", "State"],
  history: ["办理经过", "History"],
  items: ["各部门", "Departments"],
  diagram: ["流程图", "Diagram"],
  promise: ["承诺期限", "Promised"],
  legal: ["法定期限", "Legal limit"],
  submitted: ["收件", "Received"],
  papers: ["文书", "Papers"],
  papers_none: ["还没有文书。", "No papers yet."],
  next: ["下一步", "Next"],
  by: ["最迟", "by"],
  form: ["表单", "Form"],
  materials: ["材料", "Materials"],
  opinion: ["意见", "Opinion"],
  reason: ["理由（不予时必填）", "Reason (needed to reject)"],
  reason_needed: ["不予须写理由。", "A rejection needs its reason."],
  approve: ["准予", "Approve"],
  reject: ["不予", "Reject"],
  decided: ["已办理", "Done"],
  stale: ["在您看的时候这件变了。下面是现在的样子，您写的还在。", "It changed while you read it. Below is how it is now; what you wrote is still there."],
  stale_since: ["连接断了，正在重连。显示的是这时的情况：", "The connection is gone, trying again. What you see is of"],
  code: ["查询码", "Query code"],
  progress_hint: ["编号和查询码在受理通知书上。", "Number and code stand on the acceptance notice."],
  not_yours: ["您的角色没有这一页。", "Your role does not have this page."],
  yes: ["是", "yes"],
  no: ["否", "no"],
  provisional: ["暂定", "provisional"],
  green: ["正常", "on time"],
  yellow: ["将到期", "due soon"],
  red: ["超期", "late"],
  blue: ["已暂停", "stopped"],
  grey: ["已结束", "ended"],
} satisfies Record<string, [string, string]>;

export type Word = keyof typeof texts;
export type Language = "zh" | "en";

const kept = localStorage.getItem("language");
export const language = signal<Language>(kept === "en" ? "en" : "zh");

export function say(word: Word): string {
  return texts[word][language.value === "zh" ? 0 : 1];
}

export function titled(title: Title | undefined, otherwise = ""): string {
  const [first, second] = language.value === "zh" ? [title?.zh, title?.en] : [title?.en, title?.zh];
  return first || second || otherwise;
}

export function speak(chosen: Language): void {
  language.value = chosen;
  localStorage.setItem("language", chosen);
}

/** "剩2个工作日" / "2 working days left" */
export function remaining(days: number): string {
  if (language.value === "zh") return days < 0 ? `超期${-days}个工作日` : `剩${days}个工作日`;
  const plural = Math.abs(days) === 1 ? "day" : "days";
  return days < 0 ? `${-days} working ${plural} late` : `${days} working ${plural} left`;
}

/** An instant as people write it; the hall's own zone stands in the text that the server sent. */
export function moment(text: string | undefined): string {
  return text ? text.slice(0, 16).replace("T", " ") : "";
}
