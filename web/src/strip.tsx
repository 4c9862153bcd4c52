// A strip of the past: a cell for each part of it, by what was learnt of a receiver in that part. Cells differ by
// height as well as by colour.

import { fixed, utc } from "./format";
import type { HistoryPart } from "./types";

function kind(c: HistoryPart): "up" | "down" | "mixed" | "none" {
  if (c.up > 0 && c.down > 0) return "mixed";
  return c.up > 0 ? "up" : c.down > 0 ? "down" : "none";
}

const legend = [["up", "up each time"], ["mixed", "up and down"], ["down", "down each time"], ["none", "nothing learnt"]] as const;

export function Strip({ parts }: { parts: HistoryPart[] }) {
  const kinds = parts.map(kind);
  const said = legend.map(([k, text]) => `${kinds.filter((c) => c === k).length} ${text}`).join(", ");
  return (
    <>
      <div class="strip" role="img" aria-label={`Of ${parts.length} equal parts: ${said}`}>
        {parts.map((c, i) => (
          <span key={c.from} class={kinds[i]} data-from={c.from} title={`${utc(c.from)}: ${fixed(c.up, 0)} up, ${fixed(c.down, 0)} down`} />
        ))}
      </div>
      <div class="strip-ends muted" aria-hidden="true">
        <span>{utc(parts[0].from)}</span>
        <span>now</span>
      </div>
      <ul class="legend" aria-label="Legend">
        {legend.map(([k, text]) => <li key={k}><span class={`strip-mark ${k}`} aria-hidden="true" />{text}</li>)}
      </ul>
    </>
  );
}
