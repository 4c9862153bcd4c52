package export

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// prefix comes before the name of every field of ours; docs/heimdall.sigmf-ext.md specifies them. A thing that
// is a column or a JSON key elsewhere has the same name here. Package sigmf has start_unix_ns.
const prefix = sigmf.Namespace + ":"

// ourGlobal holds the fields of ours in the global object: what the rows of a recording hold and the core
// of SigMF has no place for.
type ourGlobal struct {
	TaskID   string `json:"heimdall:task_id,omitempty"`
	Label    string `json:"heimdall:label,omitempty"`
	WebSDRID int64  `json:"heimdall:websdr_id,omitempty"`

	WebSDRName   string `json:"heimdall:websdr_name,omitempty"`
	WebSDRKind   string `json:"heimdall:websdr_kind,omitempty"`
	WebSDRURL    string `json:"heimdall:websdr_url,omitempty"`
	LocationName string `json:"heimdall:location_name,omitempty"`
	Dialect      string `json:"heimdall:dialect,omitempty"`

	RequestedFrequencyHz int64   `json:"heimdall:requested_frequency_hz,omitempty"`
	RequestedRateHz      int64   `json:"heimdall:requested_rate_hz,omitempty"`
	RequestedDurationS   float64 `json:"heimdall:requested_duration_s,omitempty"`
	ChannelCenterHz      float64 `json:"heimdall:channel_center_hz,omitempty"`
	ChannelBandwidthHz   float64 `json:"heimdall:channel_bandwidth_hz,omitempty"`

	S3Path          string         `json:"heimdall:s3_path,omitempty"`
	DataSHA256      string         `json:"heimdall:data_sha256,omitempty"`
	DataBytes       int64          `json:"heimdall:data_bytes,omitempty"`
	SamplesCount    int64          `json:"heimdall:samples_count"`
	ExpectedSamples int64          `json:"heimdall:expected_samples,omitempty"`
	NominalRateHz   float64        `json:"heimdall:nominal_rate_hz,omitempty"`
	PassbandLowHz   float64        `json:"heimdall:passband_low_hz,omitempty"`
	PassbandHighHz  float64        `json:"heimdall:passband_high_hz,omitempty"`
	StartSkewS      float64        `json:"heimdall:start_skew_s,omitempty"`
	Gaps            []heimdall.Gap `json:"heimdall:gaps,omitempty"`
	Overloads       int64          `json:"heimdall:overloads,omitempty"`
	SMeterDBM       *float64       `json:"heimdall:s_meter_dbm,omitempty"`
	ZeroIF          *bool          `json:"heimdall:zero_if,omitempty"`
	PlannedSamples  int64          `json:"heimdall:planned_samples,omitempty"`

	SliceStart *int64 `json:"heimdall:slice_start,omitempty"` // only in the document of a slice
}

// ourTrust holds the fields of ours in the first of SigMF's captures: how far its time can be trusted. Package
// iqfile reads them, too.
type ourTrust struct {
	TimeUncertaintyS *float64             `json:"heimdall:time_uncertainty_s"`
	TimeQuality      heimdall.TimeQuality `json:"heimdall:time_quality,omitempty"`
	TimeResidualS    float64              `json:"heimdall:time_residual_s,omitempty"`
	GPSAgeMaxS       *int                 `json:"heimdall:gps_age_max_s"`
}

// droppedSamples is the field of ours in each of the other captures: how many samples are missing before it.
const droppedSamples = prefix + "dropped_samples"

// fieldsOf encodes the fields of a struct, each name with before put before it. Numbers that JSON cannot hold
// are left out like nil: one of them must not keep a recording from being stored.
func fieldsOf(v any, before string) (sigmf.Fields, error) {
	fields := make(sigmf.Fields)
	s := reflect.ValueOf(v)
	for k := range s.NumField() {
		name, options, _ := strings.Cut(s.Type().Field(k).Tag.Get("json"), ",")
		f := s.Field(k)
		if f.Kind() == reflect.Pointer {
			if f.IsNil() {
				continue
			}
			f = f.Elem()
		} else if options == "omitempty" && (f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0) {
			continue
		}
		if f.Kind() == reflect.Float64 && !finite(f.Float()) || f.Kind() == reflect.Slice && f.IsNil() {
			continue
		}
		b, err := json.Marshal(f.Interface())
		if err != nil {
			return nil, err
		}
		fields[before+name] = b
	}
	return fields, nil
}

// decodeFields fills a struct from fields whose names have before put before them.
func decodeFields(fields sigmf.Fields, before string, into any) error {
	plain := make(map[string]json.RawMessage, len(fields))
	for name, value := range fields {
		if name, ours := strings.CutPrefix(name, before); ours {
			plain[name] = value
		}
	}
	b, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
