package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A WebSDRHealth is how a WebSDR is, as far as is known.
type WebSDRHealth struct {
	State            heimdall.HealthState  `json:"state" enum:"up,down,unknown" doc:"Whether it answers as what it claims to be. One that is busy is up; unknown: nobody has asked yet, or it has shut us out"`
	Breaker          heimdall.BreakerState `json:"breaker" enum:"closed,open,half_open" doc:"closed: acquisitions may contact it; open: it failed several times in a row, and attempts are refused at once; half_open: a trial is under way"`
	Failures         int                   `json:"failures" doc:"Of probes and attempts, in a row"`
	OpenedAt         *time.Time            `json:"opened_at" doc:"When the breaker opened; null while it is closed"`
	LastAt           *time.Time            `json:"last_at" doc:"When it was last heard of, well or not"`
	LastOKAt         *time.Time            `json:"last_ok_at" doc:"When it was last found up"`
	NextProbeAt      *time.Time            `json:"next_probe_at" doc:"When it is probed next; null when nothing is planned"`
	FailureClass     heimdall.FailureClass `json:"failure_class" doc:"Of the last failure, until it is well again"`
	Reason           string                `json:"reason" doc:"Of the last failure, until it is well again"`
	LatencyMS        *float64              `json:"latency_ms" doc:"Until the last probe was answered, in milliseconds"`
	Users            *int                  `json:"users" doc:"Who listened at the last probe; null when it does not say"`
	UsersMax         *int                  `json:"users_max" doc:"How many may listen"`
	GPSFixesPerMin   *int                  `json:"gps_fixes_per_min" doc:"Of its GPS"`
	GPSSatellites    *int                  `json:"gps_satellites" doc:"Satellites that its GPS uses"`
	ReceiverSNRdB    *float64              `json:"receiver_snr_db" doc:"The signal-to-noise ratio of all bands that it reports of itself, in dB; not measured by us"`
	Version          string                `json:"version" doc:"Of its software"`
	Uptime24hPercent *float64              `json:"uptime_24h_percent" doc:"Share of the known time of the last 24 hours in which it was up, in percent; null when nothing is known" example:"99.2"`
}

// HealthOf converts h with its uptime of the last 24 hours.
func HealthOf(h heimdall.Health, day heimdall.Uptime) WebSDRHealth {
	return WebSDRHealth{
		State: h.State, Breaker: h.Breaker, Failures: h.Failures, OpenedAt: instant(h.OpenedAt), LastAt: instant(h.LastAt),
		LastOKAt: instant(h.LastUpAt), NextProbeAt: instant(h.NextProbeAt), FailureClass: h.LastClass, Reason: h.LastError,
		LatencyMS: milliseconds(h.Latency), Users: h.Users, UsersMax: h.UsersMax, GPSFixesPerMin: h.FixesPerMin,
		GPSSatellites: h.Satellites, ReceiverSNRdB: h.SNRdB, Version: h.Version, Uptime24hPercent: percent(day.Share()),
	}
}

// A ListedWebSDR is a WebSDR with its health. To store a WebSDR again, take it from /websdrs/{websdr_id} or an export.
type ListedWebSDR struct {
	WebSDR
	Health WebSDRHealth `json:"health" doc:"How it is, as far as is known"`
}

// A WebSDRStatus is the health of a WebSDR with what it is made of.
type WebSDRStatus struct {
	WebSDRID     int64             `json:"websdr_id" doc:"Identity of the WebSDR" example:"1"`
	Name         string            `json:"name" doc:"Its name"`
	Health       WebSDRHealth      `json:"health" doc:"How it is, as far as is known"`
	Details      map[string]string `json:"details" nullable:"false" doc:"What else it said of itself at the last probe, by name"`
	Uptimes      []Uptime          `json:"uptimes" nullable:"false" doc:"Of the last 24 hours, 7 days and 30 days"`
	Observations []Observation     `json:"observations" nullable:"false" doc:"What was learnt of it, newest first"`
	NextCursor   *string           `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}

// An Uptime says for how much of a time a WebSDR was up.
type Uptime struct {
	Hours            float64  `json:"hours" doc:"The time, until now" example:"24"`
	UptimePercent    *float64 `json:"uptime_percent" doc:"Share of the known time in which it was up, in percent, weighted by time; null when nothing is known"`
	KnownPercent     float64  `json:"known_percent" doc:"Share of the time of which anything is known, in percent: what is learnt holds until the next is, but no longer than three waits between probes"`
	Attempts         int64    `json:"attempts" doc:"Attempts of captures to open a stream"`
	Successes        int64    `json:"successes" doc:"Attempts that succeeded"`
	AvailablePercent *float64 `json:"available_percent" doc:"Share of the attempts that succeeded, in percent; null without any"`
}

// UptimeOf converts u, reckoned over that time.
func UptimeOf(u heimdall.Uptime, over time.Duration) Uptime {
	w := Uptime{Hours: over.Hours(), UptimePercent: percent(u.Share()), KnownPercent: 100 * (u.Up + u.Down).Seconds() / over.Seconds(),
		Attempts: u.Attempts, Successes: u.Successes}
	if u.Attempts > 0 {
		w.AvailablePercent = new(100 * float64(u.Successes) / float64(u.Attempts))
	}
	return w
}

// An Observation is what was learnt of a WebSDR at one moment.
type Observation struct {
	At             time.Time                  `json:"at" doc:"When"`
	Source         heimdall.ObservationSource `json:"source" enum:"probe,capture" doc:"A probe, or the attempt of a capture to open a stream"`
	OK             bool                       `json:"ok" doc:"Whether it answered and gave what it was asked for"`
	State          heimdall.HealthState       `json:"state" enum:"up,down,unknown" doc:"What that says of its health"`
	FailureClass   heimdall.FailureClass      `json:"failure_class" doc:"Why not"`
	Reason         string                     `json:"reason" doc:"Why not, in words"`
	LatencyMS      *float64                   `json:"latency_ms" doc:"Until the answer was there, in milliseconds"`
	Users          *int                       `json:"users" doc:"Who listened"`
	UsersMax       *int                       `json:"users_max" doc:"How many may listen"`
	GPSFixesPerMin *int                       `json:"gps_fixes_per_min" doc:"Of its GPS"`
	GPSSatellites  *int                       `json:"gps_satellites" doc:"Satellites that its GPS uses"`
	ReceiverSNRdB  *float64                   `json:"receiver_snr_db" doc:"The signal-to-noise ratio that it reports of itself, in dB"`
	Version        string                     `json:"version" doc:"Of its software"`
}

// ObservationOf converts o.
func ObservationOf(o heimdall.Observation) Observation {
	return Observation{
		At: o.At.UTC(), Source: o.Source, OK: o.OK, State: o.Says(), FailureClass: o.FailureClass, Reason: o.Reason,
		LatencyMS: milliseconds(o.Latency), Users: o.Users, UsersMax: o.UsersMax, GPSFixesPerMin: o.FixesPerMin,
		GPSSatellites: o.Satellites, ReceiverSNRdB: o.SNRdB, Version: o.Version,
	}
}

// A ProbeResult is what a probe has found, and how the WebSDR stands after it.
type ProbeResult struct {
	WebSDRID    int64             `json:"websdr_id" doc:"Identity of the WebSDR" example:"1"`
	Observation Observation       `json:"observation" doc:"What the probe has found"`
	Health      WebSDRHealth      `json:"health" doc:"How it is after that"`
	Details     map[string]string `json:"details" nullable:"false" doc:"What else it said of itself, by name"`
}

func milliseconds(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	return new(float64(d) / float64(time.Millisecond))
}

func percent(share *float64) *float64 {
	if share == nil {
		return nil
	}
	return new(100 * *share)
}
