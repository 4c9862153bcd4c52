// Where the name of a pin goes, so that it covers neither another pin nor another name.

import type * as L from "leaflet/dist/leaflet-src.esm.js";
import type { Pin } from "./world";

export type Side = "right" | "left" | "top" | "bottom";

export const offsets: Record<Side, [number, number]> = { right: [8, 0], left: [-8, 0], top: [0, -8], bottom: [0, 8] };

type Box = [left: number, top: number, right: number, bottom: number];

export class Names {
  private taken: Box[];

  constructor(private map: L.Map, pins: Pin[]) {
    this.taken = pins.map((pin) => {
      const { x, y } = map.latLngToLayerPoint([pin.latitude, pin.longitude]);
      return [x - 8, y - 8, x + 8, y + 8];
    });
  }

  // find takes the first side that is free, or the right one when none is.
  find(pin: Pin): Side {
    const { x, y } = this.map.latLngToLayerPoint([pin.latitude, pin.longitude]);
    const width = pin.name.length * 7.5 + 6;
    const boxes: [Side, Box][] = [
      ["right", [x + 10, y - 8, x + 10 + width, y + 8]],
      ["left", [x - 10 - width, y - 8, x - 10, y + 8]],
      ["bottom", [x - width / 2, y + 10, x + width / 2, y + 26]],
      ["top", [x - width / 2, y - 26, x + width / 2, y - 10]],
    ];
    const [side, box] = boxes.find(([, b]) => !this.taken.some((t) => b[0] < t[2] && t[0] < b[2] && b[1] < t[3] && t[1] < b[3])) ?? boxes[0];
    this.taken.push(box);
    return side;
  }
}
