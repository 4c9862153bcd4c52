// Fields of forms. What is wrong with one, whether the page or the server found it, stands at the field itself and is
// read out with it.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { APIError } from "./api";

interface Around {
  label: string;
  hint?: ComponentChildren;
  error?: APIError;
  name: string;
}

// A Control gets what ties an input to its label, hint and error.
type Control = { id: string; name: string; "aria-describedby"?: string; "aria-invalid"?: "true" };

export function Field({ label, hint, error, name, children }: Around & { children: (control: Control) => ComponentChildren }) {
  const id = useId();
  const wrong = error?.field(name);
  const described = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, name, "aria-describedby": described || undefined, "aria-invalid": wrong ? "true" : undefined })}
      {wrong && (
        <span class="wrong" id={`${id}-wrong`}>
          {wrong}
        </span>
      )}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

type Kept = { value: string; set: (value: string) => void };

export function Text({ value, set, type = "text", required, ...around }: Around & Kept & { type?: "text" | "datetime-local" | "password" | "url"; required?: boolean }) {
  return (
    <Field {...around}>
      {(c) => <input {...c} type={type as "text"} value={value} autocomplete="off" aria-required={required} onInput={(e) => set(e.currentTarget.value)} />}
    </Field>
  );
}

// Num is text for a number: the page reads it, because browsers differ in what they take for one.
export function Num({ value, set, required, ...around }: Around & Kept & { required?: boolean }) {
  return (
    <Field {...around}>
      {(c) => <input {...c} type="text" inputMode="decimal" value={value} autocomplete="off" aria-required={required} onInput={(e) => set(e.currentTarget.value)} />}
    </Field>
  );
}

export function Area({ value, set, ...around }: Around & Kept) {
  return <Field {...around}>{(c) => <textarea {...c} rows={3} value={value} onInput={(e) => set(e.currentTarget.value)} />}</Field>;
}

export function Select({ value, set, options, ...around }: Around & Kept & { options: { value: string; text: string }[] }) {
  return (
    <Field {...around}>
      {(c) => (
        <select {...c} value={value} onChange={(e) => set(e.currentTarget.value)}>
          {options.map((o) => (
            <option key={o.value} value={o.value}>
              {o.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Check({ label, checked, set, disabled }: { label: ComponentChildren; checked: boolean; set: (on: boolean) => void; disabled?: boolean }) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(e) => set(e.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

// A Reader turns what was typed into values, and collects what cannot be read, in the shape of the server's complaints.
export class Reader {
  private errors: { location: string; message: string }[] = [];

  number(name: string, text: string): number | undefined {
    if (text.trim() === "") return undefined;
    const v = Number(text.trim().replace(",", ".").replace("\u2212", "-"));
    if (Number.isFinite(v)) return v;
    this.errors.push({ location: `body.${name}`, message: "must be a number, such as 145.5" });
    return undefined;
  }

  needed(name: string, text: string): number | undefined {
    if (text.trim() === "") this.errors.push({ location: `body.${name}`, message: "must be given" });
    return this.number(name, text);
  }

  // time reads a field of date and time as UTC, which is what the pages show everywhere.
  time(name: string, text: string): string | undefined {
    if (text.trim() === "") return undefined;
    const at = new Date(`${text}Z`);
    if (!Number.isNaN(at.getTime())) return at.toISOString();
    this.errors.push({ location: `body.${name}`, message: "must be a date and a time" });
    return undefined;
  }

  // refuse notes what the page itself finds wrong with a field.
  refuse(name: string, message: string): void {
    this.errors.push({ location: `body.${name}`, message });
  }

  // check throws when something could not be read: nothing is sent then.
  check(): void {
    if (this.errors.length > 0) throw new APIError({ title: "Unreadable", status: 422, detail: "Some fields cannot be read.", errors: this.errors });
  }
}

// showFirstWrong leads to the first field that is wrong.
export function showFirstWrong(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"], .problem')?.focus());
}
