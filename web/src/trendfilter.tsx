// The filter above both pages of trends: range, receivers, frequencies. Everything it says stands in the address.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Check, Num, Select, Text } from "./form";
import { utc } from "./format";
import { go, pathTo, place, type PageName } from "./router";
import { between, fieldTime, presets, withChange, type Asked } from "./trendquery";
import type { WebSDR } from "./types";

interface Props {
  page: PageName;
  of: Asked;
  websdrs: WebSDR[];
  all?: string; // what is shown of them when none is chosen
  children?: ComponentChildren; // further fields
}

export function TrendFilter({ page, of, websdrs, all = "all", children }: Props) {
  const set = (change: Record<string, string | string[]>) => go(withChange(page, change));
  const from = Date.parse(of.from);
  const to = Date.parse(of.to);
  const width = to - from;
  const move = (low: number, high: number) => set(between(low, high));
  return (
    <>
      <div class="filters">
        <Select label="Period" name="days" value={of.days} set={(days) => set({ days, from: "", to: "" })}
          options={[...(of.days ? [] : [{ value: "", text: "as chosen" }]), ...presets.map((p) => ({ value: p.value, text: `the last ${p.text}`.replace("the last a", "the last") }))]} />
        {children}
      </div>
      <div class="after" role="group" aria-label="Move the range">
        <button type="button" onClick={() => move(from - width / 2, to - width / 2)}>Earlier</button>
        <button type="button" onClick={() => move(from + width / 2, to + width / 2)}>Later</button>
        <button type="button" onClick={() => move(from + width / 4, to - width / 4)}>Closer</button>
        <button type="button" onClick={() => move(from - width / 2, to + width / 2)}>Wider</button>
        {place.value.query.size > 0 && <a href={pathTo(page)}>Reset</a>}
        <span class="muted">{utc(of.from)} to {utc(of.to)}</span>
      </div>
      <Limits key={`${of.from} ${of.to}`} page={page} of={of} />
      <fieldset class="receivers">
        <legend>WebSDRs</legend>
        <div class="choices">
          <Check label={all} checked={of.websdrs.length === 0} set={() => set({ websdr_id: "" })} />
          {websdrs.map((w) => (
            <Check
              key={w.websdr_id} label={w.name} checked={of.websdrs.includes(w.websdr_id)}
              set={(on) => set({ websdr_id: (on ? [...of.websdrs, w.websdr_id] : of.websdrs.filter((id) => id !== w.websdr_id)).map(String) })}
            />
          ))}
        </div>
      </fieldset>
    </>
  );
}

// Limits are typed, and asked for once they are complete: half of a year is another year.
function Limits({ page, of }: { page: PageName; of: Asked }) {
  const query = place.value.query;
  const shown = { from: fieldTime(Date.parse(of.from)), to: fieldTime(Date.parse(of.to)) };
  const read = () => ({ ...shown, low: query.get("frequency_min_mhz") ?? "", high: query.get("frequency_max_mhz") ?? "" });
  const [typed, setTyped] = useState(read);
  useEffect(() => setTyped(read()), [query.toString()]);
  const field = (name: keyof typeof typed) => ({ value: typed[name], set: (v: string) => setTyped((t) => ({ ...t, [name]: v })) });
  const apply = (e: Event) => {
    e.preventDefault();
    const range: Record<string, string> = typed.from === shown.from && typed.to === shown.to ? {} : { days: "", from: typed.from, to: typed.to };
    const plain = (text: string) => text.trim().replace(",", ".");
    go(withChange(page, { ...range, frequency_min_mhz: plain(typed.low), frequency_max_mhz: plain(typed.high) }));
  };
  return (
    <form class="filters" role="search" aria-label="Limits" onSubmit={apply}>
      <Text label="From (UTC)" name="from" type="datetime-local" {...field("from")} />
      <Text label="To (UTC)" name="to" type="datetime-local" {...field("to")} />
      <Num label="Frequency from (MHz)" name="frequency_min_mhz" {...field("low")} />
      <Num label="Frequency to (MHz)" name="frequency_max_mhz" {...field("high")} />
      <button type="submit">Apply</button>
    </form>
  );
}

// Tabs lead from one page of trends to the other, with the same filter.
export function Tabs({ page }: { page: PageName }) {
  const tabs: [PageName, string][] = [["trends", "Over time"], ["coverage", "Receivers and coverage"]];
  return (
    <nav class="tabs" aria-label="Parts of the trends">
      {tabs.map(([name, text]) => (
        <a key={name} href={withChange(name, {})} aria-current={name === page ? "page" : undefined}>{text}</a>
      ))}
    </nav>
  );
}
