// The known emitters as a list: what the map shows, and what may be done with each.

import { api } from "./api";
import { toRecord, type Emitter } from "./emitters";
import { mhz, plain } from "./format";
import { pathTo } from "./router";
import { Empty, NoData, Table } from "./ui";

export function EmitterTable({ of }: { of: Emitter[] }) {
  return (
    <>
      <p>
        <a href={pathTo("addEmitter")}>Add an emitter</a>
        {of.length > 0 && <>, or take all as <a href={api.emittersGeoJSON()} download="emitters.geojson">GeoJSON</a></>}.
      </p>
      {of.length === 0 ? <Empty>None is known. Beacons, broadcasting stations and time signals are worth adding: they tell where what is recorded may come from.</Empty> : <Rows of={of} />}
    </>
  );
}

function Rows({ of }: { of: Emitter[] }) {
  return (
    <Table caption="Known emitters with their positions">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="n">Frequency</th>
          <th scope="col" class="n">Bandwidth</th>
          <th scope="col" class="n">Latitude</th>
          <th scope="col" class="n">Longitude</th>
          <th scope="col" class="n">EIRP</th>
          <th scope="col">Notes</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {of.map((e) => (
          <tr key={e.emitter_id} data-emitter={e.emitter_id}>
            <th scope="row"><a href={toRecord(e)} title="New acquisition at its frequency">{e.name}</a></th>
            <td class="n" data-name="frequency_mhz">{mhz(e.frequency_mhz)}</td>
            <td class="n" data-name="bandwidth_hz">{e.bandwidth_hz === null ? <NoData /> : `${plain(e.bandwidth_hz)} Hz`}</td>
            <td class="n" data-name="latitude">{e.latitude.toFixed(4)}°</td>
            <td class="n" data-name="longitude">{e.longitude.toFixed(4)}°</td>
            <td class="n" data-name="eirp_dbm">{e.eirp_dbm === null ? <NoData /> : `${plain(e.eirp_dbm)} dBm`}</td>
            <td>{e.notes}</td>
            <td><a href={pathTo("editEmitter", { emitter_id: e.emitter_id })}>Edit<span class="unseen"> {e.name}</span></a></td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
