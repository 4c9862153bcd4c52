package export

import (
	"fmt"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/sigmf"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// Metadata returns the SigMF document of a recording: everything that its rows say of it, so that whoever has
// nothing but the files knows what they are, and the rows can be rebuilt from them. The same input gives the
// same bytes, whatever state the acquisition has reached meanwhile. m may be nil.
func Metadata(a heimdall.Acquisition, c heimdall.Capture, w heimdall.WebSDR, m *heimdall.Measurement) ([]byte, error) {
	if c.Recording == nil {
		return nil, fmt.Errorf("describe recording %s/%d: the capture has none", c.TaskID, c.WebSDRID)
	}
	doc, err := document(&a, &c, &w, m)
	if err == nil {
		var b []byte
		if b, err = doc.Encode(); err == nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("describe recording %s/%d: %w", c.TaskID, c.WebSDRID, err)
}

func document(a *heimdall.Acquisition, c *heimdall.Capture, w *heimdall.WebSDR, m *heimdall.Measurement) (*sigmf.Metadata, error) {
	rec := c.Recording
	other, err := fieldsOf(globalOf(a, c, w), "")
	if err != nil {
		return nil, err
	}
	doc := &sigmf.Metadata{Global: sigmf.Global{
		Datatype:    rec.Datatype,
		Version:     sigmf.Version,
		Description: description(a, w),
		Recorder:    "heimdall " + heimdall.Version,
		HW:          w.Kind,
		Extensions:  []sigmf.Extension{sigmf.Ours},
		Other:       other,
	}}
	if rec.Dialect != "" {
		doc.Global.HW = rec.Dialect
	}
	if finite(rec.SampleRateHz) {
		doc.Global.SampleRateHz = rec.SampleRateHz
	}
	if doc.Captures, err = segments(rec, w); err != nil {
		return nil, err
	}
	if m != nil && rec.SamplesCount > 0 {
		annotation, err := annotationOf(a, rec, m)
		if err != nil {
			return nil, err
		}
		doc.Annotations = []sigmf.Annotation{annotation}
	}
	return doc, nil
}

func globalOf(a *heimdall.Acquisition, c *heimdall.Capture, w *heimdall.WebSDR) ourGlobal {
	rec := c.Recording
	return ourGlobal{
		TaskID: c.TaskID, Label: a.Label, WebSDRID: c.WebSDRID,
		WebSDRName: w.Name, WebSDRKind: w.Kind, WebSDRURL: publicURL(w.URL), LocationName: w.LocationName, Dialect: rec.Dialect,
		RequestedFrequencyHz: a.FrequencyHz, RequestedRateHz: a.SampleRateHz, RequestedDurationS: a.Duration.Seconds(),
		ChannelCenterHz: a.ChannelCenterHz, ChannelBandwidthHz: a.ChannelBandwidthHz,
		S3Path: rec.S3Path, DataSHA256: rec.SHA256, DataBytes: rec.Bytes,
		SamplesCount: rec.SamplesCount, ExpectedSamples: rec.ExpectedSamples, NominalRateHz: rec.NominalRateHz,
		PassbandLowHz: rec.PassbandLowHz, PassbandHighHz: rec.PassbandHighHz,
		StartSkewS: rec.StartSkew.Seconds(), Gaps: rec.Gaps, Overloads: rec.Overloads, SMeterDBM: rec.SMeterDBM,
		ZeroIF: rec.ZeroIF, PlannedSamples: rec.PlannedSamples,
	}
}

// publicURL is the address without what might be a secret in it.
func publicURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

func description(a *heimdall.Acquisition, w *heimdall.WebSDR) string {
	s := fmt.Sprintf("%g MHz from %s", float64(a.FrequencyHz)/1e6, w.Name)
	if w.LocationName != "" {
		s += ", " + w.LocationName
	}
	if a.Label != "" {
		s = a.Label + ": " + s
	}
	return s
}

// segments returns SigMF's captures: one for each run of samples without a gap. core:global_index counts
// the missing ones, too, which is how the standard shows gaps.
func segments(rec *heimdall.Recording, w *heimdall.WebSDR) ([]sigmf.Capture, error) {
	clock := clockOf(rec)
	trust := ourTrust{TimeUncertaintyS: &rec.TimeUncertaintyS, TimeQuality: rec.TimeQuality, TimeResidualS: rec.TimeResidualS}
	if rec.GPSAgeMaxS >= 0 {
		trust.GPSAgeMaxS = &rec.GPSAgeMaxS
	}
	other, err := fieldsOf(trust, "")
	if err != nil {
		return nil, err
	}
	first := segment(rec, w, &clock, 0, 0)
	first.Other = other
	list := []sigmf.Capture{first}
	var missing int64
	for _, g := range clock.Gaps {
		missing += g.Missing
		s := segment(rec, w, &clock, g.Sample, g.Sample+missing)
		s.Other = sigmf.Fields{droppedSamples: strconv.AppendInt(nil, g.Missing, 10)}
		list = append(list, s)
	}
	return list, nil
}

func segment(rec *heimdall.Recording, w *heimdall.WebSDR, clock *stamp.Clock, sample, index int64) sigmf.Capture {
	frequencyHz := float64(rec.FrequencyHz)
	c := sigmf.Capture{SampleStart: sample, GlobalIndex: &index, FrequencyHz: &frequencyHz}
	if !rec.Start.IsZero() {
		c.SetStart(clock.At(sample))
	}
	if w.LatitudeDeg != 0 || w.LongitudeDeg != 0 { // 0, 0 is how a row says that it does not know
		c.Geolocation = sigmf.NewPoint(w.LatitudeDeg, w.LongitudeDeg, w.AltitudeM)
	}
	return c
}

// clockOf is the clock of a recording, with the gaps inside it alone, in order and no two at one sample. A gap
// before sample 0 or after the last lies outside: Start is the time of the first sample held.
func clockOf(rec *heimdall.Recording) stamp.Clock {
	clock := stamp.Clock{Start: rec.Start, RateHz: rec.SampleRateHz}
	for _, g := range rec.Gaps {
		last := len(clock.Gaps) - 1
		switch {
		case g.Sample <= 0 || g.Sample >= rec.SamplesCount || g.Missing <= 0:
		case last >= 0 && clock.Gaps[last].Sample >= g.Sample:
			clock.Gaps[last].Missing += g.Missing
		default:
			clock.Gaps = append(clock.Gaps, g)
		}
	}
	return clock
}

// annotationOf marks what was measured: the channel, over the whole recording. The metrics keep their names.
func annotationOf(a *heimdall.Acquisition, rec *heimdall.Recording, m *heimdall.Measurement) (sigmf.Annotation, error) {
	other, err := fieldsOf(m.Metrics, prefix)
	if err != nil {
		return sigmf.Annotation{}, err
	}
	for name, value := range other {
		if string(value) == `""` {
			delete(other, name)
		}
	}
	note := sigmf.Annotation{
		SampleCount: &rec.SamplesCount,
		Label:       label(a.Label),
		Generator:   "heimdall " + heimdall.Version,
		Other:       other,
	}
	bandwidthHz := m.SNRBandwidthHz
	if !(bandwidthHz > 0) || !finite(bandwidthHz) {
		return note, nil
	}
	centerHz := float64(a.FrequencyHz) + a.ChannelCenterHz // which the receiver may be tuned beside
	lowHz, highHz := centerHz-bandwidthHz/2, centerHz+bandwidthHz/2
	note.FreqLowerEdgeHz, note.FreqUpperEdgeHz = &lowHz, &highHz
	return note, nil
}

// label fits a core:label, of which the specification wants at most 20 characters.
func label(s string) string {
	const longest = 20
	if s == "" {
		return "measured channel"
	}
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest-1]) + "…"
}
