import { useState } from "preact/hooks";
import { log_in, Problem } from "../api";
import { Refused } from "../parts";
import { say } from "../words";

export function Login() {
  const [problem, set_problem] = useState<Problem>();
  const [busy, set_busy] = useState(false);

  async function enter(event: Event) {
    const form = new FormData(event.currentTarget as HTMLFormElement);
    event.preventDefault();
    set_busy(true);
    try {
      await log_in(String(form.get("name")), String(form.get("password")));
    } catch (failed) {
      set_problem(failed as Problem);
      set_busy(false);
    }
  }

  return (
    <form class="card narrow" onSubmit={enter}>
      <h1>{say("log_in")}</h1>
      <label>{say("name")}<input name="name" autocomplete="username" required autofocus /></label>
      <label>{say("password")}<input name="password" type="password" autocomplete="current-password" required /></label>
      {problem ? <Refused problem={problem} /> : null}
      <button class="primary" disabled={busy}>{say("log_in")}</button>
      <p><a href="#/progress">{say("progress")}</a></p>
    </form>
  );
}
