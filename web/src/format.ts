// Numbers and times in words. What is not there is "no data", and no digit is shown that means nothing.

export const noData = "no data";

const minus = "\u2212";

// fixed is a number with so many decimals, a real minus sign and thin spaces between thousands.
export function fixed(v: number, decimals: number): string {
  const text = Math.abs(v).toFixed(decimals);
  const [whole, rest] = text.split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u2009") : whole;
  const zero = Number(text) === 0;
  return (v < 0 && !zero ? minus : "") + grouped + (rest ? `.${rest}` : "");
}

// decimalsOf is how many decimals two digits of an uncertainty need.
function decimalsOf(sigma: number): number {
  return Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(sigma))));
}

// sure is a value with its uncertainty of one sigma, both to two digits of the latter.
export function sure(v: number, sigma: number | null | undefined, decimals: number): string {
  if (!sigma || !(sigma > 0)) return fixed(v, decimals);
  const d = decimalsOf(sigma);
  return `${fixed(v, d)} \u00b1 ${fixed(sigma, d)}`;
}

// spread is an uncertainty to two digits.
export function spread(sigma: number): string {
  return fixed(sigma, decimalsOf(sigma));
}

// plain is a number to a few significant digits, for what has no uncertainty.
export function plain(v: number, digits = 4): string {
  if (v === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(v)));
  if (size < -4) return v.toExponential(digits - 1).replace(/-/g, minus);
  if (Number.isInteger(v)) return fixed(v, 0);
  return fixed(v, Math.max(0, digits - 1 - size));
}

const decimalsByUnit: Record<string, number> = { dB: 2, dBFS: 2, "dBFS/Hz": 2, dBm: 2, "dBm/Hz": 2, dBHz: 2, Hz: 2, "Hz/s": 3 };

export function decimalsFor(unit: string): number | undefined {
  return decimalsByUnit[unit];
}

// seconds is a duration in a unit that fits.
export function seconds(s: number, sigma?: number): string {
  const size = Math.max(Math.abs(s), sigma ?? 0);
  const [scale, unit] = size === 0 || size >= 1 ? [1, "s"] : size >= 1e-3 ? [1e3, "ms"] : size >= 1e-6 ? [1e6, "\u00b5s"] : [1e9, "ns"];
  if (sigma && sigma > 0) return `${sure(s * scale, sigma * scale, 3)} ${unit}`;
  return `${plain(s * scale)} ${unit}`;
}

// length is how much was recorded, which nobody needs finer than to a tenth of a second.
export function length(s: number): string {
  if (s < 600) return `${fixed(s, Number.isInteger(Math.round(s * 1000) / 1000) ? 0 : 1)} s`;
  return s < 36_000 ? `${fixed(s / 60, 1)} min` : `${fixed(s / 3600, 1)} h`;
}

export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let i = 0;
  while (Math.abs(n) >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return `${i === 0 ? fixed(n, 0) : fixed(n, n < 10 ? 2 : n < 100 ? 1 : 0)} ${units[i]}`;
}

export function mhz(v: number): string {
  return `${String(v)} MHz`;
}

// utc is a time as the pages show it, to the second or finer.
export function utc(iso: string, decimals = 0): string {
  const [date, rest] = iso.replace("Z", "").split("T");
  const [clock, fraction = ""] = rest.split(".");
  return `${date} ${clock}${decimals > 0 ? `.${fraction.padEnd(decimals, "0").slice(0, decimals)}` : ""} UTC`;
}

// clock is the time of day of it, where the date stands elsewhere.
export function clock(iso: string, decimals = 0): string {
  return utc(iso, decimals).split(" ")[1];
}

// local is the same instant on the reader's own clock.
export function local(iso: string): string {
  return `${new Date(iso).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })} on your clock`;
}

// ago says how long ago something was, roughly.
export function ago(iso: string, now = Date.now()): string {
  const s = (now - Date.parse(iso)) / 1000;
  const far = Math.abs(s);
  const text = far < 90 ? `${Math.round(far)} s` : far < 5400 ? `${Math.round(far / 60)} min` : far < 129_600 ? `${Math.round(far / 3600)} h` : `${Math.round(far / 86_400)} d`;
  return s >= 0 ? `${text} ago` : `in ${text}`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${fixed(n, 0)} ${n === 1 ? one : many}`;
}
