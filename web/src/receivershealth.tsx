// How many receivers are up, for a page that has the list: a number for each state, and those that are not well.

import { Empty, Fact, Facts } from "./ui";
import { fixed } from "./format";
import { HealthCell, isBlocked } from "./health";
import { pathTo } from "./router";
import type { HealthState, WebSDR } from "./types";

const words: [HealthState, string][] = [["up", "Up"], ["down", "Down"], ["unknown", "Not known"]];
const mostShown = 8;

export function ReceiversHealth({ list }: { list: WebSDR[] }) {
  const active = list.filter((w) => w.is_active && w.health);
  if (active.length === 0) return <Empty>No receiver is in use.</Empty>;
  const unwell = active.filter((w) => w.health!.state === "down" || w.health!.breaker !== "closed" || isBlocked(w));
  return (
    <>
      <Facts>
        {words.map(([state, text]) => (
          <Fact key={state} name={text}>
            <span data-name={`receivers_${state}`}>{fixed(active.filter((w) => w.health!.state === state).length, 0)}</span> of {active.length}
          </Fact>
        ))}
        <Fact name="Not contacted after failures">{fixed(active.filter((w) => w.health!.breaker !== "closed").length, 0)}</Fact>
      </Facts>
      {unwell.length > 0 && (
        <ul class="unwell">
          {unwell.slice(0, mostShown).map((w) => (
            <li key={w.websdr_id}>
              <a href={pathTo("websdr", { websdr_id: w.websdr_id })}>{w.name}</a>: <HealthCell of={w} />
            </li>
          ))}
          {unwell.length > mostShown && <li><a href={pathTo("websdrs")}>and {unwell.length - mostShown} more</a></li>}
        </ul>
      )}
    </>
  );
}
