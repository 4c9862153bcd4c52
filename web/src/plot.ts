// Draws one spectrogram on a canvas: the picture, stretched to what is shown while a better one is on its way; axes of
// time and frequency; the cursor.

import { signed, ticks } from "./axis";
import { colour } from "./chart";
import { utc } from "./format";
import { after, isoOf } from "./instants";
import type { Picture, Shape } from "./picture";
import { shownOf, type Span, type View } from "./view";

export const plotHeight = 256; // CSS pixels

// A Frame is where on the canvas the plot is, in CSS pixels.
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

const margin = { left: 66, right: 44, top: 8, bottom: 40 };

export function frameOf(width: number): Frame {
  return { left: margin.left, top: margin.top, width: Math.max(40, width - margin.left - margin.right), height: plotHeight };
}

export const canvasHeight = plotHeight + margin.top + margin.bottom;

// A Scale turns seconds and Hz into pixels of the plot, and back.
export interface Scale {
  frame: Frame;
  span: Span;
  band: Span;
  x: (seconds: number) => number;
  y: (hz: number) => number;
  seconds: (x: number) => number;
  hz: (y: number) => number;
}

export function scaleOf(v: View, band: Span, frame: Frame): Scale {
  const span = v.span.value;
  const shown = shownOf(v, band);
  const perSecond = frame.width / (span.to - span.from);
  const perHz = frame.height / (shown.to - shown.from);
  return {
    frame, span, band: shown,
    x: (seconds) => frame.left + (seconds - span.from) * perSecond,
    y: (hz) => frame.top + (shown.to - hz) * perHz,
    seconds: (x) => span.from + (x - frame.left) / perSecond,
    hz: (y) => shown.to - (y - frame.top) / perHz,
  };
}

export function draw(canvas: HTMLCanvasElement, v: View, shape: Shape, picture?: Picture): void {
  const width = canvas.clientWidth;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(canvasHeight * ratio);
  const g = canvas.getContext("2d");
  if (!g) return;
  g.scale(ratio, ratio);
  const s = scaleOf(v, shape.band, frameOf(width));
  g.save();
  g.beginPath();
  g.rect(s.frame.left, s.frame.top, s.frame.width, s.frame.height);
  g.clip();
  drawNothing(g, s.frame);
  if (picture) {
    g.imageSmoothingEnabled = false;
    const left = s.x(picture.span.from);
    const top = s.y(shape.band.to);
    g.drawImage(picture.image, left, top, s.x(picture.span.to) - left, s.y(shape.band.from) - top);
  }
  drawCursor(g, v, s);
  g.restore();
  drawAxes(g, v, s);
}

// drawNothing hatches what nothing was received of: the picture is transparent there.
function drawNothing(g: CanvasRenderingContext2D, f: Frame): void {
  g.fillStyle = colour("--ground");
  g.fillRect(f.left, f.top, f.width, f.height);
  g.strokeStyle = colour("--line");
  g.lineWidth = 1;
  g.beginPath();
  for (let x = f.left - f.height; x < f.left + f.width; x += 9) {
    g.moveTo(x, f.top + f.height);
    g.lineTo(x + f.height, f.top);
  }
  g.stroke();
}

// drawCursor draws its lines light on dark, so that they stand out of every colour.
function drawCursor(g: CanvasRenderingContext2D, v: View, s: Scale): void {
  const at = v.cursor.value;
  if (!at) return;
  for (const [style, width] of [["rgb(0 0 0 / .6)", 3], ["#ffffff", 1]] as const) {
    g.strokeStyle = style;
    g.lineWidth = width;
    g.beginPath();
    g.moveTo(s.x(at.seconds), s.frame.top);
    g.lineTo(s.x(at.seconds), s.frame.top + s.frame.height);
    g.moveTo(s.frame.left, s.y(at.hz));
    g.lineTo(s.frame.left + s.frame.width, s.y(at.hz));
    g.stroke();
  }
}

function drawAxes(g: CanvasRenderingContext2D, v: View, s: Scale): void {
  const { left, top, width, height } = s.frame;
  const bottom = top + height;
  g.font = "12px system-ui, sans-serif";
  g.fillStyle = colour("--muted");
  g.strokeStyle = colour("--edge");
  g.lineWidth = 1;
  g.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  const mark = (x: number, y: number, dx: number, dy: number) => {
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(x + dx, y + dy);
    g.stroke();
  };
  g.textAlign = "center";
  g.textBaseline = "top";
  for (const t of ticks(s.span.from, s.span.to, width / 80)) {
    mark(s.x(t.at), bottom, 0, 4);
    const text = `${signed(t.text)} s`;
    const half = g.measureText(text).width / 2;
    g.fillText(text, Math.min(Math.max(s.x(t.at), half), left + width + margin.right - half), bottom + 6);
  }
  const decimals = Math.min(9, Math.max(0, 3 - Math.floor(Math.log10(s.span.to - s.span.from))));
  const [first, last] = [s.span.from, s.span.to].map((t) => utc(isoOf(after(v.begin, t)), decimals));
  g.textAlign = "left";
  g.fillText(first, left, bottom + 22);
  const end = last.split(" ")[1];
  if (g.measureText(first).width + g.measureText(end).width + 12 < width) {
    g.textAlign = "right";
    g.fillText(end, left + width, bottom + 22);
  }
  drawFrequencies(g, v, s, mark);
}

// drawFrequencies labels absolute kHz on the left, and the offset from the acquisition's frequency on the right.
function drawFrequencies(g: CanvasRenderingContext2D, v: View, s: Scale, mark: (x: number, y: number, dx: number, dy: number) => void): void {
  const { left, top, width, height } = s.frame;
  const within = (y: number) => Math.min(Math.max(y, top + 5), top + height - 5);
  const k = v.frequencyHz / 1000;
  g.textBaseline = "middle";
  g.textAlign = "right";
  for (const t of ticks(s.band.from / 1000 + k, s.band.to / 1000 + k, height / 40)) {
    const y = s.y((t.at - k) * 1000);
    mark(left, y, -4, 0);
    g.fillText(t.text, left - 6, within(y));
  }
  g.textAlign = "left";
  for (const t of ticks(s.band.from / 1000, s.band.to / 1000, height / 40)) {
    const y = s.y(t.at * 1000);
    mark(left + width, y, 4, 0);
    g.fillText(signed(t.text), left + width + 6, within(y));
  }
}
