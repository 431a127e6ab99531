// What the pages ask of the gateway, and the stream by which they hear that something happened.
import { signal } from "@preact/signals";
import { event_names } from "./happenings";
import { language } from "./words";

export interface Title { zh?: string; en?: string }
export type Light = "green" | "yellow" | "red" | "blue" | "grey";
export interface Clock {
  due_at?: string; remaining_days?: number; overdue?: boolean; provisional?: boolean;
  standing?: boolean; limit?: string;
}
export interface Next {
  what?: string; who_title?: Title; by?: string; item_title?: Title; step?: Title; post?: string;
}
export interface Desk { step?: string; title?: Title; post?: string; limit?: Clock }
export interface Item {
  id: string; title?: Title; department_title?: Title; state?: string; result?: string; light?: Light;
  promise?: Clock; desk?: Desk;
}
export interface Case {
  number: string; title?: Title; state?: string; light?: Light; applicant?: string;
  submitted_at?: string; accepted_at?: string; ended_at?: string; promise?: Clock; legal?: Clock;
  items?: Item[]; next?: Next; query_code?: string;
}
export interface Task {
  task: string; application: string; title?: Title; department?: string; desk?: Desk; light?: Light;
  promise?: Clock; applicant?: string; form?: Record<string, unknown>; materials?: Material[];
  may?: string[]; kind?: string;
}
export interface Material { id?: string; title?: string; name?: string; file?: string }
export interface Happening {
  event: Record<string, unknown> & { seq: string; at?: string }; application?: string; item?: string;
}
export interface Paper { id: string; title?: Title; at?: string }
export interface Account { name: string; title?: string; role: string; department?: string; post?: string }
export interface Session { account: Account; csrf: string; expires_at?: string }
export interface Page<T> { items: T[]; next?: string }

/** A refusal, as the gateway words it (RFC 9457). */
export class Problem extends Error {
  constructor(readonly status: number, title: string, readonly detail: string, readonly code: string) {
    super(title);
  }
}

/** Who is logged in; null: nobody; undefined: not known yet. */
export const session = signal<Session | null | undefined>(undefined);

export interface Answer<T> { body: T; etag: string }

export async function ask<T>(method: string, path: string, body?: unknown, match?: string): Promise<Answer<T>> {
  const headers: Record<string, string> = { "Accept-Language": language.value === "zh" ? "zh-CN" : "en" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (session.value) headers["X-CSRF-Token"] = session.value.csrf;
  if (match) headers["If-Match"] = match;
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem(0, language.value === "zh" ? "连不上服务，请稍后再试" : "The service cannot be reached; try later", "", "network");
  }
  const text = await answer.text();
  const read = text === "" ? {} : JSON.parse(text);
  if (!answer.ok) {
    if (answer.status === 401 && path !== "/v1/session") session.value = null;
    throw new Problem(answer.status, read.title ?? answer.statusText, read.detail ?? "", read.code ?? "");
  }
  return { body: read as T, etag: answer.headers.get("ETag") ?? "" };
}

export async function read<T>(path: string): Promise<T> {
  return (await ask<T>("GET", path)).body;
}

export async function log_in(name: string, password: string): Promise<void> {
  session.value = (await ask<Session>("POST", "/v1/session", { name, password })).body;
}

export async function log_out(): Promise<void> {
  await ask("DELETE", "/v1/session");
  session.value = null;
}

/** Whose page this is, after a reload. */
export async function remember(): Promise<void> {
  try {
    session.value = await read<Session>("/v1/session");
  } catch {
    session.value = null;
  }
}

/** Goes up when anything happened in the hall that this account may see. */
export const happened = signal(0);
/** Since when nothing can be heard; null: all is well. */
export const deaf_since = signal<Date | null>(null);

const GATHER_MS = 250; // a burst of events is one look

export function listen(): () => void {
  const stream = new EventSource("/v1/stream");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hear = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      happened.value++;
    }, GATHER_MS);
  };
  stream.onopen = () => {
    if (deaf_since.value) happened.value++;
    deaf_since.value = null;
  };
  stream.onerror = () => {
    deaf_since.value ??= new Date();
  };
  stream.onmessage = hear;
  for (const kind of event_names) stream.addEventListener(kind, hear);
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}
