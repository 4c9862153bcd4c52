package loadtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A Result is what came of a load, in the words of the API.
type Result struct {
	Acquisitions    int     `json:"acquisitions"`
	Receivers       int     `json:"receivers"` // of each acquisition
	DurationSeconds float64 `json:"duration_seconds"`
	SubmitSeconds   float64 `json:"submit_seconds"` // until the last request was accepted
	TotalSeconds    float64 `json:"total_seconds"`  // from the first request until the last acquisition ended

	Accept   Latency `json:"accept"`     // of POST /api/v1/acquisitions, as its client sees it
	Sealed   Latency `json:"sealed"`     // of captures: from the time of the last sample until its recording was complete on disk
	Success  Latency `json:"success"`    // of acquisitions: from the time of the last sample of all until rows and objects said success
	EndToEnd Latency `json:"end_to_end"` // of acquisitions: from acceptance to the end

	Captures       int    `json:"captures"`     // those that were asked for
	Successful     int    `json:"successful"`   // those that gave a recording
	Measurements   int    `json:"measurements"` // rows
	Lost           []Loss `json:"lost"`
	Duplicates     int    `json:"duplicates"`      // rows beyond one for each recording, or acquisitions that share an identity
	MissingSamples int64  `json:"missing_samples"` // of windows, those that no recording holds
	Taken          int    `json:"taken_over"`      // acquisitions that more than one worker had to take
	Bytes          int64  `json:"bytes"`           // of all recordings
}

// A Loss counts captures that gave no recording, for one reason, or acquisitions that have not ended.
type Loss struct {
	Captures int                   `json:"captures"`
	State    heimdall.State        `json:"state"`
	Class    heimdall.FailureClass `json:"failure_class"`
	Example  string                `json:"example"`
}

// LostCaptures is how many there are in all.
func (r *Result) LostCaptures() (n int) {
	for _, l := range r.Lost {
		n += l.Captures
	}
	return n
}

// CapturesPerSecond is how many recordings were made, by the clock.
func (r *Result) CapturesPerSecond() float64 {
	return float64(r.Successful) / max(r.TotalSeconds, 1e-9)
}

// RecordedSeconds is the length of all recordings together, by the clock: 700 is 700 receivers at a time.
func (r *Result) RecordedSeconds() float64 {
	return float64(r.Successful) * r.DurationSeconds / max(r.TotalSeconds, 1e-9)
}

// examine reads every acquisition, capture and measurement of the load.
func (l *Load) examine(ctx context.Context, begun time.Time, tasks map[string]bool, r *Result) error {
	last, err := l.examineCaptures(ctx, tasks, r)
	if err != nil {
		return err
	}
	if err := l.examineAcquisitions(ctx, begun, tasks, last, r); err != nil {
		return err
	}
	return l.countMeasurements(ctx, tasks, r)
}

// examineCaptures returns when the last sample of each acquisition was taken.
func (l *Load) examineCaptures(ctx context.Context, tasks map[string]bool, r *Result) (last map[string]time.Time, err error) {
	last = make(map[string]time.Time, len(tasks))
	losses := map[Loss]*Loss{}
	var sealed []time.Duration
	seen := map[string]int{}
	err = pages(func(cursor string) (*string, error) {
		list, err := l.Server.Captures(ctx, heimdall.CaptureFilter{Limit: page}, cursor)
		for _, c := range list.Captures {
			if !tasks[c.TaskID] {
				continue
			}
			seen[c.TaskID]++
			r.Captures++
			if c.State != heimdall.Success || c.Recording == nil {
				lose(losses, c)
				continue
			}
			r.Successful++
			r.Bytes += c.Recording.Bytes
			r.MissingSamples += max(0, c.Recording.ExpectedSamples-c.Recording.SamplesCount)
			end := lastSample(c.Recording)
			if end.After(last[c.TaskID]) {
				last[c.TaskID] = end
			}
			if c.EndedAt != nil {
				sealed = append(sealed, c.EndedAt.Sub(end))
			}
		}
		return list.NextCursor, err
	})
	for taskID := range tasks {
		if n := r.Receivers - seen[taskID]; n > 0 {
			lose(losses, wire.Capture{TaskID: taskID, Reason: "it has no row"})
		}
	}
	for _, loss := range losses {
		r.Lost = append(r.Lost, *loss)
	}
	slices.SortFunc(r.Lost, func(a, b Loss) int { return cmp.Compare(b.Captures, a.Captures) })
	r.Sealed = latencies(sealed)
	return last, err
}

func lose(losses map[Loss]*Loss, c wire.Capture) {
	key := Loss{State: c.State, Class: c.FailureClass}
	if losses[key] == nil {
		losses[key] = &Loss{State: c.State, Class: c.FailureClass, Example: fmt.Sprintf("%s/%d: %s", c.TaskID, c.WebSDRID, c.Reason)}
	}
	losses[key].Captures++
}

// lastSample is the time of the one after the last.
func lastSample(r *wire.Recording) time.Time {
	return r.StartUTC.Add(time.Duration(float64(r.SamplesCount) / r.SampleRateKHz * float64(time.Millisecond)))
}

func (l *Load) examineAcquisitions(ctx context.Context, begun time.Time, tasks map[string]bool, last map[string]time.Time, r *Result) error {
	var success, whole []time.Duration
	var ended time.Time
	err := pages(func(cursor string) (*string, error) {
		list, err := l.Server.Acquisitions(ctx, heimdall.AcquisitionFilter{Limit: page}, cursor)
		for _, a := range list.Acquisitions {
			if !tasks[a.TaskID] || a.EndedAt == nil {
				continue
			}
			if a.Claims > 1 {
				r.Taken++
			}
			if a.EndedAt.After(ended) {
				ended = *a.EndedAt
			}
			whole = append(whole, a.EndedAt.Sub(a.CreatedAt))
			if at, ok := last[a.TaskID]; ok {
				success = append(success, a.EndedAt.Sub(at))
			}
		}
		return list.NextCursor, err
	})
	r.Success, r.EndToEnd = latencies(success), latencies(whole)
	r.TotalSeconds = max(0, ended.Sub(begun).Seconds())
	return err
}

func (l *Load) countMeasurements(ctx context.Context, tasks map[string]bool, r *Result) error {
	type key struct {
		taskID   string
		websdrID int64
	}
	seen := map[key]int{}
	err := pages(func(cursor string) (*string, error) {
		list, err := l.Server.Measurements(ctx, heimdall.MeasurementFilter{Limit: page}, cursor)
		for _, m := range list.Measurements {
			if tasks[m.TaskID] {
				seen[key{m.TaskID, m.WebSDRID}]++
				r.Measurements++
			}
		}
		return list.NextCursor, err
	})
	r.Duplicates += r.Measurements - len(seen)
	return err
}

// pages calls f with the cursor of each page until there is no other.
func pages(f func(cursor string) (next *string, err error)) error {
	for cursor := ""; ; {
		next, err := f(cursor)
		if err != nil || next == nil {
			return err
		}
		cursor = *next
	}
}
