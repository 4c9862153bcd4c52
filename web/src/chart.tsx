// A chart of values over time, drawn by uPlot, with the same numbers as a table for who cannot or will not read a
// picture.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { fixed, sure, utc } from "./format";
import { dark } from "./shell";
import { Empty, Table, Time } from "./ui";

export interface Point {
  at: string; // RFC 3339
  value: number | null;
  sigma?: number | null;
}

interface Props {
  title: string;
  unit: string;
  points: Point[]; // oldest first
  decimals: number;
  line: 1 | 2 | 3;
  note?: string;
}

const height = 200;

export function Chart({ title, unit, points, decimals, line, note }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const there = points.filter((p) => p.value !== null);
  const theme = dark.value;
  useEffect(() => {
    if (!box.current || there.length === 0) return;
    const element = box.current;
    const plot = new uPlot(
      options(title, unit, decimals, line, element.clientWidth),
      [points.map((p) => Date.parse(p.at) / 1000), points.map((p) => p.value)],
      element,
    );
    const sized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    sized.observe(element);
    return () => {
      sized.disconnect();
      plot.destroy();
    };
  }, [points, title, unit, decimals, line, theme, there.length === 0]);
  if (there.length === 0) {
    return (
      <div class="chart">
        <h3>{title}</h3>
        <Empty>No data.</Empty>
      </div>
    );
  }
  const values = there.map((p) => p.value as number);
  const summary = `${title}: ${there.length} values from ${fixed(Math.min(...values), decimals)} to ${fixed(Math.max(...values), decimals)} ${unit}`;
  return (
    <figure class="chart">
      <h3>
        {title} <span class="muted">({unit})</span>
      </h3>
      {note && <p class="muted">{note}</p>}
      <div ref={box} role="img" aria-label={summary} />
      <details>
        <summary>Show numbers</summary>
        <Table caption={`${title}, newest first`}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" class="n">{title} ({unit})</th>
            </tr>
          </thead>
          <tbody>
            {points.toReversed().map((p, i) => (
              <tr key={`${p.at} ${i}`}>
                <th scope="row"><Time at={p.at} /></th>
                <td class="n">{p.value === null ? <span class="muted">no data</span> : sure(p.value, p.sigma, decimals)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      </details>
    </figure>
  );
}

function options(title: string, unit: string, decimals: number, line: number, width: number): uPlot.Options {
  const text = colour("--muted");
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: text, grid, ticks: grid, font: "12px system-ui, sans-serif" };
  const stroke = colour(`--line-${line}`);
  return {
    width: Math.max(width, 200),
    height,
    // Everything is in UTC, as in the tables.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    scales: { x: { range: widened }, y: { range: (_, low, high) => padded(low, high) } },
    axes: [{ ...axis, values: times, space: 70 }, { ...axis, size: widthOf, values: (_, splits) => splits.map((v) => fixed(v, decimalsBetween(splits))) }],
    series: [
      { label: "Time", value: (_, s) => (s === null ? "" : utc(new Date(s * 1000).toISOString())) },
      {
        label: title, stroke, width: 1.5, points: { show: true, size: 6, fill: stroke },
        value: (_, v) => (v === null ? "" : `${fixed(v, decimals)} ${unit}`),
      },
    ],
  };
}

// times are uPlot's rules for the axis of time, on a clock of 24 hours: for each least step in seconds, what stands at
// a tick, and below it where a new year, day or minute begins.
const times: uPlot.Axis.Values = [
  [31_536_000, "{YYYY}", null, null, null, null, null, null, 1],
  [2_419_200, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
  [86_400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [0.001, ":{ss}.{fff}", "\n{YYYY}-{MM}-{DD} {HH}:{mm}", null, "\n{MM}-{DD} {HH}:{mm}", null, "\n{HH}:{mm}", null, 1],
];

// widthOf makes room for the longest number.
function widthOf(_: uPlot, values: string[] | null): number {
  return 24 + 7.5 * Math.max(4, ...(values ?? []).map((v) => v.length));
}

// widened keeps the first and last point off the edges, and one single point from having no width at all.
function widened(_: uPlot, low: number, high: number): [number, number] {
  const room = high > low ? (high - low) * 0.02 : 60;
  return [low - room, high + room];
}

function padded(low: number, high: number): [number, number] {
  const room = high > low ? (high - low) * 0.1 : Math.max(Math.abs(low) * 0.05, 0.5);
  return [low - room, high + room];
}

function decimalsBetween(splits: number[]): number {
  const step = splits.length > 1 ? Math.abs(splits[1] - splits[0]) : 1;
  return Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

// colour is a variable of the style sheet as a canvas understands it.
export function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
