// What a receiver's own clock and level add to what it measures: what its owner said, and what its measurements of
// carriers say beside those of other receivers.

import { api } from "./api";
import { count, fixed, mhz, spread, sure } from "./format";
import { useLoad } from "./load";
import type { DriftSeries } from "./statistics";
import type { WebSDR } from "./types";
import { Empty, Fact, Facts, NoData, Section, Table, Trouble, Waiting } from "./ui";

const days = 30;

export function WebSDRClock({ of: w }: { of: WebSDR }) {
  const drift = useLoad((s) => {
    const to = Math.ceil(Date.now() / 3600_000) * 3600_000;
    return api.drift({ from: new Date(to - days * 86_400_000).toISOString(), to: new Date(to).toISOString() }, s);
  }, [w.websdr_id]);
  const own = drift.value?.series.filter((s) => s.websdr_id === w.websdr_id && s.offset_mean_hz !== null);
  return (
    <Section title="Calibration" note={`clock, as carriers of the last ${days} days show it, and level`}>
      <Facts>
        <Fact name="Clock, one sigma">{w.clock_sigma_ppm === 0 ? "nobody has said" : `${w.clock_sigma_ppm} ppm`}</Fact>
        <Fact name="Power to dBm">{w.calibration_db === null ? "none: power is relative to full scale" : `add ${sure(w.calibration_db, w.calibration_sigma_db, 2)} dB to dBFS`}</Fact>
        <Fact name="Its converter adds">{w.frequency_offset_hz === 0 ? "nothing" : `${fixed(w.frequency_offset_hz, 0)} Hz`}</Fact>
      </Facts>
      <p>
        A carrier that is measured off its frequency is off by the error of its transmitter and by that of this receiver's clock together. Other
        receivers of the same carrier share the first but not the second: what is left after taking away the median of theirs is mostly this clock. The ± is that of this receiver's mean, by the scatter of its measurements.
      </p>
      <Trouble error={drift.error} again={drift.reload} />
      {!own && drift.loading && <Waiting what="offsets of carriers" />}
      {own && own.length === 0 && <Empty>It measured no carrier in this time, so nothing can be said of its clock.</Empty>}
      {own && own.length > 0 && <Clocks of={own} all={drift.value!.series} />}
    </Section>
  );
}

function Clocks({ of: own, all }: { of: DriftSeries[]; all: DriftSeries[] }) {
  return (
    <Table caption="Offset of carriers in parts per million">
      <thead>
        <tr>
          <th scope="col" class="n">Frequency</th>
          <th scope="col" class="n">Measurements</th>
          <th scope="col" class="n">Offset (ppm)</th>
          <th scope="col" class="n">Scatter (ppm)</th>
          <th scope="col" class="n">Others' median (ppm)</th>
          <th scope="col" class="n">Its own share (ppm)</th>
          <th scope="col" class="n">Changes by (ppm a day)</th>
        </tr>
      </thead>
      <tbody>
        {own.map((s) => {
          const f = s.frequency_mhz; // hertz by megahertz are parts per million
          const mean = s.offset_mean_hz! / f;
          const scatter = s.offset_std_hz === null ? null : s.offset_std_hz / f;
          const sigma = scatter === null ? null : scatter / Math.sqrt(s.offset_count);
          const others = all.filter((o) => o.frequency_mhz === f && o.websdr_id !== s.websdr_id && o.offset_mean_hz !== null).map((o) => o.offset_mean_hz! / f);
          const middle = median(others);
          return (
            <tr key={f} data-frequency={f}>
              <th scope="row" class="n">{mhz(f)}</th>
              <td class="n">{fixed(s.offset_count, 0)}</td>
              <td class="n" data-name="offset_ppm">{sure(mean, sigma, 4)}</td>
              <td class="n">{scatter === null || scatter === 0 ? <NoData /> : spread(scatter)}</td>
              <td class="n">{middle === null ? <NoData /> : <>{fixed(middle, 4)}<span class="below">of {count(others.length, "receiver")}</span></>}</td>
              <td class="n" data-name="own_ppm">{middle === null ? <NoData /> : sure(mean - middle, sigma, 4)}</td>
              <td class="n">{s.slope_hz_per_day === null ? <NoData /> : sure(s.slope_hz_per_day / f, s.slope_sigma_hz_per_day === null ? null : s.slope_sigma_hz_per_day / f, 4)}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

function median(list: number[]): number | null {
  if (list.length === 0) return null;
  const s = list.toSorted((a, b) => a - b);
  const i = Math.floor(s.length / 2);
  return s.length % 2 === 1 ? s[i] : (s[i - 1] + s[i]) / 2;
}
