// What the numbers mean, in the server's own words (GET /api/v1/metrics): a name that explains itself when pressed.

import { signal } from "@preact/signals";
import { api } from "./api";
import { decimalsFor, plain, spread, sure } from "./format";
import type { Definition, Definitions, Measurement } from "./types";
import { Dialog, NoData } from "./ui";

export const definitions = signal<Definitions | undefined>(undefined);

// Fetched once, and again when that failed: until then names stand without their explanation.
let asked: Promise<void> | undefined;
export function needDefinitions(): void {
  asked ??= api.metrics().then(
    (d) => {
      definitions.value = d;
    },
    () => {
      asked = undefined;
    },
  );
}

interface Explained {
  title: string;
  text: string;
  values: { name: string; meaning: string }[];
}

const explained = signal<Explained | undefined>(undefined);

// Explanation is the one dialog that shows them.
export function Explanation() {
  const e = explained.value;
  if (!e) return null;
  const close = () => (explained.value = undefined);
  return (
    <Dialog title={e.title} close={close}>
      <p>{e.text}</p>
      {e.values.length > 0 && (
        <dl>
          {e.values.map((v) => (
            <div key={v.name}>
              <dt>
                <code>{v.name}</code>
              </dt>
              <dd>{v.meaning}</dd>
            </div>
          ))}
        </dl>
      )}
      <button type="button" onClick={close}>
        Close
      </button>
    </Dialog>
  );
}

const titles: Record<string, string> = {
  snr_db: "SNR", snr_upper_db: "SNR, upper bound", snr_bandwidth_hz: "SNR bandwidth", detected: "Detected", cn0_dbhz: "C/N0",
  signal_dbfs: "Signal", channel_power_dbfs: "Channel power", noise_dbfs_hz: "Noise density", noise_source: "Noise source",
  noise_used_fraction: "Noise, share used", power_dbfs: "Power", peak_dbfs: "Peak", papr_db: "Peak to average", dc_dbfs: "DC",
  clip_fraction: "Clipped share", frequency_offset_hz: "Frequency offset", frequency_method: "Frequency method",
  clock_sigma_hz: "Clock, one sigma", line_fraction: "Share in one line", drift_hz_s: "Drift", obw_hz: "Occupied bandwidth",
  obw_lo_hz: "Occupied from", obw_hi_hz: "Occupied to", obw_valid: "Occupied bandwidth valid", flatness_db: "Spectral flatness",
  spectral_kurtosis: "Spectral kurtosis", duty: "Duty", on_snr_db: "SNR while on", power_dbm: "Power, calibrated",
  signal_dbm: "Signal, calibrated", noise_dbm_hz: "Noise density, calibrated", cal_db: "Calibration", cal_source: "Calibration source",
  flags: "Flags", algorithm_version: "Algorithm version", L: "Segment length L", K: "Averages K",
};

// titleOf is a metric's name for people; one that is newer than this page has the API's.
export function titleOf(name: string): string {
  return titles[name] ?? name;
}

// sigmas are the metrics that are the uncertainty of another.
const sigmas: Record<string, string> = {
  snr_db: "snr_sigma_db", frequency_offset_hz: "frequency_sigma_hz", drift_hz_s: "drift_sigma_hz_s", cal_db: "cal_sigma_db",
};

// shownMetrics are the rows of a table: uncertainties stand beside their values.
export function shownMetrics(d: Definitions): Definition[] {
  const beside = new Set(Object.values(sigmas));
  return d.metrics.filter((m) => !beside.has(m.name));
}

// MetricName is a button that explains the metric.
export function MetricName({ name }: { name: string }) {
  const d = definitions.value?.metrics.find((m) => m.name === name);
  if (!d) return <span>{titleOf(name)}</span>;
  const unit = d.unit && d.unit !== "1" ? `, in ${d.unit}` : d.unit === "1" ? ", a ratio" : "";
  const explain = () => (explained.value = { title: `${titleOf(name)} (${name}${unit})`, text: d.meaning, values: d.values });
  return (
    <button type="button" class="explain" aria-haspopup="dialog" onClick={explain}>
      {titleOf(name)}
    </button>
  );
}

// Flag is a word of what was noticed, that explains itself.
export function Flag({ name }: { name: string }) {
  const known = definitions.value?.metrics.find((m) => m.name === "flags")?.values.find((v) => v.name === name);
  if (!known) return <code class="flag">{name}</code>;
  return (
    <button type="button" class="explain flag" aria-haspopup="dialog" title={known.meaning} onClick={() => (explained.value = { title: name, text: known.meaning, values: [] })}>
      {name}
    </button>
  );
}

export function Flags({ of }: { of: string[] }) {
  if (of.length === 0) return <span class="muted">none</span>;
  return (
    <span class="flags">
      {of.map((f) => (
        <Flag key={f} name={f} />
      ))}
    </span>
  );
}

// Metric is a value with its uncertainty and unit.
export function Metric({ of, name, unit }: { of: Measurement; name: string; unit: string }) {
  const v = of[name];
  if (name === "flags") return <Flags of={of.flags} />;
  if (name === "snr_db" && v === null && !of.detected) {
    return (
      <span class="num">
        <span class="muted">not detected</span>
        {of.snr_upper_db !== null && ` < ${sure(of.snr_upper_db, null, 2)} dB`}
      </span>
    );
  }
  if (v === null || v === undefined) return <NoData />;
  if (typeof v === "boolean") return <>{v ? "yes" : "no"}</>;
  if (typeof v !== "number") return <>{String(v)}</>;
  const sigma = sigmas[name] ? (of[sigmas[name]] as number | null) : null;
  const decimals = decimalsFor(unit);
  const text = sigma || decimals !== undefined ? sure(v, sigma, decimals ?? 2) : plain(v);
  return (
    <span class="num">
      {text}
      {unit && unit !== "1" ? `\u00a0${unit}` : ""}
      {name === "frequency_offset_hz" && <Clock of={of} />}
    </span>
  );
}

// Clock stands below an offset: the receiver's own reference comes on top of the noise, and is often the larger error.
function Clock({ of }: { of: Measurement }) {
  return <span class="below">clock {of.clock_sigma_hz ? `\u00b1 ${spread(of.clock_sigma_hz)}\u00a0Hz` : "unknown"}</span>;
}
