// Modules whose types are not kept here: the little of them that the pages use.

declare module "*/leaflet-src.esm.js" {
  export interface Layer {
    addTo(map: Map | LayerGroup): this;
    bringToBack(): this;
    bindTooltip(text: string, options?: object): this;
    on(events: string, f: (e: { type: string; originalEvent?: KeyboardEvent }) => void): this;
    getElement(): HTMLElement | undefined;
  }
  export interface LayerGroup extends Layer {
    clearLayers(): this;
    addLayer(l: Layer): this;
  }
  export interface Map {
    attributionControl: { setPrefix(p: string | false): { addAttribution(text: string): void } };
    setView(center: [number, number], zoom: number): this;
    fitBounds(b: object, options?: object): this;
    latLngToLayerPoint(at: [number, number]): { x: number; y: number };
    remove(): void;
  }
  export function map(box: HTMLElement, options?: object): Map;
  export function layerGroup(): LayerGroup;
  export function geoJSON(shape: unknown, options?: object): LayerGroup;
  export function polyline(lines: [number, number][][], options?: object): LayerGroup;
  export function marker(at: [number, number], options?: object): Layer;
  export function divIcon(options: object): object;
  export function latLngBounds(points: [number, number][]): object;
  export const control: { scale(options?: object): Layer };
}

declare module "topojson-client" {
  export function feature(topology: unknown, object: unknown): unknown;
}

declare module "world-atlas/land-50m.json" {
  const address: string;
  export default address;
}
