// The spectrograms of an acquisition beside each other, one view for all: what it shows, in which colours, and the part
// to download.

import { useMemo, useState } from "preact/hooks";
import { Formats } from "./acquisitionparts";
import { api } from "./api";
import { seconds } from "./format";
import { times } from "./picture";
import { SpectrogramOf } from "./spectrogram";
import type { Acquisition, Measurement, WebSDR } from "./types";
import { isWhole, newView, pan, recordedOf, reset, zoom, type Look, type View } from "./view";
import { nameOf } from "./websdrnames";

export interface SpectraProps {
  of: Acquisition;
  measurements: Measurement[];
  names?: WebSDR[];
}

export default function Spectra({ of: a, measurements, names }: SpectraProps) {
  const recorded = recordedOf(a);
  const view = useMemo(() => newView(a), [a.task_id, recorded.length]);
  return (
    <>
      <Controls of={a} view={view} />
      <div class="spectra">
        {recorded.map((c) => (
          <SpectrogramOf key={c.websdr_id} view={view} of={a} capture={c} name={nameOf(names, c.websdr_id)} measurement={measurements.find((m) => m.websdr_id === c.websdr_id)} />
        ))}
      </div>
    </>
  );
}

function Controls({ of: a, view }: { of: Acquisition; view: View }) {
  const { from, to } = view.span.value;
  const whole = isWhole(view);
  const length = to - from;
  return (
    <>
      <div class="view" role="group" aria-label="What the spectrograms show">
        <button type="button" onClick={() => zoom(view, 0.5)} disabled={length <= view.shortest}>Zoom in</button>
        <button type="button" onClick={() => zoom(view, 2)} disabled={whole}>Zoom out</button>
        <button type="button" aria-label="Earlier" onClick={() => pan(view, -0.25)} disabled={from <= view.whole.from}>◀</button>
        <button type="button" aria-label="Later" onClick={() => pan(view, 0.25)} disabled={to >= view.whole.to}>▶</button>
        <button type="button" onClick={() => reset(view)} disabled={whole && !view.band.value}>Show all</button>
        <span class="num">{seconds(length)} shown</span>
        {!whole && <Formats of="what is shown, of all receivers" to={(format) => api.archivePart(a.task_id, { ...times(view, view.span.value), format })} />}
      </div>
      <Colours view={view} />
      <details>
        <summary>Keys and wheel</summary>
        <p>
          Drag to move. After a press into a spectrogram, or with Ctrl, the wheel zooms time; with Alt the band; with Shift it moves along. Keys, once it has the focus: arrows move the cursor, with Shift
          what is shown; <kbd>+</kbd> and <kbd>−</kbd> zoom time, <kbd>n</kbd> and <kbd>w</kbd> make the band narrower and wider, <kbd>0</kbd> shows all, <kbd>Esc</kbd> puts the cursor away.
        </p>
        <p>Hatched is what nothing was received of. On the left stands the frequency in kHz, on the right its offset from that of the acquisition; below, seconds after the beginning of the window, and UTC.</p>
      </details>
    </>
  );
}

const palettes = ["aurora", "gray"];

// Colours sets the range of powers that has colours. Left empty, each receiver has what suits its whole recording.
function Colours({ view }: { view: View }) {
  const look = view.look.value;
  const set = (change: Partial<Look>) => (view.look.value = { ...view.look.value, ...change });
  return (
    <div class="view">
      <Power label="Darkest (dBFS)" set={(min) => (look.max !== undefined && min !== undefined && min >= look.max ? "must be below the brightest" : void set({ min }))} />
      <Power label="Brightest (dBFS)" set={(max) => (look.min !== undefined && max !== undefined && max <= look.min ? "must be above the darkest" : void set({ max }))} />
      <div class="field">
        <label for="palette">Palette</label>
        <select id="palette" value={look.palette} onChange={(e) => set({ palette: e.currentTarget.value })}>
          {palettes.map((p) => <option key={p} value={p}>{p}</option>)}
        </select>
      </div>
    </div>
  );
}

// Power is a field that may be empty. set says what is wrong with a value.
function Power({ label, set }: { label: string; set: (v: number | undefined) => string | void }) {
  const [wrong, setWrong] = useState<string | void>();
  const id = label.split(" ")[0].toLowerCase();
  const change = (text: string) => setWrong(set(text.trim() === "" ? undefined : Number(text)));
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} type="number" step={5} min={-300} max={100} placeholder="automatic" aria-invalid={wrong ? "true" : undefined} aria-describedby={wrong ? `${id}-wrong` : undefined} onChange={(e) => change(e.currentTarget.value)} />
      {wrong && <span class="wrong" id={`${id}-wrong`}>{wrong}</span>}
    </div>
  );
}
