package heimdall

import "time"

// MaxParts is the most parts of a history.
const MaxParts = 1000

// maxHistory bounds the span of a history, so that its microseconds times MaxParts fit into 64 bits.
const maxHistory = 100 * 366 * 24 * time.Hour

// A HistoryFilter asks for the history of one WebSDR in [From, To), in so many equal parts.
type HistoryFilter struct {
	WebSDRID int64
	From, To time.Time // both needed
	Parts    int       // 1 to MaxParts
}

// Validate reports everything wrong with it as one *InvalidError.
func (f HistoryFilter) Validate() error {
	var bad InvalidError
	if f.Parts < 1 || f.Parts > MaxParts {
		bad.Add("parts", "must be 1 to %d", MaxParts)
	}
	switch {
	case f.From.IsZero():
		bad.Add("from", "must be given: the beginning of the time")
	case f.To.IsZero():
		bad.Add("to", "must be given: the end of the time, which is not part of it")
	case !f.From.Before(f.To):
		bad.Add("to", "must be after from")
	case f.To.Sub(f.From) > maxHistory:
		bad.Add("to", "must be at most 100 years after from")
	}
	return bad.Err()
}

// A History is what the observations of a WebSDR amount to. A part in which nobody looked is none in which it was down.
type History struct {
	From, To time.Time      // to the microsecond, as observations are kept
	Parts    []HistoryPart  // all of them, in order of time
	Failures []FailureTimes // the most frequent class first
}

// A HistoryPart counts the observations of [From, To) by what they say of the WebSDR's health.
type HistoryPart struct {
	From, To          time.Time
	Up, Down, Unknown int64
}

// A FailureTimes counts the observations that were not well, by class: their words differ from one time to the next.
type FailureTimes struct {
	Class      FailureClass
	Times      int64
	LastAt     time.Time
	LastReason string
}

// NewHistory is the history that f asks for with nothing counted yet. An observation at a time belongs to the part
// (At-From)*Parts/(To-From), rounded down, in microseconds.
func NewHistory(f HistoryFilter) History {
	h := History{From: ceilMicrosecond(f.From), To: ceilMicrosecond(f.To), Parts: make([]HistoryPart, f.Parts), Failures: []FailureTimes{}}
	span, n := h.To.Sub(h.From).Microseconds(), int64(f.Parts)
	border := func(i int) time.Time {
		return h.From.Add(time.Duration((int64(i)*span+n-1)/n) * time.Microsecond)
	}
	for i := range h.Parts {
		h.Parts[i].From, h.Parts[i].To = border(i), border(i+1)
	}
	return h
}

func ceilMicrosecond(t time.Time) time.Time {
	return t.UTC().Add(time.Microsecond - 1).Truncate(time.Microsecond)
}
