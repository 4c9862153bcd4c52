// Adding and editing a WebSDR. An edit names the version it began from: the server refuses it when somebody else was
// faster, and the form says so.

import { useRef, useState } from "preact/hooks";
import { APIError, api, type Versioned } from "../api";
import { Area, Check, Num, Reader, Select, Text, showFirstWrong } from "../form";
import kinds from "../kinds.json";
import { problemOf, useLoad } from "../load";
import { go, pathTo, place } from "../router";
import { say } from "../shell";
import type { WebSDR } from "../types";
import { Button, Page, Section, Trouble, Waiting } from "../ui";
import { groups, inputOf, typedOf, type FieldOf } from "../websdrfields";

export default function WebSDRForm() {
  const id = place.value.params.websdr_id;
  const old = useLoad((s) => (id ? api.websdr(Number(id), s) : Promise.resolve(undefined)), [id]);
  if (!id) return <Form />;
  if (old.value) return <Form key={old.value.etag} old={old.value} reload={old.reload} />;
  return (
    <Page title="Edit a WebSDR">
      <Trouble error={old.error} again={old.reload} />
      {old.loading && <Waiting what="the WebSDR" />}
    </Page>
  );
}

const known = ["kind", "password", "is_active", ...groups.flatMap((g) => g.fields.map((f) => f.name as string))];

function Form({ old, reload }: { old?: Versioned<WebSDR>; reload?: () => void }) {
  const w = old?.value;
  const [typed, setTyped] = useState(typedOf(w));
  const [kind, setKind] = useState(w?.kind ?? kinds[0].name);
  const [active, setActive] = useState(w?.is_active ?? true);
  const [password, setPassword] = useState("");
  const [forget, setForget] = useState(false);
  const [error, setError] = useState<APIError>();
  const [sending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const submit = async (e: Event) => {
    e.preventDefault();
    setSending(true);
    setError(undefined);
    try {
      const r = new Reader();
      const body = { ...inputOf(typed, r), kind, is_active: active, password: forget ? "" : password || null };
      r.check();
      const stored = old ? await api.replaceWebSDR(old.value.websdr_id, old.etag, body) : await api.createWebSDR(body);
      say(`${stored.value.name} is stored`);
      go(pathTo("websdr", { websdr_id: stored.value.websdr_id }));
    } catch (err) {
      setError(problemOf(err));
      setSending(false);
      showFirstWrong(form.current);
    }
  };
  const field = (f: FieldOf) => {
    const props = {
      label: f.label, hint: f.hint, name: f.name, error, required: f.empty === undefined,
      value: typed[f.name], set: (value: string) => setTyped((t) => ({ ...t, [f.name]: value })),
    };
    if (f.kind === "area") return <Area key={f.name} {...props} />;
    return f.kind === "number" ? <Num key={f.name} {...props} /> : <Text key={f.name} {...props} />;
  };
  const changed = error?.problem.status === 412;
  const capability = kinds.find((k) => k.name === kind);
  return (
    <Page title={w ? `Edit ${w.name}` : "Add a WebSDR"}>
      <form ref={form} noValidate onSubmit={submit}>
        <Section title="What it is">
          <div class="fields">
            <Select
              label="Kind" name="kind" value={kind} set={setKind} error={error}
              hint={capability && `its address begins with ${capability.schemes.join(":// or ")}://${capability.delivers_iq ? "" : "; it delivers no IQ, so it cannot be recorded"}`}
              options={kinds.map((k) => ({ value: k.name, text: k.name }))}
            />
            <Check label="Active: offered for acquisitions" checked={active} set={setActive} />
          </div>
        </Section>
        {groups.map((g) => (
          <Section key={g.title} title={g.title}>
            <div class="fields">{g.fields.map(field)}</div>
          </Section>
        ))}
        <Section title="Password">
          <div class="fields">
            <Text label="Password" name="password" type="password" value={password} set={setPassword} error={error}
              hint={w?.has_password ? "one is kept and never shown; empty keeps it" : "none is kept"} />
            {w?.has_password && <Check label="Forget the password" checked={forget} set={setForget} />}
          </div>
        </Section>
        {error && changed && <Trouble error={error} text="Somebody else has changed it since you opened this form. Nothing was stored. Load it again, and repeat your changes." again={reload} againText="Load it again" />}
        {error && !changed && error.beyond(known) && <Trouble error={error} text={error.beyond(known)} />}
        <div class="after">
          <Button type="submit" class="main" disabled={sending} needs="admin">{sending ? "Storing …" : w ? "Store" : "Add"}</Button>
          <a href={w ? pathTo("websdr", { websdr_id: w.websdr_id }) : pathTo("websdrs")}>Cancel</a>
        </div>
      </form>
    </Page>
  );
}
