// The shapes of the API that the pages use, with its names and units (docs/openapi.json).

export type State = "pending" | "running" | "success" | "partial" | "failed" | "cancelled";

export interface Hold {
  by: string;
  reason: string;
  at: string;
}

export interface Acquisition {
  task_id: string;
  label: string;
  state: State;
  progress: number;
  captures_total: number;
  captures_ended: number;
  frequency_mhz: number;
  duration_seconds: number;
  sample_rate_khz: number | null;
  channel_center_hz: number;
  channel_bandwidth_hz: number | null;
  start_time: string | null;
  join_timeout_seconds: number;
  websdrs: number[];
  cancel_requested: boolean;
  reason: string;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  window_start: string | null;
  claims: number;
  hold?: Hold;
  captures?: Capture[];
}

export interface AcquisitionPage {
  acquisitions: Acquisition[];
  next_cursor: string | null;
}

export interface AcquisitionRequest {
  frequency_mhz: number | null;
  duration_seconds: number | null;
  websdrs: number[];
  start_time?: string;
  sample_rate_khz?: number;
  channel_center_hz?: number;
  channel_bandwidth_hz?: number;
  join_timeout_seconds?: number;
  label?: string;
}

export interface Gap {
  sample: number;
  missing: number;
}

export interface Recording {
  s3_path: string;
  download: string;
  datatype: string;
  sample_rate_khz: number;
  nominal_sample_rate_khz: number;
  frequency_mhz: number;
  passband_low_hz: number;
  passband_high_hz: number;
  samples_count: number;
  expected_samples: number;
  bytes: number;
  sha256: string;
  start_utc: string;
  start_unix_ns: string;
  start_skew_seconds: number;
  time_quality: string;
  time_uncertainty_s: number;
  time_residual_s: number;
  gps_age_max_s: number | null;
  gaps: Gap[];
  overloads: number;
  s_meter_dbm: number | null;
  dialect: string;
}

export interface Capture {
  task_id: string;
  websdr_id: number;
  state: State;
  phase: string;
  attempts: number;
  next_attempt_at: string | null;
  failure_class: string;
  reason: string;
  bytes_received: number;
  elapsed_seconds: number;
  started_at: string | null;
  ended_at: string | null;
  recording?: Recording;
}

export interface CapturePage {
  captures: Capture[];
  next_cursor: string | null;
}

export type MetricValue = number | string | boolean | string[] | null;

// The metrics themselves are told by GET /api/v1/metrics, so a new one shows up without a change here.
export interface Measurement {
  task_id: string;
  websdr_id: number;
  timestamp_utc: string;
  frequency_mhz: number;
  sample_rate_khz: number;
  samples_count: number;
  time_quality: string;
  time_uncertainty_s: number;
  detected: boolean;
  snr_db: number | null;
  snr_sigma_db: number | null;
  snr_upper_db: number | null;
  noise_dbfs_hz: number | null;
  frequency_offset_hz: number | null;
  frequency_sigma_hz: number | null;
  clock_sigma_hz: number | null;
  flags: string[];
  [metric: string]: MetricValue;
}

export interface MeasurementPage {
  measurements: Measurement[];
  next_cursor: string | null;
}

export interface Definition {
  name: string;
  type: string;
  unit: string;
  nullable: boolean;
  meaning: string;
  section: string;
  values: { name: string; meaning: string }[];
}

export interface Definitions {
  algorithm_version: string;
  metrics: Definition[];
}

export interface WebSDR {
  websdr_id: number;
  name: string;
  kind: string;
  url: string;
  location_name: string;
  latitude: number;
  longitude: number;
  altitude_m: number | null;
  is_active: boolean;
  timeout_seconds: number;
  retry_count: number;
  frequency_min_hz: number;
  frequency_max_hz: number;
  frequency_offset_hz: number;
  sample_rate_hz: number;
  passband_low_hz: number;
  passband_high_hz: number;
  gain_db: number | null;
  has_password: boolean;
  clock_sigma_ppm: number;
  calibration_db: number | null;
  calibration_sigma_db: number | null;
  notes: string;
  created_at: string;
  updated_at: string;
  daily_budget_seconds: number;
  used_today_seconds: number;
  blocked_until: string | null;
  blocked_class: string;
  blocked_reason: string;
  health?: Health; // in the list alone: of one, it is in its WebSDRStatus
}

export type HealthState = "up" | "down" | "unknown";

export interface Health {
  state: HealthState;
  breaker: "closed" | "open" | "half_open";
  opened_at: string | null;
  failures: number;
  failure_class: string;
  reason: string;
  last_at: string | null;
  last_ok_at: string | null;
  next_probe_at: string | null;
  latency_ms: number | null;
  uptime_24h_percent: number | null;
  users: number | null;
  users_max: number | null;
  version: string;
  gps_satellites: number | null;
  gps_fixes_per_min: number | null;
  receiver_snr_db: number | null;
}

// An Observation is what was learnt of a WebSDR at one moment.
export interface Observation {
  at: string;
  source: "probe" | "capture";
  ok: boolean;
  state: HealthState;
  failure_class: string;
  reason: string;
  latency_ms: number | null;
}

export interface HistoryPart {
  from: string;
  to: string;
  up: number;
  down: number;
  unknown: number;
}

// A WebSDRHistory counts observations, part by part of a time.
export interface WebSDRHistory {
  from: string;
  to: string;
  parts: HistoryPart[];
  failures: { failure_class: string; times: number; last_at: string; last_reason: string }[];
}

export interface Uptime {
  hours: number;
  uptime_percent: number | null;
  known_percent: number;
  attempts: number;
  successes: number;
  available_percent: number | null;
}

export interface WebSDRStatus {
  websdr_id: number;
  health: Health;
  uptimes: Uptime[];
  observations: Observation[];
  details: Record<string, string>;
  next_cursor: string | null;
}

// An Estimate is about how much an acquisition will hold.
export interface Estimate {
  bytes: number;
  known: number;
  unknown: number;
}

export interface ImportResult {
  created: number;
  updated: number;
  dry_run: boolean;
}

export interface Ready {
  ready: boolean;
  dependencies: { name: string; status: string; error?: string }[];
}

export interface System {
  version: string;
  algorithm_version: string;
  database: {
    backend: string;
    version: string;
    reason: string;
    schema_version: number;
    partitions: number;
    compressed_partitions: number;
    compress_after_days: number | null;
    bytes: number;
  };
  objects: string;
  retention_days: number | null;
  queue: { pending: number; running: number };
}

export interface Deleted {
  acquisitions: number;
  rows: number;
  objects: number;
  bytes: number;
}

export interface Retention {
  rules: {
    days: number | null;
    days_quiet: number | null;
    quiet_snr_db: number | null;
    quota_bytes: number | null;
    free_bytes: number | null;
  };
  recorded_bytes: number;
  held_bytes: number;
  planned_bytes: number;
  free_bytes: number | null;
  last_run?: { began_at: string; ended_at: string; outcome: Deleted; error: string };
  next_run_at: string | null;
}

export interface DeletionPage {
  deletions: { task_id: string; reason: string; ended_at: string; rows: number; objects: number; bytes: number; planned_at: string; done_at: string | null }[];
  next_cursor: string | null;
}

export interface Spectrogram {
  start: string;
  column_s: number;
  frequency_mhz: number;
  low_hz: number;
  step_hz: number;
  noise_bandwidth_hz: number;
  min_dbfs: number;
  max_dbfs: number;
  power_dbfs: (number[] | null)[];
}

export interface PSD {
  start: string;
  duration_s: number;
  frequency_mhz: number;
  low_hz: number;
  step_hz: number;
  noise_bandwidth_hz: number;
  segments: number;
  exact: boolean;
  density_dbfs_hz: number[];
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  errors?: { location: string; message: string }[];
  request_id?: string;
}
