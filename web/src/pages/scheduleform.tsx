// Adding and editing a schedule. While it is filled in, the server says when it would run; what it refuses stands at
// the field.

import { useMemo } from "preact/hooks";
import { api, type APIError } from "../api";
import { Edited, FormEnd, useEditing, type FormProps } from "../editing";
import { Area, Check, Num, Reader, Select, Text } from "../form";
import { problemOf, useLoad } from "../load";
import { Chooser } from "../receivers";
import { pathTo, place } from "../router";
import { filledOf, inputOf, known, units, type Filled, type Way } from "../schedulefields";
import { dayNames, sunWords } from "../schedulewords";
import { useSettled } from "../settled";
import type { Schedule, ScheduleWindow } from "../schedules";
import { Page, Section, Trouble, Waiting } from "../ui";
import { Upcoming } from "../upcoming";
import { useWebSDRs, whyNot } from "../websdrnames";

export default function ScheduleForm() {
  return <Edited id={place.value.params.schedule_id} what="schedule" read={api.schedule} form={Form} />;
}

function Form({ old, reload }: FormProps<Schedule>) {
  const editing = useEditing(old?.etag, () => filledOf(old?.value), async (filled, etag) => {
    const r = new Reader();
    const body = inputOf(filled, r, old?.value);
    r.check();
    const { value } = old ? await api.replaceSchedule(old.value.schedule_id, etag, body) : await api.createSchedule(body);
    return { said: `${value.name} is stored`, path: pathTo("schedule", { schedule_id: value.schedule_id }) };
  });
  const { filled, change, error } = editing;
  const field = (name: string, of: string) => ({ name, error, value: filled.text[of], set: (value: string) => change((now) => ({ text: { ...now.text, [of]: value } })) });
  return (
    <Page title={old ? `Edit ${old.value.name}` : "Add a schedule"}>
      <form ref={editing.form} noValidate onSubmit={editing.submit}>
        <Section title="What to record">
          <div class="fields">
            <Text label="Name" required hint="unique, 1 to 100 characters" {...field("name", "name")} />
            <Num label="Frequency (MHz)" required hint="such as 145.5" {...field("frequency_mhz", "frequency")} />
            <Num label="Duration (s)" required hint="0.01 to 3600" {...field("duration_seconds", "duration")} />
            <Text label="Label" hint="of the acquisitions; empty: the name" {...field("label", "label")} />
          </div>
          <Check label="Active: it runs" checked={filled.active} set={(active) => change({ active })} />
        </Section>
        <Section title="When">
          <When filled={filled} change={change} field={field} error={error} />
          <Windows of={filled.windows} set={(windows) => change({ windows })} error={error} />
        </Section>
        <Section title="When it would run" note="reckoned by the server from what stands above">
          <Preview filled={filled} old={old?.value} />
        </Section>
        <Section title="From which receivers">
          <Receivers filled={filled} change={change} error={error} />
        </Section>
        <Section title="Limits, and what happens when something is late">
          <Limits field={field} />
        </Section>
        <Section title="How to record" note="empty fields take the default">
          <div class="fields">
            <Num label="Sample rate (kHz)" hint="empty: each receiver's own" {...field("sample_rate_khz", "rate")} />
            <Num label="Channel centre (Hz)" hint="relative to the frequency; empty: 0" {...field("channel_center_hz", "center")} />
            <Num label="Channel bandwidth (Hz)" hint="empty: 0.8 of the sample rate, at most 12500" {...field("channel_bandwidth_hz", "bandwidth")} />
            <Num label="Wait for the slowest (s)" hint="empty: 20" {...field("join_timeout_seconds", "join")} />
            <Num label="Priority" hint="−9 to 9: the higher goes first" {...field("priority", "priority")} />
          </div>
        </Section>
        <FormEnd of={editing} known={known} adds={!old} needs="operate" reload={reload}
          cancel={old ? pathTo("schedule", { schedule_id: old.value.schedule_id }) : pathTo("schedules")} />
      </form>
    </Page>
  );
}

type FieldOf = (name: string, of: string) => { name: string; error?: APIError; value: string; set: (v: string) => void };

interface Part {
  filled: Filled;
  change: (part: Partial<Filled>) => void;
  error?: APIError;
}

const ways: { value: Way; text: string }[] = [
  { value: "every", text: "at a fixed rate" }, { value: "cron", text: "at times of day (cron)" }, { value: "rrule", text: "by a calendar rule (RRULE)" },
  { value: "sun", text: "with the sun" },
];

function When({ filled, change, field, error }: Part & { field: FieldOf }) {
  const websdrs = useWebSDRs();
  const { way, sunAt } = filled;
  return (
    <div class="fields">
      <Select label="It runs" name="recurrence" value={way} set={(v) => change({ way: v as Way })} options={ways} error={error} />
      {way === "every" && (
        <>
          <Num label="Every" required {...field("recurrence.every_seconds", "every")} hint="on round times, or counted from the first time below" />
          <Select label="Unit" {...field("unit", "unit")} options={units} />
        </>
      )}
      {way === "cron" && <Text label="Cron line" {...field("recurrence.cron", "cron")} hint="minute, hour, day of month, month, day of week: 0 6 * * * is each day at 06:00" />}
      {way === "rrule" && <Area label="RRULE" {...field("recurrence.rrule", "rrule")} hint="RFC 5545, with DTSTART and EXDATE as lines of their own if need be" />}
      {way === "sun" && (
        <>
          <Select label="Event" {...field("recurrence.sun", "sun")} options={Object.entries(sunWords).map(([value, text]) => ({ value, text }))} />
          <Num label="Minutes after it" {...field("recurrence.offset_seconds", "offset")} hint="−30 is half an hour before it" />
          <Select label="Where the sun is looked at" name="recurrence.websdr_id" value={sunAt} set={(v) => change({ sunAt: v })} error={error}
            options={[{ value: "", text: "a place by itself" }, ...(websdrs.value ?? []).map((w) => ({ value: String(w.websdr_id), text: `at ${w.name}` }))]} />
          {sunAt === "" && <Num label="Latitude (°)" required {...field("recurrence.latitude", "latitude")} hint="north is positive" />}
          {sunAt === "" && <Num label="Longitude (°)" required {...field("recurrence.longitude", "longitude")} hint="east is positive" />}
        </>
      )}
      <Text label="Time zone" {...field("zone", "zone")} hint="of cron, RRULE and windows, such as Europe/Rome" />
      <Text label="Not before (UTC)" type="datetime-local" {...field("start_at", "start")} hint="empty: no limit" />
      <Text label="Not from (UTC)" type="datetime-local" {...field("end_at", "end")} hint="empty: no limit" />
    </div>
  );
}

function Windows({ of, set, error }: { of: ScheduleWindow[]; set: (w: ScheduleWindow[]) => void; error?: APIError }) {
  const replace = (i: number, part: Partial<ScheduleWindow>) => set(of.map((w, k) => (k === i ? { ...w, ...part } : w)));
  const days = (w: ScheduleWindow, day: string, on: boolean) => {
    const next = dayNames.filter((d) => (d === day ? on : (w.days ?? []).includes(d)));
    return next.length > 0 ? next : null;
  };
  return (
    <fieldset>
      <legend>Only within these parts of the day</legend>
      {error?.field("windows") && <Trouble error={error} text={error.field("windows")} />}
      {of.length === 0 && <p class="muted">At any time.</p>}
      {of.map((w, i) => (
        <div class="filters window" key={i} role="group" aria-label={`Window ${i + 1}`}>
          <Text label="From" name={`windows[${i}].from`} value={w.from} set={(from) => replace(i, { from })} />
          <Text label="To" name={`windows[${i}].to`} value={w.to} set={(to) => replace(i, { to })} hint="at or before From: of the day after" />
          <div class="choices">
            {dayNames.map((d) => <Check key={d} label={d} checked={(w.days ?? []).includes(d)} set={(on) => replace(i, { days: days(w, d, on) })} />)}
            <span class="muted">{w.days ? "" : "every day"}</span>
          </div>
          <button type="button" onClick={() => set(of.filter((_, k) => k !== i))}>Remove window {i + 1}</button>
        </div>
      ))}
      <button type="button" onClick={() => set([...of, { days: null, from: "06:00", to: "18:00" }])}>Add a window</button>
    </fieldset>
  );
}

const pause = 400; // ms without a key pressed, before the server is asked

// Preview asks for the next runs of what stands in the form. What is still missing is said here, and only after
// sending at the fields: nobody wants to be told off while typing.
function Preview({ filled, old }: { filled: Filled; old?: Schedule }) {
  const asked = useSettled(JSON.stringify(previewed(filled, old)), pause);
  const body = useMemo(() => JSON.parse(asked) as Previewed, [asked]);
  const runs = useLoad((s) => (body.text ? api.previewSchedule(JSON.parse(body.text), 10, s) : Promise.resolve([])), [body.text]);
  if (body.wrong) return <p class="muted">Not to be said yet: {body.wrong}</p>;
  if (runs.error) return <p class="muted" role="status">Not to be said yet: {(runs.error.problem.errors ?? []).map((e) => `${e.location.replace(/^body\./, "")} ${e.message}`).join("; ") || runs.error.message}</p>;
  return runs.value ? <Upcoming runs={runs.value} /> : <Waiting what="the next runs" />;
}

interface Previewed {
  text: string;
  wrong: string;
}

// previewed is the request with something for what has no bearing on when it runs and is not there yet.
function previewed(filled: Filled, old?: Schedule): Previewed {
  const r = new Reader();
  const text = { ...filled.text, frequency: filled.text.frequency || "10", duration: filled.text.duration || "10" };
  try {
    const body = inputOf({ ...filled, text, websdrs: undefined }, r, old);
    r.check();
    return { text: JSON.stringify({ ...body, name: String(body.name).trim() || "preview", is_active: true }), wrong: "" };
  } catch (err) {
    const p = problemOf(err);
    return { text: "", wrong: (p.problem.errors ?? []).map((e) => `${e.location.replace(/^body\./, "")} ${e.message}`).join("; ") || p.message };
  }
}

function Receivers({ filled, change, error }: Part) {
  const websdrs = useWebSDRs();
  const chosen = useMemo(() => new Set(filled.websdrs), [filled.websdrs]);
  const mhz = Number(filled.text.frequency.trim().replace(",", "."));
  const frequencyHz = filled.text.frequency.trim() !== "" && Number.isFinite(mhz) ? Math.round(mhz * 1e6) : undefined;
  const able = (websdrs.value ?? []).filter((w) => whyNot(w, frequencyHz) === undefined).length;
  return (
    <>
      <Check label="All that are active and can tune the frequency when a run is due" checked={filled.websdrs === undefined} set={(on) => change({ websdrs: on ? undefined : [] })} />
      {error?.field("websdrs") && <Trouble error={error} text={error.field("websdrs")} />}
      <Trouble error={websdrs.error} again={websdrs.reload} />
      {websdrs.value && filled.websdrs === undefined && <p class="muted">Now these are {able} of {websdrs.value.length}.</p>}
      {websdrs.value && filled.websdrs && <Chooser all={websdrs.value} frequencyHz={frequencyHz} chosen={chosen} set={(c) => change({ websdrs: [...c] })} />}
    </>
  );
}

function Limits({ field }: { field: FieldOf }) {
  return (
    <div class="fields">
      <Num label="At most so many runs" hint="empty: no limit" {...field("max_runs", "runs")} />
      <Num label="Jitter (s)" hint="each run starts later by up to so much" {...field("jitter_seconds", "jitter")} />
      <Num label="A run is late after (s)" hint="empty: 60" {...field("grace_seconds", "grace")} />
      <Select label="Late runs" {...field("misfire", "misfire")} hint="when no server was there to start them"
        options={[{ value: "skip", text: "are left out" }, { value: "latest", text: "the last of them runs" }, { value: "all", text: "all run, one after the other" }]} />
      <Select label="While the run before goes on" {...field("overlap", "overlap")} options={[{ value: "allow", text: "run beside it" }, { value: "skip", text: "leave the run out" }]} />
    </div>
  );
}
