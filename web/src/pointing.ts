// What hand and keys do to a spectrogram. The wheel zooms once the spectrogram was pressed or has the focus, or with
// Ctrl held: otherwise it scrolls the page, as everywhere.

import { batch } from "@preact/signals";
import { frameOf, scaleOf, type Scale } from "./plot";
import type { Shape } from "./picture";
import { pan, panBand, reset, shownOf, zoom, zoomBand, type View } from "./view";

// pointAt listens until it is told to stop. byKey tells whether the cursor was last moved by a key.
export function pointAt(canvas: HTMLCanvasElement, v: View, shape: Shape, byKey: { current: boolean }): () => void {
  const scale = () => scaleOf(v, shape.band, frameOf(canvas.clientWidth));
  const stop = new AbortController();
  const listen = <K extends keyof HTMLElementEventMap>(name: K, f: (e: HTMLElementEventMap[K]) => void) =>
    canvas.addEventListener(name, f as EventListener, { signal: stop.signal, passive: false });
  listen("wheel", (e) => turn(e, v, shape, scale(), canvas));
  listen("keydown", (e) => {
    if (!press(e, v, shape)) return;
    byKey.current = true;
    e.preventDefault();
  });
  let last: { x: number; y: number } | undefined; // where a drag was a moment ago
  listen("pointerdown", (e) => {
    if (e.button !== 0) return;
    last = { x: e.clientX, y: e.clientY };
    canvas.setPointerCapture(e.pointerId);
  });
  listen("pointermove", (e) => {
    byKey.current = false;
    const s = scale();
    if (last) {
      const [dx, dy] = [last.x - e.clientX, e.clientY - last.y];
      last = { x: e.clientX, y: e.clientY };
      batch(() => {
        pan(v, dx / s.frame.width);
        panBand(v, dy / s.frame.height, shape.band);
      });
    }
    follow(e, v, scale());
  });
  listen("pointerup", () => (last = undefined));
  listen("pointercancel", () => (last = undefined));
  listen("pointerleave", () => {
    if (!byKey.current) v.cursor.value = undefined;
  });
  listen("dblclick", (e) => zoom(v, 0.5, scale().seconds(e.offsetX)));
  return () => stop.abort();
}

function follow(e: PointerEvent, v: View, s: Scale): void {
  const { left, top, width, height } = s.frame;
  const inside = e.offsetX >= left && e.offsetX < left + width && e.offsetY >= top && e.offsetY < top + height;
  v.cursor.value = inside ? { seconds: s.seconds(e.offsetX), hz: s.hz(e.offsetY) } : undefined;
}

// turn zooms time, with Alt the band, and with Shift moves along.
function turn(e: WheelEvent, v: View, shape: Shape, s: Scale, canvas: HTMLElement): void {
  if (!e.ctrlKey && document.activeElement !== canvas) return;
  e.preventDefault();
  const by = e.deltaY || e.deltaX;
  if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) pan(v, Math.sign(by) * 0.1);
  else if (e.altKey) zoomBand(v, 2 ** (Math.sign(by) / 2), shape.band, s.hz(e.offsetY));
  else zoom(v, 2 ** (Math.sign(by) / 2), s.seconds(e.offsetX));
}

// press reports whether the key meant something.
function press(e: KeyboardEvent, v: View, shape: Shape): boolean {
  if (e.ctrlKey || e.metaKey || e.altKey) return false;
  const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const arrow = arrows[e.key];
  if (arrow && e.shiftKey) {
    pan(v, arrow[0] * 0.25);
    panBand(v, arrow[1] * 0.25, shape.band);
    return true;
  }
  if (arrow) {
    move(v, shape, ...arrow);
    return true;
  }
  const keys: Record<string, () => void> = {
    "+": () => zoom(v, 0.5, v.cursor.value?.seconds), "=": () => zoom(v, 0.5, v.cursor.value?.seconds), "-": () => zoom(v, 2, v.cursor.value?.seconds),
    n: () => zoomBand(v, 0.5, shape.band, v.cursor.value?.hz), w: () => zoomBand(v, 2, shape.band, v.cursor.value?.hz),
    "0": () => reset(v), Home: () => reset(v), Escape: () => (v.cursor.value = undefined),
  };
  keys[e.key]?.();
  return e.key in keys;
}

// move moves the cursor by a hundredth of what is shown; it begins in the middle.
function move(v: View, shape: Shape, right: number, up: number): void {
  const { from, to } = v.span.value;
  const band = shownOf(v, shape.band);
  const at = v.cursor.value;
  if (!at) {
    v.cursor.value = { seconds: (from + to) / 2, hz: (band.from + band.to) / 2 };
    return;
  }
  const within = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high - (high - low) * 1e-6);
  v.cursor.value = {
    seconds: within(at.seconds + (right * (to - from)) / 100, from, to),
    hz: within(at.hz + (up * (band.to - band.from)) / 100, band.from, band.to),
  };
}
