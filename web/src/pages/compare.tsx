// Compare: the measurements of several acquisitions, side by side, receiver by receiver.

import { api } from "../api";
import { mhz } from "../format";
import { useLoad } from "../load";
import { MeasurementTable, type Column } from "../measurementtable";
import { pathTo, place } from "../router";
import { Empty, Page, Section, Time, Trouble, Waiting } from "../ui";
import { nameOf, useWebSDRs } from "../websdrnames";

export default function Compare() {
  const ids = place.value.query.getAll("task_id");
  const websdrs = useWebSDRs();
  const both = useLoad(
    (s) => Promise.all(ids.map(async (id) => ({ acquisition: await api.acquisition(id, s), measurements: (await api.measurements({ task_id: id, limit: 1000 }, s)).measurements }))),
    [ids.join()],
  );
  const receivers = [...new Set(both.value?.flatMap((b) => b.measurements.map((m) => m.websdr_id)) ?? [])].sort((a, b) => a - b);
  return (
    <Page title="Compare acquisitions" actions={<a href={pathTo("acquisitions")}>All acquisitions</a>}>
      {ids.length === 0 && <Empty>Choose some in the <a href={pathTo("acquisitions")}>list of acquisitions</a>.</Empty>}
      <Trouble error={both.error} again={both.reload} />
      {!both.value && both.loading && <Waiting what="measurements" />}
      {both.value && ids.length > 0 && receivers.length === 0 && <Empty>None of them has a measurement.</Empty>}
      {receivers.map((id) => {
        const columns: Column[] = (both.value ?? []).flatMap(({ acquisition: a, measurements }) =>
          measurements
            .filter((m) => m.websdr_id === id)
            .map((m) => ({
              key: a.task_id,
              head: (
                <>
                  <a href={pathTo("acquisition", { task_id: a.task_id })}>{a.label || `${a.task_id.slice(0, 13)}…`}</a>
                  <br />
                  {mhz(a.frequency_mhz)}
                  <br />
                  <Time at={m.timestamp_utc} />
                </>
              ),
              measurement: m,
            })),
        );
        return (
          <Section key={id} title={nameOf(websdrs.value, id)}>
            <MeasurementTable caption={`Measurements by ${nameOf(websdrs.value, id)}`} columns={columns} />
          </Section>
        );
      })}
    </Page>
  );
}
