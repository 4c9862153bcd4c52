// One WebSDR: its settings, what it measured over time, and its latest captures.

import { useState } from "preact/hooks";
import { api, type Versioned } from "../api";
import { plain } from "../format";
import { useLoad } from "../load";
import { go, pathTo, place } from "../router";
import type { Capture, WebSDR } from "../types";
import { Action, Button, Dialog, Empty, Fact, Facts, NoData, Page, Section, StateBadge, Table, Time, Trouble, Waiting } from "../ui";
import { WebSDRClock } from "../websdrclock";
import { WebSDRHealth } from "../websdrhealth";
import { tuningRangeHz } from "../websdrnames";
import { WebSDRTrends } from "../websdrtrends";

export default function WebSDRPage() {
  const id = Number(place.value.params.websdr_id);
  const websdr = useLoad((s) => api.websdr(id, s), [id]);
  const captures = useLoad((s) => api.captures({ websdr_id: id, limit: 20 }, s), [id]);
  const w = websdr.value?.value;
  if (!w) {
    return (
      <Page title={`WebSDR ${place.value.params.websdr_id}`}>
        <Trouble error={websdr.error} again={websdr.reload} />
        {websdr.loading && <Waiting what="the WebSDR" />}
      </Page>
    );
  }
  return (
    <Page title={w.name} actions={<Actions of={websdr.value!} />}>
      <WebSDRHealth of={w} changed={websdr.reload} />
      <WebSDRTrends of={w} />
      <WebSDRClock of={w} />
      <Section title="Settings">
        <Settings of={w} />
      </Section>
      <Section title="Latest captures" note="newest first, at most 20">
        <Trouble error={captures.error} again={captures.reload} />
        {captures.value ? <Captures of={captures.value.captures} /> : captures.loading && <Waiting what="captures" />}
      </Section>
    </Page>
  );
}

function Actions({ of: v }: { of: Versioned<WebSDR> }) {
  const [asking, setAsking] = useState(false);
  const id = v.value.websdr_id;
  const remove = async () => {
    await api.deleteWebSDR(id, v.etag);
    go(pathTo("websdrs"));
  };
  return (
    <>
      <a class="main" href={pathTo("editWebSDR", { websdr_id: id })}>Edit</a>
      <a href={`${pathTo("new")}?websdr_id=${id}`}>Acquire from it</a>
      <a href={`${pathTo("trends")}?websdr_id=${id}`}>Its trends</a>
      <a href={`${pathTo("measurements")}?websdr_id=${id}`}>Its measurements</a>
      <Button needs="admin" class="danger" onClick={() => setAsking(true)}>Remove</Button>
      {asking && (
        <Dialog title={`Remove ${v.value.name}?`} close={() => setAsking(false)}>
          <p>Only a WebSDR that has no captures can be removed, because what was recorded must stay explicable. Make others inactive.</p>
          <div class="after">
            <Action text="Remove" busy="Removing …" kind="danger" act={remove} />
            <button type="button" onClick={() => setAsking(false)}>Keep it</button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Settings({ of: w }: { of: WebSDR }) {
  const [low, high] = tuningRangeHz(w);
  const usual = w.frequency_min_hz === 0 && w.frequency_max_hz === 0;
  return (
    <Facts>
      <Fact name="Use">{w.is_active ? "active" : "inactive: not offered for acquisitions"}</Fact>
      <Fact name="Kind">{w.kind}</Fact>
      <Fact name="Address"><code>{w.url}</code></Fact>
      <Fact name="Place">{w.location_name || <NoData />}</Fact>
      <Fact name="Position">
        {w.latitude.toFixed(5)}°, {w.longitude.toFixed(5)}°{w.altitude_m !== null && `, ${w.altitude_m} m`}
      </Fact>
      <Fact name="Tunes">
        {low / 1e6} to {high / 1e6} MHz{usual && <span class="muted"> (usual of its kind)</span>}
      </Fact>
      {w.frequency_offset_hz !== 0 && <Fact name="Converter adds">{w.frequency_offset_hz / 1e6} MHz</Fact>}
      <Fact name="Sample rate">{w.sample_rate_hz === 0 ? "default of its kind" : `${w.sample_rate_hz} Hz`}</Fact>
      <Fact name="Passband">{w.passband_low_hz === 0 && w.passband_high_hz === 0 ? "the widest" : `${plain(w.passband_low_hz)} to ${plain(w.passband_high_hz)} Hz`}</Fact>
      <Fact name="Gain">{w.gain_db === null ? "default of its kind" : `${w.gain_db} dB`}</Fact>
      <Fact name="Calibration">
        {w.calibration_db === null ? "none: power is relative only" : `${w.calibration_db} dB${w.calibration_sigma_db === null ? "" : ` ± ${w.calibration_sigma_db} dB`}`}
      </Fact>
      <Fact name="Clock, one sigma">{w.clock_sigma_ppm === 0 ? "unknown" : `${w.clock_sigma_ppm} ppm`}</Fact>
      <Fact name="Time-out">{w.timeout_seconds} s</Fact>
      <Fact name="Further attempts">{w.retry_count}</Fact>
      <Fact name="Password">{w.has_password ? "one is kept" : "none"}</Fact>
      <Fact name="Changed"><Time at={w.updated_at} /></Fact>
      {w.notes && <Fact name="Notes">{w.notes}</Fact>}
    </Facts>
  );
}

function Captures({ of }: { of: Capture[] }) {
  if (of.length === 0) return <Empty>It was never asked to record.</Empty>;
  return (
    <Table caption="Latest captures of this WebSDR">
      <thead>
        <tr>
          <th scope="col">Acquisition</th>
          <th scope="col">State</th>
          <th scope="col">Began</th>
          <th scope="col" class="n">Attempts</th>
          <th scope="col">Note</th>
        </tr>
      </thead>
      <tbody>
        {of.map((c) => (
          <tr key={c.task_id}>
            <th scope="row"><a href={pathTo("acquisition", { task_id: c.task_id })}>{c.task_id}</a></th>
            <td><StateBadge state={c.state} /></td>
            <td><Time at={c.started_at} /></td>
            <td class="n">{c.attempts}</td>
            <td>{c.failure_class && <code>{c.failure_class}</code>} {c.reason}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
