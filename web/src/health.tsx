// How a receiver is, in a word with a mark, and what stands against contacting it.

import type { Health, HealthState, WebSDR } from "./types";
import { ago, fixed, plain } from "./format";
import { StateBadge, Time } from "./ui";

const words: Record<HealthState, string> = { up: "up", down: "down", unknown: "not known" };

export function HealthBadge({ of: h }: { of: Health }) {
  return <StateBadge state={h.state} text={words[h.state]} />;
}

// Breaker is nothing while attempts may pass.
export function Breaker({ of: h }: { of: Health }) {
  if (h.breaker === "closed") return null;
  return (
    <>
      <StateBadge state={h.breaker} text={h.breaker === "open" ? "not contacted" : "on trial"} />{" "}
      {h.opened_at && <span class="muted">for {ago(h.opened_at).replace(" ago", "")}</span>}
    </>
  );
}

// HealthCell is what a list says of a receiver's health.
export function HealthCell({ of: w }: { of: WebSDR }) {
  const h = w.health;
  if (!h) return <span class="muted">–</span>;
  return (
    <>
      <HealthBadge of={h} /> <Breaker of={h} />
      {h.state === "down" && h.failure_class && <span class="below" title={h.reason}>{h.failure_class}</span>}
      {h.breaker !== "closed" && h.next_probe_at && <span class="below">next trial {ago(h.next_probe_at)}</span>}
      <Blocked of={w} />
    </>
  );
}

export function isBlocked(w: WebSDR, now = Date.now()): boolean {
  return w.blocked_until !== null && Date.parse(w.blocked_until) > now;
}

export function Blocked({ of: w }: { of: WebSDR }) {
  if (!isBlocked(w)) return null;
  return <span class="below">turned us away ({w.blocked_class}) until <Time at={w.blocked_until} /></span>;
}

export function milliseconds(ms: number | null): string {
  return ms === null ? "no data" : `${plain(ms, 3)} ms`;
}

export function percentOf(p: number | null, decimals = 2): string {
  return p === null ? "no data" : `${fixed(p, decimals)} %`;
}

// healthWord says it without any mark, for screen readers and tooltips.
export function healthWord(w: WebSDR): string {
  if (!w.is_active) return "inactive";
  const h = w.health;
  if (!h) return "active";
  return [words[h.state], h.breaker === "open" ? "not contacted" : ""].filter(Boolean).join(", ");
}

export function pinLook(w: WebSDR): "on" | "off" | "down" | "unknown" {
  if (!w.is_active) return "off";
  if (w.health?.state === "down") return "down";
  return w.health?.state === "up" ? "on" : "unknown";
}
