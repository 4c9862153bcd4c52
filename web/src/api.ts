// The one place where the pages speak to the server. An answer that is no success becomes an APIError, which knows
// the fields it is about, so that a form shows it where it occurs.

import { turnAway, type Session } from "./session";
import type {
  Acquisition, AcquisitionPage, AcquisitionRequest, Capture, CapturePage, Definitions, Deleted, DeletionPage, Estimate, ImportResult,
  Measurement, MeasurementPage, Problem, PSD, Ready, Retention, Spectrogram, System, WebSDR,
} from "./types";
import type { Emitter, EmitterInBand } from "./emitters";
import type { Forecast, Schedule, ScheduleRun, ScheduleRunPage, UpcomingRun } from "./schedules";
import type {
  ClockStatistics, CoverageStatistics, DriftStatistics, NoiseStatistics, OccupancyStatistics, SessionStatistics, SNRStatistics, WebSDRStatistics,
} from "./statistics";
import type { Health, Observation, WebSDRHistory, WebSDRStatus } from "./types";

export class APIError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }

  // field is what is wrong with one field, or nothing. A field of a list, such as websdrs[2], is part of its list.
  field(name: string): string | undefined {
    const about = (this.problem.errors ?? []).filter((e) => bare(e.location) === name);
    return about.length > 0 ? about.map((e) => e.message).join("; ") : undefined;
  }

  // beyond is what concerns none of the fields named.
  beyond(names: string[]): string | undefined {
    const errors = this.problem.errors ?? [];
    const rest = errors.filter((e) => !names.includes(bare(e.location)));
    if (errors.length === 0) return this.message;
    return rest.length > 0 ? rest.map((e) => `${e.location} ${e.message}`).join("; ") : undefined;
  }
}

function bare(location: string): string {
  return location.replace(/^(body|query|path|header)\./, "").replace(/\[\d+\].*$/, "");
}

// A Query holds parameters; those without a value are left out, because the server refuses empty ones.
export type Query = Record<string, string | number | boolean | undefined | null | (string | number)[]>;

export function address(path: string, query: Query = {}): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "" && one !== false) q.append(name, String(one));
    }
  }
  const text = q.toString();
  return text ? `${path}?${text}` : path;
}

async function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, method, headers: { Accept: "application/json", ...init.headers } });
  } catch (err) {
    if (init.signal?.aborted) throw err;
    throw new APIError({ title: "No answer", status: 0, detail: "The server cannot be reached. The page tries no further: check that it runs, then try again." });
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== loginPath) turnAway();
  throw new APIError(await problemOf(response));
}

// problemOf reads the server's complaint, or makes one up for a proxy that answers in its own words.
async function problemOf(response: Response): Promise<Problem> {
  const plain = { title: response.statusText, status: response.status, detail: `The server answered ${response.status} ${response.statusText}.` };
  try {
    const body = (await response.json()) as Partial<Problem>;
    return { ...plain, ...body };
  } catch {
    return plain;
  }
}

async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await send("GET", address(path, query), { signal })).json();
}

function json(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
}

const v1 = "/api/v1";
const loginPath = `${v1}/login`;
const task = (id: string) => `${v1}/acquisitions/${encodeURIComponent(id)}`;

const recording = (id: string, websdr: number) => `${v1}/recordings/${encodeURIComponent(id)}/${websdr}`;

// A Versioned value knows which version of it was read, so that a change cannot overwrite somebody else's.
export interface Versioned<T> {
  value: T;
  etag: string;
}

export const api = {
  session: () => get<Session>(`${v1}/session`),
  login: async (token: string): Promise<Session> => (await send("POST", loginPath, json({ token }))).json(),
  logout: () => send("POST", `${v1}/logout`),

  system: (signal?: AbortSignal) => get<System>(`${v1}/system`, {}, signal),
  ready: async (signal?: AbortSignal): Promise<Ready> => {
    try {
      return await get<Ready>("/readyz", {}, signal);
    } catch (err) {
      if (!(err instanceof APIError) || err.problem.status !== 503) throw err;
      return { ready: false, dependencies: (err.problem.errors ?? []).map((e) => ({ name: e.location, status: "down", error: e.message })) };
    }
  },
  retention: (signal?: AbortSignal) => get<Retention>(`${v1}/retention`, {}, signal),
  deletions: (query: Query, signal?: AbortSignal) => get<DeletionPage>(`${v1}/deletions`, query, signal),
  metrics: () => get<Definitions>(`${v1}/metrics`),

  acquisitions: (query: Query, signal?: AbortSignal) => get<AcquisitionPage>(`${v1}/acquisitions`, query, signal),
  acquisition: (id: string, signal?: AbortSignal) => get<Acquisition>(task(id), {}, signal),
  createAcquisition: async (r: AcquisitionRequest, key: string): Promise<Acquisition> =>
    (await send("POST", `${v1}/acquisitions`, json(r, { "Idempotency-Key": key }))).json(),
  estimate: (query: Query, signal?: AbortSignal) => get<Estimate>(`${v1}/acquisitions/estimate`, query, signal),
  cancel: async (id: string): Promise<Acquisition> => (await send("POST", `${task(id)}/cancel`)).json(),
  hold: async (id: string, by: string, reason: string): Promise<Acquisition> => (await send("POST", `${task(id)}/hold`, json({ by, reason }))).json(),
  release: async (id: string): Promise<Acquisition> => (await send("DELETE", `${task(id)}/hold`)).json(),
  deleteAcquisition: async (id: string, reason: string): Promise<Deleted> => (await send("DELETE", address(task(id), { reason }))).json(),
  archive: (id: string, format: string) => address(`${task(id)}/archive`, { format }),
  events: (id: string) => `${task(id)}/events`,
  archivePart: (id: string, query: Query) => address(`${task(id)}/archive`, query),

  spectrogram: (id: string, websdr: number, query: Query, signal?: AbortSignal) => get<Spectrogram>(`${recording(id, websdr)}/spectrogram`, query, signal),
  spectrogramNumbers: async (id: string, websdr: number, query: Query, signal?: AbortSignal): Promise<ArrayBuffer> =>
    (await send("GET", address(`${recording(id, websdr)}/spectrogram`, { ...query, format: "npy" }), { signal })).arrayBuffer(),
  spectrogramPNG: async (id: string, websdr: number, query: Query, signal?: AbortSignal): Promise<Blob> =>
    (await send("GET", address(`${recording(id, websdr)}/spectrogram.png`, query), { signal })).blob(),
  psd: (id: string, websdr: number, query: Query, signal?: AbortSignal) => get<PSD>(`${recording(id, websdr)}/psd`, query, signal),

  captures: (query: Query, signal?: AbortSignal) => get<CapturePage>(`${v1}/captures`, query, signal),
  capture: (id: string, websdr: number, signal?: AbortSignal) => get<Capture>(`${v1}/captures/${encodeURIComponent(id)}/${websdr}`, {}, signal),
  measurements: (query: Query, signal?: AbortSignal) => get<MeasurementPage>(`${v1}/measurements`, query, signal),
  measurementsCSV: (query: Query) => address(`${v1}/measurements`, { ...query, format: "csv" }),

  websdrs: async (signal?: AbortSignal): Promise<WebSDR[]> => (await get<{ websdrs: WebSDR[] }>(`${v1}/websdrs`, {}, signal)).websdrs,
  websdr: async (id: number, signal?: AbortSignal): Promise<Versioned<WebSDR>> => versioned(await send("GET", `${v1}/websdrs/${id}`, { signal })),
  createWebSDR: async (w: unknown): Promise<Versioned<WebSDR>> => versioned(await send("POST", `${v1}/websdrs`, json(w))),
  replaceWebSDR: async (id: number, etag: string, w: unknown): Promise<Versioned<WebSDR>> =>
    versioned(await send("PUT", `${v1}/websdrs/${id}`, json(w, { "If-Match": etag }))),
  deleteWebSDR: async (id: number, etag: string): Promise<void> => {
    await send("DELETE", `${v1}/websdrs/${id}`, { headers: { "If-Match": etag } });
  },
  importWebSDRs: async (file: File, dryRun: boolean): Promise<ImportResult> =>
    (await send("POST", address(`${v1}/websdrs/import`, { dry_run: dryRun }), {
      body: await file.text(),
      headers: { "Content-Type": file.name.toLowerCase().endsWith(".csv") ? "text/csv" : "application/json" },
    })).json(),
  status: (id: number, query: Query = {}, signal?: AbortSignal) => get<WebSDRStatus>(`${v1}/websdrs/${id}/status`, query, signal),
  history: (id: number, query: Query, signal?: AbortSignal) => get<WebSDRHistory>(`${v1}/websdrs/${id}/history`, query, signal),
  probe: async (id: number): Promise<void> => {
    await send("POST", `${v1}/websdrs/${id}/probe`);
  },
  closeBreaker: async (id: number): Promise<Health> => (await send("DELETE", `${v1}/websdrs/${id}/breaker`)).json(),
  forgive: async (id: number): Promise<WebSDR> => (await send("POST", `${v1}/websdrs/${id}/forgive`)).json(),

  snr: (query: Query, signal?: AbortSignal) => get<SNRStatistics>(`${v1}/statistics/snr`, query, signal),
  noise: (query: Query, signal?: AbortSignal) => get<NoiseStatistics>(`${v1}/statistics/noise`, query, signal),
  clocks: (query: Query, signal?: AbortSignal) => get<ClockStatistics>(`${v1}/statistics/clocks`, query, signal),
  sessions: (query: Query, signal?: AbortSignal) => get<SessionStatistics>(`${v1}/statistics/sessions`, query, signal),
  drift: (query: Query, signal?: AbortSignal) => get<DriftStatistics>(`${v1}/statistics/frequency-drift`, query, signal),
  performance: (query: Query, signal?: AbortSignal) => get<WebSDRStatistics>(`${v1}/statistics/websdrs`, query, signal),
  coverage: (query: Query, signal?: AbortSignal) => get<CoverageStatistics>(`${v1}/statistics/coverage`, query, signal),
  occupancy: (query: Query, signal?: AbortSignal) => get<OccupancyStatistics>(`${v1}/statistics/spectrum-occupancy`, query, signal),
  statisticsAs: (what: string, query: Query, format: string) => address(`${v1}/statistics/${what}`, { ...query, format }),
  measurementsAs: (query: Query, format: string) => address(`${v1}/measurements`, { ...query, format }),

  schedules: async (signal?: AbortSignal): Promise<Schedule[]> => (await get<{ schedules: Schedule[] }>(`${v1}/schedules`, {}, signal)).schedules,
  schedule: async (id: number, signal?: AbortSignal): Promise<Versioned<Schedule>> => versioned(await send("GET", `${v1}/schedules/${id}`, { signal })),
  createSchedule: async (s: unknown): Promise<Versioned<Schedule>> => versioned(await send("POST", `${v1}/schedules`, json(s))),
  replaceSchedule: async (id: number, etag: string, s: unknown): Promise<Versioned<Schedule>> =>
    versioned(await send("PUT", `${v1}/schedules/${id}`, json(s, { "If-Match": etag }))),
  deleteSchedule: async (id: number, etag: string): Promise<void> => {
    await send("DELETE", `${v1}/schedules/${id}`, { headers: { "If-Match": etag } });
  },
  pauseSchedule: async (id: number): Promise<void> => {
    await send("POST", `${v1}/schedules/${id}/pause`);
  },
  resumeSchedule: async (id: number): Promise<void> => {
    await send("POST", `${v1}/schedules/${id}/resume`);
  },
  runSchedule: async (id: number): Promise<ScheduleRun> => (await send("POST", `${v1}/schedules/${id}/run`)).json(),
  scheduleRuns: (id: number, query: Query, signal?: AbortSignal) => get<ScheduleRunPage>(`${v1}/schedules/${id}/runs`, query, signal),
  nextRuns: async (id: number, count: number, signal?: AbortSignal): Promise<UpcomingRun[]> =>
    (await get<{ runs: UpcomingRun[] }>(`${v1}/schedules/${id}/next`, { count }, signal)).runs,
  previewSchedule: async (s: unknown, count: number, signal?: AbortSignal): Promise<UpcomingRun[]> =>
    (await (await send("POST", address(`${v1}/schedules/preview`, { count }), { ...json(s), signal })).json()).runs,
  forecast: (query: Query, signal?: AbortSignal) => get<Forecast>(`${v1}/schedules/forecast`, query, signal),

  emitters: async (signal?: AbortSignal): Promise<Emitter[]> => (await get<{ emitters: Emitter[] }>(`${v1}/emitters`, {}, signal)).emitters,
  emittersGeoJSON: () => address(`${v1}/emitters`, { format: "geojson" }),
  emitter: async (id: number, signal?: AbortSignal): Promise<Versioned<Emitter>> => versioned(await send("GET", `${v1}/emitters/${id}`, { signal })),
  createEmitter: async (e: unknown): Promise<Versioned<Emitter>> => versioned(await send("POST", `${v1}/emitters`, json(e))),
  replaceEmitter: async (id: number, etag: string, e: unknown): Promise<Versioned<Emitter>> =>
    versioned(await send("PUT", `${v1}/emitters/${id}`, json(e, { "If-Match": etag }))),
  deleteEmitter: async (id: number, etag: string): Promise<void> => {
    await send("DELETE", `${v1}/emitters/${id}`, { headers: { "If-Match": etag } });
  },
  acquisitionEmitters: async (id: string, signal?: AbortSignal): Promise<EmitterInBand[]> =>
    (await get<{ emitters: EmitterInBand[] }>(`${task(id)}/emitters`, {}, signal)).emitters,

  exportWebSDRs: (format: string) => address(`${v1}/websdrs/export`, { format }),
};

async function versioned<T>(response: Response): Promise<Versioned<T>> {
  return { value: await response.json(), etag: response.headers.get("ETag") ?? "*" };
}

// everyObservation reads what was learnt of a WebSDR since from, newest first, up to most.
export async function everyObservation(id: number, from: string, most: number, signal?: AbortSignal): Promise<{ list: Observation[]; whole: boolean }> {
  const list: Observation[] = [];
  let cursor: string | null = null;
  do {
    const page: WebSDRStatus = await api.status(id, { from, limit: Math.min(1000, most - list.length), cursor }, signal);
    list.push(...page.observations);
    cursor = page.next_cursor;
  } while (cursor !== null && list.length < most);
  return { list, whole: cursor === null };
}

// everyMeasurement reads page after page, up to most rows; whole says whether that was all.
export async function everyMeasurement(query: Query, most: number, signal?: AbortSignal): Promise<{ rows: Measurement[]; whole: boolean }> {
  const rows: Measurement[] = [];
  let cursor: string | null = null;
  do {
    const page: MeasurementPage = await api.measurements({ ...query, limit: Math.min(1000, most - rows.length), cursor }, signal);
    rows.push(...page.measurements);
    cursor = page.next_cursor;
  } while (cursor !== null && rows.length < most);
  return { rows, whole: cursor === null };
}
