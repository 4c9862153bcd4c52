// What one WebSDR measured over time. A part of a chart that is looked at more closely is on the page of trends, whose
// address can be kept.

import { useMemo, useState } from "preact/hooks";
import { api } from "./api";
import { Select } from "./form";
import { mhz } from "./format";
import { useLoad } from "./load";
import { go } from "./router";
import { TrendCharts, bands, stepsToChoose } from "./trendcharts";
import type { Band } from "./trendlines";
import { asked, between, presets, stepWords, withChange } from "./trendquery";
import type { WebSDR } from "./types";
import { Section, Trouble } from "./ui";

const blank = { days: "30", step: "", band: "std", frequency: "" };

export function WebSDRTrends({ of: w }: { of: WebSDR }) {
  const [chosen, setChosen] = useState(blank);
  const set = (part: Partial<typeof blank>) => setChosen((c) => ({ ...c, ...part }));
  const { days, step, frequency } = chosen;
  const query = useMemo(() => queryOf(w.websdr_id, days, step, frequency), [w.websdr_id, days, step, frequency]);
  const of = useMemo(() => asked(query), [query]);
  const websdrs = useMemo(() => [w], [w.websdr_id, w.name]);
  const heard = useLoad((s) => api.occupancy({ websdr_id: w.websdr_id, from: of.from, to: of.to, bucket: "1d" }, s), [w.websdr_id, days]);
  const frequencies = heard.value?.channels.map((c) => String(c.frequency_mhz)) ?? [];
  const known = frequency === "" || frequencies.includes(frequency) ? frequencies : [frequency, ...frequencies];
  return (
    <Section title="Measured over time" note={`${stepWords[of.step]}, times in UTC; drag over a part of a chart to look closer`}>
      <div class="filters">
        <Select label="Period" name="days" value={days} set={(v) => set({ days: v })} options={presets} />
        <Select label="Steps" name="step" value={step} set={(v) => set({ step: v })} options={stepsToChoose} />
        <Select label="Band" name="band" value={chosen.band} set={(v) => set({ band: v })} options={bands} />
        {known.length > 1 && (
          <Select label="Frequency" name="frequency" value={frequency} set={(v) => set({ frequency: v })} options={[{ value: "", text: "all" }, ...known.map((f) => ({ value: f, text: mhz(Number(f)) }))]} />
        )}
      </div>
      <Trouble error={heard.error} again={heard.reload} />
      <TrendCharts of={of} band={chosen.band as Band} websdrs={websdrs} zoom={(low, high) => go(withChange("trends", between(low, high), query))} />
      <p class="muted">{w.clock_sigma_ppm === 0 ? "How good the receiver's own clock is, nobody has said: its error comes on top of the offsets." : `The receiver's own clock comes on top of the offsets, one sigma ${w.clock_sigma_ppm} ppm.`}</p>
    </Section>
  );
}

// queryOf is what the page of trends has in its address.
function queryOf(id: number, days: string, step: string, frequency: string): URLSearchParams {
  const query = new URLSearchParams({ websdr_id: String(id), days });
  if (step) query.set("step", step);
  if (frequency) {
    query.set("frequency_min_mhz", frequency);
    query.set("frequency_max_mhz", frequency);
  }
  return query;
}
