// What adding and editing have in common: the old value is loaded, the form is sent, and what the server refuses stands
// in it. An edit names the version it began from: the server refuses it when somebody else was faster.
//
// A session that ends while a form is open takes the form away. What was typed waits in the tab until somebody has
// logged in again; who logs out leaves nothing behind.

import type { ComponentChildren, ComponentType, RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { APIError, Versioned } from "./api";
import { showFirstWrong } from "./form";
import { problemOf, useLoad } from "./load";
import { go, place } from "./router";
import { session, type Scope } from "./session";
import { say } from "./shell";
import { Button, Page, Trouble, Waiting } from "./ui";

export interface FormProps<T> {
  old?: Versioned<T>; // none: something is added
  reload?: () => void;
}

// Edited shows a form for what has that id, or for something new when there is none.
export function Edited<T>({ id, what, read, form: Form }: { id?: string; what: string; read: (id: number, signal: AbortSignal) => Promise<Versioned<T>>; form: ComponentType<FormProps<T>> }) {
  const old = useLoad((s) => (id ? read(Number(id), s) : Promise.resolve(undefined)), [id]);
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => {
    setTurn((n) => n + 1);
    old.reload();
  }, [old.reload]);
  if (!id) return <Form />;
  if (old.value) return <Form key={`${old.value.etag} ${turn}`} old={old.value} reload={reload} />;
  return (
    <Page title={`Edit a ${what}`}>
      <Trouble error={old.error} again={old.reload} />
      {old.loading && <Waiting what={`the ${what}`} />}
    </Page>
  );
}

// A Change is what becomes of some of it, or how that follows from what is there.
export type Change<F> = Partial<F> | ((filled: F) => Partial<F>);

export interface Editing<F> {
  filled: F;
  change: (part: Change<F>) => void;
  error?: APIError;
  sending: boolean;
  restored: boolean; // what was typed before the session ended
  form: RefObject<HTMLFormElement | null>;
  submit: (e: Event) => void;
}

interface Sent {
  said: string; // to who reads the page by ear
  path: string; // where what came of it is shown
}

// useEditing holds what is filled in, at first what first says, and sends it: send gets the version that the edit began
// from, and throws what is wrong. Secrets do not belong into what is filled in, since that is kept.
export function useEditing<F>(etag: string | undefined, first: () => F, send: (filled: F, etag: string) => Promise<Sent>): Editing<F> {
  const [draft] = useState(() => takeDraft<F>());
  const [filled, setFilled] = useState<F>(() => draft?.filled ?? first());
  const [error, setError] = useState<APIError>();
  const [sending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const began = draft?.etag ?? etag ?? "";
  const latest = useRef(filled);
  latest.current = filled;
  useEffect(() => {
    const path = place.value.path;
    return () => {
      if (session.value?.ended) keepDraft(path, { etag: began, filled: latest.current });
    };
  }, []);
  const submit = async (e: Event) => {
    e.preventDefault();
    setSending(true);
    setError(undefined);
    try {
      const stored = await send(filled, began);
      say(stored.said);
      go(stored.path);
    } catch (err) {
      setError(problemOf(err));
      setSending(false);
      showFirstWrong(form.current);
    }
  };
  const change = (part: Change<F>) => setFilled((f) => ({ ...f, ...(typeof part === "function" ? part(f) : part) }));
  return { filled, change, error, sending, restored: draft !== undefined, form, submit };
}

interface Draft<F> {
  etag: string;
  filled: F;
}

const draftOf = (path: string) => `heimdall draft ${path}`;

function keepDraft<F>(path: string, draft: Draft<F>): void {
  try {
    sessionStorage.setItem(draftOf(path), JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing: it is typed again.
  }
}

function takeDraft<F>(): Draft<F> | undefined {
  try {
    const key = draftOf(place.value.path);
    const text = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return text === null ? undefined : (JSON.parse(text) as Draft<F>);
  } catch {
    return undefined;
  }
}

// Restored says that a form is as it was when the session ended.
export function Restored<F>({ of, lost }: { of: Editing<F>; lost?: ComponentChildren }) {
  if (!of.restored) return null;
  return <p role="status">What you had typed when the session ended is back, and not sent yet.{lost && <> {lost}</>}</p>;
}

interface EndProps<F> {
  of: Editing<F>;
  known: string[]; // fields that show themselves what is wrong with them
  adds: boolean;
  needs: Scope;
  cancel: string;
  reload?: () => void;
  lost?: ComponentChildren; // what a form that is restored lacks
}

// FormEnd is what stands below the fields.
export function FormEnd<F>({ of, known, adds, needs, cancel, reload, lost }: EndProps<F>) {
  const { error, sending } = of;
  const changed = error?.problem.status === 412;
  return (
    <>
      <Restored of={of} lost={lost} />
      {error && changed && <Trouble error={error} text="Somebody else has changed it since you opened this form. Nothing was stored. Load it again, and repeat your changes." again={reload} againText="Load it again" />}
      {error && !changed && error.beyond(known) && <Trouble error={error} text={error.beyond(known)} />}
      <div class="after">
        <Button type="submit" class="main" disabled={sending} needs={needs}>{sending ? "Storing …" : adds ? "Add" : "Store"}</Button>
        <a href={cancel}>Cancel</a>
      </div>
    </>
  );
}
