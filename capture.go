package heimdall

import (
	"strings"
	"time"
)

// A FailureClass says what kind of thing went wrong with a WebSDR, and so what may be done about it.
type FailureClass string

const (
	FailBusy        FailureClass = "busy"         // all its listening slots are taken
	FailQuota       FailureClass = "quota"        // our share of its time is used up
	FailBanned      FailureClass = "banned"       // it has shut us out
	FailAuth        FailureClass = "auth"         // wrong or missing password
	FailDown        FailureClass = "down"         // its owner has switched it off
	FailRedirect    FailureClass = "redirect"     // it sends us to another place
	FailUnsupported FailureClass = "unsupported"  // it cannot do what was asked
	FailOutOfRange  FailureClass = "out_of_range" // it cannot tune there
	FailTransport   FailureClass = "transport"    // the network: refused, reset, timed out, stalled
	FailProtocol    FailureClass = "protocol"     // it answered, but not in its protocol
	FailLate        FailureClass = "late"         // it was not ready when the common window began
	FailStorage     FailureClass = "storage"      // our own disk, object store or database
	FailInternal    FailureClass = "internal"     // a defect or a lost worker on our side
)

// A Phase is what a running capture is doing.
type Phase string

const (
	PhaseWaiting    Phase = "waiting"    // for a worker, or for its next attempt
	PhaseConnecting Phase = "connecting" // until the first sample is at hand
	PhaseSettling   Phase = "settling"   // until the receiver's output can be trusted
	PhaseReady      Phase = "ready"      // waiting for the common window
	PhaseRecording  Phase = "recording"
	PhaseStoring    Phase = "storing" // object, then row
	PhaseDone       Phase = "done"
)

// TimeQuality says where the times of samples come from.
type TimeQuality string

const (
	TimeGPS             TimeQuality = "gps"              // stamped by hardware at the receiver
	TimeHostDisciplined TimeQuality = "host_disciplined" // stamped by a receiver whose host clock is disciplined
	TimeHostArrival     TimeQuality = "host_arrival"     // when the samples reached us
	TimeNone            TimeQuality = "none"
)

// A Gap is a run of samples that the receiver's stream lost. Gaps are reported, never filled.
type Gap struct {
	Sample  int64 `json:"sample"`  // index of the first sample after the gap, counting samples held
	Missing int64 `json:"missing"` // how many samples are missing before it
}

// A Capture is one WebSDR's part of an acquisition. It exists from the moment it is asked for, so that
// failures can be queried.
type Capture struct {
	TaskID   string
	WebSDRID int64
	State    State

	Phase         Phase
	Attempts      int
	NextAttemptAt time.Time // zero when no further attempt is planned
	FailureClass  FailureClass
	Reason        string // why it failed, or what its success lacks
	BytesReceived int64  // of the recording so far
	Elapsed       time.Duration
	StartedAt     time.Time
	EndedAt       time.Time

	Recording *Recording // nil unless the capture succeeded
}

// A Recording is the stored IQ of a capture: one data object and one SigMF metadata object beside it.
// Where it has gaps, SigMF's own captures[] are the gap-free runs inside it.
type Recording struct {
	S3Path          string  // the data object's key, the seed's s3_path: sessions/{task_id}/websdr_{websdr_id}.sigmf-data
	Datatype        string  // SigMF datatype of the samples as received, such as "ci16_le"
	SampleRateHz    float64 // the true rate, as well as it is known
	NominalRateHz   float64 // the rate the receiver claims
	FrequencyHz     int64   // radio frequency at 0 Hz of the recording
	PassbandLowHz   float64 // receive filter, relative to FrequencyHz
	PassbandHighHz  float64
	SamplesCount    int64
	ExpectedSamples int64 // of the whole window at SampleRateHz
	Bytes           int64
	SHA256          string // of the data object, lower-case hex

	Start            time.Time // time of sample 0
	StartSkew        time.Duration
	TimeQuality      TimeQuality
	TimeUncertaintyS float64 // one sigma of Start; 0 means unknown
	TimeResidualS    float64 // rms of the stamps about the fitted line; 0 when there are none
	GPSAgeMaxS       int     // the oldest GPS fix behind any stamp; -1 when there are none
	Gaps             []Gap
	Overloads        int64 // packets in which the receiver's converter overloaded
	SMeterDBM        *float64
	Dialect          string // which variant of its protocol the receiver spoke

	// What the meter was told when recording began, and nothing else here says. Version 0.1.0 did not keep it.
	ZeroIF         *bool // the local oscillator leaked at 0 Hz; nil when not known: ask the Kind
	PlannedSamples int64 // ExpectedSamples as reckoned then, which lays out the spectra; 0 when not known
}

// MetadataPath is the key of the SigMF metadata object beside the data object.
func (r *Recording) MetadataPath() string { return strings.TrimSuffix(r.S3Path, "data") + "meta" }

// SpectrogramPath is the key of the spectrogram beside the data object. It is made when it is first asked for, so that
// there may be none, and it may be deleted at any time: it is made again.
func (r *Recording) SpectrogramPath() string {
	return strings.TrimSuffix(r.S3Path, ".sigmf-data") + ".spectrogram"
}
