// Adding and editing a WebSDR.

import { useState } from "preact/hooks";
import { api } from "../api";
import { Edited, FormEnd, useEditing, type FormProps } from "../editing";
import { Area, Check, Num, Reader, Select, Text } from "../form";
import kinds from "../kinds.json";
import { pathTo, place } from "../router";
import type { WebSDR } from "../types";
import { Page, Section } from "../ui";
import { groups, inputOf, typedOf, type FieldOf } from "../websdrfields";

export default function WebSDRForm() {
  return <Edited id={place.value.params.websdr_id} what="WebSDR" read={api.websdr} form={Form} />;
}

const known = ["kind", "password", "is_active", ...groups.flatMap((g) => g.fields.map((f) => f.name as string))];

function Form({ old, reload }: FormProps<WebSDR>) {
  const w = old?.value;
  const [password, setPassword] = useState("");
  const editing = useEditing(old?.etag, () => ({ typed: typedOf(w), kind: w?.kind ?? kinds[0].name, active: w?.is_active ?? true, forget: false }), async (filled, etag) => {
    const r = new Reader();
    const body = { ...inputOf(filled.typed, r), kind: filled.kind, is_active: filled.active, password: filled.forget ? "" : password || null };
    r.check();
    const { value } = w ? await api.replaceWebSDR(w.websdr_id, etag, body) : await api.createWebSDR(body);
    return { said: `${value.name} is stored`, path: pathTo("websdr", { websdr_id: value.websdr_id }) };
  });
  const { filled, change, error } = editing;
  const { typed, kind } = filled;
  const field = (f: FieldOf) => {
    const props = {
      label: f.label, hint: f.hint, name: f.name, error, required: f.empty === undefined,
      value: typed[f.name], set: (value: string) => change((now) => ({ typed: { ...now.typed, [f.name]: value } })),
    };
    if (f.kind === "area") return <Area key={f.name} {...props} />;
    return f.kind === "number" ? <Num key={f.name} {...props} /> : <Text key={f.name} {...props} />;
  };
  const capability = kinds.find((k) => k.name === kind);
  return (
    <Page title={w ? `Edit ${w.name}` : "Add a WebSDR"}>
      <form ref={editing.form} noValidate onSubmit={editing.submit}>
        <Section title="What it is">
          <div class="fields">
            <Select
              label="Kind" name="kind" value={kind} set={(v) => change({ kind: v })} error={error}
              hint={capability && `its address begins with ${capability.schemes.join(":// or ")}://${capability.delivers_iq ? "" : "; it delivers no IQ, so it cannot be recorded"}`}
              options={kinds.map((k) => ({ value: k.name, text: k.name }))}
            />
            <Check label="Active: offered for acquisitions" checked={filled.active} set={(active) => change({ active })} />
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
            {w?.has_password && <Check label="Forget the password" checked={filled.forget} set={(forget) => change({ forget })} />}
          </div>
        </Section>
        <FormEnd of={editing} known={known} adds={!w} needs="admin" reload={reload} lost="A password is not kept: type it again."
          cancel={w ? pathTo("websdr", { websdr_id: w.websdr_id }) : pathTo("websdrs")} />
      </form>
    </Page>
  );
}
