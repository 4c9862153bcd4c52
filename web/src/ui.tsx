// The small parts that every page is made of.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { APIError } from "./api";
import { problemOf } from "./load";
import { lack, type Scope } from "./session";
import { ago, local, noData, seconds, utc } from "./format";

export function Page({ title, children, actions }: { title: string; children: ComponentChildren; actions?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} \u2013 Heimdall`;
  }, [title]);
  return (
    <>
      <div class="title">
        <h1>{title}</h1>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

export function Section({ title, children, note }: { title: string; children: ComponentChildren; note?: ComponentChildren }) {
  return (
    <section>
      <h2>
        {title} {note && <small>{note}</small>}
      </h2>
      {children}
    </section>
  );
}

export function Waiting({ what }: { what: string }) {
  return <p class="muted">Loading {what} …</p>;
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="muted">{children}</p>;
}

export function Failed({ text, again, againText = "Try again" }: { text: string; again?: () => void; againText?: string }) {
  return (
    <div class="problem" role="alert">
      <p>{text}</p>
      {again && (
        <button type="button" onClick={again}>
          {againText}
        </button>
      )}
    </div>
  );
}

// Trouble shows an error of the server where it occurred, with the name under which its log knows it.
export function Trouble({ error, again, againText, text }: { error?: APIError; again?: () => void; againText?: string; text?: string }) {
  if (!error) return null;
  const id = error.problem.status >= 500 ? error.problem.request_id : undefined;
  return <Failed text={(text ?? error.message) + (id ? ` (request ${id})` : "")} again={again} againText={againText} />;
}

// Time is an instant in UTC; the reader's own clock shows on hover.
export function Time({ at, decimals = 0, relative = false }: { at: string | null | undefined; decimals?: number; relative?: boolean }) {
  if (!at) return <span class="muted">–</span>;
  return (
    <time dateTime={at} title={local(at)} class="num">
      {utc(at, decimals)}
      {relative && <span class="muted"> ({ago(at)})</span>}
    </time>
  );
}

// Skew is a duration with its one sigma; 0 means that the uncertainty is not known.
export function Skew({ s, sigma }: { s: number; sigma: number }) {
  return (
    <span class="num" title={`exactly ${s} s`}>
      {seconds(s, sigma)}
      {!(sigma > 0) && <span class="muted"> (uncertainty unknown)</span>}
    </span>
  );
}

export function NoData() {
  return <span class="muted">{noData}</span>;
}

// Of receivers and of schedules.
const otherMarks = { up: "●", down: "✕", unknown: "?", open: "⊘", half_open: "◑", paused: "‖", skipped: "↷" };

const stateMarks: Record<string, string> = { pending: "○", running: "◐", success: "●", partial: "◑", failed: "✕", cancelled: "–", ...otherMarks };

// StateBadge says a state by word, mark and colour, so that no reader depends on one of them.
export function StateBadge({ state, text = state }: { state: string; text?: string }) {
  return (
    <span class={`state ${state}`}>
      <span aria-hidden="true">{stateMarks[state] ?? "·"}</span> {text}
    </span>
  );
}

export function Bar({ value, label }: { value: number; label: string }) {
  return (
    <span class="bar">
      <progress max={1} value={value} aria-label={label} />
      <span class="num">{Math.floor(value * 100)} %</span>
    </span>
  );
}

// Table scrolls sideways by itself on a narrow screen, also by keyboard.
export function Table({ caption, children, class: className }: { caption: string; children: ComponentChildren; class?: string }) {
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table class={className}>
        <caption class="unseen">{caption}</caption>
        {children}
      </table>
    </div>
  );
}

export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

// Fact may have the name that its value has in the API.
export function Fact({ name, id, children }: { name: string; id?: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-name={id}>{children}</dd>
    </div>
  );
}

// Action is a button that asks something of the server, once at a time, and shows beside itself what went wrong.
// One that needs more than the reader may do is disabled, and says why.
export function Action({ text, busy, act, kind, needs }: { text: string; busy: string; act: () => Promise<void>; kind?: string; needs?: Scope }) {
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<APIError>();
  const press = async () => {
    setWorking(true);
    setError(undefined);
    try {
      await act();
    } catch (err) {
      setError(problemOf(err));
    }
    setWorking(false);
  };
  return (
    <>
      <Button class={kind} disabled={working} onClick={press} needs={needs}>
        {working ? busy : text}
      </Button>
      <Trouble error={error} />
    </>
  );
}

// Button is disabled when the reader may not do what it needs, and says why when pointed at or read out.
export function Button({ needs, disabled, type = "button", class: className, onClick, children }: {
  needs?: Scope;
  disabled?: boolean;
  type?: "button" | "submit";
  class?: string;
  onClick?: () => void;
  children: ComponentChildren;
}) {
  const id = useId();
  const why = needs && lack(needs);
  return (
    <>
      <button type={type} class={className} disabled={disabled || why !== undefined} title={why} aria-describedby={why && id} onClick={onClick}>
        {children}
      </button>
      {why && <span id={id} class="why">needs the scope {needs}</span>}
    </>
  );
}

// Dialog is shown as long as it exists. The browser keeps the focus inside and gives it back.
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!element.current?.open) element.current?.showModal();
  }, []);
  return (
    <dialog ref={element} aria-label={title} onClose={close} onClick={(e) => e.target === element.current && element.current?.close()}>
      <div class="inside">
        <h2>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
