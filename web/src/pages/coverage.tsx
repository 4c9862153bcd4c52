// The second part of the trends: how the receivers fared, how much of each day was recorded, on which frequencies
// something was heard, and where carriers drifted.

import { useMemo } from "preact/hooks";
import { api } from "../api";
import { bytes, fixed, length, mhz, plain, spread, sure } from "../format";
import { useLoad, type Loaded } from "../load";
import { pathTo, place } from "../router";
import { Tabs, TrendFilter } from "../trendfilter";
import { asked } from "../trendquery";
import type { ClockStatistics, CoverageStatistics, OccupancyStatistics, WebSDRStatistics } from "../statistics";
import type { WebSDR } from "../types";
import { Empty, NoData, Page, Section, Table, Time, Trouble, Waiting } from "../ui";
import { nameOf, useWebSDRs } from "../websdrnames";

export default function Coverage() {
  const query = place.value.query;
  const of = useMemo(() => asked(query), [query.toString()]);
  const filter = { ...of.filter, from: of.from, to: of.to };
  const keys = [query.toString()];
  const websdrs = useWebSDRs();
  const performance = useLoad((s) => api.performance(filter, s), keys);
  const coverage = useLoad((s) => api.coverage(filter, s), keys);
  const occupancy = useLoad((s) => api.occupancy(filter, s), keys);
  const clocks = useLoad((s) => api.clocks(filter, s), keys);
  const names = websdrs.value;
  return (
    <Page title="Trends: receivers and coverage">
      <Tabs page="coverage" />
      <Section title="What to show">
        <TrendFilter page="coverage" of={of} websdrs={names ?? []} />
      </Section>
      <Section title="How the receivers fared">
        <Answer of={performance} show={(a) => <PerformanceTable of={a} names={names} />} />
        <p><a href={api.statisticsAs("websdrs", filter, "csv")} download>CSV</a>, <a href={api.statisticsAs("websdrs", filter, "json")} download="websdrs.json">JSON</a></p>
      </Section>
      <Section title="Coverage" note="time recorded on each day (UTC), and captures that worked; the darker, the larger the share that worked">
        <Answer of={coverage} show={(a) => <CoverageTable of={a} names={names} />} />
        <p><a href={api.statisticsAs("coverage", filter, "csv")} download>CSV</a>, <a href={api.statisticsAs("coverage", filter, "json")} download="coverage.json">JSON</a></p>
      </Section>
      <Section title="Spectrum occupancy" note="how often a signal was detected where somebody measured">
        <Answer of={occupancy} show={(a) => <OccupancyTable of={a} />} />
        <p><a href={api.statisticsAs("spectrum-occupancy", filter, "csv")} download>CSV</a>, <a href={api.statisticsAs("spectrum-occupancy", filter, "json")} download="spectrum-occupancy.json">JSON</a></p>
      </Section>
      <Section title="Frequency drift" note="of carriers, by receiver and frequency">
        <Answer of={clocks} show={(a) => <DriftTable of={a} names={names} />} />
        <p><a href={api.statisticsAs("clocks", filter, "csv")} download>CSV</a>, <a href={api.statisticsAs("clocks", filter, "json")} download="clocks.json">JSON</a></p>
      </Section>
    </Page>
  );
}

function Answer<T>({ of, show }: { of: Loaded<T>; show: (value: T) => preact.ComponentChildren }) {
  return (
    <>
      <Trouble error={of.error} again={of.reload} />
      {of.value ? show(of.value) : of.loading && <Waiting what="statistics" />}
    </>
  );
}

export function percent(share: number | null | undefined, decimals = 1) {
  return share === null || share === undefined ? <NoData /> : `${fixed(100 * share, decimals)} %`;
}

function Named({ id, names }: { id: number; names?: WebSDR[] }) {
  return <a href={pathTo("websdr", { websdr_id: id })}>{nameOf(names, id)}</a>;
}

function PerformanceTable({ of, names }: { of: WebSDRStatistics; names?: WebSDR[] }) {
  if (of.websdrs.length === 0) return <Empty>No capture ended in this range.</Empty>;
  return (
    <Table caption="How the captures of each WebSDR fared">
      <thead>
        <tr>
          <th scope="col">WebSDR</th>
          <th scope="col" class="n">Captures</th>
          <th scope="col" class="n">Worked</th>
          <th scope="col">Failed</th>
          <th scope="col" class="n">Recorded</th>
          <th scope="col" class="n">Signal detected</th>
          <th scope="col" class="n">Mean SNR (dB)</th>
          <th scope="col" class="n">Mean offset (Hz)</th>
          <th scope="col">Last success</th>
        </tr>
      </thead>
      <tbody>
        {of.websdrs.map((w) => (
          <tr key={w.websdr_id} data-websdr={w.websdr_id}>
            <th scope="row"><Named id={w.websdr_id} names={names} /></th>
            <td class="n" data-name="captures">{fixed(w.captures, 0)}</td>
            <td class="n" data-name="success_share">{percent(w.success_share)}</td>
            <td data-name="failed">{w.failed === 0 ? <span class="muted">none</span> : Object.entries(w.failures).map(([c, n]) => `${n} ${c || "unknown"}`).join(", ")}</td>
            <td class="n" data-name="recorded_s">{length(w.recorded_s)}<span class="below">{bytes(w.bytes)}</span></td>
            <td class="n" data-name="detected_share">{percent(w.detected_share)}</td>
            <td class="n" data-name="snr_mean_db"><Mean v={w.snr_mean_db} std={w.snr_std_db} decimals={2} /></td>
            <td class="n" data-name="offset_mean_hz"><Mean v={w.offset_mean_hz} std={w.offset_std_hz} decimals={3} /></td>
            <td><Time at={w.last_success_at} relative /></td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

// Mean stands over the standard deviation of what it is the mean of, which is no uncertainty of it.
function Mean({ v, std, decimals }: { v: number | null; std: number | null; decimals: number }) {
  if (v === null) return <NoData />;
  return (
    <>
      {fixed(v, decimals)}
      {std !== null && <span class="below">scatter {fixed(std, decimals)}</span>}
    </>
  );
}

// A cell is the darker the larger the share of the captures that worked.
function level(share: number | null): string {
  return share === null ? "" : `level-${share >= 0.995 ? 4 : share >= 0.9 ? 3 : share >= 0.5 ? 2 : 1}`;
}

function CoverageTable({ of, names }: { of: CoverageStatistics; names?: WebSDR[] }) {
  if (of.days.length === 0) return <Empty>No capture ended in this range.</Empty>;
  const days = [...new Set(of.days.map((d) => d.start.slice(0, 10)))].toSorted().toReversed();
  const ids = [...new Set(of.days.map((d) => d.websdr_id))].toSorted((a, b) => a - b);
  const at = new Map(of.days.map((d) => [`${d.start.slice(0, 10)} ${d.websdr_id}`, d]));
  return (
    <Table caption="Seconds recorded and captures that worked, by day and WebSDR" class="side grid">
      <thead>
        <tr>
          <th scope="col">Day</th>
          {ids.map((id) => <th key={id} scope="col" class="n">{nameOf(names, id)}</th>)}
        </tr>
      </thead>
      <tbody>
        {days.map((day) => (
          <tr key={day}>
            <th scope="row" class="num">{day}</th>
            {ids.map((id) => {
              const d = at.get(`${day} ${id}`);
              if (!d) return <td key={id} class="muted">–</td>;
              return (
                <td key={id} class={level(d.success_share)} data-websdr={id} data-day={day} title={`${plain(100 * (d.time_share ?? 0), 3)} % of the day`}>
                  {length(d.recorded_s)}
                  <span class="below">{d.successes} of {d.captures}</span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function OccupancyTable({ of }: { of: OccupancyStatistics }) {
  if (of.channels.length === 0) return <Empty>Nobody measured in this range.</Empty>;
  return (
    <Table caption="How often a signal was detected, by frequency">
      <thead>
        <tr>
          <th scope="col" class="n">Frequency</th>
          <th scope="col" class="n">Measurements</th>
          <th scope="col" class="n">With a signal</th>
          <th scope="col" class="n">Share</th>
          <th scope="col" class="n">Likely between (95 %)</th>
          <th scope="col"><span class="unseen">Share as a bar</span></th>
        </tr>
      </thead>
      <tbody>
        {of.channels.map((c) => (
          <tr key={c.frequency_mhz} data-frequency={c.frequency_mhz}>
            <th scope="row" class="n">{mhz(c.frequency_mhz)}</th>
            <td class="n" data-name="measurements">{fixed(c.measurements, 0)}</td>
            <td class="n" data-name="detected">{fixed(c.detected, 0)}</td>
            <td class="n" data-name="occupied_share">{percent(c.occupied_share)}</td>
            <td class="n"><span data-name="occupied_share_low">{percent(c.occupied_share_low)}</span> and <span data-name="occupied_share_high">{percent(c.occupied_share_high)}</span></td>
            <td>{c.occupied_share !== null && <progress max={1} value={c.occupied_share} aria-label={`Share at ${mhz(c.frequency_mhz)}`} />}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function DriftTable({ of, names }: { of: ClockStatistics; names?: WebSDR[] }) {
  if (of.clocks.length === 0) return <Empty>No carrier was found in this range.</Empty>;
  return (
    <Table caption="Frequency offset of carriers, and how it changes">
      <thead>
        <tr>
          <th scope="col">WebSDR</th>
          <th scope="col" class="n">Frequency</th>
          <th scope="col" class="n">Measurements</th>
          <th scope="col" class="n">Mean offset (Hz)</th>
          <th scope="col" class="n">in ppm</th>
          <th scope="col" class="n">Changes by (Hz a day)</th>
        </tr>
      </thead>
      <tbody>
        {of.clocks.map((s) => (
          <tr key={`${s.websdr_id} ${s.frequency_mhz}`} data-websdr={s.websdr_id} data-frequency={s.frequency_mhz}>
            <th scope="row"><Named id={s.websdr_id} names={names} /></th>
            <td class="n">{mhz(s.frequency_mhz)}</td>
            <td class="n" data-name="offset_count">{fixed(s.offset_count, 0)}</td>
            <td class="n" data-name="offset_mean_hz"><Mean v={s.offset_mean_hz} std={s.offset_std_hz} decimals={3} /></td>
            <td class="n" data-name="offset_mean_ppm">{s.offset_mean_ppm === null ? <NoData /> : fixed(s.offset_mean_ppm, 4)}</td>
            <td class="n" data-name="slope_hz_per_day">
              {s.slope_hz_per_day === null ? <NoData /> : sure(s.slope_hz_per_day, s.slope_sigma_hz_per_day, 3)}
              {s.slope_sigma_hz_per_day !== null && s.slope_sigma_hz_per_day > 0 && <span class="unseen"> one sigma {spread(s.slope_sigma_hz_per_day)}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
