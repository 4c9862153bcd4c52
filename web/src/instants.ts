// Instants to the nanosecond: a number of JavaScript cannot hold one, nor can its Date. Times within an acquisition are
// seconds after one instant, which a number holds well.

// nanosecondsOf is an RFC 3339 time in UTC, in nanoseconds since 1970.
export function nanosecondsOf(iso: string): bigint {
  const [, whole, fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(iso) ?? [];
  return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9));
}

// isoOf is the opposite.
export function isoOf(ns: bigint): string {
  const second = 1_000_000_000n;
  const rest = ((ns % second) + second) % second;
  const whole = new Date(Number((ns - rest) / 1_000_000n)).toISOString().slice(0, 19);
  return `${whole}.${String(rest).padStart(9, "0")}Z`;
}

// after is so many seconds after an instant.
export function after(ns: bigint, seconds: number): bigint {
  return ns + BigInt(Math.round(seconds * 1e9));
}

// secondsBetween are those from one instant to another.
export function secondsBetween(from: bigint, to: bigint): number {
  return Number(to - from) / 1e9;
}
