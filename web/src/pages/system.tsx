// System: what the server is made of, whether what it needs answers, what it keeps and what it deleted.

import { useCallback } from "preact/hooks";
import { APIError, api } from "../api";
import { bytes, count, plain } from "../format";
import { useEvery } from "../live";
import { useLoad, type Loaded } from "../load";
import type { DeletionPage, Retention, System } from "../types";
import { Empty, Fact, Facts, NoData, Page, Section, StateBadge, Table, Time, Trouble, Waiting } from "../ui";

export default function SystemPage() {
  const system = useLoad((s) => api.system(s), []);
  const ready = useLoad((s) => api.ready(s), []);
  const retention = useLoad((s) => api.retention(s), []);
  const deletions = useLoad((s) => api.deletions({ limit: 20 }, s), []);
  const again = useCallback(() => {
    ready.reload();
    system.reload();
    retention.reload();
  }, [ready.reload, system.reload, retention.reload]);
  useEvery(10, again);
  return (
    <Page title="System" actions={<Elsewhere />}>
      <Section title="Health">
        <Trouble error={ready.error} again={ready.reload} />
        {ready.value && (
          <Facts>
            {ready.value.dependencies.map((d) => (
              <Fact key={d.name} name={d.name}>
                <StateBadge state={d.status === "up" ? "success" : "failed"} text={d.status} /> {d.error}
              </Fact>
            ))}
          </Facts>
        )}
      </Section>
      <Section title="Server">
        <Trouble error={system.error} again={system.reload} />
        {system.value ? <Server of={system.value} /> : system.loading && <Waiting what="the server's settings" />}
      </Section>
      <Section title="Storage and retention">
        <Kept of={retention} />
      </Section>
      <Section title="Deleted" note="the newest 20">
        <Journal of={deletions} />
      </Section>
    </Page>
  );
}

// Elsewhere are the API's own page, and the terms of what this dashboard is made of.
function Elsewhere() {
  const licences = document.querySelector<HTMLLinkElement>('link[rel="license"]')?.href;
  return (
    <>
      <a href="/docs">API documentation</a>
      {licences && <a href={licences} target="_blank">Licences of the dashboard's parts</a>}
    </>
  );
}

function Server({ of: s }: { of: System }) {
  const d = s.database;
  return (
    <Facts>
      <Fact name="Version">{s.version}</Fact>
      <Fact name="Algorithm version" id="algorithm_version">{s.algorithm_version}</Fact>
      <Fact name="Database">
        {d.version} <span class="muted">({d.reason})</span>
      </Fact>
      <Fact name="Schema" id="schema_version">{d.schema_version}</Fact>
      <Fact name="Database size" id="database_bytes">{bytes(d.bytes)}</Fact>
      {d.partitions > 0 && (
        <Fact name="Partitions">
          {d.partitions}, {d.compressed_partitions} compressed{d.compress_after_days !== null && ` (after ${count(d.compress_after_days, "day")})`}
        </Fact>
      )}
      <Fact name="Recordings in">
        <code>{s.objects || "unknown"}</code>
      </Fact>
      <Fact name="Acquisitions waiting" id="pending">{s.queue.pending}</Fact>
      <Fact name="Acquisitions running" id="running">{s.queue.running}</Fact>
    </Facts>
  );
}

function Kept({ of }: { of: Loaded<Retention> }) {
  const r = of.value;
  if (of.error) {
    if (isNotHere(of.error)) return <Empty>This server deletes nothing: another one may.</Empty>;
    return <Trouble error={of.error} again={of.reload} />;
  }
  if (!r) return <Waiting what="retention" />;
  const rules = r.rules;
  const days = (n: number | null) => (n === null ? "for ever" : `${plain(n)} days`);
  return (
    <Facts>
      <Fact name="Recordings" id="recorded_bytes">{bytes(r.recorded_bytes)}</Fact>
      <Fact name="Held" id="held_bytes">{bytes(r.held_bytes)}</Fact>
      <Fact name="Being deleted" id="planned_bytes">{bytes(r.planned_bytes)}</Fact>
      <Fact name="Free room" id="free_bytes">{r.free_bytes === null ? <NoData /> : bytes(r.free_bytes)}</Fact>
      <Fact name="Kept" id="days">{days(rules.days)}</Fact>
      <Fact name="Kept when quiet" id="days_quiet">
        {rules.days_quiet === null ? "like the others" : days(rules.days_quiet)}
        {rules.quiet_snr_db !== null && ` (below ${plain(rules.quiet_snr_db)} dB)`}
      </Fact>
      <Fact name="Quota" id="quota_bytes">{rules.quota_bytes === null ? "none" : bytes(rules.quota_bytes)}</Fact>
      <Fact name="Room to leave free" id="rule_free_bytes">{rules.free_bytes === null ? "no rule" : bytes(rules.free_bytes)}</Fact>
      <Fact name="Last run" id="last_run">
        {r.last_run ? (
          <>
            <Time at={r.last_run.ended_at} relative />: {count(r.last_run.outcome.acquisitions, "acquisition")}, {bytes(r.last_run.outcome.bytes)}
            {r.last_run.error && <span class="bad"> {r.last_run.error}</span>}
          </>
        ) : (
          "none yet"
        )}
      </Fact>
      <Fact name="Next run">{r.next_run_at ? <Time at={r.next_run_at} relative /> : "not by itself"}</Fact>
    </Facts>
  );
}

// isNotHere: a server that deletes nothing answers 409.
export function isNotHere(err: APIError): boolean {
  return err.problem.status === 409;
}

function Journal({ of }: { of: Loaded<DeletionPage> }) {
  if (of.error) return <Trouble error={of.error} again={of.reload} />;
  if (!of.value) return <Waiting what="deletions" />;
  if (of.value.deletions.length === 0) return <Empty>Nothing was deleted.</Empty>;
  return (
    <Table caption="Acquisitions deleted, newest first">
      <thead>
        <tr>
          <th scope="col">Acquisition</th>
          <th scope="col">Why</th>
          <th scope="col">Ended</th>
          <th scope="col" class="n">Objects</th>
          <th scope="col" class="n">Size</th>
          <th scope="col">Gone</th>
        </tr>
      </thead>
      <tbody>
        {of.value.deletions.map((d) => (
          <tr key={`${d.task_id} ${d.planned_at}`} data-task={d.task_id}>
            <th scope="row">
              <code>{d.task_id}</code>
            </th>
            <td>{d.reason}</td>
            <td><Time at={d.ended_at} /></td>
            <td class="n" data-name="objects">{d.objects}</td>
            <td class="n" data-name="bytes">{bytes(d.bytes)}</td>
            <td>{d.done_at ? <Time at={d.done_at} /> : "under way"}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
