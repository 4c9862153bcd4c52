// The spectrogram of one capture: picture, axes, colours, and what stands under the cursor. All of an acquisition share
// one view, so that zooming one zooms all. It is fetched when it first comes near the screen: the first request about a
// recording makes the server read all of it.

import { useEffect, useRef, useState } from "preact/hooks";
import { APIError, address } from "./api";
import { Formats } from "./acquisitionparts";
import { fixed, utc } from "./format";
import { after, isoOf } from "./instants";
import { problemOf, useLoad } from "./load";
import type { Grid } from "./npy";
import { numbersOf, partOf, pictureOf, shapeOf, times, type Part, type Picture, type Shape } from "./picture";
import { canvasHeight, draw, frameOf, plotHeight } from "./plot";
import { pointAt } from "./pointing";
import { Density } from "./psd";
import { dark, say } from "./shell";
import type { Acquisition, Measurement } from "./types";
import { Trouble } from "./ui";
import { isWhole, spanOf, type Recorded, type View } from "./view";

interface Props {
  view: View;
  of: Acquisition;
  capture: Recorded;
  name: string;
  measurement?: Measurement;
}

export function SpectrogramOf({ view, of, capture, name, measurement }: Props) {
  const box = useRef<HTMLElement>(null);
  const near = useNear(box);
  const shape = useLoad((s) => (near ? shapeOf(view, capture, s) : Promise.resolve(undefined)), [near, capture.task_id, capture.websdr_id]);
  const own = spanOf(view.begin, capture.recording);
  const { from, to } = view.span.value;
  const there = own.from < to && own.to > from;
  const calibration = typeof measurement?.cal_db === "number" ? measurement.cal_db : undefined;
  const download = isWhole(view) ? {} : times(view, { from: Math.max(from, own.from), to: Math.min(to, own.to) });
  return (
    <figure class="spectrogram" ref={box}>
      <div class="title">
        <h3>{name}</h3>
        {there && <Formats of={`what is shown of ${name}`} to={(format) => address(capture.recording.download, { ...download, format })} />}
      </div>
      <Trouble error={shape.error} again={shape.reload} />
      {shape.value && <Plot view={view} capture={capture} name={name} shape={shape.value} there={there} calibration={calibration} />}
      {shape.value && there && <Density view={view} of={of} capture={capture} name={name} band={shape.value.band} measurement={measurement} />}
      {!shape.value && !shape.error && <div class="unplotted" style={{ height: `${canvasHeight}px` }} />}
    </figure>
  );
}

// useNear is true from when an element first comes near the screen.
function useNear(box: { current: HTMLElement | null }): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (!box.current) return;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      setNear(true);
      seen.disconnect();
    }, { rootMargin: "200px" });
    seen.observe(box.current);
    return () => seen.disconnect();
  }, []);
  return near;
}

interface PlotProps {
  view: View;
  capture: Recorded;
  name: string;
  shape: Shape;
  there: boolean; // something was recorded in what is shown
  calibration?: number;
}

function Plot({ view, capture, name, shape, there, calibration }: PlotProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const part = partOf(view, shape, frameOf(width).width, plotHeight);
  const { picture, error } = usePicture(view, capture, width > 0 && there ? part : undefined);
  const numbers = useNumbers(view, capture, there ? picture : undefined);
  const cursor = view.cursor.value;
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, view, shape, there ? picture : undefined);
  }, [view.span.value, view.band.value, cursor, picture, there, width, dark.value]);
  const reading = cursor && readingOf(view, shape, cursor, picture, numbers.grid, calibration);
  const byKey = useRef(false);
  useEffect(() => {
    if (canvas.current) return pointAt(canvas.current, view, shape, byKey);
  }, [view, shape]);
  useEffect(() => {
    if (reading && byKey.current && document.activeElement === canvas.current) say(`${name}: ${reading}`);
  }, [reading]);
  return (
    <>
      <Legend view={view} shape={shape} palette={picture?.palette} calibration={calibration} />
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="spectrogram"
        aria-label={`Spectrogram of ${name}. Arrow keys move the cursor, with shift what is shown; plus and minus zoom; 0 shows all.`}
        style={{ height: `${canvasHeight}px` }}
        data-shown={picture ? `${picture.span.from} ${picture.span.to}` : undefined}
      />
      <p class="reading">{reading ?? <span class="muted">Point into it, or press an arrow key, to read a value.</span>}</p>
      <Trouble error={error ?? numbers.error} />
    </>
  );
}

// useWidth is how wide an element is, in CSS pixels; 0 until that is known.
function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return;
    const of = element.current;
    const sized = new ResizeObserver(() => setWidth(of.clientWidth));
    sized.observe(of);
    return () => sized.disconnect();
  }, []);
  return width;
}

const rest = 120; // milliseconds that the view stands still before something is fetched for it

function usePicture(view: View, capture: Recorded, part?: Part): { picture?: Picture; error?: APIError } {
  const [state, setState] = useState<{ picture?: Picture; error?: APIError }>({});
  const look = view.look.value;
  useEffect(() => {
    if (!part) return;
    const control = new AbortController();
    const wait = setTimeout(() => {
      pictureOf(view, capture, part, look, control.signal).then(
        (picture) => !control.signal.aborted && setState({ picture }),
        (err: unknown) => !control.signal.aborted && setState((s) => ({ ...s, error: problemOf(err) })),
      );
    }, state.picture ? rest : 0);
    return () => {
      clearTimeout(wait);
      control.abort();
    };
  }, [view, part?.span.from, part?.span.to, part?.columns, part?.rows, look]);
  return state;
}

// useNumbers are those behind the pixels of a picture. They are fetched when somebody points at something.
function useNumbers(view: View, capture: Recorded, picture?: Picture): { grid?: Grid; error?: APIError } {
  const [state, setState] = useState<{ of?: Picture; grid?: Grid; error?: APIError }>({});
  const wanted = view.cursor.value !== undefined;
  useEffect(() => {
    if (!picture || !wanted || (state.of && isSame(state.of, picture))) return;
    const control = new AbortController();
    const wait = setTimeout(() => {
      numbersOf(view, capture, picture, control.signal).then(
        (grid) => !control.signal.aborted && setState({ of: picture, grid }),
        (err: unknown) => !control.signal.aborted && setState({ error: problemOf(err) }),
      );
    }, rest);
    return () => {
      clearTimeout(wait);
      control.abort();
    };
  }, [picture, wanted]);
  return { grid: picture && state.of && isSame(state.of, picture) ? state.grid : undefined, error: state.error };
}

function isSame(a: Part, b: Part): boolean {
  return a.span.from === b.span.from && a.span.to === b.span.to && a.columns === b.columns && a.rows === b.rows;
}

// readingOf says what is at the cursor: when, where, and how strong. The power is that of the pixel: the mean over its
// time, of the strongest bin in its band.
function readingOf(view: View, shape: Shape, at: { seconds: number; hz: number }, picture?: Picture, grid?: Grid, calibration?: number): string {
  const decimals = Math.min(9, Math.max(3, 4 - Math.floor(Math.log10(view.span.value.to - view.span.value.from))));
  const when = `${utc(isoOf(after(view.begin, at.seconds)), decimals)} (${at.seconds >= 0 ? "+" : ""}${fixed(at.seconds, decimals)} s)`;
  const where = `${fixed((view.frequencyHz + at.hz) / 1000, 3)} kHz (${at.hz >= 0 ? "+" : ""}${fixed(at.hz, 0)} Hz)`;
  return `${when}, ${where}, ${strength(shape, at, picture, grid, calibration)}`;
}

function strength(shape: Shape, at: { seconds: number; hz: number }, picture?: Picture, grid?: Grid, calibration?: number): string {
  if (!picture || !grid) return "…";
  const column = Math.floor(((at.seconds - picture.span.from) / (picture.span.to - picture.span.from)) * grid.columns);
  const bin = Math.floor(((at.hz - shape.band.from) / (shape.band.to - shape.band.from)) * grid.bins);
  if (column < 0 || column >= grid.columns || bin < 0 || bin >= grid.bins) return "outside what was recorded";
  const dbfs = grid.values[column * grid.bins + bin];
  if (Number.isNaN(dbfs)) return "nothing received";
  return `${fixed(dbfs, 2)} dBFS` + (calibration === undefined ? "" : `, ${fixed(dbfs + calibration, 2)} dBm`);
}

// Legend shows which colour is which power.
function Legend({ view, shape, palette, calibration }: { view: View; shape: Shape; palette?: Uint8Array; calibration?: number }) {
  const bar = useRef<HTMLCanvasElement>(null);
  const look = view.look.value;
  const [low, high] = [look.min ?? shape.minDBFS, look.max ?? shape.maxDBFS];
  useEffect(() => {
    const g = bar.current?.getContext("2d");
    if (!g || !palette) return;
    const image = g.createImageData(255, 1);
    for (let i = 0; i < 255; i++) image.data.set([...palette.subarray(3 * i + 3, 3 * i + 6), 255], 4 * i);
    g.putImageData(image, 0, 0);
  }, [palette]);
  const inDBM = calibration === undefined ? "" : ` (${fixed(low + calibration, 0)} to ${fixed(high + calibration, 0)} dBm)`;
  return (
    <p class="powers">
      {fixed(low, 0)} <canvas ref={bar} width={255} height={1} aria-hidden="true" /> {fixed(high, 0)} dBFS{inDBM}
    </p>
  );
}
