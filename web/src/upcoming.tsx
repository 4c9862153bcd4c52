// The next runs of schedules, as the server reckons them.

import type { UpcomingRun } from "./schedules";
import { count, seconds } from "./format";
import { pathTo } from "./router";
import { Empty, Table, Time } from "./ui";

export function Upcoming({ runs, named = false }: { runs: UpcomingRun[]; named?: boolean }) {
  if (runs.length === 0) return <Empty>There is no further run.</Empty>;
  const windows = runs.some((r) => r.window !== null);
  return (
    <Table caption="Next runs">
      <thead>
        <tr>
          {named && <th scope="col">Schedule</th>}
          <th scope="col">Due</th>
          <th scope="col">On the clock of its zone</th>
          <th scope="col" class="n">Jitter</th>
          {windows && <th scope="col">Window</th>}
          {windows && <th scope="col">Left out before</th>}
        </tr>
      </thead>
      <tbody>
        {runs.map((r) => (
          <tr key={`${r.schedule_id} ${r.due_at}`} data-due={r.due_at}>
            {named && <td><a href={pathTo("schedule", { schedule_id: r.schedule_id })}>{r.name}</a></td>}
            <th scope="row"><Time at={r.due_at} relative /></th>
            <td class="num">{zoned(r.local_time)}</td>
            <td class="n" data-name="jitter_seconds">{seconds(r.jitter_seconds)}</td>
            {windows && <td>{r.window ?? "–"}</td>}
            {windows && <td>{r.left_out === 0 ? "–" : r.left_out >= 1000 ? "1000 times or more" : count(r.left_out, "time")}</td>}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

// zoned is a time with its distance from UTC, as the server wrote it.
function zoned(text: string): string {
  const [date, rest] = text.split("T");
  const zone = /(Z|[+-]\d\d:\d\d)$/.exec(rest)?.[0] ?? "";
  return `${date} ${rest.slice(0, 8)} ${zone === "Z" ? "UTC" : zone.replace("-", "\u2212")}`;
}
