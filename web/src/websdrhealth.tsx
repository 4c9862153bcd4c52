// The health of one WebSDR: how it is, what may be done about it, and how it was.

import { useState } from "preact/hooks";
import { api, everyObservation } from "./api";
import { Chart } from "./chart";
import { Select } from "./form";
import { fixed } from "./format";
import { Blocked, Breaker, HealthBadge, isBlocked, milliseconds, percentOf } from "./health";
import { useLoad } from "./load";
import { say } from "./shell";
import { Strip } from "./strip";
import type { Observation, WebSDR, WebSDRHistory, WebSDRStatus } from "./types";
import { Action, Empty, Fact, Facts, NoData, Section, Table, Time, Trouble, Waiting } from "./ui";

export function WebSDRHealth({ of: w, changed }: { of: WebSDR; changed: () => void }) {
  const id = w.websdr_id;
  const status = useLoad((s) => api.status(id, { limit: 1 }, s), [id]);
  const [turn, setTurn] = useState(0);
  const again = () => {
    status.reload();
    setTurn((n) => n + 1);
    changed();
  };
  return (
    <>
      <Section title="Health" note="as probes and captures found it">
        <Trouble error={status.error} again={status.reload} />
        {!status.value && status.loading && <Waiting what="its health" />}
        {status.value && <Now of={status.value} websdr={w} again={again} />}
      </Section>
      <Section title="How it was">
        {status.value && <Uptimes of={status.value} />}
        {status.value && <p class="muted">Up: share of the time of which anything is known, which is the share that stands beside it. Attempts are those of captures.</p>}
        <Past id={id} turn={turn} />
      </Section>
    </>
  );
}

function Now({ of: s, websdr: w, again }: { of: WebSDRStatus; websdr: WebSDR; again: () => void }) {
  const h = s.health;
  const id = w.websdr_id;
  const act = (ask: () => Promise<unknown>, text: string) => async () => {
    await ask();
    say(text);
    again();
  };
  return (
    <>
      <Facts>
        <Fact name="State"><HealthBadge of={h} /></Fact>
        <Fact name="Last heard of"><Time at={h.last_at} relative /></Fact>
        <Fact name="Last found up"><Time at={h.last_ok_at} relative /></Fact>
        <Fact name="Answered within"><span data-name="latency_ms">{milliseconds(h.latency_ms)}</span></Fact>
        <Fact name="Next probe"><Time at={h.next_probe_at} relative /></Fact>
        <Fact name="Attempts">{h.breaker === "closed" ? "may pass" : <Breaker of={h} />}</Fact>
        {h.failures > 0 && <Fact name="Failures in a row">{fixed(h.failures, 0)}</Fact>}
        <Fact name="Standing with its owner">{isBlocked(w) ? <><Blocked of={w} /> {w.blocked_reason}</> : "nothing stands against us"}</Fact>
        <Fact name="Connected today">{fixed(w.used_today_seconds, 0)} s{w.daily_budget_seconds > 0 ? ` of ${fixed(w.daily_budget_seconds, 0)} s a day` : ""}</Fact>
        {h.users !== null && <Fact name="Listeners">{h.users}{h.users_max !== null && ` of ${h.users_max}`}</Fact>}
        {h.gps_satellites !== null && <Fact name="GPS satellites used">{h.gps_satellites}</Fact>}
        {h.receiver_snr_db !== null && <Fact name="SNR that it reports">{fixed(h.receiver_snr_db, 1)} dB</Fact>}
        {h.version && <Fact name="Software">{h.version}</Fact>}
      </Facts>
      {h.failure_class && <p>Last failure: <code>{h.failure_class}</code> {h.reason}</p>}
      {Object.keys(s.details).length > 0 && (
        <details>
          <summary>What else it says of itself</summary>
          <Facts>{Object.entries(s.details).map(([name, text]) => <Fact key={name} name={name}>{text}</Fact>)}</Facts>
        </details>
      )}
      <div class="after">
        <Action text="Probe now" busy="Asking it …" needs="operate" act={act(() => api.probe(id), `${w.name} was probed`)} />
        {h.breaker !== "closed" && <Action text="Let attempts pass" busy="Asking …" needs="operate" act={act(() => api.closeBreaker(id), "Attempts may pass again")} />}
        {isBlocked(w) && <Action text="Forget that it turned us away" busy="Asking …" needs="operate" act={act(() => api.forgive(id), "It may be contacted again")} />}
      </div>
    </>
  );
}

const spans: Record<number, string> = { 24: "24 hours", 168: "7 days", 720: "30 days" };

function Uptimes({ of: s }: { of: WebSDRStatus }) {
  return (
    <Table caption="Uptime">
      <thead>
        <tr>
          <th scope="col">The last</th>
          <th scope="col" class="n">Up</th>
          <th scope="col" class="n">Known</th>
          <th scope="col" class="n">Attempts</th>
          <th scope="col" class="n">Worked</th>
        </tr>
      </thead>
      <tbody>
        {s.uptimes.map((u) => (
          <tr key={u.hours} data-hours={u.hours}>
            <th scope="row">{spans[u.hours] ?? `${u.hours} hours`}</th>
            <td class="n" data-name="uptime_percent">{u.uptime_percent === null ? <NoData /> : percentOf(u.uptime_percent)}</td>
            <td class="n" data-name="known_percent">{percentOf(u.known_percent)}</td>
            <td class="n" data-name="attempts">{fixed(u.attempts, 0)}</td>
            <td class="n" data-name="available_percent">{u.available_percent === null ? <NoData /> : percentOf(u.available_percent)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

const periods = [
  { value: "24", text: "24 hours", cells: 48 }, { value: "168", text: "7 days", cells: 84 }, { value: "720", text: "30 days", cells: 90 },
];
const most = 10_000; // observations: a month of probes every five minutes

function Past({ id, turn }: { id: number; turn: number }) {
  const [hours, setHours] = useState("24");
  const period = periods.find((p) => p.value === hours)!;
  const read = useLoad(async (s) => {
    const to = Date.now();
    const from = new Date(to - Number(hours) * 3600_000).toISOString();
    const history = await api.history(id, { from, to: new Date(to).toISOString(), parts: period.cells }, s);
    return { history, ...(await everyObservation(id, from, most, s)) };
  }, [id, hours, turn]);
  const v = read.value;
  return (
    <>
      <div class="filters">
        <Select label="History of the last" name="hours" value={hours} set={setHours} options={periods} />
      </div>
      <Trouble error={read.error} again={read.reload} />
      {!v && read.loading && <Waiting what="its history" />}
      {v && v.list.length === 0 && <Empty>Nothing was learnt of it in this time.</Empty>}
      {v && v.list.length > 0 && (
        <>
          <Strip parts={v.history.parts} />
          {!v.whole && <p class="muted">Only the newest {most} observations are in the chart.</p>}
          <Latency list={v.list} />
          <Reasons of={v.history} />
        </>
      )}
    </>
  );
}

function Latency({ list }: { list: Observation[] }) {
  const points = list.filter((o) => o.source === "probe").map((o) => ({ at: o.at, value: o.latency_ms })).toReversed();
  return <Chart title="Probe answered within" unit="ms" decimals={1} line={1} points={points} />;
}

function Reasons({ of }: { of: WebSDRHistory }) {
  return (
    <>
      <h3>Why it was not well</h3>
      {of.failures.length === 0 ? (
        <Empty>Every probe and every attempt worked.</Empty>
      ) : (
        <Table caption="Classes of failures, the most frequent first">
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col" class="n">Times</th>
              <th scope="col">In words, the last time</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {of.failures.map((f) => (
              <tr key={f.failure_class} data-class={f.failure_class}>
                <th scope="row"><code>{f.failure_class || "unknown"}</code></th>
                <td class="n" data-name="times">{fixed(f.times, 0)}</td>
                <td>{f.last_reason}</td>
                <td><Time at={f.last_at} relative /></td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </>
  );
}
