// What keeps a page up to date beside the events that all parts share (events.ts): those of one acquisition, whole, and
// asking again where the server has no events.

import { useEffect } from "preact/hooks";
import { api } from "./api";
import type { Acquisition } from "./types";

export type Link = "open" | "lost" | "ended";

// follow tells each state of an acquisition until it has ended, and whether the line is open. The browser opens a
// lost stream again by itself, unless the server refused it; then follow does, ever more slowly.
export function follow(taskID: string, onChange: (a: Acquisition) => void, onLink: (l: Link) => void): () => void {
  let source: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let wait = 1000;
  let stopped = false;
  const open = () => {
    source = new EventSource(api.events(taskID));
    source.addEventListener("acquisition", (e) => {
      wait = 1000;
      onLink("open");
      onChange(JSON.parse((e as MessageEvent<string>).data) as Acquisition);
    });
    source.addEventListener("end", () => {
      stop();
      onLink("ended");
    });
    source.onerror = () => {
      onLink("lost");
      if (stopped || source?.readyState !== EventSource.CLOSED) return;
      again = setTimeout(open, wait);
      wait = Math.min(wait * 2, 30_000);
    };
  };
  const stop = () => {
    stopped = true;
    source?.close();
    clearTimeout(again);
  };
  open();
  return stop;
}

// useEvery calls f every so many seconds, as long as somebody looks at the page.
export function useEvery(seconds: number, f: () => void, when = true): void {
  useEffect(() => {
    if (!when) return;
    const timer = setInterval(() => {
      if (!document.hidden) f();
    }, seconds * 1000);
    const seen = () => {
      if (!document.hidden) f();
    };
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [seconds, f, when]);
}
