// What all screens are made of: lights, deadlines, and a thing that is being read.
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { happened, Problem, type Clock, type Light, type Next } from "./api";
import { is_typing } from "./place";
import { language, moment, remaining, say, titled } from "./words";

const shapes: Record<Light, string> = { green: "●", yellow: "▲", red: "■", blue: "❚❚", grey: "○" };

/** Colour, shape and words (domain.md 5.2). */
export function Lamp({ light }: { light: Light | undefined }) {
  const shown = light ?? "grey";
  return <span class={`lamp ${shown}`}><span aria-hidden="true">{shapes[shown]}</span> {say(shown)}</span>;
}

export function Deadline({ clock, light }: { clock: Clock | undefined; light?: Light }) {
  if (!clock?.due_at) return <span class="quiet">—</span>;
  return (
    <span>
      {moment(clock.due_at)}{clock.provisional ? ` (${say("provisional")})` : ""}
      {light === "grey" ? null : <span class={clock.overdue ? "late" : "quiet"}> {clock.standing ? say("blue") : remaining(clock.remaining_days ?? 0)}</span>}
    </span>
  );
}

/** "消防支队 · 技术审查，最迟 2026-12-07 17:30" */
export function NextStep({ next }: { next: Next | undefined }) {
  if (!next?.what) return null;
  const what = [titled(next.who_title), titled(next.item_title), titled(next.step)].filter(Boolean).join(" · ");
  return <span>{what}{next.by ? `${language.value === "zh" ? "，" : ", "}${say("by")} ${moment(next.by)}` : ""}</span>;
}

export function Refused({ problem, again }: { problem: Problem; again?: () => void }) {
  return (
    <div class="problem" role="alert">
      <strong>{problem.message}</strong>
      {problem.detail && problem.detail !== problem.message ? <p>{problem.detail}</p> : null}
      {again ? <button type="button" onClick={again}>{say("retry")}</button> : null}
    </div>
  );
}

export interface Reading<T> {
  value: T | undefined;
  problem: Problem | undefined;
  again: () => void;
}

/** Reads something now, whenever `key` changes, and after everything that happens. */
export function useReading<T>(key: string, get: () => Promise<T>): Reading<T> {
  const [value, set_value] = useState<{ key: string; value: T }>();
  const [problem, set_problem] = useState<Problem>();
  const [count, set_count] = useState(0);
  const heard = happened.value;

  useEffect(() => {
    let wanted = true;
    get().then(
      (got) => {
        if (!wanted) return;
        set_value({ key, value: got });
        set_problem(undefined);
      },
      (failed) => {
        if (wanted) set_problem(failed instanceof Problem ? failed : new Problem(0, String(failed), "", ""));
      },
    );
    return () => {
      wanted = false;
    };
  }, [key, heard, count, language.value]);
  return { value: value?.key === key ? value.value : undefined, problem, again: () => set_count(count + 1) };
}

/** Shows what is being read: that it is, why not, or itself. What was there stays in sight. */
export function Read<T>({ reading, children }: { reading: Reading<T>; children: (value: T) => ComponentChildren }) {
  const { value, problem, again } = reading;
  return (
    <>
      {problem ? <Refused problem={problem} again={again} /> : null}
      {value !== undefined ? children(value) : problem ? null : <p class="quiet" role="status">{say("loading")}</p>}
    </>
  );
}

/** Hears the keys, but no letter that somebody types; the newest `press` is asked. */
export function useKeys(press: (event: KeyboardEvent) => void): void {
  const newest = useRef(press);
  newest.current = press;
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (!is_typing(event)) newest.current(event);
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
}

function move(event: KeyboardEvent, list: HTMLElement): void {
  const step = event.key === "j" || event.key === "ArrowDown" ? 1 : event.key === "k" || event.key === "ArrowUp" ? -1 : 0;
  const links = [...list.querySelectorAll<HTMLElement>("tbody a")];
  if (step === 0 || links.length === 0) return;
  const at = links.indexOf(document.activeElement as HTMLElement);
  links[Math.min(links.length - 1, Math.max(0, at + step))].focus();
  event.preventDefault();
}

/** A table over whose links j, k and the arrows move. */
export function useMoves(): RefObject<HTMLTableElement> {
  const list = useRef<HTMLTableElement>(null);
  useKeys((event) => {
    if (list.current) move(event, list.current);
  });
  return list;
}
