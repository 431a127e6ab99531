// The applications that one may see, live.
import { useRef, useState } from "preact/hooks";
import { read, type Case, type Light, type Page } from "../api";
import { Deadline, Lamp, NextStep, Read, useKeys, useMoves, useReading } from "../parts";
import { go } from "../place";
import { say, titled } from "../words";

const PAGE = 50;
const lights: Light[] = ["red", "yellow", "blue", "green", "grey"];

/** So many pages, one behind the other: the list never loads more than was asked for. */
async function pages(light: string, count: number): Promise<Page<Case>> {
  const all: Page<Case> = { items: [] };
  for (let i = 0; i < count; i++) {
    const got = await read<Page<Case>>(`/v1/applications?limit=${PAGE}${light ? `&light=${light}` : ""}${all.next ? `&after=${encodeURIComponent(all.next)}` : ""}`);
    all.items.push(...got.items);
    all.next = got.next;
    if (!got.next) break;
  }
  return all;
}

export function Cases() {
  const [light, set_light] = useState("");
  const [count, set_count] = useState(1);
  const list = useMoves();
  const search = useRef<HTMLInputElement>(null);
  const reading = useReading(`${light}/${count}`, () => pages(light, count));

  useKeys((event) => {
    if (event.key !== "/") return;
    search.current?.focus();
    event.preventDefault();
  });

  return (
    <>
      <h1>{say("cases")}</h1>
      <form class="bar" role="search" onSubmit={(event) => {
        event.preventDefault();
        const number = search.current?.value.trim();
        if (number) go("cases/" + encodeURIComponent(number));
      }}>
        <label>{say("search")}<input ref={search} name="number" autocomplete="off" /></label>
        <button>{say("find")}</button>
        <label>{say("light")}
          <select value={light} onChange={(event) => {
            set_light(event.currentTarget.value);
            set_count(1);
          }}>
            <option value="">{say("all")}</option>
            {lights.map((one) => <option key={one} value={one}>{say(one)}</option>)}
          </select>
        </label>
      </form>
      <Read reading={reading}>{(page) => page.items.length === 0 ? <p class="empty">{say("cases_none")}</p> : (
        <>
          <table ref={list}>
            <thead><tr><th>{say("light")}</th><th>{say("number")}</th><th>{say("matter")}</th><th>{say("applicant")}</th><th>{say("now")}</th><th>{say("due")}</th></tr></thead>
            <tbody>{page.items.map((one) => (
              <tr key={one.number}>
                <td data-label={say("light")}><Lamp light={one.light} /></td>
                <td data-label={say("number")}><a href={`#/cases/${encodeURIComponent(one.number)}`}>{one.number}</a></td>
                <td data-label={say("matter")}>{titled(one.title)}</td>
                <td data-label={say("applicant")}>{one.applicant}</td>
                <td data-label={say("now")}><NextStep next={one.next} /></td>
                <td data-label={say("due")}><Deadline clock={one.promise} light={one.light} /></td>
              </tr>
            ))}</tbody>
          </table>
          {page.next ? <button type="button" onClick={() => set_count(count + 1)}>{say("more")}</button> : null}
        </>
      )}</Read>
    </>
  );
}
