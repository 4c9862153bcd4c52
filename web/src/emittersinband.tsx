// The known emitters in the bands that an acquisition recorded, and how far the receivers are from each. All numbers are
// the server's; where nothing is known in the bands, nothing is shown.

import { api } from "./api";
import type { EmitterInBand } from "./emitters";
import { fixed, mhz, plain } from "./format";
import { useLoad } from "./load";
import { pathTo } from "./router";
import type { WebSDR } from "./types";
import { Section, Table, Trouble } from "./ui";
import { nameOf } from "./websdrnames";

export function EmittersInBand({ task, names }: { task: string; names?: WebSDR[] }) {
  const known = useLoad((s) => api.acquisitionEmitters(task, s), [task]);
  if (!known.error && (known.value ?? []).length === 0) return null;
  return (
    <Section title="Known emitters in the band" note="whether each was on the air is another question">
      <Trouble error={known.error} again={known.reload} />
      {known.value && (
        <Table caption="Known emitters in the band, and how far each receiver is from them">
          <thead>
            <tr>
              <th scope="col">Emitter</th>
              <th scope="col">Receiver</th>
              <th scope="col">In its recording</th>
              <th scope="col" class="n">Distance (km)</th>
              <th scope="col" class="n">Free-space delay (µs)</th>
              <th scope="col" class="n">After the nearest (µs)</th>
            </tr>
          </thead>
          {known.value.map((e) => <Paths key={e.emitter.emitter_id} of={e} names={names} />)}
        </Table>
      )}
      <p class="muted">Distances are along the ground, delays straight from antenna to antenna, by where both are now.</p>
    </Section>
  );
}

const inBand = { true: "yes", false: "no", null: "nothing recorded" };

function Paths({ of: { emitter: e, offset_hz, captures }, names }: { of: EmitterInBand; names?: WebSDR[] }) {
  return (
    <tbody>
      {captures.map((c, i) => (
        <tr key={c.websdr_id} data-emitter={e.emitter_id} data-websdr={c.websdr_id}>
          {i === 0 && (
            <th scope="rowgroup" rowSpan={captures.length}>
              <a href={pathTo("editEmitter", { emitter_id: e.emitter_id })}>{e.name}</a>
              <span class="below">{mhz(e.frequency_mhz)}</span>
              <span class="below" data-name="offset_hz">{offset_hz > 0 ? "+" : ""}{plain(offset_hz)} Hz from what was asked for</span>
            </th>
          )}
          <th scope="row"><a href={pathTo("websdr", { websdr_id: c.websdr_id })}>{nameOf(names, c.websdr_id)}</a></th>
          <td data-name="in_band">{inBand[String(c.in_band) as keyof typeof inBand]}</td>
          <td class="n" data-name="distance_km">{plain(c.distance_km, 3)}</td>
          <td class="n" data-name="delay_us">{fixed(c.delay_us, 2)}</td>
          <td class="n" data-name="delay_after_nearest_us">{fixed(c.delay_after_nearest_us, 2)}</td>
        </tr>
      ))}
    </tbody>
  );
}
