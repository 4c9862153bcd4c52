// What a receiver's own clock and level add to what it measures: what its owner said, and what its measurements of
// carriers say beside those of other receivers.

import { api } from "./api";
import { count, fixed, mhz, spread, sure } from "./format";
import { useLoad } from "./load";
import type { Clock } from "./statistics";
import type { WebSDR } from "./types";
import { Empty, Fact, Facts, NoData, Section, Table, Trouble, Waiting } from "./ui";

const days = 30;

export function WebSDRClock({ of: w }: { of: WebSDR }) {
  const read = useLoad((s) => {
    const to = Math.ceil(Date.now() / 3600_000) * 3600_000;
    return api.clocks({ websdr_id: w.websdr_id, from: new Date(to - days * 86_400_000).toISOString(), to: new Date(to).toISOString() }, s);
  }, [w.websdr_id]);
  const clocks = read.value?.clocks;
  return (
    <Section title="Calibration" note={`clock, as carriers of the last ${days} days show it, and level`}>
      <Facts>
        <Fact name="Clock, one sigma">{w.clock_sigma_ppm === 0 ? "nobody has said" : `${w.clock_sigma_ppm} ppm`}</Fact>
        <Fact name="Power to dBm">{w.calibration_db === null ? "none: power is relative to full scale" : `add ${sure(w.calibration_db, w.calibration_sigma_db, 2)} dB to dBFS`}</Fact>
        <Fact name="Its converter adds">{w.frequency_offset_hz === 0 ? "nothing" : `${fixed(w.frequency_offset_hz, 0)} Hz`}</Fact>
      </Facts>
      <p>
        A carrier that is measured off its frequency is off by the error of its transmitter and by that of this receiver's clock together. Other
        receivers of the same carrier share the first but not the second: what is left after taking away the median of theirs is mostly this clock. The ± is one sigma, by the scatter of the measurements.
      </p>
      <Trouble error={read.error} again={read.reload} />
      {!clocks && read.loading && <Waiting what="offsets of carriers" />}
      {clocks && clocks.length === 0 && <Empty>It measured no carrier in this time, so nothing can be said of its clock.</Empty>}
      {clocks && clocks.length > 0 && <Clocks of={clocks} />}
    </Section>
  );
}

function Clocks({ of }: { of: Clock[] }) {
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
        {of.map((c) => (
          <tr key={c.frequency_mhz} data-frequency={c.frequency_mhz}>
            <th scope="row" class="n">{mhz(c.frequency_mhz)}</th>
            <td class="n" data-name="offset_count">{fixed(c.offset_count, 0)}</td>
            <td class="n" data-name="offset_mean_ppm">{sure(c.offset_mean_ppm!, c.offset_sigma_ppm, 4)}</td>
            <td class="n" data-name="offset_std_ppm">{c.offset_std_ppm ? spread(c.offset_std_ppm) : <NoData />}</td>
            <td class="n" data-name="others_median_ppm">{c.others_median_ppm === null ? <NoData /> : <>{fixed(c.others_median_ppm, 4)}<span class="below">of {count(c.others, "receiver")}</span></>}</td>
            <td class="n" data-name="own_ppm">{c.own_ppm === null ? <NoData /> : sure(c.own_ppm, c.own_sigma_ppm, 4)}</td>
            <td class="n" data-name="slope_ppm_per_day">{c.slope_ppm_per_day === null ? <NoData /> : sure(c.slope_ppm_per_day, c.slope_sigma_ppm_per_day, 4)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
