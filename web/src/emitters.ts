// Emitters: transmitters that somebody knows. What the API says of them, and where it leads to.

import { api } from "./api";
import { mhz } from "./format";
import { useLoad, type Loaded } from "./load";
import { pathTo } from "./router";

export interface Emitter {
  emitter_id: number;
  name: string;
  frequency_mhz: number;
  bandwidth_hz: number | null;
  latitude: number;
  longitude: number;
  altitude_m: number | null;
  eirp_dbm: number | null;
  notes: string;
}

export interface EmitterPath {
  websdr_id: number;
  in_band: boolean | null;
  distance_km: number;
  delay_us: number;
  delay_after_nearest_us: number;
}

export interface EmitterInBand {
  emitter: Emitter;
  offset_hz: number;
  captures: EmitterPath[];
}

export function useEmitters(): Loaded<Emitter[]> {
  return useLoad((s) => api.emitters(s), []);
}

// words are what a screen reader says of one on the map.
export function words(e: Emitter): string {
  return `Emitter ${e.name}, ${mhz(e.frequency_mhz)}`;
}

// toRecord is the address of a new acquisition of its frequency.
export function toRecord(e: Emitter): string {
  return `${pathTo("new")}?frequency_mhz=${e.frequency_mhz}`;
}
