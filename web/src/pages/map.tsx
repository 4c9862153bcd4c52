// Map: where the receivers are and how they are, on a base map that needs no other server.

import { useMemo } from "preact/hooks";
import { HealthCell, healthWord, pinLook } from "../health";
import { LazyWorld } from "../lazyworld";
import { go, pathTo } from "../router";
import { Empty, Page, Section, Table, Trouble, Waiting } from "../ui";
import { useWebSDRs } from "../websdrnames";
import type { Pin } from "../world";

export default function MapPage() {
  const websdrs = useWebSDRs();
  const list = websdrs.value;
  const pins = useMemo<Pin[]>(
    () =>
      (list ?? []).map((w) => ({
        websdr: w,
        look: pinLook(w),
        text: `${w.name}, ${w.kind}, ${healthWord(w)}`,
      })),
    [list],
  );
  return (
    <Page title="Map" actions={<a href={pathTo("websdrs")}>The same as a list</a>}>
      <Trouble error={websdrs.error} again={websdrs.reload} />
      {!list && websdrs.loading && <Waiting what="WebSDRs" />}
      {list && list.length === 0 && (
        <Empty>
          There is no WebSDR yet: <a href={pathTo("addWebSDR")}>add one</a>.
        </Empty>
      )}
      {list && list.length > 0 && (
        <>
          <LazyWorld pins={pins} press={(w) => go(pathTo("websdr", { websdr_id: w.websdr_id }))} />
          <ul class="legend" aria-label="Legend">
            <li><span class="pin on" aria-hidden="true" />up</li>
            <li><span class="pin down" aria-hidden="true" />down</li>
            <li><span class="pin unknown" aria-hidden="true" />not known</li>
            <li><span class="pin off" aria-hidden="true" />inactive</li>
          </ul>
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
                {list.map((w) => (
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
        </>
      )}
    </Page>
  );
}
