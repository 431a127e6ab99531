// How far an application is, for whoever has its number and query code. Nobody logs in.
import { useState } from "preact/hooks";
import { Problem, read, type Case } from "../api";
import { Deadline, Lamp, NextStep, Refused } from "../parts";
import { state_word } from "../happenings";
import { moment, say, titled } from "../words";

function Found({ one }: { one: Case }) {
  return (
    <section class="card" aria-live="polite">
      <h2>{titled(one.title)} <small>{one.number}</small></h2>
      <p><Lamp light={one.light} /> {say("submitted")} {moment(one.submitted_at)}</p>
      <p><strong>{say("next")}</strong> <NextStep next={one.next} /></p>
      <p><strong>{say("promise")}</strong> <Deadline clock={one.promise} light={one.light} /></p>
      <ul class="plain">{(one.items ?? []).map((item, i) => (
        <li key={i}><Lamp light={item.light} /> {titled(item.title)} · {titled(item.department_title)} · {state_word(item.state, item.result)}</li>
      ))}</ul>
    </section>
  );
}

export function Progress() {
  const [found, set_found] = useState<Case>();
  const [problem, set_problem] = useState<Problem>();

  async function look(event: Event) {
    const form = new FormData(event.currentTarget as HTMLFormElement);
    event.preventDefault();
    set_found(undefined);
    set_problem(undefined);
    try {
      set_found(await read<Case>(`/public/v1/progress/${encodeURIComponent(String(form.get("number")).trim())}?code=${encodeURIComponent(String(form.get("code")))}`));
    } catch (failed) {
      set_problem(failed as Problem);
    }
  }

  return (
    <>
      <h1>{say("progress")}</h1>
      <form class="card narrow" onSubmit={look}>
        <p class="quiet">{say("progress_hint")}</p>
        <label>{say("number")}<input name="number" required autocomplete="off" /></label>
        <label>{say("code")}<input name="code" required autocomplete="off" /></label>
        <button class="primary">{say("find")}</button>
      </form>
      {problem ? <Refused problem={problem} /> : null}
      {found ? <Found one={found} /> : null}
    </>
  );
}
