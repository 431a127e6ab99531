// What waits for one's post: the list, and one task with what may be seen of the form.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem, read, session, type Page, type Task } from "../api";
import { Deadline, Lamp, Read, Refused, useKeys, useMoves, useReading } from "../parts";
import { go } from "../place";
import { say, titled } from "../words";

function mine(): string {
  const account = session.value?.account;
  const filter = new URLSearchParams({ limit: "50" });
  if (account?.department) filter.set("department", account.department);
  if (account?.post) filter.set("post", account.post);
  return `/v1/tasks?${filter}`;
}

export function Tasks() {
  const list = useMoves();
  const reading = useReading("tasks", () => read<Page<Task>>(mine()));

  return (
    <>
      <h1>{say("tasks")}</h1>
      <Read reading={reading}>{(page) => page.items.length === 0 ? <p class="empty">{say("tasks_none")}</p> : (
        <table ref={list}>
          <thead><tr><th>{say("light")}</th><th>{say("number")}</th><th>{say("matter")}</th><th>{say("step")}</th><th>{say("applicant")}</th><th>{say("due")}</th></tr></thead>
          <tbody>{page.items.map((task) => (
            <tr key={task.task}>
              <td data-label={say("light")}><Lamp light={task.light} /></td>
              <td data-label={say("number")}><a href={`#/tasks/${encodeURIComponent(task.task)}`}>{task.application}</a></td>
              <td data-label={say("matter")}>{titled(task.title)}</td>
              <td data-label={say("step")}>{titled(task.desk?.title, "—")}</td>
              <td data-label={say("applicant")}>{task.applicant}</td>
              <td data-label={say("due")}><Deadline clock={task.promise} light={task.light} /></td>
            </tr>
          ))}</tbody>
        </table>
      )}</Read>
    </>
  );
}

function shown(value: unknown): string {
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  if (Array.isArray(value)) return value.map(shown).join("、");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

interface Opened { task: Task; etag: string }

async function open(id: string): Promise<Opened> {
  const { body: task, etag } = await ask<Task>("GET", `/v1/tasks/${encodeURIComponent(id)}`);
  return { task, etag };
}

/** The next that waits, or the list. */
async function go_on(): Promise<void> {
  const rest = await read<Page<Task>>(mine());
  go(rest.items.length > 0 ? "tasks/" + encodeURIComponent(rest.items[0].task) : "tasks");
}

export function TaskPage({ id }: { id: string }) {
  const reading = useReading(id, () => open(id));
  const [seen, set_seen] = useState<Opened>();
  const [opinion, set_opinion] = useState("");
  const [problem, set_problem] = useState<Problem>();
  const [busy, set_busy] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    set_seen(undefined);
    set_opinion("");
    set_problem(undefined);
  }, [id]);
  useEffect(() => {
    if (reading.value && !seen) set_seen(reading.value);
  }, [reading.value, seen]);

  async function decide(verb: "approve" | "reject") {
    if (!seen || busy) return;
    if (verb === "reject" && opinion.trim() === "") {
      set_problem(new Problem(422, say("reason_needed"), "", "reason"));
      box.current?.focus();
      return;
    }
    set_busy(true);
    try {
      await ask("POST", `/v1/tasks/${encodeURIComponent(id)}:${verb}`,
        verb === "approve" ? { opinion } : { reason: opinion }, seen.etag);
      await go_on();
    } catch (failed) {
      const refused = failed as Problem;
      set_problem(refused.status === 412 ? new Problem(412, say("stale"), "", refused.code) : refused);
      if (refused.status === 412) {
        set_seen(undefined);
        reading.again();
      }
    } finally {
      set_busy(false);
    }
  }

  useKeys((event) => {
    if (event.key === "a") void decide("approve");
    else if (event.key === "r") void decide("reject");
    else return;
    event.preventDefault();
  });

  return (
    <Read reading={reading}>{({ task }) => (
      <>
        <h1>{titled(task.title)} <small>{task.application}</small></h1>
        <p><Lamp light={task.light} /> {task.applicant} · <Deadline clock={task.promise} light={task.light} /> · {titled(task.desk?.title)}</p>
        <div class="split">
          <section aria-labelledby="form">
            <h2 id="form">{say("form")}</h2>
            <dl class="facts">{Object.entries(task.form ?? {}).map(([name, value]) => (
              <div key={name}><dt>{name}</dt><dd>{shown(value)}</dd></div>
            ))}</dl>
            <h2>{say("materials")}</h2>
            <ul>{(task.materials ?? []).map((material) => <li key={material.id}>{material.id} {material.file}</li>)}</ul>
          </section>
          <section aria-labelledby="opinion">
            <h2 id="opinion">{say("opinion")}</h2>
            {problem ? <Refused problem={problem} /> : null}
            <label>{say("opinion")} / {say("reason")}
              <textarea ref={box} rows={6} maxLength={2000} value={opinion} onInput={(event) => set_opinion(event.currentTarget.value)} />
            </label>
            <p class="bar">
              <button type="button" class="primary" disabled={busy || !task.may?.includes("decide")} onClick={() => void decide("approve")}>{say("approve")} <kbd>a</kbd></button>
              <button type="button" disabled={busy || !task.may?.includes("decide")} onClick={() => void decide("reject")}>{say("reject")} <kbd>r</kbd></button>
              <a href={`#/cases/${encodeURIComponent(task.application)}`}>{say("history")}</a>
            </p>
          </section>
        </div>
      </>
    )}</Read>
  );
}
