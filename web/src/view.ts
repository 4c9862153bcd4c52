// What part of an acquisition the spectrograms show, all of them alike: which stretch of time, which band, in which
// colours, and where the cursor is. Times are seconds after the beginning, frequencies Hz from that of the acquisition.

import { batch, signal, type Signal } from "@preact/signals";
import { nanosecondsOf, secondsBetween } from "./instants";
import type { Acquisition, Capture, Recording } from "./types";

export interface Span {
  from: number;
  to: number;
}

export interface Look {
  min?: number; // dBFS; nothing means what suits each recording
  max?: number;
  palette: string;
}

export interface View {
  begin: bigint; // where seconds count from, in nanoseconds since 1970
  frequencyHz: number;
  whole: Span; // from the first sample of all recordings to the last
  shortest: number; // seconds
  span: Signal<Span>;
  band: Signal<Span | undefined>; // nothing means all of each receiver's
  cursor: Signal<{ seconds: number; hz: number } | undefined>;
  look: Signal<Look>;
}

export type Recorded = Capture & { recording: Recording };

export function recordedOf(a: Acquisition): Recorded[] {
  return (a.captures ?? []).filter((c): c is Recorded => c.recording !== undefined);
}

// spanOf is the time of a recording, its gaps counted.
export function spanOf(begin: bigint, r: Recording): Span {
  const missing = r.gaps.reduce((sum, g) => sum + (g.sample > 0 && g.sample < r.samples_count ? g.missing : 0), 0);
  const from = secondsBetween(begin, BigInt(r.start_unix_ns));
  return { from, to: from + (r.samples_count + missing) / (r.sample_rate_khz * 1000) };
}

export function newView(a: Acquisition): View {
  const recordings = recordedOf(a).map((c) => c.recording);
  const begin = a.window_start ? nanosecondsOf(a.window_start) : recordings.map((r) => BigInt(r.start_unix_ns)).reduce((x, y) => (x < y ? x : y));
  const spans = recordings.map((r) => spanOf(begin, r));
  const whole = { from: Math.min(...spans.map((s) => s.from)), to: Math.max(...spans.map((s) => s.to)) };
  return {
    begin, whole, frequencyHz: Math.round(a.frequency_mhz * 1e6),
    shortest: 16 / (1000 * Math.max(...recordings.map((r) => r.sample_rate_khz))),
    span: signal(whole), band: signal<Span | undefined>(undefined), cursor: signal(undefined), look: signal<Look>({ palette: "aurora" }),
  };
}

// moved is a stretch of the same length somewhere else, inside whole.
function moved(s: Span, by: number, whole: Span): Span {
  const length = s.to - s.from;
  if (length >= whole.to - whole.from) return whole;
  const from = Math.min(Math.max(s.from + by, whole.from), whole.to - length);
  return { from, to: from + length };
}

// scaled is a stretch of another length, in which at stays where it is.
function scaled(s: Span, factor: number, at: number, shortest: number, whole: Span): Span {
  const length = Math.min(Math.max((s.to - s.from) * factor, shortest), whole.to - whole.from);
  const from = at - ((at - s.from) / (s.to - s.from)) * length;
  return moved({ from, to: from + length }, 0, whole);
}

const middle = (s: Span) => (s.from + s.to) / 2;

// isWhole reports whether all of the time is shown.
export function isWhole(v: View): boolean {
  return v.span.value.from <= v.whole.from && v.span.value.to >= v.whole.to;
}

// zoom shows factor times as much time.
export function zoom(v: View, factor: number, at = middle(v.span.value)): void {
  v.span.value = scaled(v.span.value, factor, at, v.shortest, v.whole);
}

// pan moves by a share of what is shown.
export function pan(v: View, share: number): void {
  v.span.value = moved(v.span.value, share * (v.span.value.to - v.span.value.from), v.whole);
}

// zoomBand shows factor times as wide a band; full is all of it.
export function zoomBand(v: View, factor: number, full: Span, at?: number): void {
  const now = shownOf(v, full);
  const next = scaled(now, factor, at ?? middle(now), (full.to - full.from) / 64, full);
  v.band.value = next.to - next.from >= full.to - full.from ? undefined : next;
}

export function panBand(v: View, share: number, full: Span): void {
  if (!v.band.value) return;
  const now = shownOf(v, full);
  v.band.value = moved(now, share * (now.to - now.from), full);
}

export function reset(v: View): void {
  batch(() => {
    v.span.value = v.whole;
    v.band.value = undefined;
  });
}

// shownOf is the part of a receiver's band that is shown: all of it where the band chosen lies elsewhere.
export function shownOf(v: View, full: Span): Span {
  const b = v.band.value;
  if (!b || b.from >= full.to || b.to <= full.from) return full;
  return { from: Math.max(b.from, full.from), to: Math.min(b.to, full.to) };
}
