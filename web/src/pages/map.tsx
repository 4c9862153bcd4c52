// Map: where the receivers are and how they are, and the emitters that are known, on a base map that needs no other
// server.

import { useMemo, useState } from "preact/hooks";
import { toRecord, useEmitters, words } from "../emitters";
import { EmitterTable } from "../emittertable";
import { Check } from "../form";
import { HealthCell, healthWord, pinLook } from "../health";
import { LazyWorld } from "../lazyworld";
import { go, pathTo } from "../router";
import type { WebSDR } from "../types";
import { Empty, Page, Section, Table, Trouble, Waiting } from "../ui";
import { useWebSDRs } from "../websdrnames";
import type { Pin } from "../world";

export default function MapPage() {
  const websdrs = useWebSDRs();
  const emitters = useEmitters();
  const [withEmitters, setWithEmitters] = useState(true);
  const list = websdrs.value;
  const known = emitters.value ?? [];
  const press = (pin: Pin) => {
    const emitter = pin.of === "emitter" ? known.find((e) => e.emitter_id === pin.id) : undefined;
    go(emitter ? toRecord(emitter) : pathTo("websdr", { websdr_id: pin.id }));
  };
  const pins = useMemo<Pin[]>(
    () => [
      ...(list ?? []).map((w): Pin => ({ ...w, of: "websdr", id: w.websdr_id, look: pinLook(w), text: `${w.name}, ${w.kind}, ${healthWord(w)}` })),
      ...(withEmitters ? known : []).map((e): Pin => ({ ...e, of: "emitter", id: e.emitter_id, look: "emitter", text: words(e) })),
    ],
    [list, emitters.value, withEmitters],
  );
  const ready = list !== undefined && (emitters.value !== undefined || emitters.error !== undefined); // so that the map is drawn once
  return (
    <Page title="Map" actions={<a href={pathTo("websdrs")}>Receivers as a list</a>}>
      <Trouble error={websdrs.error} again={websdrs.reload} />
      {!list && websdrs.loading && <Waiting what="WebSDRs" />}
      {list && list.length === 0 && (
        <Empty>
          There is no WebSDR yet: <a href={pathTo("addWebSDR")}>add one</a>.
        </Empty>
      )}
      {ready && pins.length + known.length > 0 && (
        <>
          <LazyWorld pins={pins} press={press} />
          <ul class="legend" aria-label="Legend">
            <li><span class="pin on" aria-hidden="true" />up</li>
            <li><span class="pin down" aria-hidden="true" />down</li>
            <li><span class="pin unknown" aria-hidden="true" />not known</li>
            <li><span class="pin off" aria-hidden="true" />inactive</li>
            {known.length > 0 && <li><span class="pin emitter" aria-hidden="true" />known emitter: press it to record its frequency</li>}
          </ul>
          {known.length > 0 && (
            <p>
              <Check label="Show the emitters" checked={withEmitters} set={setWithEmitters} />
            </p>
          )}
        </>
      )}
      {list && list.length > 0 && <Receivers of={list} />}
      <Section title="Known emitters" note={known.length > 0 && String(known.length)}>
        <Trouble error={emitters.error} again={emitters.reload} />
        {emitters.value ? <EmitterTable of={emitters.value} /> : emitters.loading && <Waiting what="emitters" />}
      </Section>
    </Page>
  );
}

function Receivers({ of }: { of: WebSDR[] }) {
  return (
    <Section title="Receivers on the map">
      <Table caption="Receivers with their positions">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Place</th>
            <th scope="col">Kind</th>
            <th scope="col" class="n">Latitude</th>
            <th scope="col" class="n">Longitude</th>
            <th scope="col">Use</th>
            <th scope="col">Health</th>
          </tr>
        </thead>
        <tbody>
          {of.map((w) => (
            <tr key={w.websdr_id}>
              <th scope="row"><a href={pathTo("websdr", { websdr_id: w.websdr_id })}>{w.name}</a></th>
              <td>{w.location_name}</td>
              <td>{w.kind}</td>
              <td class="n">{w.latitude.toFixed(4)}°</td>
              <td class="n">{w.longitude.toFixed(4)}°</td>
              <td>{w.is_active ? "active" : "inactive"}</td>
              <td>{w.is_active ? <HealthCell of={w} /> : <span class="muted">–</span>}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Section>
  );
}
