// WebSDRs: the list, and moving lists in and out.

import { useRef, useState } from "preact/hooks";
import { APIError, api } from "../api";
import { ago, count, local, utc } from "../format";
import { Text } from "../form";
import { HealthCell, milliseconds, percentOf } from "../health";
import { useEvery } from "../live";
import { problemOf } from "../load";
import { pathTo } from "../router";
import type { ImportResult, WebSDR } from "../types";
import { Button, Empty, Page, Section, StateBadge, Table, Trouble, Waiting } from "../ui";
import { tuningRangeHz, useWebSDRs } from "../websdrnames";

export default function WebSDRs() {
  const websdrs = useWebSDRs();
  useEvery(20, websdrs.reload);
  const [part, setPart] = useState("");
  const list = websdrs.value;
  const shown = list?.filter((w) => [w.name, w.kind, w.location_name, w.url, w.notes].some((t) => t.toLowerCase().includes(part.toLowerCase())));
  return (
    <Page title="WebSDRs" actions={<a class="main" href={pathTo("addWebSDR")}>Add a WebSDR</a>}>
      <Section title="Receivers" note={list && shown && shown.length < list.length ? `${shown.length} of ${list.length}` : list && String(list.length)}>
        <Trouble error={websdrs.error} again={websdrs.reload} />
        {!list && websdrs.loading && <Waiting what="WebSDRs" />}
        {list && list.length === 0 && <Empty>There is none yet: add one, or import a list below.</Empty>}
        {list && list.length > 0 && (
          <>
            <div class="filters">
              <Text label="Name, place, kind or notes contain" name="part" value={part} set={setPart} />
            </div>
            {shown && shown.length > 0 ? <List of={shown} /> : <Empty>None matches.</Empty>}
          </>
        )}
      </Section>
      <Section title="Import and export">
        <p>
          Export all, without passwords: <a href={api.exportWebSDRs("json")} download>JSON</a>, <a href={api.exportWebSDRs("csv")} download>CSV</a>. What was exported can be imported: a name that is known is replaced, all rows are stored or none.
        </p>
        <Import done={websdrs.reload} />
      </Section>
    </Page>
  );
}

function List({ of }: { of: WebSDR[] }) {
  return (
    <Table caption="WebSDRs, in order of their ids">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Use</th>
          <th scope="col">Health</th>
          <th scope="col">Last seen</th>
          <th scope="col" class="n">Answered within</th>
          <th scope="col" class="n">Up, 24 h</th>
          <th scope="col">Kind</th>
          <th scope="col">Place</th>
          <th scope="col" class="n">Tunes (MHz)</th>
          <th scope="col">Calibrated</th>
        </tr>
      </thead>
      <tbody>
        {of.map((w) => {
          const [low, high] = tuningRangeHz(w);
          return (
            <tr key={w.websdr_id} data-websdr={w.websdr_id}>
              <th scope="row"><a href={pathTo("websdr", { websdr_id: w.websdr_id })}>{w.name}</a></th>
              <td>{w.is_active ? "active" : <span class="muted">inactive</span>}</td>
              <td data-name="state"><HealthCell of={w} /></td>
              <td><Seen at={w.health?.last_ok_at} /></td>
              <td class="n" data-name="latency_ms">{milliseconds(w.health?.latency_ms ?? null)}</td>
              <td class="n" data-name="uptime_24h_percent">{percentOf(w.health?.uptime_24h_percent ?? null, 1)}</td>
              <td>{w.kind}</td>
              <td>{w.location_name}</td>
              <td class="n">{low / 1e6} to {high / 1e6}</td>
              <td>{w.calibration_db === null ? <span class="muted">no</span> : "yes"}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

function Seen({ at }: { at: string | null | undefined }) {
  return at ? <time class="num" dateTime={at} title={`${utc(at)}, ${local(at)}`}>{ago(at)}</time> : <span class="muted">never</span>;
}

// Import checks the file on the server first and says what it would do; only then is it stored.
function Import({ done }: { done: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const [plan, setPlan] = useState<ImportResult>();
  const [result, setResult] = useState<ImportResult>();
  const [error, setError] = useState<APIError>();
  const ask = async (f: File, dryRun: boolean) => {
    setError(undefined);
    setResult(undefined);
    try {
      const r = await api.importWebSDRs(f, dryRun);
      setPlan(dryRun ? r : undefined);
      if (!dryRun) {
        setResult(r);
        setFile(undefined);
        if (input.current) input.current.value = "";
        done();
      }
    } catch (err) {
      setPlan(undefined);
      setError(problemOf(err));
    }
  };
  const choose = (f: File | undefined) => {
    setFile(f);
    setPlan(undefined);
    if (f) void ask(f, true);
  };
  return (
    <>
      <label class="field">
        <span>Import a JSON or CSV file</span>
        <input ref={input} type="file" accept=".json,.csv" onChange={(e) => choose(e.currentTarget.files?.[0])} />
      </label>
      <Trouble error={error} />
      {plan && file && (
        <div class="after">
          <span>{count(plan.created, "WebSDR")} would be added, {plan.updated} replaced.</span>
          <Button needs="admin" class="main" onClick={() => ask(file, false)}>Import</Button>
        </div>
      )}
      {result && <p role="status"><StateBadge state="success" text="stored" />: {count(result.created, "WebSDR")} added, {result.updated} replaced.</p>}
    </>
  );
}
