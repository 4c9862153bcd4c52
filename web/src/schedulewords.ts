// A schedule's rule in words, as far as there are words for it.

import { fixed, plain } from "./format";
import type { Recurrence, Schedule, ScheduleWindow } from "./schedules";

// duration is a round number of seconds as people say it: 90 min and not 1.5 h.
export function duration(s: number): string {
  for (const [size, one, many] of [[86_400, "day", "days"], [3600, "hour", "hours"], [60, "minute", "minutes"]] as const) {
    if (s >= size && Number.isInteger(s / size)) return s === size ? one : `${fixed(s / size, 0)} ${many}`;
  }
  return s === 1 ? "second" : `${plain(s)} seconds`;
}

export const sunWords: Record<string, string> = {
  astronomical_dawn: "astronomical dawn", nautical_dawn: "nautical dawn", civil_dawn: "civil dawn", sunrise: "sunrise",
  solar_noon: "solar noon", sunset: "sunset", civil_dusk: "civil dusk", nautical_dusk: "nautical dusk", astronomical_dusk: "astronomical dusk",
};

export const dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const dayWords = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

export function ruleWords(s: Pick<Schedule, "recurrence" | "zone" | "windows">): string {
  const when = recurrenceWords(s.recurrence, s.zone);
  return s.windows.length > 0 ? `${when}, only ${s.windows.map(windowWords).join("; ")}${inZone(s.recurrence.cron || s.recurrence.rrule ? "" : s.zone)}` : when;
}

function recurrenceWords(r: Recurrence, zone: string): string {
  if (r.every_seconds) return `every ${duration(r.every_seconds)}`;
  if (r.cron) return cronWords(r.cron) + inZone(zone);
  if (r.rrule) return r.rrule.replace(/\s*\n\s*/g, "; ") + inZone(zone);
  if (r.sun) {
    const off = r.offset_seconds ?? 0;
    const place = `${plain(r.latitude ?? 0, 5)}°, ${plain(r.longitude ?? 0, 5)}°`;
    return `${off === 0 ? "at" : `${oneOf(duration(Math.abs(off)))} ${off < 0 ? "before" : "after"}`} ${sunWords[r.sun] ?? r.sun} at ${place}`;
  }
  return "never";
}

function oneOf(text: string): string {
  return /^\d/.test(text) ? text : `1 ${text}`;
}

function inZone(zone: string): string {
  return zone && zone !== "UTC" ? ` (${zone})` : zone === "UTC" ? " UTC" : "";
}

// cronWords puts the commonest lines into words, and leaves the others as they are.
export function cronWords(cron: string): string {
  const fields = cron.trim().split(/\s+/);
  if (fields.length === 5) {
    const [minute, hour, day, month, weekday] = fields;
    const every = /^\*\/(\d+)$/.exec(minute);
    if (day === "*" && month === "*" && weekday === "*" && hour === "*") {
      if (minute === "*") return "every minute";
      if (every) return `every ${duration(Number(every[1]) * 60)} of the hour`;
      if (/^\d+$/.test(minute)) return `every hour at :${minute.padStart(2, "0")}`;
    }
    if (/^\d+$/.test(minute) && /^\d+$/.test(hour) && day === "*" && month === "*") {
      const at = `at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
      if (weekday === "*") return `every day ${at}`;
      if (/^\d(,\d)*$/.test(weekday)) return `every ${weekday.split(",").map((d) => dayWords[(Number(d) + 6) % 7]).join(", ")} ${at}`;
    }
  }
  return `cron ${cron}`;
}

export function windowWords(w: ScheduleWindow): string {
  return `${w.days && w.days.length > 0 ? `${w.days.join(", ")} ` : ""}${w.from}\u2013${w.to}`;
}

export const skippedWords: Record<string, string> = {
  paused: "it was paused", misfire: "nobody started it in time", overlap: "the run before had not ended",
  websdrs: "a WebSDR could not take part", invalid: "what it asks for is not possible",
};
