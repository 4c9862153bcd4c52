// Measurements side by side: one column each, one row per metric, as the server defines them. A metric that no column
// has gets no row; the names explain themselves.

import { Fragment, type ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Metric, MetricName, definitions, needDefinitions, shownMetrics } from "./definitions";
import type { Definition, Measurement } from "./types";
import { Empty, Table, Waiting } from "./ui";

export interface Column {
  key: string;
  head: ComponentChildren;
  measurement: Measurement;
}

// The rows that most readers look for first.
const first = ["detected", "snr_db", "frequency_offset_hz", "noise_dbfs_hz", "signal_dbfs", "power_dbm", "flags"];

export function MeasurementTable({ caption, columns }: { caption: string; columns: Column[] }) {
  useEffect(needDefinitions, []);
  const d = definitions.value;
  if (columns.length === 0) return <Empty>No measurement.</Empty>;
  if (!d) return <Waiting what="what the metrics mean" />;
  const rows = shownMetrics(d).filter((m) => columns.some((c) => !isAbsent(c.measurement[m.name])));
  const important = first.flatMap((name) => rows.filter((m) => m.name === name));
  const rest = rows.filter((m) => !first.includes(m.name));
  return (
    <Table caption={caption} class="side">
      <thead>
        <tr>
          <th scope="col">Metric</th>
          {columns.map((c) => (
            <th key={c.key} scope="col" class="n">{c.head}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {important.map((m) => <Row key={m.name} of={m} columns={columns} />)}
        {rest.map((m, i) => (
          <Fragment key={m.name}>
            {m.section !== rest[i - 1]?.section && (
              <tr class="group">
                <th scope="rowgroup" colSpan={columns.length + 1}>{m.section}</th>
              </tr>
            )}
            <Row of={m} columns={columns} />
          </Fragment>
        ))}
      </tbody>
    </Table>
  );
}

function isAbsent(v: unknown): boolean {
  return v === null || v === undefined;
}

function Row({ of: m, columns }: { of: Definition; columns: Column[] }) {
  return (
    <tr>
      <th scope="row"><MetricName name={m.name} /></th>
      {columns.map((c) => (
        <td key={c.key}><Metric of={c.measurement} name={m.name} unit={m.unit} /></td>
      ))}
    </tr>
  );
}
