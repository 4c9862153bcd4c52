// One schedule: when it runs next, what became of its runs, how late they began, and its settings.

import { useCallback, useState } from "preact/hooks";
import { api, type Versioned } from "../api";
import { Select } from "../form";
import { count, fixed, mhz, plain, seconds } from "../format";
import { useEvery } from "../live";
import { useLoad } from "../load";
import { go, pathTo, place } from "../router";
import { ruleWords, skippedWords, windowWords } from "../schedulewords";
import { say } from "../shell";
import type { Schedule, ScheduleRun } from "../schedules";
import type { Acquisition } from "../types";
import { Action, Button, Dialog, Empty, Fact, Facts, Page, Section, StateBadge, Table, Time, Trouble, Waiting } from "../ui";
import { Upcoming } from "../upcoming";
import { nameOf, useWebSDRs } from "../websdrnames";
import { ScheduleState } from "./schedules";

export default function SchedulePage() {
  const id = Number(place.value.params.schedule_id);
  const schedule = useLoad((s) => api.schedule(id, s), [id]);
  const next = useLoad((s) => api.nextRuns(id, 10, s), [id]);
  const [turn, setTurn] = useState(0);
  const changed = useCallback(() => {
    schedule.reload();
    next.reload();
    setTurn((n) => n + 1);
  }, [schedule.reload, next.reload]);
  useEvery(15, changed);
  const v = schedule.value;
  if (!v) {
    return (
      <Page title={`Schedule ${place.value.params.schedule_id}`}>
        <Trouble error={schedule.error} again={schedule.reload} />
        {schedule.loading && <Waiting what="the schedule" />}
      </Page>
    );
  }
  const s = v.value;
  return (
    <Page title={s.name} actions={<Actions of={v} changed={changed} />}>
      <Trouble error={schedule.error} again={schedule.reload} />
      <Section title="At a glance">
        <Facts>
          <Fact name="State"><ScheduleState of={s} /></Fact>
          <Fact name="Runs">{ruleWords(s)}</Fact>
          <Fact name="Next run">{s.is_active ? <Time at={s.next_start_at} relative /> : "none while it is paused"}</Fact>
          <Fact name="Runs so far"><span data-name="runs_count">{fixed(s.runs_count, 0)}</span>{s.max_runs !== null && ` of ${s.max_runs}`}</Fact>
        </Facts>
      </Section>
      <Section title="Next runs" note={s.is_active ? "as the server reckons them" : "once it is resumed"}>
        <Trouble error={next.error} again={next.reload} />
        {next.value ? <Upcoming runs={next.value} /> : next.loading && <Waiting what="the next runs" />}
      </Section>
      <Runs of={s} turn={turn} />
      <Section title="Settings">
        <Settings of={s} />
      </Section>
    </Page>
  );
}

function Actions({ of: v, changed }: { of: Versioned<Schedule>; changed: () => void }) {
  const [asking, setAsking] = useState(false);
  const s = v.value;
  const id = s.schedule_id;
  const run = async () => {
    const made = await api.runSchedule(id);
    if (made.task_id) go(pathTo("acquisition", { task_id: made.task_id }));
    else {
      say(`It did not run: ${made.detail || made.skipped}`);
      changed();
    }
  };
  const switchOn = async () => {
    await (s.is_active ? api.pauseSchedule(id) : api.resumeSchedule(id));
    say(s.is_active ? `${s.name} is paused` : `${s.name} runs again`);
    changed();
  };
  const remove = async () => {
    await api.deleteSchedule(id, v.etag);
    go(pathTo("schedules"));
  };
  return (
    <>
      <a class="main" href={pathTo("editSchedule", { schedule_id: id })}>Edit</a>
      <Action text="Run now" busy="Asking …" needs="operate" act={run} />
      <Action key={String(s.is_active)} text={s.is_active ? "Pause" : "Resume"} busy="Asking …" needs="operate" act={switchOn} />
      <Button needs="operate" class="danger" onClick={() => setAsking(true)}>Remove</Button>
      {asking && (
        <Dialog title={`Remove ${s.name}?`} close={() => setAsking(false)}>
          <p>It runs no more, and the list of its runs goes. The acquisitions that it made stay. To keep the list, pause it instead.</p>
          <div class="after">
            <Action text="Remove it" busy="Removing …" kind="danger" act={remove} />
            <button type="button" onClick={() => setAsking(false)}>Keep it</button>
          </div>
        </Dialog>
      )}
    </>
  );
}

const perPage = 25;

interface RunsShown {
  runs: ScheduleRun[];
  made: Map<string, Acquisition>;
  next: string | null;
}

function Runs({ of: s, turn }: { of: Schedule; turn: number }) {
  const [part, setPart] = useState("");
  const [cursors, setCursors] = useState<string[]>([]);
  const cursor = cursors.at(-1);
  const read = useLoad((signal) => readRuns(s.schedule_id, part, cursor, signal), [s.schedule_id, part, cursor]);
  useEvery(15, read.reload, cursor === undefined);
  const shown = read.value;
  return (
    <Section title="What became of its runs" note="newest first">
      <div class="filters">
        <Select label="Show" name="part" value={part} set={(v) => (setCursors([]), setPart(v))} options={[{ value: "", text: "all runs" }, { value: "true", text: "only those left out" }]} />
      </div>
      <Trouble error={read.error} again={read.reload} />
      {!shown && read.loading && <Waiting what="runs" />}
      {shown && shown.runs.length === 0 && <Empty>{part ? "None was left out." : "It has not run yet."}</Empty>}
      {shown && shown.runs.length > 0 && <RunTable key={turn} of={shown} />}
      <div class="after">
        {cursors.length > 0 && <button type="button" onClick={() => setCursors([])}>Newest</button>}
        {shown?.next && <button type="button" onClick={() => setCursors([...cursors, shown.next!])}>Older</button>}
      </div>
    </Section>
  );
}

// readRuns reads a page of runs, and the acquisitions that they made as far as they are stored.
async function readRuns(id: number, skipped: string, cursor: string | undefined, signal: AbortSignal): Promise<RunsShown> {
  const page = await api.scheduleRuns(id, { skipped, cursor, limit: perPage }, signal);
  const made = page.runs.filter((r) => r.task_id).map((r) => r.fired_at).toSorted();
  const list = made.length === 0 ? [] : (await api.acquisitions({ origin: `schedule/${id}`, from: shifted(made[0], -60), to: shifted(made.at(-1)!, 60), limit: 200 }, signal)).acquisitions;
  return { runs: page.runs, made: new Map(list.map((a) => [a.task_id, a])), next: page.next_cursor };
}

function shifted(at: string, s: number): string {
  return new Date(Date.parse(at) + s * 1000).toISOString();
}

function RunTable({ of }: { of: RunsShown }) {
  return (
    <Table caption="Runs, newest first">
      <thead>
        <tr>
          <th scope="col">Due</th>
          <th scope="col">What became of it</th>
          <th scope="col" class="n">Window began late by</th>
          <th scope="col">Asked for</th>
          <th scope="col">Note</th>
        </tr>
      </thead>
      <tbody>
        {of.runs.map((r) => {
          const a = r.task_id ? of.made.get(r.task_id) : undefined;
          return (
            <tr key={`${r.due_at} ${r.fired_at}`} data-due={r.due_at}>
              <th scope="row"><Time at={r.due_at} />{r.count > 1 && <span class="below">to <Time at={r.last_due_at} /></span>}</th>
              <td>
                {r.skipped ? (
                  <StateBadge state="skipped" text={r.count > 1 ? `${fixed(r.count, 0)} left out` : "left out"} />
                ) : (
                  <a href={pathTo("acquisition", { task_id: r.task_id! })}>{a ? <StateBadge state={a.state} /> : "acquisition"}</a>
                )}
              </td>
              <td class="n" data-name="lateness"><Lateness run={r} of={a} /></td>
              <td><Time at={r.fired_at} />{r.by_hand && <span class="below">by hand</span>}</td>
              <td>{r.skipped && (skippedWords[r.skipped] ?? r.skipped)}{r.skipped && r.detail && ": "}{r.detail || (a?.reason ?? "")}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

// Lateness is from when the common window was to begin until it did.
function Lateness({ run, of: a }: { run: ScheduleRun; of?: Acquisition }) {
  if (!a?.window_start || run.by_hand) return <span class="muted">–</span>;
  const late = (Date.parse(a.window_start) - Date.parse(run.start_at)) / 1000;
  return <>{late === 0 ? "0 s" : seconds(late)}</>;
}

const misfireWords = { skip: "is left out", latest: "the last of them runs late", all: "each of them runs late" };

function Settings({ of: s }: { of: Schedule }) {
  const websdrs = useWebSDRs();
  return (
    <Facts>
      <Fact name="Frequency">{mhz(s.frequency_mhz)}</Fact>
      <Fact name="Duration">{seconds(s.duration_seconds)}</Fact>
      <Fact name="Receivers">{s.websdrs === null ? "all that can tune it when a run is due" : s.websdrs.map((id) => nameOf(websdrs.value, id)).join(", ")}</Fact>
      <Fact name="Label of its acquisitions">{s.label || s.name}</Fact>
      <Fact name="Priority">{s.priority}</Fact>
      <Fact name="Sample rate">{s.sample_rate_khz === null ? "each receiver's own" : `${s.sample_rate_khz} kHz`}</Fact>
      <Fact name="Channel">
        {plain(s.channel_center_hz)} Hz from the frequency, {s.channel_bandwidth_hz === null ? "default width" : `${plain(s.channel_bandwidth_hz)} Hz wide`}
      </Fact>
      <Fact name="Waits for the slowest">{seconds(s.join_timeout_seconds)}</Fact>
      <Fact name="Time zone">{s.zone || "UTC"}</Fact>
      <Fact name="Only within">{s.windows.length === 0 ? "at any time" : s.windows.map(windowWords).join("; ")}</Fact>
      <Fact name="Not before">{s.start_at ? <Time at={s.start_at} /> : "no limit"}</Fact>
      <Fact name="Not from">{s.end_at ? <Time at={s.end_at} /> : "no limit"}</Fact>
      <Fact name="At most">{s.max_runs === null ? "no limit" : count(s.max_runs, "run")}</Fact>
      <Fact name="Jitter">{s.jitter_seconds === 0 ? "none" : `up to ${seconds(s.jitter_seconds)}`}</Fact>
      <Fact name="A run that nobody started in time">{misfireWords[s.misfire]} (after {seconds(s.grace_seconds)})</Fact>
      <Fact name="A run while the one before goes on">{s.overlap === "skip" ? "is left out" : "runs beside it"}</Fact>
      <Fact name="Changed"><Time at={s.updated_at} /></Fact>
    </Facts>
  );
}
