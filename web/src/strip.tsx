// A strip of the past: a cell for each part of it, by what was learnt of a receiver in that part. Cells differ by
// height as well as by colour.

import { fixed, utc } from "./format";
import type { Observation } from "./types";

interface Cell {
  from: number;
  to: number;
  counts: { up: number; down: number; unknown: number };
}

export function cellsOf(list: Observation[], from: number, to: number, n: number): Cell[] {
  const width = (to - from) / n;
  const cells = Array.from({ length: n }, (_, i): Cell => ({ from: from + i * width, to: from + (i + 1) * width, counts: { up: 0, down: 0, unknown: 0 } }));
  for (const o of list) {
    const i = Math.floor((Date.parse(o.at) - from) / width);
    if (i >= 0 && i < n) cells[i].counts[o.state]++;
  }
  return cells;
}

function kind({ counts: c }: Cell): "up" | "down" | "mixed" | "none" {
  if (c.up > 0 && c.down > 0) return "mixed";
  return c.up > 0 ? "up" : c.down > 0 ? "down" : "none";
}

const legend = [["up", "up each time"], ["mixed", "up and down"], ["down", "down each time"], ["none", "nothing learnt"]] as const;

export function Strip({ cells }: { cells: Cell[] }) {
  const kinds = cells.map(kind);
  const said = legend.map(([k, text]) => `${kinds.filter((c) => c === k).length} ${text}`).join(", ");
  return (
    <>
      <div class="strip" role="img" aria-label={`Of ${cells.length} equal parts: ${said}`}>
        {cells.map((c, i) => (
          <span key={i} class={kinds[i]} title={`${utc(new Date(c.from).toISOString())}: ${fixed(c.counts.up, 0)} up, ${fixed(c.counts.down, 0)} down`} />
        ))}
      </div>
      <div class="strip-ends muted" aria-hidden="true">
        <span>{utc(new Date(cells[0].from).toISOString())}</span>
        <span>now</span>
      </div>
      <ul class="legend" aria-label="Legend">
        {legend.map(([k, text]) => <li key={k}><span class={`strip-mark ${k}`} aria-hidden="true" />{text}</li>)}
      </ul>
    </>
  );
}
