// Trends: SNR, frequency offset and noise of several receivers over time. What is shown stands in the address.

import { useMemo } from "preact/hooks";
import { api } from "../api";
import { Select } from "../form";
import { go, place } from "../router";
import { TrendCharts, bands, stepsToChoose } from "../trendcharts";
import { Tabs, TrendFilter } from "../trendfilter";
import { asked, between, stepWords, withChange, type Asked } from "../trendquery";
import { Page, Section, Trouble, Waiting } from "../ui";
import { useWebSDRs } from "../websdrnames";

export default function Trends() {
  const query = place.value.query;
  const of = useMemo(() => asked(query), [query.toString()]);
  const band = bands.find((b) => b.value === query.get("band"))?.value ?? "std";
  const websdrs = useWebSDRs();
  const set = (change: Record<string, string>) => go(withChange("trends", change));
  return (
    <Page title="Trends">
      <Tabs page="trends" />
      <Section title="What to show">
        <Trouble error={websdrs.error} again={websdrs.reload} />
        <TrendFilter page="trends" of={of} websdrs={websdrs.value ?? []}>
          <Select label="Steps" name="step" value={of.chosenStep} set={(step) => set({ step })} options={stepsToChoose} />
          <Select label="Band" name="band" value={band} set={(b) => set({ band: b === "std" ? "" : b })} options={bands} />
        </TrendFilter>
      </Section>
      <Section title="Over time" note={`${stepWords[of.step]}; drag over a part of a chart to look closer, and go back to leave it`}>
        {websdrs.value ? <TrendCharts of={of} band={band} websdrs={websdrs.value} zoom={(low, high) => set(between(low, high))} /> : websdrs.loading && <Waiting what="WebSDRs" />}
      </Section>
      <Section title="Take it along" note="the same range, receivers and frequencies">
        <Exports of={of} />
      </Section>
    </Page>
  );
}

const statistics = [
  { what: "snr", text: "SNR by step" }, { what: "frequency-drift", text: "Frequency offset by step" }, { what: "noise", text: "Noise density by step" },
];

function Exports({ of }: { of: Asked }) {
  const filter = { ...of.filter, from: of.from, to: of.to };
  const stepped = { ...filter, bucket: of.step === "each" ? "1h" : of.step };
  return (
    <ul class="formats">
      {statistics.map(({ what, text }) => (
        <li key={what}>
          {text}: <a href={api.statisticsAs(what, stepped, "csv")} download>CSV</a>, <a href={api.statisticsAs(what, stepped, "json")} download={`${what}.json`}>JSON</a>
        </li>
      ))}
      <li>
        Every measurement behind them: <a href={api.measurementsAs(filter, "csv")} download>CSV</a>, <a href={api.measurementsAs(filter, "parquet")} download>Parquet</a>, <a href={api.measurementsAs(filter, "ndjson")} download>JSON lines</a>
      </li>
    </ul>
  );
}
