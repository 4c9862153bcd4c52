// One acquisition: its progress while it runs, and then what came of it, receiver beside receiver.

import { useEffect, useState } from "preact/hooks";
import { AcquisitionActions, Progress } from "../acquisitionparts";
import { api } from "../api";
import { CaptureTable } from "../capturetable";
import { EmittersInBand } from "../emittersinband";
import { count, mhz, seconds } from "../format";
import { follow, type Link } from "../live";
import { LazySpectra } from "../lazyspectra";
import { useLoad } from "../load";
import { MeasurementTable } from "../measurementtable";
import { pathTo, place } from "../router";
import { say } from "../shell";
import type { Acquisition } from "../types";
import { Fact, Facts, Page, Section, StateBadge, Time, Trouble, Waiting } from "../ui";
import { nameOf, useWebSDRs } from "../websdrnames";

export default function AcquisitionPage() {
  const id = place.value.params.task_id;
  const loaded = useLoad((s) => api.acquisition(id, s), [id]);
  const [link, setLink] = useState<Link>("open");
  const websdrs = useWebSDRs();
  const a = loaded.value;
  const ended = a ? a.ended_at !== null : false;
  useEffect(() => (a && !ended ? follow(id, loaded.set, setLink) : undefined), [id, a !== undefined, ended]);
  useEffect(() => {
    if (a) say(`Acquisition ${a.state}, ${a.captures_ended} of ${a.captures_total} receivers have ended`);
  }, [a?.state, a?.captures_ended]);
  const measured = useLoad((s) => (ended ? api.measurements({ task_id: id, limit: 1000 }, s) : Promise.resolve(undefined)), [id, ended]);
  if (!a) {
    return (
      <Page title="Acquisition">
        <Trouble error={loaded.error} again={loaded.reload} />
        {loaded.loading && <Waiting what="the acquisition" />}
      </Page>
    );
  }
  const measurements = measured.value?.measurements ?? [];
  const byReceiver = measurements.toSorted((x, y) => x.websdr_id - y.websdr_id);
  return (
    <Page title={a.label || `Acquisition ${a.task_id}`} actions={<AcquisitionActions of={a} changed={loaded.set} />}>
      <Section title="Request">
        <Request of={a} />
      </Section>
      {!ended && (
        <Section title="Progress" note={link === "lost" ? "the line to the server is interrupted; it is being opened again" : "live"}>
          <Progress of={a} names={websdrs.value} />
        </Section>
      )}
      <Section title="Captures" note={count(a.captures?.length ?? 0, "receiver")}>
        <CaptureTable of={a} names={websdrs.value} />
      </Section>
      {ended && a.captures?.some((c) => c.recording) && (
        <Section title="Spectrograms" note="of what each receiver recorded; one view for all">
          <LazySpectra of={a} measurements={measurements} names={websdrs.value} />
        </Section>
      )}
      {ended && a.captures?.some((c) => c.recording) && <EmittersInBand task={id} names={websdrs.value} />}
      {ended && (
        <Section title="Measurements" note="value ± one sigma; press a name to learn what it means">
          <Trouble error={measured.error} again={measured.reload} />
          {measured.loading && !measured.value ? (
            <Waiting what="measurements" />
          ) : (
            <MeasurementTable
              caption="Measurements of each receiver"
              columns={byReceiver.map((m) => ({
                key: `${m.websdr_id}`,
                head: <a href={pathTo("websdr", { websdr_id: m.websdr_id })}>{nameOf(websdrs.value, m.websdr_id)}</a>,
                measurement: m,
              }))}
            />
          )}
        </Section>
      )}
    </Page>
  );
}

function Request({ of: a }: { of: Acquisition }) {
  return (
    <>
      {a.reason && <p class={a.state === "failed" ? "bad" : undefined}>{a.reason}</p>}
      <Facts>
        <Fact name="State">
          <StateBadge state={a.state} />
          {a.cancel_requested && a.ended_at === null && " (cancelling)"}
        </Fact>
        <Fact name="Frequency">{mhz(a.frequency_mhz)}</Fact>
        <Fact name="Duration">{seconds(a.duration_seconds)}</Fact>
        <Fact name="Window">
          {a.window_start ? (
            <>
              <Time at={a.window_start} decimals={6} /> for {seconds(a.duration_seconds)}
            </>
          ) : a.ended_at ? "none was agreed" : "not agreed yet"}
        </Fact>
        <Fact name="Start asked for">{a.start_time ? <Time at={a.start_time} decimals={3} /> : "as soon as all are ready"}</Fact>
        <Fact name="Sample rate">{a.sample_rate_khz === null ? "each receiver's own" : `${a.sample_rate_khz} kHz`}</Fact>
        <Fact name="Channel">
          {a.channel_bandwidth_hz === null ? "default width" : `${a.channel_bandwidth_hz} Hz wide`}, centre at {a.channel_center_hz} Hz
        </Fact>
        <Fact name="Waits for the slowest">{seconds(a.join_timeout_seconds)}</Fact>
        <Fact name="Asked for"><Time at={a.created_at} /></Fact>
        <Fact name="Ended"><Time at={a.ended_at} /></Fact>
        {a.claims > 1 && <Fact name="Taken by workers">{a.claims} times: one was lost or stopped</Fact>}
        {a.hold && (
          <Fact name="Held">
            by {a.hold.by} since <Time at={a.hold.at} />: {a.hold.reason}
          </Fact>
        )}
        <Fact name="Task"><code>{a.task_id}</code></Fact>
      </Facts>
    </>
  );
}
