// The captures of an acquisition beside each other: whether each worked, and exactly when and what it recorded.

import type { ComponentChildren } from "preact";
import { Formats } from "./acquisitionparts";
import { address } from "./api";
import { bytes, clock, count, fixed, plain, seconds, utc } from "./format";
import { pathTo } from "./router";
import type { Acquisition, Capture, Recording, WebSDR } from "./types";
import { Empty, NoData, Skew, StateBadge, Table } from "./ui";
import { nameOf } from "./websdrnames";

const qualities: Record<string, string> = {
  gps: "GPS of the receiver", host_disciplined: "its disciplined clock", host_arrival: "arrival here", none: "none",
};

const rows: { name: string; of: (r: Recording) => ComponentChildren }[] = [
  { name: "Start (UTC)", of: (r) => <time dateTime={r.start_utc} title={utc(r.start_utc, 9)}>{clock(r.start_utc, 9)}</time> },
  { name: "Start skew", of: (r) => <Skew s={r.start_skew_seconds} sigma={r.time_uncertainty_s} /> },
  { name: "Times from", of: (r) => qualities[r.time_quality] ?? r.time_quality },
  { name: "Stamps about the line, RMS", of: (r) => (r.time_residual_s > 0 ? seconds(r.time_residual_s) : <NoData />) },
  { name: "Oldest GPS fix", of: (r) => (r.gps_age_max_s === null ? <NoData /> : `${r.gps_age_max_s} s`) },
  { name: "Sample rate, true", of: (r) => `${r.sample_rate_khz} kHz` },
  { name: "Sample rate, nominal", of: (r) => `${r.nominal_sample_rate_khz} kHz` },
  { name: "Samples", of: (r) => `${fixed(r.samples_count, 0)} of ${fixed(r.expected_samples, 0)}` },
  { name: "Gaps", of: (r) => <Gaps of={r} /> },
  { name: "Overloads", of: (r) => count(r.overloads, "packet") },
  { name: "Passband", of: (r) => (r.passband_low_hz < r.passband_high_hz ? `${plain(r.passband_low_hz)} to ${plain(r.passband_high_hz)} Hz` : <NoData />) },
  { name: "S-meter, median", of: (r) => (r.s_meter_dbm === null ? <NoData /> : `${fixed(r.s_meter_dbm, 1)} dBm`) },
  { name: "Format", of: (r) => <code>{r.datatype}</code> },
  { name: "Size", of: (r) => bytes(r.bytes) },
  { name: "SHA-256", of: (r) => <code title={r.sha256}>{r.sha256.slice(0, 12)}…</code> },
];

export function CaptureTable({ of: a, names }: { of: Acquisition; names?: WebSDR[] }) {
  const captures = a.captures ?? [];
  if (captures.length === 0) return <Empty>It has no captures.</Empty>;
  const failed = captures.filter((c) => c.reason || c.failure_class);
  const recorded = captures.filter((c) => c.recording);
  return (
    <>
      {failed.length > 0 && <Notes of={failed} names={names} />}
      <Table caption="Captures side by side" class="side">
        <thead>
          <tr>
            <th scope="col">Receiver</th>
            {captures.map((c) => (
              <th key={c.websdr_id} scope="col" class="n"><a href={pathTo("websdr", { websdr_id: c.websdr_id })}>{nameOf(names, c.websdr_id)}</a></th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">State</th>
            {captures.map((c) => <td key={c.websdr_id}><StateBadge state={c.state} /></td>)}
          </tr>
          <tr>
            <th scope="row">Attempts</th>
            {captures.map((c) => <td key={c.websdr_id}>{c.attempts}</td>)}
          </tr>
          {recorded.length > 0 && rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              {captures.map((c) => <td key={c.websdr_id} class="num">{c.recording ? row.of(c.recording) : <span class="muted">–</span>}</td>)}
            </tr>
          ))}
          {recorded.length > 0 && (
            <tr>
              <th scope="row">Recording</th>
              {captures.map((c) => (
                <td key={c.websdr_id}>{c.recording && <Formats of={nameOf(names, c.websdr_id)} to={(format) => address(c.recording!.download, { format })} />}</td>
              ))}
            </tr>
          )}
        </tbody>
      </Table>
    </>
  );
}

function Notes({ of, names }: { of: Capture[]; names?: WebSDR[] }) {
  return (
    <ul>
      {of.map((c) => (
        <li key={c.websdr_id}>
          <strong>{nameOf(names, c.websdr_id)}</strong>: {c.failure_class && <code>{c.failure_class}</code>} {c.reason}
        </li>
      ))}
    </ul>
  );
}

function Gaps({ of: r }: { of: Recording }) {
  if (r.gaps.length === 0) return <>none</>;
  const missing = r.gaps.reduce((sum, g) => sum + g.missing, 0);
  const where = r.gaps.slice(0, 20).map((g) => `${g.missing} before sample ${g.sample}`).join("; ");
  return (
    <details>
      <summary>{count(r.gaps.length, "gap")}, {count(missing, "sample")}</summary>
      {where}{r.gaps.length > 20 && " …"}
    </details>
  );
}
