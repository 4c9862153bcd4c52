package heimdall

import (
	"fmt"
	"strings"
	"time"
)

// A State is where an acquisition or a capture stands. Partial is for acquisitions only.
type State string

const (
	Pending   State = "pending"
	Running   State = "running"
	Success   State = "success"
	Partial   State = "partial" // at least one capture succeeded and at least one did not
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended reports whether nothing more will happen.
func (s State) Ended() bool { return s == Success || s == Partial || s == Failed || s == Cancelled }

// MayBecome reports whether an acquisition or capture in state s may move to next.
// Running may go back to pending: a worker that stops in good order hands its work back.
func (s State) MayBecome(next State) bool {
	switch s {
	case Pending:
		return next == Running || next == Failed || next == Cancelled
	case Running:
		return next != Running
	}
	return false
}

// Limits on a request.
const (
	MinDuration    = 10 * time.Millisecond
	MaxDuration    = time.Hour
	MaxFrequencyHz = 300_000_000_000
	MaxWebSDRs     = 1000
	MaxLabel       = 200
	MinPriority    = -9
	MaxPriority    = 9

	// DefaultJoinTimeout is how long the receivers that are ready wait for the slowest.
	DefaultJoinTimeout = 20 * time.Second
)

// An Acquisition is one request: a frequency, a duration, a set of WebSDRs. Its row is also the job that a
// worker claims.
type Acquisition struct {
	TaskID         string // UUIDv7
	IdempotencyKey string // a repeat of the request with this key is the same acquisition
	Label          string // what the user calls it

	FrequencyHz        int64
	Duration           time.Duration
	SampleRateHz       int64         // asked of every receiver; 0 means each receiver's own default
	ChannelCenterHz    float64       // of the measured channel, relative to FrequencyHz
	ChannelBandwidthHz float64       // of the measured channel; 0 means DefaultBandwidthHz of the rate
	StartAt            time.Time     // start of the common window; zero means as soon as all are ready
	JoinTimeout        time.Duration // how long the ready receivers wait for the others
	WebSDRIDs          []int64       // in the order asked for, without repeats
	Priority           int           // from MinPriority to MaxPriority; the higher is claimed first
	Deadline           time.Time     // not begun by then, it fails; zero waits for ever
	Origin             string        // who shares one turn in the queue: "" is requests by hand, "schedule/7" a schedule

	State           State
	CancelRequested bool
	Reason          string // why it failed as a whole, or was cancelled
	CreatedAt       time.Time
	StartedAt       time.Time // when a worker first claimed it; zero before
	EndedAt         time.Time
	WindowStart     time.Time // T of the common window [T, T+Duration); zero until it is agreed
	Claims          int       // how many times a worker has taken it
	Hold            Hold      // keeps it from being deleted; zero when nobody does
}

// DefaultBandwidthHz is the bandwidth measured when the user names none: 0.8 of the sample rate, at most the
// 12.5 kHz of a narrow-band FM channel. A narrower receive filter narrows it further.
func DefaultBandwidthHz(sampleRateHz float64) float64 { return min(12_500, 0.8*sampleRateHz) }

// Validate reports everything wrong with the request itself as one *InvalidError.
// Whether the WebSDRs exist and can tune the frequency is CheckWebSDRs' question.
func (a *Acquisition) Validate(now time.Time) error {
	var bad InvalidError
	if a.FrequencyHz <= 0 || a.FrequencyHz > MaxFrequencyHz {
		bad.Add("frequency_mhz", "must be above 0 and at most %d MHz, for example 145.5", MaxFrequencyHz/1_000_000)
	}
	if a.Duration < MinDuration || a.Duration > MaxDuration {
		bad.Add("duration_seconds", "must be from %v to %v seconds", MinDuration.Seconds(), MaxDuration.Seconds())
	}
	if a.SampleRateHz < 0 || a.SampleRateHz > 100_000_000 {
		bad.Add("sample_rate_khz", "must be above 0 and at most 100000, or absent for each receiver's default")
	}
	if !within(a.ChannelBandwidthHz, 0, 1e8) {
		bad.Add("channel_bandwidth_hz", "must be above 0 and at most 1e8, or absent for the default")
	}
	if !within(a.ChannelCenterHz, -5e7, 5e7) {
		bad.Add("channel_center_hz", "must be from -5e7 to 5e7, relative to the frequency")
	}
	if a.SampleRateHz > 0 && a.ChannelBandwidthHz > float64(a.SampleRateHz) {
		bad.Add("channel_bandwidth_hz", "must not exceed the sample rate of %d Hz", a.SampleRateHz)
	}
	if a.JoinTimeout < 0 || a.JoinTimeout > 24*time.Hour {
		bad.Add("join_timeout_seconds", "must be from 0 to 86400")
	}
	if !a.StartAt.IsZero() && (a.StartAt.Before(now.Add(-time.Minute)) || a.StartAt.After(now.AddDate(1, 0, 0))) {
		bad.Add("start_time", "must not lie in the past nor more than a year ahead: it is %s, now is %s",
			a.StartAt.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	if a.Priority < MinPriority || a.Priority > MaxPriority {
		bad.Add("priority", "must be from %d to %d; 0 is usual", MinPriority, MaxPriority)
	}
	if !a.Deadline.IsZero() && a.Deadline.Before(now) {
		bad.Add("deadline", "must not lie in the past: it is %s, now is %s", a.Deadline.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	if !a.Deadline.IsZero() && a.Deadline.Before(a.StartAt) {
		bad.Add("deadline", "must not be before start_time")
	}
	if len(a.Label) > MaxLabel {
		bad.Add("label", "must have at most %d characters", MaxLabel)
	}
	a.validateIDs(&bad)
	return bad.Err()
}

func (a *Acquisition) validateIDs(bad *InvalidError) {
	if len(a.WebSDRIDs) == 0 {
		bad.Add("websdrs", "must name at least one WebSDR: see heimdall websdr list")
	}
	if len(a.WebSDRIDs) > MaxWebSDRs {
		bad.Add("websdrs", "must name at most %d WebSDRs", MaxWebSDRs)
	}
	seen := make(map[int64]bool, len(a.WebSDRIDs))
	for _, id := range a.WebSDRIDs {
		if seen[id] {
			bad.Add("websdrs", "names %d twice", id)
		}
		seen[id] = true
	}
}

// CheckWebSDRs reports, as one *InvalidError, every WebSDR of the request that is unknown, inactive, gives
// no IQ, cannot tune the frequency or is at the host of one before it: all record at the same time, and a host is
// connected to only once at a time, however many channels it has. known holds the rows found, in any order.
func (a *Acquisition) CheckWebSDRs(known []WebSDR) error {
	byID := make(map[int64]*WebSDR, len(known))
	for i := range known {
		byID[known[i].ID] = &known[i]
	}
	var bad InvalidError
	var unknown []string
	atHost := map[string]*WebSDR{}
	for _, id := range a.WebSDRIDs {
		w := byID[id]
		if w == nil {
			unknown = append(unknown, fmt.Sprint(id))
			continue
		}
		if !w.Active {
			bad.Add("websdrs", "includes %d (%s), which is inactive: enable it with heimdall websdr enable %d", id, w.Name, id)
			continue
		}
		if k, ok := KindNamed(w.Kind); !ok || !k.Capability.DeliversIQ() {
			bad.Add("websdrs", "includes %d (%s) of kind %s, which delivers no IQ", id, w.Name, w.Kind)
			continue
		}
		if low, high := w.TuningRangeHz(); a.FrequencyHz < low || a.FrequencyHz > high {
			bad.Add("frequency_mhz", "of %g cannot be tuned by WebSDR %d (%s): it covers %g to %g MHz",
				float64(a.FrequencyHz)/1e6, id, w.Name, float64(low)/1e6, float64(high)/1e6)
		}
		host := w.Host()
		if first := atHost[host]; first != nil {
			bad.Add("websdrs", "includes %d (%s) and %d (%s), both at %s, which is connected to only once at a time: ask one of them, or each in an acquisition of its own",
				first.ID, first.Name, id, w.Name, host)
		} else if host != "" {
			atHost[host] = w
		}
	}
	if len(unknown) > 0 {
		bad.Add("websdrs", "names unknown ids %s: see heimdall websdr list", strings.Join(unknown, ", "))
	}
	return bad.Err()
}

// Outcome is the state of an acquisition all of whose captures have ended.
func Outcome(captures []Capture) State {
	var succeeded, cancelled int
	for _, c := range captures {
		switch c.State {
		case Success:
			succeeded++
		case Cancelled:
			cancelled++
		}
	}
	switch {
	case len(captures) > 0 && succeeded == len(captures):
		return Success
	case succeeded > 0:
		return Partial
	case cancelled > 0:
		return Cancelled
	}
	return Failed
}
