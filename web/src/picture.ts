// Pieces of a recording's spectrogram, fetched from the server: the picture of what is shown, the numbers behind its
// pixels, and the colours it was drawn in.

import { api, type Query } from "./api";
import { after, isoOf } from "./instants";
import { readGrid, type Grid } from "./npy";
import type { Spectrogram } from "./types";
import { shownOf, type Look, type Recorded, type Span, type View } from "./view";

// A Shape is what does not depend on the part that is shown.
export interface Shape {
  band: Span; // Hz from the acquisition's frequency
  minDBFS: number; // what suits the whole recording
  maxDBFS: number;
}

// A Part is what a picture shows. Rows are all of the band's, since the server draws no less.
export interface Part {
  span: Span;
  columns: number;
  rows: number;
}

export interface Picture extends Part {
  image: ImageBitmap;
  palette: Uint8Array; // red, green, blue of 256 colours; the first is that of nothing
}

export async function shapeOf(v: View, c: Recorded, signal: AbortSignal): Promise<Shape> {
  const g: Spectrogram = await api.spectrogram(c.task_id, c.websdr_id, { columns: 1, bins: 1 }, signal);
  const from = Math.round(g.frequency_mhz * 1e6) - v.frequencyHz + g.low_hz - g.step_hz / 2;
  return { band: { from, to: from + g.step_hz }, minDBFS: g.min_dbfs, maxDBFS: g.max_dbfs };
}

// partOf is what to fetch for a plot of that size.
export function partOf(v: View, shape: Shape, width: number, height: number): Part {
  const shown = shownOf(v, shape.band);
  const wanted = (height * (shape.band.to - shape.band.from)) / (shown.to - shown.from);
  const rows = [256, 512].find((n) => n >= wanted * 0.75) ?? 1024;
  return { span: v.span.value, columns: Math.min(1536, Math.max(64, Math.round(width))), rows };
}

export async function pictureOf(v: View, c: Recorded, part: Part, look: Look, signal: AbortSignal): Promise<Picture> {
  const query = { ...times(v, part.span), width: part.columns, height: part.rows, palette: look.palette, min_dbfs: look.min, max_dbfs: look.max };
  const file = await api.spectrogramPNG(c.task_id, c.websdr_id, query, signal);
  return { ...part, image: await createImageBitmap(file), palette: paletteOf(await file.arrayBuffer()) };
}

export async function numbersOf(v: View, c: Recorded, part: Part, signal: AbortSignal): Promise<Grid> {
  return readGrid(await api.spectrogramNumbers(c.task_id, c.websdr_id, { ...times(v, part.span), columns: part.columns, bins: part.rows }, signal));
}

// times are the parameters that name a stretch of time.
export function times(v: View, s: Span): Query {
  return { from_time: isoOf(after(v.begin, s.from)), to_time: isoOf(after(v.begin, s.to)) };
}

// paletteOf reads the chunk PLTE of a PNG file (ISO/IEC 15948, 11.2.3).
function paletteOf(file: ArrayBuffer): Uint8Array {
  const view = new DataView(file);
  for (let at = 8; at + 12 <= file.byteLength; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x504c5445) return new Uint8Array(file, at + 8, view.getUint32(at));
  }
  return new Uint8Array();
}
