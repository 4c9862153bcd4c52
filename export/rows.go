package export

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// Rows are what the document of a recording says of the rows it was made from: enough to make them again when
// the database is lost. States, attempts and times of work are not in it; a recording is there, so its
// capture was a success.
type Rows struct {
	Acquisition heimdall.Acquisition // one WebSDR of it: this one
	Capture     heimdall.Capture     // with its Recording
	WebSDR      heimdall.WebSDR
	Measurement *heimdall.Measurement // nil when the document has none
}

// ReadMetadata reads a document that Metadata wrote. A SigMF document of others, or of a slice, is refused:
// it has no rows.
func ReadMetadata(doc []byte) (*Rows, error) {
	rows, err := readMetadata(doc)
	if err != nil {
		return nil, fmt.Errorf("read recording metadata: %w", err)
	}
	return rows, nil
}

func readMetadata(doc []byte) (*Rows, error) {
	m, err := sigmf.ParseMetadata(doc)
	if err != nil {
		return nil, err
	}
	var g ourGlobal
	if err := decodeFields(m.Global.Other, "", &g); err != nil {
		return nil, fmt.Errorf("fields of extension heimdall: %w", err)
	}
	switch {
	case g.SliceStart != nil:
		return nil, errors.New("it describes a part of a recording, not the recording itself")
	case g.TaskID == "" || g.WebSDRID <= 0 || g.S3Path == "":
		return nil, errors.New("heimdall:task_id, heimdall:websdr_id or heimdall:s3_path is missing: was it written by Heimdall?")
	case len(m.Captures) == 0:
		return nil, errors.New("it has no captures, so the recording has no time and no frequency")
	}
	rec, err := recordingOf(m, &g)
	if err != nil {
		return nil, err
	}
	rows := &Rows{
		Acquisition: acquisitionOf(&g, rec),
		Capture: heimdall.Capture{TaskID: g.TaskID, WebSDRID: g.WebSDRID, State: heimdall.Success, Phase: heimdall.PhaseDone,
			BytesReceived: rec.Bytes, Recording: rec},
		WebSDR: webSDROf(m, &g),
	}
	rows.Measurement, err = measurementOf(m, &g, rec)
	return rows, err
}

func recordingOf(m *sigmf.Metadata, g *ourGlobal) (*heimdall.Recording, error) {
	if _, err := iq.ParseFormat(m.Global.Datatype); err != nil {
		return nil, err
	}
	first := &m.Captures[0]
	var trust ourTrust
	if err := decodeFields(first.Other, "", &trust); err != nil {
		return nil, fmt.Errorf("fields of extension heimdall: %w", err)
	}
	rec := &heimdall.Recording{
		S3Path: g.S3Path, Datatype: m.Global.Datatype, SampleRateHz: m.Global.SampleRateHz, NominalRateHz: g.NominalRateHz,
		PassbandLowHz: g.PassbandLowHz, PassbandHighHz: g.PassbandHighHz,
		SamplesCount: g.SamplesCount, ExpectedSamples: g.ExpectedSamples, Bytes: g.DataBytes, SHA256: g.DataSHA256,
		StartSkew: seconds(g.StartSkewS), TimeQuality: trust.TimeQuality, TimeResidualS: trust.TimeResidualS, GPSAgeMaxS: -1,
		Gaps: g.Gaps, Overloads: g.Overloads, SMeterDBM: g.SMeterDBM, Dialect: g.Dialect,
		ZeroIF: g.ZeroIF, PlannedSamples: g.PlannedSamples,
	}
	if first.FrequencyHz != nil {
		rec.FrequencyHz = int64(math.Round(*first.FrequencyHz))
	}
	if start, ok := first.Start(); ok {
		rec.Start = start
	}
	if trust.TimeUncertaintyS != nil {
		rec.TimeUncertaintyS = *trust.TimeUncertaintyS
	}
	if trust.GPSAgeMaxS != nil {
		rec.GPSAgeMaxS = *trust.GPSAgeMaxS
	}
	return rec, nil
}

func acquisitionOf(g *ourGlobal, rec *heimdall.Recording) heimdall.Acquisition {
	a := heimdall.Acquisition{
		TaskID: g.TaskID, Label: g.Label, WebSDRIDs: []int64{g.WebSDRID},
		FrequencyHz: g.RequestedFrequencyHz, SampleRateHz: g.RequestedRateHz, Duration: seconds(g.RequestedDurationS),
		ChannelCenterHz: g.ChannelCenterHz, ChannelBandwidthHz: g.ChannelBandwidthHz,
	}
	if !rec.Start.IsZero() {
		a.WindowStart = rec.Start.Add(-rec.StartSkew)
	}
	return a
}

func webSDROf(m *sigmf.Metadata, g *ourGlobal) heimdall.WebSDR {
	w := heimdall.WebSDR{ID: g.WebSDRID, Name: g.WebSDRName, Kind: g.WebSDRKind, URL: g.WebSDRURL, LocationName: g.LocationName}
	place := m.Captures[0].Geolocation
	if lat, lon, ok := place.LatLon(); ok {
		w.LatitudeDeg, w.LongitudeDeg = lat, lon
		if len(place.Coordinates) > 2 {
			w.AltitudeM = &place.Coordinates[2]
		}
	}
	return w
}

func measurementOf(m *sigmf.Metadata, g *ourGlobal, rec *heimdall.Recording) (*heimdall.Measurement, error) {
	for k := range m.Annotations {
		fields := m.Annotations[k].Other
		if fields[prefix+"detected"] == nil {
			continue // not a measurement of ours
		}
		row := heimdall.Measurement{
			TaskID: g.TaskID, WebSDRID: g.WebSDRID, Timestamp: rec.Start, FrequencyHz: cmp.Or(g.RequestedFrequencyHz, rec.FrequencyHz),
			SampleRateHz: rec.SampleRateHz, SamplesCount: rec.SamplesCount, S3Path: rec.S3Path,
			TimeQuality: rec.TimeQuality, TimeUncertaintyS: rec.TimeUncertaintyS,
		}
		if err := decodeFields(renamed(fields), prefix, &row.Metrics); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
		return &row, nil
	}
	return nil, nil
}

// renamed gives the fields of documents of version 1.0.0 of the extension the names that they have now.
func renamed(fields sigmf.Fields) sigmf.Fields {
	out := maps.Clone(fields)
	for before, now := range heimdall.RenamedMetrics {
		if value, ok := fields[prefix+before]; ok && fields[prefix+now] == nil {
			out[prefix+now] = value
		}
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }
