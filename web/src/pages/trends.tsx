// Trends: SNR, frequency offset and noise of several receivers over time. Steps of an hour or a day are the server's
// statistics, which come from its rollups; within a short range each measurement is shown by itself.

import { useMemo } from "preact/hooks";
import { api, everyMeasurement } from "../api";
import { Select } from "../form";
import { useLoad } from "../load";
import { go, place } from "../router";
import { TrendChart } from "../trendchart";
import { Tabs, TrendFilter } from "../trendfilter";
import { offsetLines, singleLines, snrLines, type Band } from "../trendlines";
import { asked, between, stepSeconds, stepWords, withChange, type Asked } from "../trendquery";
import type { DriftSeries, SNRPoint } from "../statistics";
import type { Measurement, WebSDR } from "../types";
import { Page, Section, Trouble, Waiting } from "../ui";
import { useWebSDRs } from "../websdrnames";

const mostSingles = 5000; // points of a chart
const bands: { value: Band; text: string }[] = [
  { value: "std", text: "one standard deviation" }, { value: "range", text: "least to greatest" }, { value: "none", text: "none" },
];
const stepsToChoose = [
  { value: "", text: "as fits" }, { value: "each", text: "each measurement" }, { value: "1h", text: "hours" }, { value: "1d", text: "days" },
];

export default function Trends() {
  const query = place.value.query;
  const of = useMemo(() => asked(query), [query.toString()]);
  const band = bands.find((b) => b.value === query.get("band"))?.value ?? "std";
  const websdrs = useWebSDRs();
  const singles = useLoad((s) => everyMeasurement({ ...of.filter, from: of.from, to: of.to }, mostSingles, s), [query.toString()]);
  const steps = useLoad((s) => readSteps(of, s), [query.toString()]);
  const set = (change: Record<string, string>) => go(withChange("trends", change));
  const shown = { of, band, websdrs: websdrs.value ?? [] };
  return (
    <Page title="Trends">
      <Tabs page="trends" />
      <Section title="What to show">
        <Trouble error={websdrs.error} again={websdrs.reload} />
        <TrendFilter page="trends" of={of} websdrs={shown.websdrs}>
          <Select label="Steps" name="step" value={of.chosenStep} set={(step) => set({ step })} options={stepsToChoose} />
          <Select label="Band" name="band" value={band} set={(b) => set({ band: b === "std" ? "" : b })} options={bands} />
        </TrendFilter>
      </Section>
      <Section title="Over time" note={`${stepWords[of.step]}; drag over a part of a chart to look closer, and go back to leave it`}>
        <Trouble error={steps.error} again={steps.reload} />
        {!steps.value && steps.loading && <Waiting what="trends" />}
        {steps.value?.rowsDeleted && <p class="muted">Some measurements at the ends of the range have been deleted by retention: the first and last step may lack them.</p>}
        {steps.value && of.step !== "each" && websdrs.value && <StepCharts {...shown} steps={steps.value} />}
        <Trouble error={singles.error} again={singles.reload} />
        {!singles.value && singles.loading && <Waiting what="measurements" />}
        {singles.value && websdrs.value && <SingleCharts {...shown} rows={singles.value.rows} whole={singles.value.whole} />}
      </Section>
      <Section title="Take it along" note="the same range, receivers and frequencies">
        <Exports of={of} />
      </Section>
    </Page>
  );
}

interface Steps {
  snr: SNRPoint[];
  drift: DriftSeries[];
  rowsDeleted: boolean;
}

// readSteps asks for the statistics, unless each measurement stands by itself.
async function readSteps(of: Asked, signal: AbortSignal): Promise<Steps> {
  if (of.step === "each") return { snr: [], drift: [], rowsDeleted: false };
  const query = { ...of.filter, from: of.from, to: of.to, bucket: of.step };
  const [snr, drift] = await Promise.all([api.snr(query, signal), api.drift(query, signal)]);
  return { snr: snr.points, drift: drift.series, rowsDeleted: snr.rows_deleted || drift.rows_deleted };
}

interface Shown {
  of: Asked;
  band: Band;
  websdrs: WebSDR[];
}

// looks are what the charts of a range have in common.
function looks({ of, band }: Shown) {
  return { band, from: of.from, to: of.to, zoom: (low: number, high: number) => go(withChange("trends", between(low, high))) };
}

const offsetNote = "Of carriers alone. What all stations have in common is the transmitter's, what one has by itself is mostly its own clock. Choose one to see how it drifts.";

function StepCharts({ steps, ...shown }: Shown & { steps: Steps }) {
  const common = { ...looks(shown), stepSeconds: stepSeconds(shown.of.step) };
  const snr = useMemo(() => snrLines(steps.snr, shown.websdrs), [steps, shown.websdrs]);
  const offset = useMemo(() => offsetLines(steps.drift, shown.websdrs), [steps, shown.websdrs]);
  return (
    <>
      <TrendChart {...common} title="SNR" name="snr" unit="dB" decimals={2} lines={snr}
        note="Mean of the measurements that have an SNR: those in which nothing was detected have none." />
      <TrendChart {...common} title="Frequency offset" name="offset" unit="Hz" decimals={3} lines={offset} note={offsetNote} />
    </>
  );
}

function SingleCharts({ rows, whole, ...shown }: Shown & { rows: Measurement[]; whole: boolean }) {
  const common = { ...looks(shown), stepSeconds: 0 };
  const newest = whole ? "" : ` Only the newest ${mostSingles} are shown: choose a shorter range.`;
  const keys = [rows, shown.websdrs];
  const snr = useMemo(() => singleLines(rows, shown.websdrs, (m) => m.snr_db, (m) => m.snr_sigma_db), keys);
  const carrier = (m: Measurement) => (m.frequency_method === "carrier" ? m.frequency_offset_hz : null);
  const offset = useMemo(() => singleLines(rows, shown.websdrs, carrier, (m) => m.frequency_sigma_hz), keys);
  const noise = useMemo(() => singleLines(rows, shown.websdrs, (m) => m.noise_dbfs_hz, () => null), keys);
  return (
    <>
      {shown.of.step === "each" && (
        <>
          <TrendChart {...common} title="SNR" name="snr" unit="dB" decimals={2} lines={snr}
            note={`Each measurement in which a signal was detected, with one sigma.${newest}`} />
          <TrendChart {...common} title="Frequency offset" name="offset" unit="Hz" decimals={3} lines={offset} note={`${offsetNote}${newest}`} />
        </>
      )}
      <TrendChart {...common} title="Noise density" name="noise" unit="dBFS/Hz" decimals={2} lines={noise}
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
