// What the pages of trends ask for: the range, the receivers and the frequencies, which stand in the address, so that
// it can be kept and sent, and the browser's way back leads out of a zoom.

import type { Query } from "./api";
import { pathTo, place, type PageName } from "./router";

export const presets = [
  { value: "1", text: "24 hours" }, { value: "7", text: "7 days" }, { value: "30", text: "30 days" }, { value: "90", text: "90 days" },
  { value: "365", text: "a year" },
];

const hour = 3600_000;
const defaultDays = "7";
// Within so short a range each measurement is shown by itself: an hour's mean would be two or three points.
const singlesUpTo = 6 * hour;
const hoursUpTo = 14 * 24 * hour; // as the server's automatic steps
const shortest = 60_000; // the address knows minutes

export type Step = "each" | "1h" | "1d";

export interface Asked {
  days: string; // of the preset; empty when from and to are given
  from: string; // RFC 3339
  to: string;
  step: Step;
  chosenStep: string; // empty: as fits the range
  websdrs: number[]; // none: all
  filter: Query; // everything but range and step
}

// asked reads the address.
export function asked(query: URLSearchParams, now = Date.now()): Asked {
  const from = minute(query.get("from"));
  const to = minute(query.get("to"));
  let days = "";
  let low = from;
  let high = to ?? Math.ceil(now / hour) * hour;
  if (low === undefined) {
    days = presets.find((p) => p.value === query.get("days"))?.value ?? defaultDays;
    low = high - Number(days) * 24 * hour;
    if (to !== undefined) days = "";
  }
  if (high <= low) high = low + shortest;
  const chosenStep = ["each", "1h", "1d"].find((s) => s === query.get("step")) ?? "";
  const fitting: Step = high - low <= singlesUpTo ? "each" : high - low <= hoursUpTo ? "1h" : "1d";
  const websdrs = query.getAll("websdr_id").map(Number).filter((n) => Number.isInteger(n) && n > 0);
  return {
    days, from: new Date(low).toISOString(), to: new Date(high).toISOString(), step: (chosenStep as Step) || fitting, chosenStep, websdrs,
    filter: { websdr_id: websdrs, frequency_min_mhz: query.get("frequency_min_mhz"), frequency_max_mhz: query.get("frequency_max_mhz") },
  };
}

// minute reads what a field of date and time holds, as UTC.
function minute(text: string | null): number | undefined {
  const at = text ? Date.parse(`${text}Z`) : NaN;
  return Number.isNaN(at) ? undefined : at;
}

// fieldTime is a time as such a field holds it.
export function fieldTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}

// withChange is the address of a page of trends with some parameters changed; several values, or none, may be given.
export function withChange(page: PageName, change: Record<string, string | string[]>, query = place.value.query): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    next.delete(name);
    for (const v of Array.isArray(value) ? value : [value]) if (v) next.append(name, v);
  }
  return next.size > 0 ? `${pathTo(page)}?${next}` : pathTo(page);
}

// between is the change of parameters to a range, whole minutes wide.
export function between(fromMs: number, toMs: number): Record<string, string> {
  const low = Math.floor(fromMs / shortest) * shortest;
  const high = Math.max(Math.ceil(toMs / shortest) * shortest, low + shortest);
  return { days: "", from: fieldTime(low), to: fieldTime(high) };
}

export function stepSeconds(s: Step): number {
  return s === "1d" ? 86_400 : s === "1h" ? 3600 : 0;
}

export const stepWords: Record<Step, string> = { each: "each measurement", "1h": "hourly means", "1d": "daily means" };
