// Trends: SNR, frequency offset and noise of several receivers over time. What is shown stands in the address. Of a fleet
// too large for one chart it is the receivers that measured most, until some are chosen.

import { Fragment } from "preact";
import { useMemo } from "preact/hooks";
import { api } from "../api";
import { Select } from "../form";
import { useLoad } from "../load";
import { go, place } from "../router";
import { TrendCharts, bands, stepsToChoose } from "../trendcharts";
import { Tabs, TrendFilter } from "../trendfilter";
import { asked, between, stepWords, withChange, type Asked } from "../trendquery";
import { Page, Section, Trouble, Waiting } from "../ui";
import { useWebSDRs } from "../websdrnames";

const mostReceivers = 8; // whose lines one can still tell apart

export default function Trends() {
  const query = place.value.query;
  const of = useMemo(() => asked(query), [query.toString()]);
  const band = bands.find((b) => b.value === query.get("band"))?.value ?? "std";
  const websdrs = useWebSDRs();
  const set = (change: Record<string, string>) => go(withChange("trends", change));
  const all = websdrs.value?.length ?? 0;
  const crowded = of.websdrs.length === 0 && all > mostReceivers;
  const busiest = useLoad((s) => (crowded ? busiestOf(of, s) : Promise.resolve([])), [of, crowded]);
  const shown = useMemo(() => (crowded ? busiest.value && { ...of, filter: { ...of.filter, websdr_id: busiest.value } } : of), [of, crowded, busiest.value]);
  return (
    <Page title="Trends">
      <Tabs page="trends" />
      <Section title="What to show">
        <Trouble error={websdrs.error} again={websdrs.reload} />
        <TrendFilter page="trends" of={of} websdrs={websdrs.value ?? []} all={all > mostReceivers ? `the ${mostReceivers} that measured most` : "all"}>
          <Select label="Steps" name="step" value={of.chosenStep} set={(step) => set({ step })} options={stepsToChoose} />
          <Select label="Band" name="band" value={band} set={(b) => set({ band: b === "std" ? "" : b })} options={bands} />
        </TrendFilter>
      </Section>
      <Section title="Over time" note={`${stepWords[of.step]}; drag over a part of a chart to look closer, and go back to leave it`}>
        <Trouble error={busiest.error} again={busiest.reload} />
        {crowded && busiest.value && <p class="muted">{busiest.value.length} of {all} receivers, those with the most measurements in this range. Choose others above.</p>}
        {websdrs.value && shown ? <TrendCharts of={shown} band={band} websdrs={websdrs.value} zoom={(low, high) => set(between(low, high))} /> : (websdrs.loading || busiest.loading) && <Waiting what="WebSDRs" />}
      </Section>
      <Section title="Take it along" note="the same range, receivers and frequencies">
        <Exports of={shown ?? of} />
      </Section>
    </Page>
  );
}

// busiestOf are the receivers that measured most in the range; of those that measured nothing there is no line.
async function busiestOf(of: Asked, signal: AbortSignal): Promise<number[]> {
  const { websdrs } = await api.performance({ ...of.filter, from: of.from, to: of.to }, signal);
  const measured = websdrs.filter((w) => w.successes > 0).sort((a, b) => b.successes - a.successes || a.websdr_id - b.websdr_id);
  return measured.slice(0, mostReceivers).map((w) => w.websdr_id);
}

const formats = [{ value: "csv", text: "CSV" }, { value: "parquet", text: "Parquet" }, { value: "arrow", text: "Arrow" }];

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
          {text}: {formats.map((f) => <Fragment key={f.value}><a href={api.statisticsAs(what, stepped, f.value)} download>{f.text}</a>, </Fragment>)}<a href={api.statisticsAs(what, stepped, "json")} download={`${what}.json`}>JSON</a>
        </li>
      ))}
      <li>
        Every measurement behind them: {formats.map((f) => <Fragment key={f.value}><a href={api.measurementsAs(filter, f.value)} download>{f.text}</a>, </Fragment>)}<a href={api.measurementsAs(filter, "ndjson")} download>JSON lines</a>
      </li>
    </ul>
  );
}
