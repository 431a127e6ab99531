// Where one is: the part of the address behind '#', and the keys that go elsewhere.
import { signal } from "@preact/signals";

function here(): string {
  return location.hash.replace(/^#\/?/, "") || "home";
}

export const place = signal(here());

addEventListener("hashchange", () => {
  place.value = here();
  scrollTo(0, 0);
});

export function go(to: string): void {
  location.hash = "#/" + to;
}

/** Is somebody typing, or using a key of the browser's? Then a letter is a letter. */
export function is_typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return event.ctrlKey || event.altKey || event.metaKey || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
