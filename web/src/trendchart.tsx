// A chart of several receivers over time, with a band around each mean. To drag over a part of it asks for that part;
// the same numbers stand below as a table.

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { colour, decimalsBetween, padded, times, widthOf } from "./chart";
import { fixed, sure, utc } from "./format";
import { savePicture } from "./chartpicture";
import { dark } from "./shell";
import { edges, type Band, type Line, type LinePoint } from "./trendlines";
import { Empty, NoData, Table, Time } from "./ui";
import type { ComponentChildren } from "preact";

interface Props {
  title: string;
  name: string; // of the quantity in the API
  unit: string;
  decimals: number;
  lines: Line[];
  band: Band;
  stepSeconds: number; // 0: each measurement by itself
  from: string;
  to: string;
  zoom: (fromMs: number, toMs: number) => void;
  note?: ComponentChildren;
}

const height = 260;

export function TrendChart(props: Props) {
  const { title, unit, lines } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const zoom = useRef(props.zoom);
  zoom.current = props.zoom;
  const theme = dark.value;
  useEffect(() => {
    const element = box.current;
    if (!element || lines.length === 0) return;
    const drawn = new uPlot(options(props, element.clientWidth, (low, high) => zoom.current(low, high)), columnsOf(props), element);
    plot.current = drawn;
    const sized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    sized.observe(element);
    return () => {
      plot.current = undefined;
      sized.disconnect();
      drawn.destroy();
    };
  }, [lines, props.band, props.from, props.to, props.stepSeconds, theme]);
  const count = lines.reduce((n, l) => n + l.points.reduce((k, p) => k + p.count, 0), 0);
  return (
    <figure class="chart trend" data-chart={props.name}>
      <h3>
        {title} <span class="muted">({unit})</span>
      </h3>
      {props.note && <p class="muted">{props.note}</p>}
      {lines.length === 0 ? (
        <Empty>No data in this range.</Empty>
      ) : (
        <>
          <div ref={box} role="img" aria-label={`${title} of ${lines.map((l) => l.name).join(", ")}, made of ${fixed(count, 0)} measurements`} />
          <div class="after">
            <span class="muted">Made of {fixed(count, 0)} measurements.</span>
            <button type="button" onClick={() => plot.current && savePicture(plot.current, `${title} (${unit})`, lines.map((l) => ({ name: l.name, colour: colour(variable(l)) })))}>
              Save as PNG
            </button>
          </div>
          <Numbers {...props} />
        </>
      )}
    </figure>
  );
}

const mostRows = 1000;

// Numbers are drawn when somebody opens them: thousands of cells are slow to lay out.
function Numbers({ title, unit, decimals, name, lines, stepSeconds }: Props) {
  const [open, setOpen] = useState(false);
  const rows = open ? lines.flatMap((l) => l.points.map((p) => ({ line: l, p }))).sort((a, b) => b.p.at.localeCompare(a.p.at) || a.line.websdrID - b.line.websdrID) : [];
  const steps = stepSeconds > 0;
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>Show numbers</summary>
      {rows.length > mostRows && <p class="muted">These are the newest {mostRows} of {rows.length}; the export has them all.</p>}
      {open && (
        <Table caption={`${title}, newest first`}>
          <thead>
            <tr>
              <th scope="col">{steps ? "Step begins" : "Time"}</th>
              <th scope="col">WebSDR</th>
              <th scope="col" class="n">{steps ? "Mean" : title} ({unit})</th>
              {steps && <th scope="col" class="n">Standard deviation</th>}
              {steps && <th scope="col" class="n">Least</th>}
              {steps && <th scope="col" class="n">Greatest</th>}
              {steps && <th scope="col" class="n">Measurements</th>}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, mostRows).map(({ line, p }, i) => (
              <tr key={`${line.key} ${p.at} ${i}`} data-websdr={line.websdrID} data-at={p.at} data-name={name}>
                <th scope="row"><Time at={p.at} decimals={steps ? 0 : 3} /></th>
                <td>{line.name}</td>
                <td class="n">{p.value === null ? <NoData /> : steps ? fixed(p.value, decimals) : sure(p.value, p.spread, decimals)}</td>
                {steps && [p.spread, p.least, p.greatest].map((v, k) => <td key={k} class="n">{v === null ? <span class="muted">–</span> : fixed(v, decimals)}</td>)}
                {steps && <td class="n">{p.count}</td>}
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </details>
  );
}

// columnsOf are uPlot's: the times of all lines, then of each line its values and the edges of its band. A step that
// no line has becomes a time without values, so that no line is drawn across it.
function columnsOf({ lines, band, stepSeconds }: Props): uPlot.AlignedData {
  const at = (p: LinePoint) => Date.parse(p.at) / 1000;
  const known = [...new Set(lines.flatMap((l) => l.points.map(at)))].sort((a, b) => a - b);
  const x = known.flatMap((t, i) => (stepSeconds > 0 && i > 0 && t - known[i - 1] > 1.5 * stepSeconds ? [known[i - 1] + stepSeconds, t] : [t]));
  const index = new Map(x.map((t, i) => [t, i]));
  const columns = lines.flatMap((l) => {
    const three: (number | null)[][] = [0, 1, 2].map(() => Array<number | null>(x.length).fill(null));
    for (const p of l.points) {
      const i = index.get(at(p))!;
      [three[0][i], three[1][i], three[2][i]] = [p.value, ...edges(p, band)];
    }
    return three;
  });
  return [x, ...columns];
}

const dashes = [undefined, [8, 4], [2, 3]];

function variable(l: Line): string {
  return `--trend-${(l.look % 8) + 1}`;
}

function options(p: Props, width: number, zoom: (fromMs: number, toMs: number) => void): uPlot.Options {
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: colour("--muted"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
  const range: [number, number] = [Date.parse(p.from) / 1000, Date.parse(p.to) / 1000];
  const room = (range[1] - range[0]) * 0.01;
  const single = p.stepSeconds === 0;
  const series = p.lines.flatMap((l): uPlot.Series[] => {
    const stroke = colour(variable(l));
    const hollow = l.look >= 8 || l.look % 2 === 1; // a second mark beside colour
    const edge: uPlot.Series = { class: "edge", stroke: "transparent", width: 0, points: { show: false } };
    return [
      {
        label: l.name, stroke, width: 1.75, dash: dashes[Math.min(Math.floor(l.look / 4), 2)],
        paths: single ? () => null : undefined,
        points: { show: true, size: single ? 6 : 4, fill: hollow ? colour("--panel") : stroke, stroke, width: 1 },
        value: (_, v, __, at) => (at === null || at === undefined ? "" : v === null || v === undefined ? "no data" : `${fixed(v, p.decimals)} ${p.unit}`),
      },
      edge, { ...edge },
    ];
  });
  return {
    width: Math.max(width, 200),
    height,
    tzDate: (s) => uPlot.tzDate(new Date(s * 1000), "UTC"),
    scales: { x: { range: () => [range[0] - room, range[1] + room] }, y: { range: (_, low, high) => padded(low, high) } },
    axes: [{ ...axis, values: times, space: 70 }, { ...axis, size: widthOf, values: (_, splits) => splits.map((v) => fixed(v, decimalsBetween(splits))) }],
    series: [{ label: "Time", value: (_, s) => (s === null ? "" : utc(new Date(s * 1000).toISOString())) }, ...series],
    bands: single ? [] : p.lines.map((l, i) => ({ series: [3 * i + 3, 3 * i + 2] as [number, number], fill: faint(colour(variable(l))) })),
    cursor: { drag: { x: true, y: false, setScale: false, dist: 4 } },
    hooks: {
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          const [low, high] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          zoom(Math.max(low, range[0]) * 1000, Math.min(high, range[1]) * 1000);
        },
      ],
      // Who hides a line by its legend hides its band.
      setSeries: [
        (u, i, o) => {
          if (i === null || i % 3 !== 1 || o.show === undefined) return;
          for (const edge of [i + 1, i + 2]) u.setSeries(edge, { show: o.show }, false);
        },
      ],
      drawSeries: single && p.band !== "none" ? [(u, i) => whiskers(u, i, series[i - 1]?.stroke as string)] : [],
    },
  };
}

// whiskers draws one sigma up and down from each single measurement.
function whiskers(u: uPlot, i: number, stroke: string): void {
  if (i % 3 !== 1 || !u.series[i].show) return;
  const { ctx, data } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  ctx.beginPath();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  data[0].forEach((t, k) => {
    const [low, high] = [data[i + 1][k], data[i + 2][k]];
    if (low === null || low === undefined || high === null || high === undefined) return;
    const x = u.valToPos(t, "x", true);
    ctx.moveTo(x, u.valToPos(low, "y", true));
    ctx.lineTo(x, u.valToPos(high, "y", true));
  });
  ctx.stroke();
  ctx.restore();
}

// faint is a colour as the ground of a band.
function faint(rgb: string): string {
  return rgb.replace("rgb(", "rgba(").replace(")", ", 0.16)");
}
