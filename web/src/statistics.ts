// The shapes of the statistics, with the API's names and units (docs/openapi.json). Whatever is a number of nothing is null.

// A Range is what statistics are about, and where they come from.
export interface Range {
  from: string;
  to: string;
  rows_deleted: boolean;
}

export interface SNRPoint {
  websdr_id: number;
  start: string;
  measurements: number;
  detected: number;
  snr_count: number;
  snr_mean_db: number | null;
  snr_std_db: number | null;
  snr_min_db: number | null;
  snr_max_db: number | null;
}

export interface SNRStatistics extends Range {
  bucket: "1h" | "1d";
  points: SNRPoint[];
}

export interface NoisePoint {
  websdr_id: number;
  start: string;
  measurements: number;
  noise_count: number;
  noise_mean_dbfs_hz: number | null;
  noise_std_db: number | null;
  noise_min_dbfs_hz: number | null;
  noise_max_dbfs_hz: number | null;
}

export interface NoiseStatistics extends Range {
  bucket: "1h" | "1d";
  points: NoisePoint[];
}

export interface Offsets {
  offset_count: number;
  offset_mean_hz: number | null;
  offset_std_hz: number | null;
  offset_min_hz: number | null;
  offset_max_hz: number | null;
}

export interface DriftPoint extends Offsets {
  start: string;
}

export interface DriftSeries extends Offsets {
  websdr_id: number;
  frequency_mhz: number;
  slope_hz_per_day: number | null;
  slope_sigma_hz_per_day: number | null;
  points: DriftPoint[];
}

export interface DriftStatistics extends Range {
  bucket: "1h" | "1d";
  series: DriftSeries[];
}

// A Clock is what carriers at one frequency tell of one receiver's clock.
export interface Clock extends Offsets {
  websdr_id: number;
  frequency_mhz: number;
  offset_mean_ppm: number | null;
  offset_std_ppm: number | null;
  offset_sigma_ppm: number | null;
  others: number;
  others_median_ppm: number | null;
  own_ppm: number | null;
  own_sigma_ppm: number | null;
  slope_hz_per_day: number | null;
  slope_sigma_hz_per_day: number | null;
  slope_ppm_per_day: number | null;
  slope_sigma_ppm_per_day: number | null;
}

export interface ClockStatistics extends Range {
  bucket: "1h" | "1d";
  clocks: Clock[];
}

export interface Performance extends Offsets {
  websdr_id: number;
  captures: number;
  successes: number;
  failed: number;
  cancelled: number;
  success_share: number | null;
  failures: Record<string, number>;
  recorded_s: number;
  bytes: number;
  detected: number;
  detected_share: number | null;
  snr_count: number;
  snr_mean_db: number | null;
  snr_std_db: number | null;
  last_success_at: string | null;
}

export interface WebSDRStatistics extends Range {
  websdrs: Performance[];
}

export interface CoverageStatistics extends Range {
  days: {
    websdr_id: number;
    start: string;
    captures: number;
    successes: number;
    success_share: number | null;
    recorded_s: number;
    time_share: number | null;
  }[];
}

export interface SessionStatistics extends Range {
  acquisitions: number;
  acquisitions_by_state: Record<string, number>;
  captures: number;
  failed: number;
}

export interface OccupancyStatistics extends Range {
  bucket: "1h" | "1d";
  channels: {
    frequency_mhz: number;
    measurements: number;
    detected: number;
    occupied_share: number | null;
    occupied_share_low: number | null;
    occupied_share_high: number | null;
  }[];
}
