// New acquisition: every field of the request. The server decides what is right; what it refuses stands at the field.

import { useMemo, useRef } from "preact/hooks";
import { api } from "../api";
import { Restored, useEditing } from "../editing";
import { bytes, count } from "../format";
import { Num, Reader, Text } from "../form";
import { useLoad } from "../load";
import { Chooser } from "../receivers";
import { pathTo, place } from "../router";
import { useSettled } from "../settled";
import type { AcquisitionRequest, WebSDR } from "../types";
import { Button, Page, Section, Trouble, Waiting } from "../ui";
import { useWebSDRs, whyNot } from "../websdrnames";

const fields = [
  "frequency_mhz", "duration_seconds", "websdrs", "start_time", "sample_rate_khz", "channel_center_hz", "channel_bandwidth_hz",
  "join_timeout_seconds", "label",
];

const blank = { frequency: "", duration: "10", start: "", rate: "", center: "", bandwidth: "", join: "", label: "" };

export default function NewAcquisition() {
  const websdrs = useWebSDRs();
  // A repeat of the same request, after an answer that was lost, is the same acquisition; a changed one is another.
  const key = useRef({ request: "", key: "" });
  const editing = useEditing(undefined, asked, async ({ typed, chosen }) => {
    const request = read(typed, able(websdrs.value, chosen, typed));
    const text = JSON.stringify(request);
    if (key.current.request !== text) key.current = { request: text, key: newKey() };
    const made = await api.createAcquisition(request, key.current.key);
    return { said: "The acquisition is asked for", path: pathTo("acquisition", { task_id: made.task_id }) };
  });
  const { filled, change, error, sending } = editing;
  const { typed } = filled;
  const chosen = useMemo(() => new Set(filled.chosen), [filled.chosen]);
  const frequencyHz = frequencyOf(typed.frequency);
  const wanted = able(websdrs.value, filled.chosen, typed);
  const field = (name: keyof typeof blank) => ({ value: typed[name], set: (value: string) => change((now) => ({ typed: { ...now.typed, [name]: value } })), error });
  return (
    <Page title="New acquisition">
      <form ref={editing.form} noValidate onSubmit={editing.submit}>
        <Section title="What">
          <div class="fields">
            <Num label="Frequency (MHz)" name="frequency_mhz" required hint="such as 145.5" {...field("frequency")} />
            <Num label="Duration (s)" name="duration_seconds" required hint="0.01 to 3600" {...field("duration")} />
            <Text label="Start (UTC)" name="start_time" type="datetime-local" hint="empty: as soon as all receivers are ready" {...field("start")} />
            <Text label="Label" name="label" hint="what you call it" {...field("label")} />
          </div>
        </Section>
        <Section title="From which receivers" note="only those that can tune it">
          <Trouble error={websdrs.error} again={websdrs.reload} />
          {error?.field("websdrs") && <Trouble error={error} text={error.field("websdrs")} />}
          {websdrs.value ? <Chooser all={websdrs.value} frequencyHz={frequencyHz} chosen={chosen} set={(c) => change({ chosen: [...c] })} /> : websdrs.loading && <Waiting what="WebSDRs" />}
        </Section>
        <Section title="How" note="empty fields take the default">
          <div class="fields">
            <Num label="Sample rate (kHz)" name="sample_rate_khz" hint="empty: each receiver's own" {...field("rate")} />
            <Num label="Channel centre (Hz)" name="channel_center_hz" hint="of the measured channel, relative to the frequency; empty: 0" {...field("center")} />
            <Num label="Channel bandwidth (Hz)" name="channel_bandwidth_hz" hint="empty: 0.8 of the sample rate, at most 12500" {...field("bandwidth")} />
            <Num label="Wait for the slowest (s)" name="join_timeout_seconds" hint="how long ready receivers wait for the others; empty: 20" {...field("join")} />
          </div>
        </Section>
        <Estimate of={wanted} seconds={numberOf(typed.duration)} rateKHz={numberOf(typed.rate)} />
        <Restored of={editing} />
        {error && error.beyond(fields) && <Trouble error={error} text={error.beyond(fields)} />}
        <div class="after">
          <Button type="submit" class="main" disabled={sending} needs="operate">
            {sending ? "Asking …" : `Acquire from ${count(wanted.length, "receiver")}`}
          </Button>
        </div>
      </form>
    </Page>
  );
}

// asked is what the address asks for.
function asked(): { typed: typeof blank; chosen: number[] } {
  const query = place.value.query;
  return { typed: { ...blank, frequency: query.get("frequency_mhz") ?? "" }, chosen: query.getAll("websdr_id").map(Number) };
}

// able are the receivers chosen that can record the frequency.
function able(all: WebSDR[] | undefined, chosen: number[], typed: typeof blank): WebSDR[] {
  const frequencyHz = frequencyOf(typed.frequency);
  return (all ?? []).filter((w) => chosen.includes(w.websdr_id) && whyNot(w, frequencyHz) === undefined);
}

function numberOf(text: string): number | undefined {
  const v = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && Number.isFinite(v) ? v : undefined;
}

function frequencyOf(text: string): number | undefined {
  const v = numberOf(text);
  return v === undefined ? undefined : Math.round(v * 1e6);
}

function read(t: typeof blank, wanted: WebSDR[]): AcquisitionRequest {
  const r = new Reader();
  const request: AcquisitionRequest = {
    frequency_mhz: r.needed("frequency_mhz", t.frequency) ?? null,
    duration_seconds: r.needed("duration_seconds", t.duration) ?? null,
    websdrs: wanted.map((w) => w.websdr_id),
    start_time: r.time("start_time", t.start),
    sample_rate_khz: r.number("sample_rate_khz", t.rate),
    channel_center_hz: r.number("channel_center_hz", t.center),
    channel_bandwidth_hz: r.number("channel_bandwidth_hz", t.bandwidth),
    join_timeout_seconds: r.number("join_timeout_seconds", t.join),
    label: t.label || undefined,
  };
  r.check();
  return request;
}

// newKey is random; crypto.randomUUID would exist only over TLS.
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

// Estimate says about how much will be stored, by what each receiver's last recording was like. Of one that has none,
// nothing is known before it answers. What the form itself will refuse is not estimated.
function Estimate({ of, seconds, rateKHz }: { of: WebSDR[]; seconds?: number; rateKHz?: number }) {
  const ids = of.map((w) => w.websdr_id);
  const sound = ids.length > 0 && seconds !== undefined && seconds > 0 && seconds <= 3600 && (rateKHz === undefined || rateKHz > 0);
  const ask = useSettled(sound ? JSON.stringify({ websdr_id: ids, duration_seconds: seconds, sample_rate_khz: rateKHz }) : "", 300);
  const estimate = useLoad((s) => (ask ? api.estimate(JSON.parse(ask), s) : Promise.resolve(undefined)), [ask]);
  const e = estimate.value;
  if (!ask || !e) return null;
  const { known, unknown } = e;
  return (
    <p class="muted" data-name="estimate">
      {known > 0 && `About ${bytes(e.bytes)} will be stored, going by the last recording of ${known === 1 ? "the receiver" : `each of ${known} receivers`}. `}
      {unknown > 0 && `How much ${known === 0 ? "will be stored" : `${count(unknown, "more receiver")} will add`} is not known: ${unknown === 1 ? "it has" : "they have"} no recent recording.`}
    </p>
  );
}
