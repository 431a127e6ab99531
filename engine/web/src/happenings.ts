// What can happen to an application, by the names of its events, and the states of its items.
import { language } from "./words";

const events: Record<string, [string, string]> = {
  submitted: ["收件", "submitted"], accepted: ["受理", "accepted"], decided: ["作出决定", "decided"],
  warned: ["预警", "warned"], overdue: ["到期", "due"], failed: ["办理异常", "failed"],
  retried: ["重新派发", "put back to work"], released: ["继续办理", "released"], terminated: ["终止", "terminated"],
  refused: ["不予受理", "refused"], notified: ["一次性告知", "told what is missing"], corrected: ["补正", "corrected"],
  returned: ["退件", "returned"], withdrawn: ["撤回", "withdrawn"], supplemented: ["补齐材料", "supplemented"],
  checked: ["事后核查", "checked"], opened: ["开始办理", "opened"], claimed: ["领取", "claimed"],
  unclaimed: ["放回", "given back"], transferred: ["转办", "transferred"], step_signed: ["签署", "signed"],
  signers_changed: ["加签减签", "signers changed"], sent_back: ["退回上一环节", "sent back"], recalled: ["收回", "recalled"],
  consulted: ["征求意见", "consulted"], opined: ["答复意见", "opinion given"], passed_up: ["报上级", "passed up"],
  visit_set: ["约定现场勘验", "visit appointed"], visit_ended: ["勘验结束", "visit ended"], suspended: ["暂停计时", "clock stopped"],
  resumed: ["恢复计时", "clock resumed"], extended: ["延长期限", "extended"], delivered: ["送达", "delivered"],
  revoked: ["撤销", "revoked"], reopened: ["重新办理", "reopened"], recomputed: ["期限重算", "dates recomputed"],
  escalated: ["升级督办", "escalated"], hearing_arranged: ["听证", "hearing"], urged: ["催办", "urged"],
  replied: ["答复督办", "replied"], notice_sent: ["通知已送出", "notice sent"], notice_failed: ["通知送不出", "notice failed"],
  commented: ["说明", "comment"], migrated: ["转入新版本", "migrated"], project_joined: ["归入项目", "joined a project"],
  published: ["发布", "published"], retired: ["停用", "retired"], absence_set: ["请假代岗", "absence"],
  absence_ended: ["销假", "absence ended"], project_opened: ["立项", "project opened"], project_tracked: ["更换专员", "tracker named"],
  project_milestone: ["里程碑", "milestone"], project_closed: ["项目结束", "project closed"], referral_made: ["首问转办", "referred"],
  referral_handed: ["转办交接", "handed over"], booking_planned: ["排号", "slots planned"], booked: ["预约", "booked"],
  booking_changed: ["更改预约", "booking changed"], key_granted: ["授权", "key granted"], key_revoked: ["吊销", "key revoked"],
};

const states: Record<string, [string, string]> = {
  granted: ["准予", "granted"], denied: ["不予", "denied"], tacit: ["默示准予", "tacitly granted"],
  pending: ["等待前置事项", "waits for others"], received: ["待受理", "received"],
  correcting: ["待补正", "to be corrected"], accepted: ["已受理", "accepted"], reviewing: ["审查中", "in review"],
  suspended: ["已暂停", "stopped"], upper_review: ["上级审查中", "with the authority above"],
  decided: ["已决定", "decided"], delivering: ["待送达", "to be delivered"], delivered: ["已送达", "delivered"],
  refused: ["不予受理", "refused"], returned: ["退件", "returned"], withdrawn: ["撤回", "withdrawn"],
  terminated: ["终止", "terminated"], not_needed: ["不涉及", "not needed"], blocked: ["前提未满足", "blocked"],
  revoked: ["已撤销", "revoked"],
};

export const event_names = Object.keys(events);

function pick(words: [string, string] | undefined, otherwise: string): string {
  return words ? words[language.value === "zh" ? 0 : 1] : otherwise;
}

export function event_word(kind: string): string {
  return pick(events[kind], kind);
}

export function state_word(state: string | undefined, result?: string): string {
  return pick(states[result ?? ""] ?? states[state ?? ""], result || state || "");
}
