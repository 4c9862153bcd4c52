// Round numbers for axes that the pages draw themselves.

import { fixed } from "./format";

export interface Tick {
  at: number;
  text: string;
}

const near = 0.005; // steps that a tick may lie outside, so that an axis from 0.1 µs has one at zero

// ticks are the round numbers from low to high, about so many.
export function ticks(low: number, high: number, about: number): Tick[] {
  if (!(high > low)) return [];
  const step = stepFor((high - low) / Math.max(1, about));
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const list: Tick[] = [];
  for (let k = Math.ceil(low / step - near); k * step <= high + near * step; k++) list.push({ at: k * step, text: fixed(k * step, decimals) });
  return list;
}

// stepFor is the least of 1, 2 and 5, times a power of ten, that is no less than v.
function stepFor(v: number): number {
  const power = 10 ** Math.floor(Math.log10(v));
  return ([1, 2, 5].find((m) => m * power >= v * (1 - 1e-9)) ?? 10) * power;
}

// signed says on which side of zero it is.
export function signed(text: string): string {
  return /^[\d.\s\u2009]*[1-9]/.test(text) ? `+${text}` : text;
}
