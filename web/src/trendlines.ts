// The lines of a chart of trends, made of what the server answered: one for each receiver, or for each receiver and
// frequency. Nothing is reckoned here but where a band begins and ends.

import { mhz } from "./format";
import type { DriftSeries, NoisePoint, SNRPoint } from "./statistics";
import type { Measurement, WebSDR } from "./types";
import { nameOf } from "./websdrnames";

export interface LinePoint {
  at: string;
  value: number | null;
  spread: number | null; // of a mean the standard deviation, of one measurement its sigma
  least: number | null;
  greatest: number | null;
  count: number;
}

export interface Line {
  key: string;
  websdrID: number;
  name: string;
  look: number; // which colour and dash
  points: LinePoint[]; // oldest first
}

export type Band = "std" | "range" | "none";

// edges are where the band around a point begins and ends.
export function edges(p: LinePoint, band: Band): [number | null, number | null] {
  if (p.value === null || band === "none") return [null, null];
  if (band === "range") return [p.least, p.greatest];
  return p.spread === null ? [null, null] : [p.value - p.spread, p.value + p.spread];
}

export function snrLines(points: SNRPoint[], websdrs: WebSDR[]): Line[] {
  const lines = new Lines(websdrs);
  for (const p of points) {
    lines.of(p.websdr_id).points.push({ at: p.start, value: p.snr_mean_db, spread: p.snr_std_db, least: p.snr_min_db, greatest: p.snr_max_db, count: p.snr_count });
  }
  return lines.list();
}

export function noiseLines(points: NoisePoint[], websdrs: WebSDR[]): Line[] {
  const lines = new Lines(websdrs);
  for (const p of points) {
    lines.of(p.websdr_id).points.push({ at: p.start, value: p.noise_mean_dbfs_hz, spread: p.noise_std_db, least: p.noise_min_dbfs_hz, greatest: p.noise_max_dbfs_hz, count: p.noise_count });
  }
  return lines.list();
}

export function offsetLines(series: DriftSeries[], websdrs: WebSDR[]): Line[] {
  const lines = new Lines(websdrs);
  const several = new Set(series.map((s) => s.frequency_mhz)).size > 1;
  for (const s of series) {
    lines.of(s.websdr_id, several ? mhz(s.frequency_mhz) : "").points = s.points.map((p) => ({
      at: p.start, value: p.offset_mean_hz, spread: p.offset_std_hz, least: p.offset_min_hz, greatest: p.offset_max_hz, count: p.offset_count,
    }));
  }
  return lines.list();
}

// singleLines has each measurement (newest first) as a point of its own; value says which number of it.
export function singleLines(rows: Measurement[], websdrs: WebSDR[], value: (m: Measurement) => number | null, sigma: (m: Measurement) => number | null): Line[] {
  const lines = new Lines(websdrs);
  for (const m of rows.toReversed()) {
    const v = value(m);
    lines.of(m.websdr_id).points.push({ at: m.timestamp_utc, value: v, spread: v === null ? null : sigma(m), least: v, greatest: v, count: v === null ? 0 : 1 });
  }
  return lines.list();
}

// Lines keeps the colour of a receiver the same, whichever others are chosen.
class Lines {
  private byKey = new Map<string, Line>();

  constructor(private websdrs: WebSDR[]) {}

  of(websdrID: number, more = ""): Line {
    const key = `${websdrID} ${more}`;
    let line = this.byKey.get(key);
    if (!line) {
      const at = this.websdrs.findIndex((w) => w.websdr_id === websdrID);
      const before = [...this.byKey.values()].filter((l) => l.websdrID === websdrID).length;
      line = { key, websdrID, name: [nameOf(this.websdrs, websdrID), more].filter(Boolean).join(", "), look: Math.max(at, 0) + 4 * before, points: [] };
      this.byKey.set(key, line);
    }
    return line;
  }

  list(): Line[] {
    return [...this.byKey.values()].filter((l) => l.points.some((p) => p.value !== null)).sort((a, b) => a.websdrID - b.websdrID || a.key.localeCompare(b.key));
  }
}
