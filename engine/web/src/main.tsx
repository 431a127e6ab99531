// The pages. A screen is a file in screens/ and a row in the table below: its address, who has it,
// and what it shows. Words stand in words.ts, what the gateway is asked in api.ts.
import { render, type ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { deaf_since, listen, log_out, remember, session } from "./api";
import { useKeys } from "./parts";
import { go, place } from "./place";
import { CasePage } from "./screens/case";
import { Cases } from "./screens/cases";
import { Login } from "./screens/login";
import { Progress } from "./screens/progress";
import { TaskPage, Tasks } from "./screens/tasks";
import "./style.css";
import { language, say, speak, type Word } from "./words";

interface Screen {
  at: RegExp;
  roles: string[] | null; // null: nobody has to log in
  show: (part: string) => ComponentChild;
}

const everybody = ["clerk", "officer", "tracker", "supervisor", "manager", "administrator"];
const screens: Screen[] = [
  { at: /^tasks$/, roles: everybody, show: () => <Tasks /> },
  { at: /^tasks\/(.+)$/, roles: ["officer"], show: (id) => <TaskPage id={id} /> },
  { at: /^cases$/, roles: everybody, show: () => <Cases /> },
  { at: /^cases\/(.+)$/, roles: everybody, show: (number) => <CasePage number={number} /> },
  { at: /^progress$/, roles: null, show: () => <Progress /> },
];
const menu: [string, Word][] = [["cases", "cases"], ["tasks", "tasks"], ["progress", "progress"]];
const letters: Record<string, string> = { w: "cases", d: "tasks", t: "progress" };
const help: [string, Word][] = [
  ["j k ↑ ↓", "keys_move"], ["Enter", "keys_open"], ["/", "keys_search"], ["a", "keys_approve"], ["r", "keys_reject"],
  ["g w / g d / g t", "keys_go"], ["Esc", "keys_back"], ["?", "keys_help"],
];

function home(): string {
  return session.value?.account.role === "officer" ? "tasks" : "cases";
}

/** A switch that is kept, and shows as a class of the whole page. */
function Switch({ name }: { name: "large" | "contrast" }) {
  const [on, set_on] = useState(localStorage.getItem(name) === "on");
  useEffect(() => {
    document.documentElement.classList.toggle(name, on);
    localStorage.setItem(name, on ? "on" : "off");
  }, [on]);
  return <button type="button" aria-pressed={on} onClick={() => set_on(!on)}>{say(name)}</button>;
}

function Header() {
  const account = session.value?.account;
  return (
    <header>
      <a class="skip" href="#content" onClick={(event) => {
        event.preventDefault();
        document.getElementById("content")?.focus();
      }}>{say("skip")}</a>
      <strong class="brand">{say("hall")}</strong>
      <nav aria-label={say("hall")}>{menu.filter(([to]) => account || to === "progress").map(([to, word]) => (
        <a key={to} href={`#/${to}`} aria-current={place.value.startsWith(to) ? "page" : undefined}>{say(word)}</a>
      ))}</nav>
      <div class="bar">
        <Switch name="large" />
        <Switch name="contrast" />
        <button type="button" lang={language.value === "zh" ? "en" : "zh-CN"} onClick={() => speak(language.value === "zh" ? "en" : "zh")}>{say("language")}</button>
        {account ? <><span>{account.title || account.name}</span> <button type="button" onClick={() => void log_out()}>{say("log_out")}</button></> : null}
      </div>
    </header>
  );
}

function Help({ close }: { close: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  return (
    <dialog ref={box} aria-label={say("keys")} onClose={close}>
      <h2>{say("keys")}</h2>
      <dl class="facts">{help.map(([key, word]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{say(word)}</dd></div>)}</dl>
      <button type="button" onClick={() => box.current?.close()}>{say("close")}</button>
    </dialog>
  );
}

function Screens() {
  const at = place.value === "home" ? home() : place.value;
  for (const screen of screens) {
    const found = screen.at.exec(at);
    if (!found) continue;
    if (screen.roles && !session.value) return <Login />;
    if (screen.roles && !screen.roles.includes(session.value?.account.role ?? "")) return <p class="empty">{say("not_yours")}</p>;
    return screen.show(decodeURIComponent(found[1] ?? ""));
  }
  return session.value ? <Cases /> : <Login />;
}

function Everything() {
  const [helped, set_helped] = useState(false);
  const led = useRef(false);
  const logged_in = !!session.value;

  useEffect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
    document.title = say("hall");
  }, [language.value]);
  useEffect(() => (logged_in ? listen() : undefined), [logged_in]);
  useKeys((event) => {
    if (event.key === "?") set_helped(true);
    else if (event.key === "Escape" && place.value.includes("/")) go(place.value.split("/")[0]);
    else if (led.current && letters[event.key]) go(letters[event.key]);
    led.current = event.key === "g";
  });

  if (session.value === undefined) return <p class="quiet" role="status">{say("loading")}</p>;
  return (
    <>
      <Header />
      {logged_in && deaf_since.value ? <p class="problem" role="status">{say("stale_since")} {deaf_since.value.toLocaleTimeString()}</p> : null}
      <main id="content" tabindex={-1}><Screens /></main>
      {helped ? <Help close={() => set_helped(false)} /> : null}
    </>
  );
}

void remember();
render(<Everything />, document.getElementById("page")!);
