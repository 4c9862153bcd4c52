// A map of the world without any other server: outlines of land from Natural Earth, which come with the program, and
// what stands on it. Fetched when a map is first shown. Pins are buttons to the keyboard; the same always stands in a
// list beside the map.

import * as L from "leaflet/dist/leaflet-src.esm.js";
import { useEffect, useRef, useState } from "preact/hooks";
import { feature } from "topojson-client";
import land from "world-atlas/land-50m.json";
import { Names, offsets } from "./pinnames";

export interface Pin {
  of: "websdr" | "emitter";
  id: number;
  name: string;
  latitude: number;
  longitude: number;
  look: "on" | "off" | "chosen" | "down" | "unknown" | "emitter";
  text: string; // of the tooltip and for screen readers
}

// Fetched once for all maps.
let outlines: Promise<unknown> | undefined;
function readLand(): Promise<unknown> {
  outlines ??= fetch(land as unknown as string)
    .then((r) => {
      if (!r.ok) throw new Error(String(r.status));
      return r.json();
    })
    .then((t) => feature(t, t.objects.land))
    .catch((err: unknown) => {
      outlines = undefined;
      throw err;
    });
  return outlines;
}

// Names stand beside the pins while there is room for them.
const mostNames = 25;

export default function World({ pins, press, small }: { pins: Pin[]; press: (pin: Pin) => void; small?: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const world = useRef<{ map: L.Map; pins: L.LayerGroup; fitted: boolean } | undefined>(undefined);
  const latest = useRef(press);
  latest.current = press;
  const [missing, setMissing] = useState(false);

  useEffect(() => {
    const map = L.map(box.current!, { attributionControl: true, zoomSnap: 0.5, worldCopyJump: true, minZoom: 1, maxZoom: 13 });
    map.attributionControl.setPrefix(false).addAttribution("Land: Natural Earth");
    map.setView([30, 10], 2);
    L.control.scale({ imperial: false }).addTo(map);
    graticule().addTo(map);
    world.current = { map, pins: L.layerGroup().addTo(map), fitted: false };
    readLand().then(
      (shape) => world.current?.map === map && L.geoJSON(shape, { interactive: false, style: { className: "land" } }).addTo(map).bringToBack(),
      () => setMissing(true),
    );
    return () => {
      world.current = undefined;
      map.remove();
    };
  }, []);

  useEffect(() => {
    const w = world.current;
    if (!w) return;
    const focused = document.activeElement;
    const again = pins.find((pin) => focused?.getAttribute(`data-${pin.of}`) === String(pin.id));
    w.pins.clearLayers();
    if (!w.fitted && pins.length > 0) {
      w.fitted = true;
      const receivers = pins.filter((p) => p.of === "websdr"); // emitters may be all over the world
      w.map.fitBounds(L.latLngBounds((receivers.length > 0 ? receivers : pins).map((p) => [p.latitude, p.longitude])), { padding: [40, 40], maxZoom: 8, animate: false });
    }
    const beside = new Names(w.map, pins);
    for (const pin of pins) {
      const icon = L.divIcon({ className: `pin ${pin.look}`, iconSize: pin.look === "chosen" ? [16, 16] : [14, 14] });
      const marker = L.marker([pin.latitude, pin.longitude], { icon, keyboard: true, riseOnHover: true, alt: pin.text, title: "" });
      if (pins.length > mostNames) marker.bindTooltip(pin.text, { direction: "top", offset: [0, -8] });
      else {
        const side = beside.find(pin);
        marker.bindTooltip(pin.name, { permanent: true, direction: side, offset: offsets[side], className: "name" });
      }
      marker.on("click keypress", (e: { type: string; originalEvent?: KeyboardEvent }) => {
        if (e.type === "click" || e.originalEvent?.key === "Enter" || e.originalEvent?.key === " ") latest.current(pin);
      });
      w.pins.addLayer(marker);
      const element = marker.getElement();
      element?.setAttribute("aria-label", pin.text);
      element?.setAttribute(`data-${pin.of}`, String(pin.id));
      if (pin === again) element?.focus();
    }
  }, [pins]);

  return (
    <>
      <div class={small ? "world small" : "world"} ref={box} role="group" aria-label="Map of the receivers" />
      {missing && <p class="bad">The outlines of land could not be loaded; the receivers stand where they are.</p>}
    </>
  );
}

// graticule is every tenth meridian and parallel.
function graticule(): L.LayerGroup {
  const lines: [number, number][][] = [];
  for (let lon = -180; lon <= 180; lon += 10) lines.push([[-85, lon], [85, lon]]);
  for (let lat = -80; lat <= 80; lat += 10) lines.push([[lat, -180], [lat, 180]]);
  return L.polyline(lines, { className: "graticule", interactive: false, weight: 0.5 });
}
