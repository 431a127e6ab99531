// One application: how far it is, who has it, until when, and what has happened.
import { happened, read, type Case, type Happening, type Page, type Paper } from "../api";
import { Deadline, Lamp, NextStep, Read, useReading } from "../parts";
import { event_names, event_word, state_word } from "../happenings";
import { moment, say, titled } from "../words";

interface Whole { one: Case; events: Happening[]; papers: Paper[] }

async function whole(number: string): Promise<Whole> {
  const path = `/v1/applications/${encodeURIComponent(number)}`;
  const [one, events, papers] = await Promise.all([
    read<Case>(path),
    read<Page<Happening>>(`${path}/events?limit=200`),
    read<{ items?: Paper[] }>(`${path}/documents`),
  ]);
  return { one, events: events.items, papers: papers.items ?? [] };
}

/** Which event it is: the member that has a word. */
function kind_of(event: Record<string, unknown>): string {
  return Object.keys(event).find((key) => event_names.includes(key)) ?? "";
}

function History({ events, items }: { events: Happening[]; items: Map<string, string> }) {
  return (
    <ol class="history">{events.map(({ event, item }) => (
      <li key={event.seq}>
        <time>{moment(event.at)}</time> <strong>{event_word(kind_of(event))}</strong> {item ? items.get(item) ?? item : ""}
      </li>
    ))}</ol>
  );
}

function Papers({ number, papers }: { number: string; papers: Paper[] }) {
  if (papers.length === 0) return <p class="quiet">{say("papers_none")}</p>;
  return (
    <ul>{papers.map((paper) => (
      <li key={paper.id}>
        <a href={`/v1/applications/${encodeURIComponent(number)}/documents/${encodeURIComponent(paper.id)}`} target="_blank" rel="noopener">{titled(paper.title, paper.id)}</a>
      </li>
    ))}</ul>
  );
}

export function CasePage({ number }: { number: string }) {
  const reading = useReading(number, () => whole(number));

  return (
    <Read reading={reading}>{({ one, events, papers }) => (
      <>
        <h1>{titled(one.title)} <small>{one.number}</small></h1>
        <p><Lamp light={one.light} /> {one.applicant} · {say("submitted")} {moment(one.submitted_at)}</p>
        <dl class="facts">
          <div><dt>{say("next")}</dt><dd><NextStep next={one.next} /></dd></div>
          <div><dt>{say("promise")}</dt><dd><Deadline clock={one.promise} light={one.light} /></dd></div>
          <div><dt>{say("legal")}</dt><dd><Deadline clock={one.legal} light={one.light} /></dd></div>
          {one.query_code ? <div><dt>{say("code")}</dt><dd>{one.query_code}</dd></div> : null}
        </dl>
        <h2>{say("items")}</h2>
        <table>
          <thead><tr><th>{say("light")}</th><th>{say("matter")}</th><th>{say("department")}</th><th>{say("state")}</th><th>{say("due")}</th></tr></thead>
          <tbody>{(one.items ?? []).map((item) => (
            <tr key={item.id}>
              <td data-label={say("light")}><Lamp light={item.light} /></td>
              <td data-label={say("matter")}>{titled(item.title, item.id)}</td>
              <td data-label={say("department")}>{titled(item.department_title)}</td>
              <td data-label={say("state")}>{state_word(item.state, item.result)} {titled(item.desk?.title)}</td>
              <td data-label={say("due")}><Deadline clock={item.promise} light={item.light} /></td>
            </tr>
          ))}</tbody>
        </table>
        <h2>{say("diagram")}</h2>
        <div class="diagram" tabindex={0} role="group" aria-label={say("diagram")}>
          <img src={`/v1/applications/${encodeURIComponent(number)}/graph.svg?seen=${happened.value}`} alt={say("diagram")} />
        </div>
        <h2>{say("papers")}</h2>
        <Papers number={number} papers={papers} />
        <h2>{say("history")}</h2>
        <History events={events} items={new Map((one.items ?? []).map((item) => [item.id, titled(item.title)]))} />
      </>
    )}</Read>
  );
}
