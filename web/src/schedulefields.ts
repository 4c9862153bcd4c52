// What stands in the form of a schedule, and the request that it makes.

import type { Reader } from "./form";
import type { Schedule, ScheduleWindow } from "./schedules";

export type Way = "every" | "cron" | "rrule" | "sun";

export interface Filled {
  text: Record<string, string>;
  way: Way;
  sunAt: string; // websdr_id of whose place, or empty for a place by itself
  websdrs: number[] | undefined; // undefined: whoever can when a run is due
  windows: ScheduleWindow[];
  active: boolean;
}

export const units = [
  { value: "1", text: "seconds" }, { value: "60", text: "minutes" }, { value: "3600", text: "hours" }, { value: "86400", text: "days" },
];

const usual = {
  name: "", label: "", frequency: "", duration: "10", rate: "", center: "", bandwidth: "", join: "", priority: "0",
  every: "10", unit: "60", cron: "0 6 * * *", rrule: "FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=12", sun: "sunrise", offset: "0", latitude: "", longitude: "",
  zone: "UTC", start: "", end: "", runs: "", jitter: "0", misfire: "skip", grace: "60", overlap: "allow",
};

const shown = (v: number | null | undefined) => (v === null || v === undefined ? "" : String(v));
const time = (v: string | null) => (v ? v.slice(0, 19) : "");

export function filledOf(s?: Schedule): Filled {
  if (!s) return { text: { ...usual }, way: "every", sunAt: "", websdrs: undefined, windows: [], active: true };
  const r = s.recurrence;
  const every = r.every_seconds ?? 600;
  const unit = units.toReversed().find((u) => Number.isInteger(every / Number(u.value)))?.value ?? "1";
  return {
    text: {
      ...usual, name: s.name, label: s.label === s.name ? "" : s.label, frequency: shown(s.frequency_mhz), duration: shown(s.duration_seconds),
      rate: shown(s.sample_rate_khz), center: s.channel_center_hz === 0 ? "" : shown(s.channel_center_hz), bandwidth: shown(s.channel_bandwidth_hz),
      join: shown(s.join_timeout_seconds), priority: shown(s.priority), every: shown(every / Number(unit)), unit,
      cron: r.cron ?? usual.cron, rrule: r.rrule ?? usual.rrule, sun: r.sun ?? usual.sun, offset: shown((r.offset_seconds ?? 0) / 60),
      latitude: shown(r.latitude), longitude: shown(r.longitude), zone: s.zone || "UTC", start: time(s.start_at), end: time(s.end_at),
      runs: shown(s.max_runs), jitter: shown(s.jitter_seconds), misfire: s.misfire, grace: shown(s.grace_seconds), overlap: s.overlap,
    },
    way: r.cron ? "cron" : r.rrule ? "rrule" : r.sun ? "sun" : "every",
    sunAt: shown(r.websdr_id), websdrs: s.websdrs === null ? undefined : s.websdrs, windows: s.windows, active: s.is_active,
  };
}

// inputOf is the request's body. A time that nobody touched stays as exact as it was.
export function inputOf(f: Filled, r: Reader, old?: Schedule): Record<string, unknown> {
  const t = f.text;
  if (f.websdrs?.length === 0) r.refuse("websdrs", "must name at least one WebSDR: the server takes an empty list for all");
  const at = (name: "start_at" | "end_at", text: string) => (old && text === time(old[name]) ? old[name] : (r.time(name, text) ?? null));
  return {
    name: t.name, label: t.label, is_active: f.active,
    frequency_mhz: r.needed("frequency_mhz", t.frequency), duration_seconds: r.needed("duration_seconds", t.duration),
    sample_rate_khz: r.number("sample_rate_khz", t.rate) ?? null, channel_center_hz: r.number("channel_center_hz", t.center) ?? null,
    channel_bandwidth_hz: r.number("channel_bandwidth_hz", t.bandwidth) ?? null,
    join_timeout_seconds: r.number("join_timeout_seconds", t.join) ?? null,
    priority: r.number("priority", t.priority) ?? 0, websdrs: f.websdrs ? f.websdrs.toSorted((a, b) => a - b) : null,
    recurrence: recurrenceOf(f, r), zone: t.zone.trim(), windows: f.windows.length > 0 ? f.windows : null,
    start_at: at("start_at", t.start), end_at: at("end_at", t.end), max_runs: r.number("max_runs", t.runs) ?? null,
    jitter_seconds: r.number("jitter_seconds", t.jitter) ?? 0, misfire: t.misfire, grace_seconds: r.number("grace_seconds", t.grace) ?? null,
    overlap: t.overlap,
  };
}

function recurrenceOf(f: Filled, r: Reader): Record<string, unknown> {
  const t = f.text;
  switch (f.way) {
    case "every": {
      const n = r.needed("recurrence.every_seconds", t.every);
      return { every_seconds: n === undefined ? null : Math.round(n * Number(t.unit) * 1000) / 1000 };
    }
    case "cron":
      return { cron: t.cron.trim() };
    case "rrule":
      return { rrule: t.rrule.trim() };
    case "sun": {
      const offset_seconds = Math.round((r.number("recurrence.offset_seconds", t.offset) ?? 0) * 60_000) / 1000;
      if (f.sunAt) return { sun: t.sun, offset_seconds, websdr_id: Number(f.sunAt) };
      return { sun: t.sun, offset_seconds, latitude: r.needed("recurrence.latitude", t.latitude), longitude: r.needed("recurrence.longitude", t.longitude) };
    }
  }
}

// known are the names of the fields that have a place for what is wrong with them.
export const known = [
  "name", "label", "frequency_mhz", "duration_seconds", "sample_rate_khz", "channel_center_hz", "channel_bandwidth_hz", "join_timeout_seconds",
  "priority", "websdrs", "recurrence", "recurrence.every_seconds", "recurrence.cron", "recurrence.rrule", "recurrence.sun",
  "recurrence.offset_seconds", "recurrence.latitude", "recurrence.longitude", "recurrence.websdr_id", "zone", "windows", "start_at", "end_at", "max_runs",
  "jitter_seconds", "misfire", "grace_seconds", "overlap",
];
