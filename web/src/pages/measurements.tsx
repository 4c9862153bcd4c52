// Measurements: the rows of the time series, filtered by the server, and the same filter as CSV.

import { useEffect, useState } from "preact/hooks";
import { api, type Query } from "../api";
import { Metric, MetricName, definitions, needDefinitions } from "../definitions";
import { Check, Num, Select, Text } from "../form";
import { count, mhz } from "../format";
import { useLoad } from "../load";
import { go, pathTo, place } from "../router";
import { say } from "../shell";
import type { Measurement, WebSDR } from "../types";
import { Empty, Page, Section, Table, Time, Trouble, Waiting } from "../ui";
import { nameOf, useWebSDRs } from "../websdrnames";

const columns = ["snr_db", "frequency_offset_hz", "noise_dbfs_hz", "power_dbm", "flags"];

export default function Measurements() {
  const query = place.value.query;
  const filter = filterOf(query);
  const page = useLoad((s) => api.measurements({ ...filter, cursor: query.get("cursor"), limit: 100 }, s), [query.toString()]);
  const websdrs = useWebSDRs();
  useEffect(needDefinitions, []);
  const rows = page.value?.measurements;
  useEffect(() => {
    if (rows) say(`${count(rows.length, "measurement")} on this page`);
  }, [rows?.length, query.toString()]);
  return (
    <Page title="Measurements" actions={<a href={api.measurementsCSV(filter)} download>All that match, as CSV</a>}>
      <Section title="Filter">
        <Filter key={query.size === 0 ? "empty" : "set"} query={query} websdrs={websdrs.value ?? []} />
      </Section>
      <Section title="Measurements" note="newest first; value ± one sigma">
        <Trouble error={page.error} again={page.reload} />
        {!rows && page.loading && <Waiting what="measurements" />}
        {rows && rows.length === 0 && <Empty>None {query.size > 0 ? "match" : "was made yet"}.</Empty>}
        {rows && rows.length > 0 && <Rows of={rows} websdrs={websdrs.value} />}
        <div class="after">
          {query.get("cursor") && <a href={withQuery(query, { cursor: "" })}>First page</a>}
          {page.value?.next_cursor && <a href={withQuery(query, { cursor: page.value.next_cursor })}>Next page</a>}
        </div>
      </Section>
    </Page>
  );
}

function filterOf(query: URLSearchParams): Query {
  return {
    websdr_id: query.getAll("websdr_id"), task_id: query.get("task_id"),
    frequency_min_mhz: query.get("frequency_min_mhz"), frequency_max_mhz: query.get("frequency_max_mhz"),
    snr_min_db: query.get("snr_min_db"), detected: query.get("detected"),
    from: query.get("from") && `${query.get("from")}:00Z`, to: query.get("to") && `${query.get("to")}:00Z`,
  };
}

function withQuery(query: URLSearchParams, change: Record<string, string>): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next.size > 0 ? `${pathTo("measurements")}?${next}` : pathTo("measurements");
}

function Filter({ query, websdrs }: { query: URLSearchParams; websdrs: WebSDR[] }) {
  const typedNames = ["frequency_min_mhz", "frequency_max_mhz", "snr_min_db"];
  const [typed, setTyped] = useState<Record<string, string>>(Object.fromEntries(typedNames.map((n) => [n, query.get(n) ?? ""])));
  const set = (change: Record<string, string>) => go(withQuery(query, { ...change, cursor: "" }), true);
  const num = (name: string, label: string) => (
    <Num label={label} name={name} value={typed[name]} set={(v) => setTyped((t) => ({ ...t, [name]: v }))} />
  );
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(e) => {
        e.preventDefault();
        set(Object.fromEntries(typedNames.map((n) => [n, typed[n].trim().replace(",", ".")])));
      }}
    >
      <Select label="WebSDR" name="websdr_id" value={query.get("websdr_id") ?? ""} set={(websdr_id) => set({ websdr_id })}
        options={[{ value: "", text: "all" }, ...websdrs.map((w) => ({ value: String(w.websdr_id), text: w.name }))]} />
      {num("frequency_min_mhz", "From (MHz)")}
      {num("frequency_max_mhz", "To (MHz)")}
      {num("snr_min_db", "SNR at least (dB)")}
      <button type="submit">Apply</button>
      <Text label="From (UTC)" name="from" type="datetime-local" value={query.get("from") ?? ""} set={(from) => set({ from })} />
      <Text label="To (UTC)" name="to" type="datetime-local" value={query.get("to") ?? ""} set={(to) => set({ to })} />
      <Check label="only detected" checked={query.get("detected") === "true"} set={(on) => set({ detected: on ? "true" : "" })} />
      {query.size > 0 && <a href={pathTo("measurements")}>Clear</a>}
    </form>
  );
}

function Rows({ of, websdrs }: { of: Measurement[]; websdrs?: WebSDR[] }) {
  const unitOf = (name: string) => definitions.value?.metrics.find((m) => m.name === name)?.unit ?? "";
  return (
    <Table caption="Measurements, newest first">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">WebSDR</th>
          <th scope="col" class="n">Frequency</th>
          {columns.map((c) => (
            <th key={c} scope="col" class={c === "flags" ? undefined : "n"}><MetricName name={c} /></th>
          ))}
          <th scope="col">Acquisition</th>
        </tr>
      </thead>
      <tbody>
        {of.map((m) => (
          <tr key={`${m.task_id} ${m.websdr_id}`}>
            <th scope="row"><Time at={m.timestamp_utc} decimals={3} /></th>
            <td><a href={pathTo("websdr", { websdr_id: m.websdr_id })}>{nameOf(websdrs, m.websdr_id)}</a></td>
            <td class="n">{mhz(m.frequency_mhz)}</td>
            {columns.map((c) => (
              <td key={c} class={c === "flags" ? undefined : "n"}><Metric of={m} name={c} unit={unitOf(c)} /></td>
            ))}
            <td class="num"><a href={pathTo("acquisition", { task_id: m.task_id })}>{m.task_id.slice(0, 13)}…</a></td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
