// The one stream of events that all parts of a page share. It is open while somebody listens and the page can be seen:
// a browser has six connections to a server, and tabs in the background must not hold them.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { address } from "./api";
import type { Acquisition } from "./types";

// An EventKind is what happened. "ready" is that the stream begins, "reset" that some of it is gone: either way, what
// a page knows may be old.
export type EventKind = "acquisition.created" | "acquisition.running" | "acquisition.ended" | "capture.ended" | "ready" | "reset";

const kinds: EventKind[] = ["acquisition.created", "acquisition.running", "acquisition.ended", "capture.ended", "ready", "reset"];

// lineOpen says whether events come; nothing before the first have.
export const lineOpen = signal<boolean | undefined>(undefined);

// underway are the acquisitions that have not ended, with their progress, by task_id; nothing before they are known.
export const underway = signal<Map<string, Acquisition> | undefined>(undefined);

type Listener = (kind: EventKind) => void;
const listeners = new Set<Listener>();

let source: EventSource | undefined;
let again: ReturnType<typeof setTimeout> | undefined;
let wait = 1000; // milliseconds until a stream that the server refused is opened again
let lastID = ""; // of the last event seen

function tell(kind: EventKind): void {
  for (const l of [...listeners]) l(kind);
}

function open(): void {
  clearTimeout(again);
  if (source || listeners.size === 0 || document.hidden) return;
  const opened = new EventSource(address("/api/v1/events", { progress: true, last_event_id: lastID }));
  source = opened;
  opened.onopen = () => {
    wait = 1000;
    lineOpen.value = true;
  };
  for (const kind of kinds) {
    opened.addEventListener(kind, (e) => {
      lastID = (e as MessageEvent<string>).lastEventId || lastID;
      tell(kind);
    });
  }
  opened.addEventListener("progress", (e) => {
    const { acquisitions } = JSON.parse((e as MessageEvent<string>).data) as { acquisitions: Acquisition[] };
    underway.value = new Map(acquisitions.map((a) => [a.task_id, a]));
  });
  opened.onerror = () => lost(opened);
}

// lost: the browser opens a stream again by itself, with the id of the last event, unless the server refused it. Then we
// do, ever more slowly; and who listens asks for what it shows, which says what is wrong.
function lost(of: EventSource): void {
  if (of !== source) return;
  lineOpen.value = false;
  if (of.readyState !== EventSource.CLOSED) return;
  source = undefined;
  tell("reset");
  again = setTimeout(open, wait);
  wait = Math.min(wait * 2, 30_000);
}

function close(): void {
  clearTimeout(again);
  source?.close();
  source = undefined;
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));

// useEvents calls f after events of these kinds: at once, but at most every so many seconds.
export function useEvents(f: () => void, seconds: number, of: EventKind[] = kinds): void {
  useEffect(() => {
    let last = performance.now(); // the page has just asked for it
    let due: ReturnType<typeof setTimeout> | undefined;
    const listen: Listener = (kind) => {
      if (due !== undefined || !(of.includes(kind) || kind === "ready" || kind === "reset")) return;
      due = setTimeout(() => {
        due = undefined;
        last = performance.now();
        f();
      }, Math.max(0, last + seconds * 1000 - performance.now()));
    };
    listeners.add(listen);
    open();
    return () => {
      clearTimeout(due);
      listeners.delete(listen);
      // The next page may listen, too: it gets the same stream.
      setTimeout(() => {
        if (listeners.size > 0) return;
        close();
        lastID = "";
        underway.value = lineOpen.value = undefined;
      });
    };
  }, [f, seconds]);
}
