// Adding, editing and removing an emitter. An edit names the version it began from: the server refuses it when somebody
// else was faster, and the form says so.

import { useRef, useState } from "preact/hooks";
import { APIError, api, type Versioned } from "../api";
import type { Emitter } from "../emitters";
import { Area, Num, Reader, Text, showFirstWrong } from "../form";
import { problemOf, useLoad } from "../load";
import { go, pathTo, place } from "../router";
import { say } from "../shell";
import { Action, Button, Dialog, Page, Section, Trouble, Waiting } from "../ui";

export default function EmitterForm() {
  const id = place.value.params.emitter_id;
  const old = useLoad((s) => (id ? api.emitter(Number(id), s) : Promise.resolve(undefined)), [id]);
  if (!id) return <Form />;
  if (old.value) return <Form key={old.value.etag} old={old.value} reload={old.reload} />;
  return (
    <Page title="Edit an emitter">
      <Trouble error={old.error} again={old.reload} />
      {old.loading && <Waiting what="the emitter" />}
    </Page>
  );
}

const blank = { name: "", frequency_mhz: "", bandwidth_hz: "", latitude: "", longitude: "", altitude_m: "", eirp_dbm: "", notes: "" };

type Typed = typeof blank;

function typedOf(e: Emitter | undefined): Typed {
  if (!e) return blank;
  return Object.fromEntries((Object.keys(blank) as (keyof Typed)[]).map((name) => [name, e[name] === null ? "" : String(e[name])])) as Typed;
}

function read(t: Typed): Record<string, unknown> {
  const r = new Reader();
  const body = {
    name: t.name, frequency_mhz: r.needed("frequency_mhz", t.frequency_mhz), bandwidth_hz: r.number("bandwidth_hz", t.bandwidth_hz) ?? null,
    latitude: r.needed("latitude", t.latitude), longitude: r.needed("longitude", t.longitude), altitude_m: r.number("altitude_m", t.altitude_m) ?? null,
    eirp_dbm: r.number("eirp_dbm", t.eirp_dbm) ?? null, notes: t.notes,
  };
  r.check();
  return body;
}

function Form({ old, reload }: { old?: Versioned<Emitter>; reload?: () => void }) {
  const e = old?.value;
  const [typed, setTyped] = useState(typedOf(e));
  const [error, setError] = useState<APIError>();
  const [sending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const field = (name: keyof Typed) => ({ name, value: typed[name], set: (value: string) => setTyped((t) => ({ ...t, [name]: value })), error });
  const submit = async (event: Event) => {
    event.preventDefault();
    setSending(true);
    setError(undefined);
    try {
      const body = read(typed);
      const stored = old ? await api.replaceEmitter(old.value.emitter_id, old.etag, body) : await api.createEmitter(body);
      say(`${stored.value.name} is stored`);
      go(pathTo("map"));
    } catch (err) {
      setError(problemOf(err));
      setSending(false);
      showFirstWrong(form.current);
    }
  };
  const changed = error?.problem.status === 412;
  const rest = error?.beyond(Object.keys(blank));
  return (
    <Page title={e ? `Edit ${e.name}` : "Add an emitter"} actions={old && <Remove of={old} />}>
      <form ref={form} noValidate onSubmit={submit}>
        <Section title="What it is">
          <div class="fields">
            <Text label="Name" hint="unique, 1 to 100 characters" required {...field("name")} />
            <Num label="Frequency (MHz)" hint="of its carrier, or the middle of what it occupies" required {...field("frequency_mhz")} />
            <Num label="Bandwidth (Hz)" hint="what it occupies; empty: unknown" {...field("bandwidth_hz")} />
            <Num label="EIRP (dBm)" hint="what it radiates; empty: unknown" {...field("eirp_dbm")} />
            <Area label="Notes" {...field("notes")} />
          </div>
        </Section>
        <Section title="Where it is">
          <div class="fields">
            <Num label="Latitude (°)" hint="north is positive" required {...field("latitude")} />
            <Num label="Longitude (°)" hint="east is positive" required {...field("longitude")} />
            <Num label="Altitude (m)" hint="of the antenna above the WGS 84 ellipsoid; empty: unknown" {...field("altitude_m")} />
          </div>
        </Section>
        {error && changed && <Trouble error={error} text="Somebody else has changed it since you opened this form. Nothing was stored. Load it again, and repeat your changes." again={reload} againText="Load it again" />}
        {error && !changed && rest && <Trouble error={error} text={rest} />}
        <div class="after">
          <Button type="submit" class="main" disabled={sending} needs="admin">{sending ? "Storing …" : e ? "Store" : "Add"}</Button>
          <a href={pathTo("map")}>Cancel</a>
        </div>
      </form>
    </Page>
  );
}

function Remove({ of: v }: { of: Versioned<Emitter> }) {
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    await api.deleteEmitter(v.value.emitter_id, v.etag);
    say(`${v.value.name} is removed`);
    go(pathTo("map"));
  };
  return (
    <>
      <Button needs="admin" class="danger" onClick={() => setAsking(true)}>Remove</Button>
      {asking && (
        <Dialog title={`Remove ${v.value.name}?`} close={() => setAsking(false)}>
          <p>It goes from the map and from the pages of acquisitions. Nothing that was recorded or measured changes.</p>
          <div class="after">
            <Action text="Remove it" busy="Removing …" kind="danger" act={remove} />
            <button type="button" onClick={() => setAsking(false)}>Keep it</button>
          </div>
        </Dialog>
      )}
    </>
  );
}
