// Acquisitions: the list, filtered by the server, page after page; and the choice of several to compare.

import { useEffect, useState } from "preact/hooks";
import { api, type Query } from "../api";
import { underway, useEvents } from "../events";
import { count, mhz } from "../format";
import { Check, Text } from "../form";
import { LiveMark } from "../livemark";
import { useLoad } from "../load";
import { go, pathTo, place } from "../router";
import { say } from "../shell";
import type { Acquisition, State } from "../types";
import { Bar, Empty, Page, Section, StateBadge, Table, Time, Trouble, Waiting } from "../ui";

const states: State[] = ["pending", "running", "success", "partial", "failed", "cancelled"];

export default function Acquisitions() {
  const query = place.value.query;
  const filter = filterOf(query);
  const list = useLoad((s) => api.acquisitions({ ...filter, limit: 50 }, s), [query.toString()]);
  const [chosen, setChosen] = useState<string[]>([]);
  const shown = list.value?.acquisitions.map((a) => (a.ended_at ? a : { ...a, progress: underway.value?.get(a.task_id)?.progress ?? a.progress }));
  useEvents(list.reload, 1, ["acquisition.created", "acquisition.running", "acquisition.ended"]);
  useEffect(() => {
    if (shown) say(`${count(shown.length, "acquisition")} on this page`);
  }, [shown?.length, query.toString()]);
  const choose = (id: string, on: boolean) => setChosen((c) => (on ? [...c, id] : c.filter((x) => x !== id)));
  return (
    <Page title="Acquisitions" actions={<><LiveMark /><a class="main" href={pathTo("new")}>New acquisition</a></>}>
      <Section title="Filter">
        <Filter query={query} />
      </Section>
      <Section title="Acquisitions" note="newest first">
        <Trouble error={list.error} again={list.reload} />
        {!shown && list.loading && <Waiting what="acquisitions" />}
        {shown && shown.length === 0 && <Empty>None {query.size > 0 ? "match" : "was asked for yet"}.</Empty>}
        {shown && shown.length > 0 && <List of={shown} chosen={chosen} choose={choose} />}
        <div class="after">
          <button type="button" disabled={chosen.length < 2} onClick={() => go(`${pathTo("compare")}?${new URLSearchParams(chosen.map((id) => ["task_id", id]))}`)}>
            Compare {chosen.length > 1 ? chosen.length : "(choose two or more)"}
          </button>
          {query.get("cursor") && <a href={withQuery(query, { cursor: "" })}>First page</a>}
          {list.value?.next_cursor && <a href={withQuery(query, { cursor: list.value.next_cursor })}>Next page</a>}
        </div>
      </Section>
    </Page>
  );
}

// filterOf are the parameters of the page that the server knows.
function filterOf(query: URLSearchParams): Query {
  return {
    state: query.getAll("state"), label: query.get("label"),
    from: query.get("from") && `${query.get("from")}:00Z`, to: query.get("to") && `${query.get("to")}:00Z`,
    cursor: query.get("cursor"),
  };
}

function withQuery(query: URLSearchParams, change: Record<string, string | string[]>): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    next.delete(name);
    for (const v of Array.isArray(value) ? value : [value]) if (v) next.append(name, v);
  }
  return next.size > 0 ? `${pathTo("acquisitions")}?${next}` : pathTo("acquisitions");
}

function Filter({ query }: { query: URLSearchParams }) {
  const [label, setLabel] = useState(query.get("label") ?? "");
  const set = (change: Record<string, string | string[]>) => go(withQuery(query, { ...change, cursor: "" }), true);
  const on = query.getAll("state");
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(e) => {
        e.preventDefault();
        set({ label });
      }}
    >
      <Text label="Label contains" name="label" value={label} set={setLabel} />
      <button type="submit">Search</button>
      <Text label="From (UTC)" name="from" type="datetime-local" value={query.get("from") ?? ""} set={(from) => set({ from })} />
      <Text label="To (UTC)" name="to" type="datetime-local" value={query.get("to") ?? ""} set={(to) => set({ to })} />
      <fieldset>
        <legend>State</legend>
        <div class="choices">
          {states.map((s) => (
            <Check key={s} label={s} checked={on.includes(s)} set={(yes) => set({ state: yes ? [...on, s] : on.filter((x) => x !== s) })} />
          ))}
        </div>
      </fieldset>
      {query.size > 0 && <a href={pathTo("acquisitions")} onClick={() => setLabel("")}>Clear</a>}
    </form>
  );
}

function List({ of, chosen, choose }: { of: Acquisition[]; chosen: string[]; choose: (id: string, on: boolean) => void }) {
  return (
    <Table caption="Acquisitions, newest first">
      <thead>
        <tr>
          <th scope="col"><span class="unseen">Compare</span></th>
          <th scope="col">Acquisition</th>
          <th scope="col">State</th>
          <th scope="col" class="n">Frequency</th>
          <th scope="col" class="n">Duration</th>
          <th scope="col" class="n">Receivers</th>
          <th scope="col">Asked for</th>
        </tr>
      </thead>
      <tbody>
        {of.map((a) => (
          <tr key={a.task_id}>
            <td>
              <input type="checkbox" aria-label={`Compare ${a.label || a.task_id}`} checked={chosen.includes(a.task_id)} onChange={(e) => choose(a.task_id, e.currentTarget.checked)} />
            </td>
            <th scope="row">
              <a href={pathTo("acquisition", { task_id: a.task_id })}>{a.label || a.task_id}</a>
              {a.hold && <span class="muted"> held</span>}
            </th>
            <td>{a.ended_at ? <StateBadge state={a.state} /> : <><StateBadge state={a.state} /> <Bar value={a.progress} label={`Progress of ${a.label || a.task_id}`} /></>}</td>
            <td class="n">{mhz(a.frequency_mhz)}</td>
            <td class="n">{a.duration_seconds} s</td>
            <td class="n">{a.captures_total}</td>
            <td><Time at={a.created_at} /></td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
