// The shapes of schedules and of their runs, with the API's names and units (docs/openapi.json).

export interface Recurrence {
  every_seconds?: number | null;
  cron?: string | null;
  rrule?: string | null;
  sun?: string | null;
  offset_seconds?: number;
  latitude?: number | null;
  longitude?: number | null;
  websdr_id?: number | null;
}

export interface ScheduleWindow {
  days?: string[] | null;
  from: string;
  to: string;
}

export interface Schedule {
  schedule_id: number;
  name: string;
  is_active: boolean;
  frequency_mhz: number;
  duration_seconds: number;
  websdrs: number[] | null;
  label: string;
  priority: number;
  sample_rate_khz: number | null;
  channel_center_hz: number;
  channel_bandwidth_hz: number | null;
  join_timeout_seconds: number;
  recurrence: Recurrence;
  zone: string;
  windows: ScheduleWindow[];
  start_at: string | null;
  end_at: string | null;
  max_runs: number | null;
  jitter_seconds: number;
  misfire: "skip" | "latest" | "all";
  grace_seconds: number;
  overlap: "allow" | "skip";
  runs_count: number;
  next_due_at: string | null;
  next_start_at: string | null;
  created_at: string;
  updated_at: string;
}

export interface ScheduleRun {
  schedule_id: number;
  due_at: string;
  last_due_at: string;
  start_at: string;
  fired_at: string;
  task_id: string | null;
  skipped: string | null;
  detail: string;
  count: number;
  by_hand: boolean;
}

export interface ScheduleRunPage {
  runs: ScheduleRun[];
  next_cursor: string | null;
}

export interface UpcomingRun {
  schedule_id: number;
  name: string;
  due_at: string;
  start_at: string;
  jitter_seconds: number;
  local_time: string;
  window: string | null;
  left_out: number;
}

export interface Forecast {
  from: string;
  to: string;
  count: number;
  runs: UpcomingRun[];
  hosts: { host: string; websdrs: number[]; runs: number; seconds_per_day: number; time_share: number }[];
}
