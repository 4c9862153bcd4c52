// The frame around every page: the menu, the theme, and a voice for screen readers.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Explanation } from "./definitions";
import { Who } from "./login";
import { pathTo, place, type PageName } from "./router";

const menu: { page: PageName; text: string; also: PageName[] }[] = [
  { page: "overview", text: "Overview", also: [] },
  { page: "map", text: "Map", also: ["addEmitter", "editEmitter"] },
  { page: "new", text: "New acquisition", also: [] },
  { page: "acquisitions", text: "Acquisitions", also: ["acquisition", "compare"] },
  { page: "websdrs", text: "WebSDRs", also: ["websdr", "addWebSDR", "editWebSDR"] },
  { page: "trends", text: "Trends", also: ["coverage"] },
  { page: "schedules", text: "Schedules", also: ["schedule", "addSchedule", "editSchedule"] },
  { page: "measurements", text: "Measurements", also: [] },
  { page: "system", text: "System", also: [] },
];

const said = signal("");

// say has a screen reader speak, politely.
export function say(text: string): void {
  said.value = text;
}

export function Shell({ children }: { children: ComponentChildren }) {
  const { page, path } = place.value;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // Whoever came here by keyboard goes on from the top of the new page, not from the end of the old one.
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <a class="brand" href={pathTo("overview")}>
          Heimdall
        </a>
        <nav aria-label="Pages">
          {menu.map((m) => (
            <a key={m.page} href={pathTo(m.page)} aria-current={page === m.page ? "page" : page && m.also.includes(page) ? "true" : undefined}>
              {m.text}
            </a>
          ))}
        </nav>
        <Who />
        <Theme />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <div class="unseen" role="status" aria-live="polite">
        {said.value}
      </div>
      <Explanation />
    </>
  );
}

const theme = signal(document.documentElement.dataset.theme ?? "system");

// dark says which of the two is on, whoever chose it. Charts draw with its colours.
export const dark = signal(isDark());
const system = window.matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", () => (dark.value = isDark()));

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function Theme() {
  const choose = (value: string) => {
    theme.value = value;
    if (value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    dark.value = isDark();
    try {
      localStorage.setItem("theme", value);
    } catch {
      // Storage is switched off: it holds until the page is loaded again.
    }
  };
  return (
    <label class="theme">
      <span>Theme</span>
      <select value={theme.value} onChange={(e) => choose(e.currentTarget.value)}>
        <option value="system">system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
  );
}
