// Trends: SNR, frequency offset and noise of several receivers over time. Steps of an hour or a day are the server's
// statistics, which come from its rollups; within a short range each measurement is shown by itself.

import { useMemo } from "preact/hooks";
import { api, everyMeasurement } from "../api";
import { Select } from "../form";
import { useLoad } from "../load";
import { go, place } from "../router";
import { TrendChart } from "../trendchart";
import { Tabs, TrendFilter } from "../trendfilter";
import { offsetLines, singleLines, snrLines, type Band, type Line } from "../trendlines";
import { asked, between, stepSeconds, stepWords, withChange, type Asked } from "../trendquery";
import type { Measurement, WebSDR } from "../types";
import { Page, Section, Trouble, Waiting } from "../ui";
import { useWebSDRs } from "../websdrnames";

const mostSingles = 5000; // points of a chart
const bands: { value: Band; text: string }[] = [
  { value: "std", text: "one standard deviation" }, { value: "range", text: "least to greatest" }, { value: "none", text: "none" },
];
const steps = [
  { value: "", text: "as fits" }, { value: "each", text: "each measurement" }, { value: "1h", text: "hours" }, { value: "1d", text: "days" },
];

interface Shown {
  snr: Line[];
  offset: Line[];
  noise: Line[];
  whole: boolean; // noise, and with single measurements all of them, have every row of the range
  rowsDeleted: boolean;
}

export default function Trends() {
  const query = place.value.query;
  const of = useMemo(() => asked(query), [query.toString()]);
  const band = bands.find((b) => b.value === query.get("band"))?.value ?? "std";
  const websdrs = useWebSDRs();
  const names = websdrs.value;
  const read = useLoad((s) => (names ? readAll(of, names, s) : new Promise<Shown>(() => {})), [query.toString(), names?.length]);
  const set = (change: Record<string, string>) => go(withChange("trends", change));
  return (
    <Page title="Trends">
      <Tabs page="trends" />
      <Section title="What to show">
        <Trouble error={websdrs.error} again={websdrs.reload} />
        <TrendFilter page="trends" of={of} websdrs={names ?? []}>
          <Select label="Steps" name="step" value={of.chosenStep} set={(step) => set({ step })} options={steps} />
          <Select label="Band" name="band" value={band} set={(b) => set({ band: b === "std" ? "" : b })} options={bands} />
        </TrendFilter>
      </Section>
      <Section title="Over time" note={`${stepWords[of.step]}; drag over a part of a chart to look closer, and go back to leave it`}>
        <Trouble error={read.error} again={read.reload} />
        {!read.value && read.loading && !websdrs.error && <Waiting what="trends" />}
        {read.value && <Charts of={of} shown={read.value} band={band} />}
      </Section>
      <Section title="Take it along" note="the same range, receivers and frequencies">
        <Exports of={of} />
      </Section>
    </Page>
  );
}

async function readAll(of: Asked, websdrs: WebSDR[], signal: AbortSignal): Promise<Shown> {
  const filter = { ...of.filter, from: of.from, to: of.to };
  const rows = everyMeasurement(filter, mostSingles, signal);
  const single = (value: (m: Measurement) => number | null, sigma: (m: Measurement) => number | null, list: Measurement[]) => singleLines(list, websdrs, value, sigma);
  const noiseOf = (list: Measurement[]) => single((m) => m.noise_dbfs_hz, () => null, list);
  if (of.step === "each") {
    const { rows: list, whole } = await rows;
    return {
      snr: single((m) => m.snr_db, (m) => m.snr_sigma_db, list),
      offset: single((m) => (m.frequency_method === "carrier" ? m.frequency_offset_hz : null), (m) => m.frequency_sigma_hz, list),
      noise: noiseOf(list), whole, rowsDeleted: false,
    };
  }
  const stepped = { ...filter, bucket: of.step };
  const [snr, drift, { rows: list, whole }] = await Promise.all([api.snr(stepped, signal), api.drift(stepped, signal), rows]);
  return {
    snr: snrLines(snr.points, websdrs), offset: offsetLines(drift.series, websdrs), noise: noiseOf(list), whole,
    rowsDeleted: snr.rows_deleted || drift.rows_deleted,
  };
}

function Charts({ of, shown, band }: { of: Asked; shown: Shown; band: Band }) {
  const zoom = (low: number, high: number) => go(withChange("trends", between(low, high)));
  const common = { band, from: of.from, to: of.to, zoom, stepSeconds: stepSeconds(of.step) };
  const newest = shown.whole ? "" : ` Only the newest ${mostSingles} measurements are shown: choose a shorter range.`;
  const single = of.step === "each";
  return (
    <>
      {shown.rowsDeleted && <p class="muted">Some measurements at the ends of the range have been deleted by retention: the first and last step may lack them.</p>}
      <TrendChart {...common} title="SNR" name="snr" unit="dB" decimals={2} lines={shown.snr}
        note={single ? `Each measurement in which a signal was detected, with one sigma.${newest}` : "Mean of the measurements that have an SNR: of those in which nothing was detected there is none."} />
      <TrendChart {...common} title="Frequency offset" name="offset" unit="Hz" decimals={3} lines={shown.offset}
        note={`Of carriers alone. What is common to all stations is the transmitter's; what one has by itself is mostly its own clock.${single ? newest : ""}`} />
      <TrendChart {...common} title="Noise density" name="noise" unit="dBFS/Hz" decimals={2} lines={shown.noise} stepSeconds={0}
        note={`Each measurement by itself, relative to the receiver's full scale: compare a receiver with itself, not with others.${newest}`} />
    </>
  );
}

function Exports({ of }: { of: Asked }) {
  const filter = { ...of.filter, from: of.from, to: of.to };
  const stepped = { ...filter, bucket: of.step === "each" ? "1h" : of.step };
  return (
    <ul class="formats">
      <li>
        SNR by step: <a href={api.statisticsAs("snr", stepped, "csv")} download>CSV</a>, <a href={api.statisticsAs("snr", stepped, "json")} download="snr.json">JSON</a>
      </li>
      <li>
        Frequency offset by step: <a href={api.statisticsAs("frequency-drift", stepped, "csv")} download>CSV</a>, <a href={api.statisticsAs("frequency-drift", stepped, "json")} download="frequency-drift.json">JSON</a>
      </li>
      <li>
        Every measurement behind them: <a href={api.measurementsAs(filter, "csv")} download>CSV</a>, <a href={api.measurementsAs(filter, "parquet")} download>Parquet</a>, <a href={api.measurementsAs(filter, "ndjson")} download>JSON lines</a>
      </li>
    </ul>
  );
}
