// Map: where the receivers are and whether they are in use, on a base map that needs no other server.

import { useMemo } from "preact/hooks";
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
        look: w.is_active ? "on" : "off",
        text: `${w.name}, ${w.kind}, ${w.is_active ? "active" : "inactive"}`,
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
            <li><span class="pin on" aria-hidden="true" />active</li>
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
