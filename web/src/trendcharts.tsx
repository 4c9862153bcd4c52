// The charts of trends: SNR, frequency offset and noise over a range. Steps of an hour or a day are the server's
// statistics, which come from its rollups; otherwise each measurement is shown by itself.

import { useMemo } from "preact/hooks";
import { api, everyMeasurement } from "./api";
import { useLoad } from "./load";
import type { DriftSeries, NoisePoint, SNRPoint } from "./statistics";
import { TrendChart } from "./trendchart";
import { noiseLines, offsetLines, singleLines, snrLines, type Band } from "./trendlines";
import { stepSeconds, type Asked } from "./trendquery";
import type { Measurement, WebSDR } from "./types";
import { Trouble, Waiting } from "./ui";

const mostSingles = 5000; // points of a chart

export const bands: { value: Band; text: string }[] = [
  { value: "std", text: "one standard deviation" }, { value: "range", text: "least to greatest" }, { value: "none", text: "none" },
];

export const stepsToChoose = [
  { value: "", text: "as fits" }, { value: "each", text: "each measurement" }, { value: "1h", text: "hours" }, { value: "1d", text: "days" },
];

interface Props {
  of: Asked;
  band: Band;
  websdrs: WebSDR[]; // for names and colours
  zoom: (fromMs: number, toMs: number) => void;
}

export function TrendCharts(props: Props) {
  return props.of.step === "each" ? <SingleCharts {...props} /> : <StepCharts {...props} />;
}

const offsetNote = "Of carriers alone. What all stations have in common is the transmitter's, what one has by itself is mostly its own clock. Choose one to see how it drifts.";
const noiseNote = "Relative to the receiver's full scale: compare a receiver with itself, not with others.";

interface Steps {
  snr: SNRPoint[];
  drift: DriftSeries[];
  noise: NoisePoint[];
  rowsDeleted: boolean;
}

async function readSteps(of: Asked, signal: AbortSignal): Promise<Steps> {
  const query = { ...of.filter, from: of.from, to: of.to, bucket: of.step };
  const [snr, drift, noise] = await Promise.all([api.snr(query, signal), api.drift(query, signal), api.noise(query, signal)]);
  return { snr: snr.points, drift: drift.series, noise: noise.points, rowsDeleted: [snr, drift, noise].some((a) => a.rows_deleted) };
}

function StepCharts({ of, band, websdrs, zoom }: Props) {
  const steps = useLoad((s) => readSteps(of, s), [of]);
  const v = steps.value;
  const snr = useMemo(() => snrLines(v?.snr ?? [], websdrs), [v, websdrs]);
  const offset = useMemo(() => offsetLines(v?.drift ?? [], websdrs), [v, websdrs]);
  const noise = useMemo(() => noiseLines(v?.noise ?? [], websdrs), [v, websdrs]);
  const common = { band, from: of.from, to: of.to, zoom, stepSeconds: stepSeconds(of.step) };
  return (
    <>
      <Trouble error={steps.error} again={steps.reload} />
      {!v && steps.loading && <Waiting what="trends" />}
      {v?.rowsDeleted && <p class="muted">Some measurements at the ends of the range have been deleted by retention: the first and last step may lack them.</p>}
      {v && (
        <>
          <TrendChart {...common} title="SNR" name="snr" unit="dB" decimals={2} lines={snr}
            note="Mean of the measurements that have an SNR: those in which nothing was detected have none." />
          <TrendChart {...common} title="Frequency offset" name="offset" unit="Hz" decimals={3} lines={offset} note={offsetNote} />
          <TrendChart {...common} title="Noise density" name="noise" unit="dBFS/Hz" decimals={2} lines={noise} note={noiseNote} />
        </>
      )}
    </>
  );
}

const carrier = (m: Measurement) => (m.frequency_method === "carrier" ? m.frequency_offset_hz : null);

function SingleCharts({ of, band, websdrs, zoom }: Props) {
  const singles = useLoad((s) => everyMeasurement({ ...of.filter, from: of.from, to: of.to }, mostSingles, s), [of]);
  const v = singles.value;
  const rows = v?.rows ?? [];
  const snr = useMemo(() => singleLines(rows, websdrs, (m) => m.snr_db, (m) => m.snr_sigma_db), [v, websdrs]);
  const offset = useMemo(() => singleLines(rows, websdrs, carrier, (m) => m.frequency_sigma_hz), [v, websdrs]);
  const noise = useMemo(() => singleLines(rows, websdrs, (m) => m.noise_dbfs_hz, () => null), [v, websdrs]);
  const common = { band, from: of.from, to: of.to, zoom, stepSeconds: 0 };
  const newest = v && !v.whole ? ` Only the newest ${mostSingles} are shown: choose a shorter range.` : "";
  return (
    <>
      <Trouble error={singles.error} again={singles.reload} />
      {!v && singles.loading && <Waiting what="measurements" />}
      {v && (
        <>
          <TrendChart {...common} title="SNR" name="snr" unit="dB" decimals={2} lines={snr}
            note={`Each measurement in which a signal was detected, with one sigma.${newest}`} />
          <TrendChart {...common} title="Frequency offset" name="offset" unit="Hz" decimals={3} lines={offset} note={`${offsetNote}${newest}`} />
          <TrendChart {...common} title="Noise density" name="noise" unit="dBFS/Hz" decimals={2} lines={noise} note={`${noiseNote}${newest}`} />
        </>
      )}
    </>
  );
}
