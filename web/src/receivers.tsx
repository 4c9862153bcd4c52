// Choosing receivers, in a list and on a map that show the same choice.

import { LazyWorld } from "./lazyworld";
import type { Pin } from "./world";
import type { WebSDR } from "./types";
import { whyNot } from "./websdrnames";
import { Check } from "./form";
import { Empty } from "./ui";
import { useMemo } from "preact/hooks";

interface Choice {
  all: WebSDR[];
  frequencyHz?: number;
  chosen: Set<number>;
  set: (chosen: Set<number>) => void;
}

export function Chooser({ all, frequencyHz, chosen, set }: Choice) {
  const able = all.filter((w) => whyNot(w, frequencyHz) === undefined);
  const unable = all.filter((w) => whyNot(w, frequencyHz) !== undefined);
  const toggle = (id: number) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    set(next);
  };
  const pins = useMemo<Pin[]>(
    () =>
      able.map((w) => {
        const on = chosen.has(w.websdr_id);
        return { ...w, of: "websdr", id: w.websdr_id, look: on ? "chosen" : "on", text: `${w.name}${on ? ", chosen" : ""}` };
      }),
    [all, frequencyHz, chosen],
  );
  if (able.length === 0) return <Empty>No active WebSDR can record {frequencyHz === undefined ? "IQ" : `${frequencyHz / 1e6} MHz`}.</Empty>;
  return (
    <>
      <div class="columns">
        <div>
          <div class="after">
            <button type="button" onClick={() => set(new Set(able.map((w) => w.websdr_id)))}>
              Choose all {able.length}
            </button>
            <button type="button" onClick={() => set(new Set())}>
              Choose none
            </button>
            <span class="muted">{able.filter((w) => chosen.has(w.websdr_id)).length} chosen</span>
          </div>
          <div class="chooser">
            {able.map((w) => (
              <Check
                key={w.websdr_id}
                checked={chosen.has(w.websdr_id)}
                set={() => toggle(w.websdr_id)}
                label={
                  <>
                    {w.name} <span class="muted">{[w.location_name, w.kind].filter(Boolean).join(", ")}</span>
                  </>
                }
              />
            ))}
          </div>
          {unable.length > 0 && (
            <details>
              <summary>{unable.length} that cannot</summary>
              <ul>
                {unable.map((w) => (
                  <li key={w.websdr_id}>
                    {w.name}: {whyNot(w, frequencyHz)}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </div>
        <LazyWorld pins={pins} press={(pin) => toggle(pin.id)} small />
      </div>
    </>
  );
}
