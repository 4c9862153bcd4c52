package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A WebSDRHistory is what the observations of a WebSDR amount to.
type WebSDRHistory struct {
	WebSDRID int64          `json:"websdr_id" doc:"Identity of the WebSDR" example:"1"`
	From     time.Time      `json:"from" doc:"Where the time begins"`
	To       time.Time      `json:"to" doc:"Where it ends; not part of it"`
	Parts    []HistoryPart  `json:"parts" nullable:"false" doc:"As many equal parts of it as were asked for, in order"`
	Failures []FailureTimes `json:"failures" nullable:"false" doc:"What was not well, by class, the most frequent first"`
}

// A HistoryPart counts observations by what they say of the WebSDR's health.
type HistoryPart struct {
	From    time.Time `json:"from" doc:"Where the part begins"`
	To      time.Time `json:"to" doc:"Where it ends; not part of it"`
	Up      int64     `json:"up" doc:"Observations that found it up"`
	Down    int64     `json:"down" doc:"Observations that found it down"`
	Unknown int64     `json:"unknown" doc:"Observations that say nothing of its health, such as that it has shut us out"`
}

// A FailureTimes counts the observations of one class of failure.
type FailureTimes struct {
	FailureClass heimdall.FailureClass `json:"failure_class" doc:"Empty where none is known"`
	Times        int64                 `json:"times" doc:"Observations of it"`
	LastAt       time.Time             `json:"last_at" doc:"When it was last seen"`
	LastReason   string                `json:"last_reason" doc:"What it said then"`
}

// WebSDRHistoryOf converts the history of a WebSDR.
func WebSDRHistoryOf(websdrID int64, h heimdall.History) WebSDRHistory {
	w := WebSDRHistory{WebSDRID: websdrID, From: h.From.UTC(), To: h.To.UTC(), Parts: []HistoryPart{}, Failures: []FailureTimes{}}
	for _, p := range h.Parts {
		w.Parts = append(w.Parts, HistoryPart{p.From.UTC(), p.To.UTC(), p.Up, p.Down, p.Unknown})
	}
	for _, f := range h.Failures {
		w.Failures = append(w.Failures, FailureTimes{f.Class, f.Times, f.LastAt.UTC(), f.LastReason})
	}
	return w
}
