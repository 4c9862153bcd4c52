package wire

import (
	"net/url"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// An AcquisitionRequest asks for one acquisition.
type AcquisitionRequest struct {
	FrequencyMHz       float64    `json:"frequency_mhz" doc:"Radio frequency to tune, in MHz; kept to the nearest hertz" example:"145.5"`
	DurationSeconds    float64    `json:"duration_seconds" doc:"Length of the common window, in seconds: 0.01 to 3600" example:"10"`
	StartTime          *time.Time `json:"start_time,omitempty" nullable:"true" doc:"Start of the common window; null means as soon as all receivers are ready" example:"2026-03-01T12:00:00Z"`
	WebSDRs            []int64    `json:"websdrs" required:"false" nullable:"true" doc:"websdr_id of every WebSDR to record from; null means all active ones that can tune the frequency" example:"[1, 2, 3]"`
	SampleRateKHz      *float64   `json:"sample_rate_khz,omitempty" nullable:"true" doc:"Sample rate asked of every receiver, in kHz; null means each receiver's own default" example:"12"`
	ChannelCenterHz    *float64   `json:"channel_center_hz,omitempty" nullable:"true" doc:"Centre of the measured channel relative to frequency_mhz, in Hz; null means 0" example:"0"`
	ChannelBandwidthHz *float64   `json:"channel_bandwidth_hz,omitempty" nullable:"true" doc:"Bandwidth of the measured channel, in Hz; null means 0.8 of the sample rate, at most 12500" example:"12500"`
	JoinTimeoutSeconds *float64   `json:"join_timeout_seconds,omitempty" nullable:"true" doc:"How long the receivers that are ready wait for the slowest, in seconds; null means 20" example:"20"`
	Label              string     `json:"label,omitempty" doc:"What you call it; at most 200 characters" example:"ISS pass"`
	Priority           int        `json:"priority,omitempty" doc:"From -9 to 9; the higher is begun first. 0 is usual" example:"0"`
	Deadline           *time.Time `json:"deadline,omitempty" nullable:"true" doc:"Not begun by then, it fails and nobody is contacted; null waits for ever" example:"2026-03-01T13:00:00Z"`
}

// Root converts the request. It has no task id, no state, and the WebSDRs as they were given.
func (r AcquisitionRequest) Root() heimdall.Acquisition {
	a := heimdall.Acquisition{
		Label:       r.Label,
		FrequencyHz: Hz(r.FrequencyMHz),
		Duration:    Duration(r.DurationSeconds),
		StartAt:     timeOf(r.StartTime).Truncate(time.Microsecond),
		JoinTimeout: heimdall.DefaultJoinTimeout,
		WebSDRIDs:   r.WebSDRs,
		Priority:    r.Priority,
		Deadline:    timeOf(r.Deadline).Truncate(time.Microsecond),
	}
	if r.SampleRateKHz != nil {
		a.SampleRateHz = hzOfKHz(*r.SampleRateKHz)
	}
	if r.ChannelCenterHz != nil {
		a.ChannelCenterHz = *r.ChannelCenterHz
	}
	if r.ChannelBandwidthHz != nil {
		a.ChannelBandwidthHz = *r.ChannelBandwidthHz
	}
	if r.JoinTimeoutSeconds != nil {
		a.JoinTimeout = Duration(*r.JoinTimeoutSeconds)
	}
	return a
}

// RequestOf is the request that asks for what a asks for.
func RequestOf(a heimdall.Acquisition) AcquisitionRequest {
	r := AcquisitionRequest{
		FrequencyMHz:    MHz(a.FrequencyHz),
		DurationSeconds: a.Duration.Seconds(),
		StartTime:       instant(a.StartAt),
		WebSDRs:         slices.Clone(a.WebSDRIDs),
		ChannelCenterHz: &a.ChannelCenterHz,
		Label:           a.Label,
		Priority:        a.Priority,
		Deadline:        instant(a.Deadline),
	}
	if a.SampleRateHz != 0 {
		r.SampleRateKHz = new(khz(a.SampleRateHz))
	}
	if a.ChannelBandwidthHz != 0 {
		r.ChannelBandwidthHz = &a.ChannelBandwidthHz
	}
	r.JoinTimeoutSeconds = new(a.JoinTimeout.Seconds())
	return r
}

// An Acquisition is a request and what has become of it.
type Acquisition struct {
	TaskID             string         `json:"task_id" doc:"Identity of the acquisition: a UUIDv7" example:"01957c2e-5d00-7000-8000-0123456789ab"`
	Label              string         `json:"label" doc:"What its maker called it; may be empty"`
	State              heimdall.State `json:"state" enum:"pending,running,success,partial,failed,cancelled" doc:"Where it stands; partial means that at least one capture succeeded and at least one did not"`
	Progress           float64        `json:"progress" minimum:"0" maximum:"1" doc:"Share of the work done, from 0 to 1, over all captures" example:"0.42"`
	CapturesTotal      int            `json:"captures_total" doc:"How many captures it has: one per WebSDR"`
	CapturesEnded      int            `json:"captures_ended" doc:"How many of them have ended, well or badly"`
	FrequencyMHz       float64        `json:"frequency_mhz" doc:"Radio frequency, in MHz" example:"145.5"`
	DurationSeconds    float64        `json:"duration_seconds" doc:"Length of the common window, in seconds" example:"10"`
	SampleRateKHz      *float64       `json:"sample_rate_khz" doc:"Sample rate asked of every receiver, in kHz; null means each receiver's own default" example:"12"`
	ChannelCenterHz    float64        `json:"channel_center_hz" doc:"Centre of the measured channel relative to frequency_mhz, in Hz"`
	ChannelBandwidthHz *float64       `json:"channel_bandwidth_hz" doc:"Bandwidth of the measured channel, in Hz; null means the default of the sample rate"`
	StartTime          *time.Time     `json:"start_time" doc:"Start asked for; null means as soon as all receivers are ready"`
	JoinTimeoutSeconds float64        `json:"join_timeout_seconds" doc:"How long the receivers that are ready wait for the slowest, in seconds" example:"20"`
	WebSDRs            []int64        `json:"websdrs" nullable:"false" doc:"websdr_id of every WebSDR, in the order asked for"`
	Priority           int            `json:"priority" doc:"From -9 to 9; the higher is begun first" example:"0"`
	Deadline           *time.Time     `json:"deadline" doc:"Not begun by then, it fails; null waits for ever"`
	Origin             string         `json:"origin" doc:"With whom it shares one turn in the queue: empty for a request by hand, such as schedule/7 for a schedule's"`
	CancelRequested    bool           `json:"cancel_requested" doc:"Whether somebody asked to cancel it"`
	Reason             string         `json:"reason" doc:"Why it failed as a whole, or was cancelled; empty otherwise"`
	CreatedAt          time.Time      `json:"created_at" doc:"When it was asked for"`
	StartedAt          *time.Time     `json:"started_at" doc:"When a worker first took it; null before"`
	EndedAt            *time.Time     `json:"ended_at" doc:"When it ended; null before"`
	WindowStart        *time.Time     `json:"window_start" doc:"Start of the common window; null until the receivers are ready"`
	Claims             int            `json:"claims" doc:"How many times a worker has taken it; more than 1 means that a worker was lost or stopped"`
	Hold               *Hold          `json:"hold,omitempty" doc:"Who keeps it from being deleted, and why; absent when nobody does"`
	Captures           []Capture      `json:"captures,omitempty" nullable:"false" doc:"One per WebSDR, in order of websdr_id; absent in lists"`
	Links              Links          `json:"links" doc:"Where to go from here"`
}

// Links are the addresses that belong to an acquisition, relative to the server.
type Links struct {
	Self         string `json:"self"`
	Events       string `json:"events" doc:"Its progress as server-sent events"`
	Cancel       string `json:"cancel" doc:"POST here to cancel it"`
	Captures     string `json:"captures"`
	Measurements string `json:"measurements"`
}

// An AcquisitionPage is one page of a list, newest first.
type AcquisitionPage struct {
	Acquisitions []Acquisition `json:"acquisitions" nullable:"false"`
	NextCursor   *string       `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}

// AcquisitionOf converts an acquisition and its captures. In lists, withCaptures leaves them out of the answer
// but not out of the counts; an acquisition that has ended needs none to be counted.
func AcquisitionOf(a heimdall.Acquisition, captures []heimdall.Capture, withCaptures bool) Acquisition {
	w := Acquisition{
		TaskID: a.TaskID, Label: a.Label, State: a.State,
		CapturesTotal: len(a.WebSDRIDs),
		FrequencyMHz:  MHz(a.FrequencyHz), DurationSeconds: a.Duration.Seconds(),
		ChannelCenterHz: finite(a.ChannelCenterHz),
		StartTime:       instant(a.StartAt), JoinTimeoutSeconds: a.JoinTimeout.Seconds(),
		WebSDRs:         orEmpty(slices.Clone(a.WebSDRIDs)),
		CancelRequested: a.CancelRequested, Reason: a.Reason,
		CreatedAt: a.CreatedAt.UTC(), StartedAt: instant(a.StartedAt), EndedAt: instant(a.EndedAt),
		WindowStart: instant(a.WindowStart), Claims: a.Claims, Hold: holdOf(a.Hold),
		Priority: a.Priority, Deadline: instant(a.Deadline), Origin: a.Origin,
		Links: linksOf(a.TaskID),
	}
	if a.SampleRateHz != 0 {
		w.SampleRateKHz = new(khz(a.SampleRateHz))
	}
	if a.ChannelBandwidthHz != 0 {
		w.ChannelBandwidthHz = finitePointer(&a.ChannelBandwidthHz)
	}
	w.Progress, w.CapturesEnded = progress(a, captures)
	if withCaptures {
		for _, c := range captures {
			w.Captures = append(w.Captures, CaptureOf(c))
		}
	}
	return w
}

// progress counts an ended capture as 1 and a running one as the share of its window that is recorded. What
// has not ended never shows as complete.
func progress(a heimdall.Acquisition, captures []heimdall.Capture) (share float64, ended int) {
	if a.State.Ended() {
		return 1, len(a.WebSDRIDs)
	}
	for _, c := range captures {
		switch {
		case c.State.Ended():
			ended++
			share++
		case a.Duration > 0:
			share += min(max(c.Elapsed.Seconds()/a.Duration.Seconds(), 0), 1)
		}
	}
	if len(captures) == 0 {
		return 0, 0
	}
	return min(share/float64(len(captures)), 0.99), ended
}

func linksOf(taskID string) Links {
	id := url.PathEscape(taskID)
	return Links{
		Self:         "/api/v1/acquisitions/" + id,
		Events:       "/api/v1/acquisitions/" + id + "/events",
		Cancel:       "/api/v1/acquisitions/" + id + "/cancel",
		Captures:     "/api/v1/captures?task_id=" + url.QueryEscape(taskID),
		Measurements: "/api/v1/measurements?task_id=" + url.QueryEscape(taskID),
	}
}

// Root converts back all but the idempotency key, which never leaves the server.
func (w Acquisition) Root() heimdall.Acquisition {
	a := heimdall.Acquisition{
		TaskID: w.TaskID, Label: w.Label, State: w.State,
		FrequencyHz: Hz(w.FrequencyMHz), Duration: Duration(w.DurationSeconds),
		ChannelCenterHz: w.ChannelCenterHz,
		StartAt:         timeOf(w.StartTime), JoinTimeout: Duration(w.JoinTimeoutSeconds),
		WebSDRIDs:       slices.Clone(w.WebSDRs),
		CancelRequested: w.CancelRequested, Reason: w.Reason,
		CreatedAt: w.CreatedAt.UTC(), StartedAt: timeOf(w.StartedAt), EndedAt: timeOf(w.EndedAt),
		WindowStart: timeOf(w.WindowStart), Claims: w.Claims,
		Priority: w.Priority, Deadline: timeOf(w.Deadline), Origin: w.Origin,
	}
	if w.SampleRateKHz != nil {
		a.SampleRateHz = hzOfKHz(*w.SampleRateKHz)
	}
	if w.ChannelBandwidthHz != nil {
		a.ChannelBandwidthHz = *w.ChannelBandwidthHz
	}
	if w.Hold != nil {
		a.Hold = heimdall.Hold{By: w.Hold.By, Reason: w.Hold.Reason, At: w.Hold.At.UTC()}
	}
	return a
}
