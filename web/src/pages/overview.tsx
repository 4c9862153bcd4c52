// Overview: what runs, what failed and why, receivers, storage, and the last 24 hours.

import { useCallback, useEffect } from "preact/hooks";
import { api } from "../api";
import { underway, useEvents } from "../events";
import { bytes, count, fixed, mhz } from "../format";
import { useEvery } from "../live";
import { LiveMark } from "../livemark";
import { useLoad, type Loaded } from "../load";
import { ReceiversHealth } from "../receivershealth";
import { pathTo } from "../router";
import type { SessionStatistics } from "../statistics";
import type { Acquisition, Capture, Retention, State, System, WebSDR } from "../types";
import { Bar, Empty, Fact, Facts, NoData, Page, Section, StateBadge, Table, Time, Trouble, Waiting } from "../ui";
import { nameOf, useWebSDRs } from "../websdrnames";

const mostFailures = 20;

export default function Overview() {
  const live = useLoad((s) => api.acquisitions({ state: ["running", "pending"], limit: 100 }, s), []);
  const day = useLoad((s) => lastDay(s), []);
  const websdrs = useWebSDRs();
  const system = useLoad((s) => api.system(s), []);
  const retention = useLoad((s) => api.retention(s), []);
  useEvents(live.reload, 1, ["acquisition.created", "acquisition.ended"]);
  const stored = useCallback(() => {
    day.reload();
    system.reload();
    retention.reload();
  }, [day.reload, system.reload, retention.reload]);
  useEvents(stored, 5, ["acquisition.created", "acquisition.ended", "capture.ended"]);
  useEvery(60, websdrs.reload); // of these there are no events
  const now = underway.value;
  useEffect(() => {
    if (now) live.set({ acquisitions: [...now.values()], next_cursor: null });
  }, [now]);
  return (
    <Page title="Overview" actions={<><LiveMark /><a class="main" href={pathTo("new")}>New acquisition</a></>}>
      <Section title="Running and waiting">
        <Trouble error={live.error} again={live.reload} />
        {live.value ? <Live list={live.value.acquisitions} /> : live.loading && <Waiting what="acquisitions" />}
      </Section>
      <Section title="Last 24 hours">
        <Trouble error={day.error} again={day.reload} />
        {day.value ? <Day of={day.value.sessions} /> : day.loading && <Waiting what="the last day" />}
      </Section>
      <Section title="What failed, and why" note="captures of the last 24 hours">
        {day.value ? <Failures of={day.value} names={websdrs.value} /> : day.loading && <Waiting what="failures" />}
      </Section>
      <div class="columns">
        <Section title="Receivers">
          <Trouble error={websdrs.error} again={websdrs.reload} />
          {websdrs.value && websdrs.value.length > 0 && <ReceiversHealth list={websdrs.value} />}
          {websdrs.value ? <Receivers list={websdrs.value} /> : websdrs.loading && <Waiting what="WebSDRs" />}
        </Section>
        <Section title="Storage">
          <Storage system={system} retention={retention} />
        </Section>
      </div>
    </Page>
  );
}

interface DayShown {
  sessions: SessionStatistics;
  failed: Capture[]; // the newest
}

async function lastDay(signal: AbortSignal): Promise<DayShown> {
  const from = new Date(Date.now() - 86_400_000).toISOString();
  const [sessions, captures] = await Promise.all([
    api.sessions({ from }, signal),
    api.captures({ from, state: "failed", limit: mostFailures }, signal),
  ]);
  return { sessions, failed: captures.captures };
}

function Live({ list }: { list: Acquisition[] }) {
  if (list.length === 0) return <Empty>Nothing runs, and nothing waits.</Empty>;
  return (
    <Table caption="Acquisitions that run or wait">
      <thead>
        <tr>
          <th scope="col">Acquisition</th>
          <th scope="col">State</th>
          <th scope="col">Progress</th>
          <th scope="col" class="n">Frequency</th>
          <th scope="col" class="n">Receivers</th>
          <th scope="col">Asked for</th>
        </tr>
      </thead>
      <tbody>
        {list.map((a) => (
          <tr key={a.task_id}>
            <th scope="row">
              <a href={pathTo("acquisition", { task_id: a.task_id })}>{a.label || a.task_id}</a>
            </th>
            <td><StateBadge state={a.state} /></td>
            <td><Bar value={a.progress} label={`Progress of ${a.label || a.task_id}`} /></td>
            <td class="n">{mhz(a.frequency_mhz)}</td>
            <td class="n">{a.captures_ended} of {a.captures_total}</td>
            <td><Time at={a.created_at} relative /></td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

const endings: State[] = ["success", "partial", "failed", "cancelled"];

function Day({ of: d }: { of: SessionStatistics }) {
  return (
    <dl class="big">
      <div>
        <dt>acquisitions asked for</dt>
        <dd>{fixed(d.acquisitions, 0)}</dd>
      </div>
      {endings.map((s) => (
        <div key={s}>
          <dt><StateBadge state={s} /></dt>
          <dd>{fixed(d.acquisitions_by_state[s] ?? 0, 0)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Failures({ of: d, names }: { of: DayShown; names?: WebSDR[] }) {
  if (d.failed.length === 0) return <Empty>No capture failed.</Empty>;
  return (
    <>
      <Table caption="Captures that failed in the last 24 hours, newest first">
        <thead>
          <tr>
            <th scope="col">WebSDR</th>
            <th scope="col">Class</th>
            <th scope="col">Why</th>
            <th scope="col">When</th>
            <th scope="col">Acquisition</th>
          </tr>
        </thead>
        <tbody>
          {d.failed.map((c) => (
            <tr key={`${c.task_id} ${c.websdr_id}`}>
              <th scope="row"><a href={pathTo("websdr", { websdr_id: c.websdr_id })}>{nameOf(names, c.websdr_id)}</a></th>
              <td><code>{c.failure_class || "–"}</code></td>
              <td>{c.reason}</td>
              <td><Time at={c.ended_at} relative /></td>
              <td><a href={pathTo("acquisition", { task_id: c.task_id })}>{c.task_id.slice(0, 8)}…</a></td>
            </tr>
          ))}
        </tbody>
      </Table>
      {d.sessions.failed > d.failed.length && <p class="muted">{count(d.sessions.failed, "capture")} failed; these are the newest {d.failed.length}.</p>}
    </>
  );
}

function Receivers({ list }: { list: WebSDR[] }) {
  if (list.length === 0) {
    return <Empty>There is none yet. <a href={pathTo("addWebSDR")}>Add a WebSDR</a> or <a href={pathTo("websdrs")}>import a list</a>.</Empty>;
  }
  const kinds = new Map<string, number>();
  for (const w of list) kinds.set(w.kind, (kinds.get(w.kind) ?? 0) + 1);
  return (
    <Facts>
      <Fact name="Active" id="active"><a href={pathTo("websdrs")}>{list.filter((w) => w.is_active).length} of {list.length}</a></Fact>
      <Fact name="Kinds" id="kinds">{[...kinds].map(([kind, n]) => `${n} ${kind}`).join(", ")}</Fact>
    </Facts>
  );
}

function Storage({ system, retention }: { system: Loaded<System>; retention: Loaded<Retention> }) {
  const r = retention.value;
  return (
    <>
      <Trouble error={system.error} again={system.reload} />
      <Facts>
        <Fact name="Recordings" id="recorded_bytes">{r ? bytes(r.recorded_bytes) : <NoData />}</Fact>
        <Fact name="Free room" id="free_bytes">{r && r.free_bytes !== null ? bytes(r.free_bytes) : <NoData />}</Fact>
        <Fact name="Database" id="database_bytes">{system.value ? bytes(system.value.database.bytes) : <NoData />}</Fact>
        <Fact name="Kept" id="days">{r ? (r.rules.days === null ? "for ever" : `${r.rules.days} days`) : <NoData />}</Fact>
      </Facts>
    </>
  );
}
