// The power density of one capture over frequency, averaged over the time that the spectrograms show, with the noise
// floor and the signal that were measured of the whole recording.

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { api } from "./api";
import { signed } from "./axis";
import { colour } from "./chart";
import { fixed, plain } from "./format";
import { problemOf } from "./load";
import { times } from "./picture";
import { dark } from "./shell";
import type { Acquisition, Measurement, PSD } from "./types";
import { Empty, Table, Trouble } from "./ui";
import type { APIError } from "./api";
import { shownOf, spanOf, type Recorded, type Span, type View } from "./view";

interface Props {
  view: View;
  of: Acquisition;
  capture: Recorded;
  name: string;
  band: Span; // of the receiver
  measurement?: Measurement;
}

const rest = 250; // milliseconds that the view stands still before it is asked for
const height = 160;

export function Density({ view, of, capture, name, band, measurement }: Props) {
  const [state, setState] = useState<{ psd?: PSD; error?: APIError }>({});
  const span = view.span.value;
  useEffect(() => {
    const control = new AbortController();
    const own = spanOf(view.begin, capture.recording);
    const part = span.from <= own.from && span.to >= own.to ? {} : times(view, span);
    const wait = setTimeout(() => {
      api.psd(capture.task_id, capture.websdr_id, part, control.signal).then(
        (psd) => !control.signal.aborted && setState({ psd }),
        (err: unknown) => !control.signal.aborted && setState((s) => ({ ...s, error: problemOf(err) })),
      );
    }, state.psd ? rest : 0);
    return () => {
      clearTimeout(wait);
      control.abort();
    };
  }, [view, span]);
  const psd = state.psd;
  return (
    <div class="psd">
      <Trouble error={state.error} />
      {psd && psd.density_dbfs_hz.length === 0 && <Empty>Nothing was received in the time shown.</Empty>}
      {psd && psd.density_dbfs_hz.length > 0 && <Curve psd={psd} name={name} shown={shownOf(view, band)} marks={marksOf(of, psd, measurement)} frequencyHz={view.frequencyHz} />}
    </div>
  );
}

// Marks are what was measured, in Hz from the acquisition's frequency.
interface Marks {
  firstHz: number; // of the first bin
  noise?: number; // dBFS/Hz
  signal?: number;
  sure?: number; // one sigma
  occupied?: Span;
}

function marksOf(a: Acquisition, psd: PSD, m?: Measurement): Marks {
  const between = (mhz: number) => Math.round((mhz - a.frequency_mhz) * 1e6);
  const marks: Marks = { firstHz: between(psd.frequency_mhz) + psd.low_hz };
  if (!m) return marks;
  const here = between(m.frequency_mhz);
  if (m.noise_dbfs_hz !== null) marks.noise = m.noise_dbfs_hz;
  if (m.frequency_offset_hz !== null) {
    marks.signal = here + a.channel_center_hz + m.frequency_offset_hz;
    marks.sure = m.frequency_sigma_hz ?? undefined;
  }
  if (typeof m.obw_lo_hz === "number" && typeof m.obw_hi_hz === "number") marks.occupied = { from: here + m.obw_lo_hz, to: here + m.obw_hi_hz };
  return marks;
}

function Curve({ psd, name, shown, marks, frequencyHz }: { psd: PSD; name: string; shown: Span; marks: Marks; frequencyHz: number }) {
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const bins = binsOf(psd, marks.firstHz, shown);
  const theme = dark.value;
  useEffect(() => {
    if (!box.current || bins.length === 0) return;
    const element = box.current;
    const data: uPlot.AlignedData = [bins.map((b) => b.hz / 1000), bins.map((b) => b.density), bins.map(() => marks.noise ?? null)];
    const plot = new uPlot(options(shown, marks, element.clientWidth), data, element);
    const sized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    sized.observe(element);
    return () => {
      sized.disconnect();
      plot.destroy();
    };
  }, [psd, shown.from, shown.to, theme, marks.noise, marks.signal]);
  if (bins.length === 0) return <Empty>No bin lies in the band shown.</Empty>;
  const highest = bins.reduce((x, y) => (y.density > x.density ? y : x));
  const summary = `Power density of ${name}: highest at ${signed(fixed(highest.hz, 0))} Hz with ${fixed(highest.density, 2)} dBFS/Hz`;
  return (
    <>
      <h4>
        Power density <span class="muted">(dBFS/Hz), mean of {plain(psd.duration_s)} s{psd.exact ? "" : ", about"}, bins of {plain(psd.step_hz)} Hz</span>
      </h4>
      <div ref={box} role="img" aria-label={summary} />
      <p class="muted found">
        highest {fixed(highest.density, 2)} at {signed(fixed(highest.hz, 0))} Hz
        {marks.noise !== undefined && <>; <span class="mark noise">noise floor {fixed(marks.noise, 2)}</span></>}
        {marks.signal !== undefined && <>; <span class="mark signal">signal at {signed(fixed(marks.signal, 1))} Hz</span></>}
        {(marks.noise !== undefined || marks.signal !== undefined) && ", measured of the whole recording"}
      </p>
      <details onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary>Show numbers</summary>
        {open && <Numbers of={bins} name={name} frequencyHz={frequencyHz} />}
      </details>
    </>
  );
}

interface Bin {
  hz: number;
  density: number;
}

function binsOf(psd: PSD, firstHz: number, shown: Span): Bin[] {
  return psd.density_dbfs_hz.map((density, k) => ({ hz: firstHz + k * psd.step_hz, density })).filter((b) => b.hz >= shown.from && b.hz <= shown.to);
}

function Numbers({ of, name, frequencyHz }: { of: Bin[]; name: string; frequencyHz: number }) {
  return (
    <Table caption={`Power density of ${name} by frequency`}>
      <thead>
        <tr>
          <th scope="col" class="n">Frequency (kHz)</th>
          <th scope="col" class="n">Offset (Hz)</th>
          <th scope="col" class="n">Density (dBFS/Hz)</th>
        </tr>
      </thead>
      <tbody>
        {of.map((b) => (
          <tr key={b.hz}>
            <th scope="row" class="n">{fixed((frequencyHz + b.hz) / 1000, 4)}</th>
            <td class="n">{fixed(b.hz, 1)}</td>
            <td class="n">{fixed(b.density, 2)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function options(shown: Span, marks: Marks, width: number): uPlot.Options {
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: colour("--muted"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
  return {
    width: Math.max(width, 200), height, legend: { show: false }, cursor: { y: false },
    padding: [8, 44, 0, 0], // as wide as the spectrogram above
    scales: { x: { time: false, range: () => [shown.from / 1000, shown.to / 1000] } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((v) => `${signed(plain(v))} kHz`), space: 80, size: 30 },
      { ...axis, size: 66, values: (_, splits) => splits.map((v) => fixed(v, 0)) },
    ],
    series: [
      {},
      { stroke: colour("--line-1"), width: 1.5, points: { show: false } },
      { stroke: colour("--line-2"), width: 1.5, dash: [6, 4], points: { show: false } },
    ],
    hooks: { drawClear: [(u) => drawSignal(u, marks)] },
  };
}

// drawSignal shades the band that the signal occupies, and draws a line where it is, behind the curve.
function drawSignal(u: uPlot, marks: Marks): void {
  const { left, top, width, height: tall } = u.bbox;
  const at = (hz: number) => Math.min(Math.max(u.valToPos(hz / 1000, "x", true), left), left + width);
  const inside = (hz: number) => hz / 1000 >= (u.scales.x.min ?? 0) && hz / 1000 <= (u.scales.x.max ?? 0);
  u.ctx.save();
  u.ctx.fillStyle = colour("--line-3");
  if (marks.occupied) {
    u.ctx.globalAlpha = 0.15;
    u.ctx.fillRect(at(marks.occupied.from), top, at(marks.occupied.to) - at(marks.occupied.from), tall);
  }
  u.ctx.globalAlpha = 1;
  if (marks.signal !== undefined && inside(marks.signal)) u.ctx.fillRect(at(marks.signal) - 1, top, 2, tall);
  u.ctx.restore();
}
