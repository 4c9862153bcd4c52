// The list of WebSDRs, which most pages need for their names; and which of them can record a frequency, as
// CheckWebSDRs of the server decides it. The kinds' own ranges are generated from the server's table.

import { api } from "./api";
import { useLoad, type Loaded } from "./load";
import kinds from "./kinds.json";
import type { WebSDR } from "./types";

export function useWebSDRs(): Loaded<WebSDR[]> {
  return useLoad((s) => api.websdrs(s), []);
}

export function nameOf(list: WebSDR[] | undefined, id: number): string {
  return list?.find((w) => w.websdr_id === id)?.name ?? `WebSDR ${id}`;
}

// tuningRangeHz are the radio frequencies that w can be tuned to, both ends included.
export function tuningRangeHz(w: WebSDR): [number, number] {
  if (w.frequency_min_hz !== 0 || w.frequency_max_hz !== 0) return [w.frequency_min_hz, w.frequency_max_hz];
  const kind = kinds.find((k) => k.name === w.kind);
  return kind ? [kind.min_hz + w.frequency_offset_hz, kind.max_hz + w.frequency_offset_hz] : [0, 0];
}

// whyNot says why w cannot record that frequency, or nothing when it can. Without a frequency every range will do.
export function whyNot(w: WebSDR, frequencyHz: number | undefined): string | undefined {
  if (!w.is_active) return "inactive";
  if (!kinds.find((k) => k.name === w.kind)?.delivers_iq) return `a ${w.kind} delivers no IQ`;
  const [low, high] = tuningRangeHz(w);
  if (frequencyHz !== undefined && (frequencyHz < low || frequencyHz > high)) return `tunes ${low / 1e6} to ${high / 1e6} MHz`;
  return undefined;
}
