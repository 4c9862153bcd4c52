// The fields of a WebSDR's form, as one table: name in the API, words for people, and how an empty one is meant.

import type { Reader } from "./form";
import type { WebSDR } from "./types";

export interface FieldOf {
  name: keyof WebSDR;
  label: string;
  hint?: string;
  kind: "text" | "number" | "area";
  empty?: null | 0 | ""; // what an empty field stands for; without it, one must be given
}

export const groups: { title: string; fields: FieldOf[] }[] = [
  {
    title: "Where it is",
    fields: [
      { name: "name", label: "Name", hint: "unique, 1 to 100 characters", kind: "text" },
      { name: "url", label: "Address", hint: "such as http://kiwi.example:8073, without credentials", kind: "text" },
      { name: "location_name", label: "Place", kind: "text", empty: "" },
      { name: "latitude", label: "Latitude (°)", hint: "north is positive", kind: "number" },
      { name: "longitude", label: "Longitude (°)", hint: "east is positive", kind: "number" },
      { name: "altitude_m", label: "Altitude (m)", hint: "of the antenna above the WGS 84 ellipsoid; empty: unknown", kind: "number", empty: null },
    ],
  },
  {
    title: "What it receives",
    fields: [
      { name: "frequency_min_hz", label: "Lowest frequency (Hz)", hint: "both empty: the usual range of its kind", kind: "number", empty: 0 },
      { name: "frequency_max_hz", label: "Highest frequency (Hz)", kind: "number", empty: 0 },
      { name: "frequency_offset_hz", label: "Converter adds (Hz)", hint: "radio frequency = receiver frequency + this", kind: "number", empty: 0 },
      { name: "sample_rate_hz", label: "Sample rate (Hz)", hint: "when an acquisition names none; empty: the default of its kind", kind: "number", empty: 0 },
      { name: "passband_low_hz", label: "Passband from (Hz)", hint: "relative to the tuned frequency; both empty: the widest", kind: "number", empty: 0 },
      { name: "passband_high_hz", label: "Passband to (Hz)", kind: "number", empty: 0 },
      { name: "gain_db", label: "Manual gain (dB)", hint: "empty: the default of its kind", kind: "number", empty: null },
    ],
  },
  {
    title: "Calibration",
    fields: [
      { name: "calibration_db", label: "Calibration (dB)", hint: "dBm minus dBFS at that gain; empty: power is relative only", kind: "number", empty: null },
      { name: "calibration_sigma_db", label: "Its one sigma (dB)", kind: "number", empty: null },
      { name: "clock_sigma_ppm", label: "Clock, one sigma (ppm)", hint: "of its frequency reference; empty: unknown", kind: "number", empty: 0 },
    ],
  },
  {
    title: "How to reach it",
    fields: [
      { name: "timeout_seconds", label: "Time-out (s)", hint: "on connecting, first sample and stall; 1 to 300, empty: 30", kind: "number", empty: null },
      { name: "retry_count", label: "Further attempts", hint: "after a transport failure; 0 to 10, empty: 3", kind: "number", empty: null },
      { name: "daily_budget_seconds", label: "Daily budget (s)", hint: "that its host may be connected to on one UTC day; empty: no limit", kind: "number", empty: 0 },
      { name: "notes", label: "Notes", kind: "area", empty: "" },
    ],
  },
];

export type Typed = Record<string, string>;

// typedOf is what stands in the fields at first. 0 that means "not said" is an empty field.
export function typedOf(w: WebSDR | undefined): Typed {
  const typed: Typed = {};
  for (const f of groups.flatMap((g) => g.fields)) {
    const v = w?.[f.name];
    typed[f.name] = v === undefined || v === null || (f.empty === 0 && v === 0) ? "" : String(v);
  }
  return typed;
}

// inputOf is the request's body.
export function inputOf(typed: Typed, r: Reader): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const f of groups.flatMap((g) => g.fields)) {
    if (f.kind !== "number") body[f.name] = typed[f.name];
    else if (f.empty === undefined) body[f.name] = r.needed(f.name, typed[f.name]);
    else body[f.name] = r.number(f.name, typed[f.name]) ?? f.empty;
  }
  return body;
}
