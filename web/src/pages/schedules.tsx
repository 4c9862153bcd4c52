// Schedules: what makes acquisitions recur, when each runs next and how the last run went, and how loaded the
// receivers will be.

import { useCallback } from "preact/hooks";
import { api } from "../api";
import { count, fixed, mhz, seconds } from "../format";
import { useEvery } from "../live";
import { useLoad } from "../load";
import { pathTo } from "../router";
import { ruleWords, skippedWords } from "../schedulewords";
import type { Forecast, Schedule, ScheduleRun } from "../schedules";
import type { Acquisition, WebSDR } from "../types";
import { Empty, Page, Section, StateBadge, Table, Time, Trouble, Waiting } from "../ui";
import { Upcoming } from "../upcoming";
import { nameOf, useWebSDRs } from "../websdrnames";

interface Row {
  schedule: Schedule;
  last?: ScheduleRun;
  made?: Acquisition; // by the last run, while it is stored
}

export default function Schedules() {
  const list = useLoad(readRows, []);
  const forecast = useLoad((s) => api.forecast({ hours: 24, limit: 12 }, s), []);
  const websdrs = useWebSDRs();
  const again = useCallback(() => {
    list.reload();
    forecast.reload();
  }, [list.reload, forecast.reload]);
  useEvery(15, again);
  return (
    <Page title="Schedules" actions={<a class="main" href={pathTo("addSchedule")}>Add a schedule</a>}>
      <Section title="Schedules" note={list.value && list.value.length > 0 ? String(list.value.length) : undefined}>
        <Trouble error={list.error} again={list.reload} />
        {list.value ? <List of={list.value} /> : list.loading && <Waiting what="schedules" />}
      </Section>
      <Section title="The next 24 hours" note="of the schedules that are not paused">
        <Trouble error={forecast.error} again={forecast.reload} />
        {forecast.value ? <Ahead of={forecast.value} names={websdrs.value} /> : forecast.loading && <Waiting what="the forecast" />}
      </Section>
    </Page>
  );
}

async function readRows(signal: AbortSignal): Promise<Row[]> {
  const schedules = await api.schedules(signal);
  return Promise.all(
    schedules.map(async (schedule): Promise<Row> => {
      const [last] = (await api.scheduleRuns(schedule.schedule_id, { limit: 1 }, signal)).runs;
      const made = last?.task_id ? await api.acquisition(last.task_id, signal).catch(() => undefined) : undefined;
      return { schedule, last, made };
    }),
  );
}

export function ScheduleState({ of: s }: { of: Schedule }) {
  if (!s.is_active) return <StateBadge state="paused" />;
  return s.next_due_at === null ? <StateBadge state="cancelled" text="no further run" /> : <StateBadge state="up" text="active" />;
}

function List({ of }: { of: Row[] }) {
  if (of.length === 0) {
    return <Empty>There is none yet. A schedule asks for the same acquisition again and again: every ten minutes, each morning, at sunset.</Empty>;
  }
  return (
    <Table caption="Schedules, in order of their ids">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col">Runs</th>
          <th scope="col">What</th>
          <th scope="col">Next run</th>
          <th scope="col">Last run</th>
          <th scope="col" class="n">Runs so far</th>
        </tr>
      </thead>
      <tbody>
        {of.map(({ schedule: s, last, made }) => (
          <tr key={s.schedule_id} data-schedule={s.schedule_id}>
            <th scope="row"><a href={pathTo("schedule", { schedule_id: s.schedule_id })}>{s.name}</a></th>
            <td><ScheduleState of={s} /></td>
            <td>{ruleWords(s)}</td>
            <td>
              {mhz(s.frequency_mhz)} for {seconds(s.duration_seconds)}
              <span class="below">{s.websdrs === null ? "all receivers that can" : count(s.websdrs.length, "receiver")}</span>
            </td>
            <td data-name="next_start_at" data-value={s.next_start_at ?? ""}>{s.is_active ? <Time at={s.next_start_at} relative /> : <span class="muted">–</span>}</td>
            <td><Last run={last} made={made} /></td>
            <td class="n" data-name="runs_count">{fixed(s.runs_count, 0)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Last({ run, made }: { run?: ScheduleRun; made?: Acquisition }) {
  if (!run) return <span class="muted">none yet</span>;
  if (run.skipped) {
    return (
      <>
        <StateBadge state="skipped" /> <Time at={run.last_due_at} relative />
        <span class="below">{skippedWords[run.skipped] ?? run.skipped}</span>
      </>
    );
  }
  return (
    <>
      <a href={pathTo("acquisition", { task_id: run.task_id! })}>{made ? <StateBadge state={made.state} /> : "acquisition"}</a>
      <span class="below"><Time at={run.start_at} relative /></span>
    </>
  );
}

function Ahead({ of: f, names }: { of: Forecast; names?: WebSDR[] }) {
  return (
    <>
      <p>
        <b data-name="forecast_count">{count(f.count, "run")}</b> until <Time at={f.to} />{f.runs.length < f.count && `; these are the first ${f.runs.length}`}.
      </p>
      {f.runs.length > 0 && <Upcoming runs={f.runs} named />}
      {f.hosts.length > 0 && (
        <>
          <h3>How loaded the receivers will be</h3>
          <Table caption="Recordings asked of each receivers' host">
            <thead>
              <tr>
                <th scope="col">Host</th>
                <th scope="col">WebSDRs</th>
                <th scope="col" class="n">Recordings</th>
                <th scope="col" class="n">Recording a day</th>
                <th scope="col">Of the day</th>
              </tr>
            </thead>
            <tbody>
              {f.hosts.map((h) => (
                <tr key={h.host} data-host={h.host}>
                  <th scope="row">{h.host}</th>
                  <td>{h.websdrs.map((id) => nameOf(names, id)).join(", ")}</td>
                  <td class="n" data-name="runs">{fixed(h.runs, 0)}</td>
                  <td class="n" data-name="seconds_per_day">{seconds(h.seconds_per_day)}</td>
                  <td>
                    <span class="bar">
                      <progress max={1} value={Math.min(1, h.time_share)} aria-label={`Share of the day at ${h.host}`} />
                      <span class="num" data-name="time_share">{fixed(100 * h.time_share, 1)} %</span>
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </Table>
        </>
      )}
    </>
  );
}
