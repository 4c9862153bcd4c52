package tdoa

import "fmt"

// A Reason says why a pair was not measured.
type Reason string

const (
	BadRequest    Reason = "bad_request"    // what was asked makes no sense
	ClockUnfit    Reason = "clock_unfit"    // the times of a recording are not good enough
	ShortOverlap  Reason = "short_overlap"  // the records have less than a second in common
	NoCommonBand  Reason = "no_common_band" // the receivers pass no common frequencies, or their rates are too far apart
	NothingCommon Reason = "nothing_common" // the records do not hold one emission, or it is too weak
	NarrowBand    Reason = "narrow_band"    // less than 500 Hz: its delay is the phase of a carrier
	TooWeak       Reason = "too_weak"       // the correlation's peak may be another one
	Ambiguous     Reason = "ambiguous"      // other delays explain the records as well
)

// A Refusal is why a pair was not measured. A number would have been a guess.
type Refusal struct {
	Reason Reason
	Detail string
}

func (r *Refusal) Error() string { return "measure delay: " + string(r.Reason) + ": " + r.Detail }

func refuse(reason Reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
