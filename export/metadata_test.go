package export_test

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

func ptr[T any](v T) *T { return &v }

// rows are those of a recording with two gaps of which everything is known.
func rows() (heimdall.Acquisition, heimdall.Capture, heimdall.WebSDR, heimdall.Measurement) {
	const task = "01957c2e-5d00-7000-8000-0123456789ab"
	start := time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC)
	rec := heimdall.Recording{
		S3Path:   "sessions/" + task + "/websdr_7.sigmf-data",
		Datatype: "ci16_le", SampleRateHz: 12001.135, NominalRateHz: 12000, FrequencyHz: 145_500_000,
		PassbandLowHz: -5000, PassbandHighHz: 5000, SamplesCount: 120_000, ExpectedSamples: 120_563, Bytes: 480_000,
		SHA256: strings.Repeat("ab", 32), Start: start, StartSkew: 41_667 * time.Nanosecond,
		TimeQuality: heimdall.TimeGPS, TimeUncertaintyS: 2e-7, TimeResidualS: 1.5e-7, GPSAgeMaxS: 3,
		Gaps: []heimdall.Gap{{Sample: 50_000, Missing: 512}, {Sample: 100_000, Missing: 51}}, Overloads: 2, SMeterDBM: ptr(-87.5),
		Dialect: "kiwisdr 1.709", ZeroIF: ptr(false), PlannedSamples: 120_011,
	}
	a := heimdall.Acquisition{
		TaskID: task, Label: "beacon", FrequencyHz: 145_500_000, Duration: 10 * time.Second, SampleRateHz: 12000,
		ChannelCenterHz: 1000, ChannelBandwidthHz: 3000, WebSDRIDs: []int64{7}, WindowStart: start.Add(-41_667 * time.Nanosecond),
	}
	c := heimdall.Capture{TaskID: task, WebSDRID: 7, State: heimdall.Success, Phase: heimdall.PhaseDone, BytesReceived: rec.Bytes, Recording: &rec}
	w := heimdall.WebSDR{
		ID: 7, Name: "Montanaro", Kind: "kiwisdr", URL: "http://kiwi.example:8073", LocationName: "Piedmont",
		LatitudeDeg: 45.234, LongitudeDeg: 7.857, AltitudeM: ptr(300.0),
	}
	m := heimdall.Measurement{
		TaskID: task, WebSDRID: 7, Timestamp: start, FrequencyHz: rec.FrequencyHz, SampleRateHz: rec.SampleRateHz,
		SamplesCount: rec.SamplesCount, S3Path: rec.S3Path, TimeQuality: rec.TimeQuality, TimeUncertaintyS: rec.TimeUncertaintyS,
	}
	fillMetrics(&m.Metrics)
	return a, c, w, m
}

// fillMetrics gives every number a value of its own, so that none can be lost or swapped unseen: shares, too,
// which end at 1.
func fillMetrics(m *heimdall.Metrics) {
	s := reflect.ValueOf(m).Elem()
	for k := range s.NumField() {
		switch f := s.Field(k).Addr().Interface().(type) {
		case *float64:
			*f = float64(k+1) / 64
		case **float64:
			*f = ptr(float64(k+1) / 64)
		case *bool:
			*f = true
		case *int:
			*f = 100 + k
		case *string:
			*f = "text" + string(rune('a'+k))
		case *[]string:
			*f = []string{"clipped", "gaps"}
		}
	}
	m.SNRBandwidthHz, m.AlgorithmVersion, m.NoiseSource, m.FrequencyMethod, m.CalibrationSource = 3000, "1", "off_channel", new("carrier"), new("table")
}

func metadata(t testing.TB, a heimdall.Acquisition, c heimdall.Capture, w heimdall.WebSDR, m *heimdall.Measurement) []byte {
	t.Helper()
	doc, err := export.Metadata(a, c, w, m)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func parse(t testing.TB, doc []byte) *sigmf.Metadata {
	t.Helper()
	m, err := sigmf.ParseMetadata(doc)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheDocumentSaysWhatTheRowsSay(t *testing.T) {
	a, c, w, m := rows()
	doc := metadata(t, a, c, w, &m)
	got, err := export.ReadMetadata(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&export.Rows{Acquisition: a, Capture: c, WebSDR: w, Measurement: &m}, got); diff != "" {
		t.Errorf("rows (-written +read):\n%s", diff)
	}
	for _, want := range []string{
		`"core:datatype": "ci16_le"`, `"core:sample_rate": 12001.135`, `"core:version": "1.2.5"`, `"core:recorder": "heimdall ` + heimdall.Version + `"`,
		`"core:hw": "kiwisdr 1.709"`, `"core:description": "beacon: 145.5 MHz from Montanaro, Piedmont"`,
		`"core:datetime": "2026-03-01T12:00:00.123456Z"`, `"heimdall:start_unix_ns": "1772366400123456789"`,
		`"core:freq_lower_edge": 145499500`, `"core:freq_upper_edge": 145502500`, `"core:label": "beacon"`,
		`"heimdall:task_id": "01957c2e-5d00-7000-8000-0123456789ab"`, `"heimdall:snr_db": 0.015625`,
	} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("%s is not in the document:\n%s", want, doc)
		}
	}
}

func TestADocumentOfVersionOneIsReadWithItsOldNames(t *testing.T) {
	a, c, w, m := rows()
	doc := string(metadata(t, a, c, w, &m))
	for before, now := range heimdall.RenamedMetrics {
		old := strings.Replace(doc, `"heimdall:`+now+`"`, `"heimdall:`+before+`"`, 1)
		if old == doc {
			t.Fatalf("%s is not in the document", now)
		}
		doc = old
	}
	got, err := export.ReadMetadata([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&m, got.Measurement); diff != "" {
		t.Errorf("measurement (-written +read):\n%s", diff)
	}
}

// dropped is what a capture says is missing before it; 0 when it says nothing.
func dropped(t *testing.T, c sigmf.Capture) (samples int64) {
	t.Helper()
	const name = "heimdall:dropped_samples"
	if c.Other[name] != nil && !c.Other.Get(name, &samples) {
		t.Errorf("%s is %s", name, c.Other[name])
	}
	return samples
}

func TestGapsAreCapturesWithTheirOwnTimes(t *testing.T) {
	a, c, w, m := rows()
	got := parse(t, metadata(t, a, c, w, &m)).Captures
	type segment struct{ Start, Index, Dropped int64 }
	var segments []segment
	for k, s := range got {
		segments = append(segments, segment{s.SampleStart, *s.GlobalIndex, dropped(t, s)})
		at, ok := s.Start()
		// By the exact rational: index seconds over 12001.135.
		want := c.Recording.Start.Add(time.Duration(math.Round(float64(*s.GlobalIndex) * 1e9 / 12001.135)))
		if d := at.Sub(want).Abs(); !ok || d > 1 {
			t.Errorf("segment %d begins %v, want %v", k, at, want)
		}
		if lat, lon, ok := s.Geolocation.LatLon(); !ok || lat != 45.234 || lon != 7.857 || s.Geolocation.Coordinates[2] != 300 {
			t.Errorf("segment %d lies at %v", k, s.Geolocation)
		}
		if *s.FrequencyHz != 145.5e6 {
			t.Errorf("segment %d has frequency %v", k, *s.FrequencyHz)
		}
	}
	want := []segment{{0, 0, 0}, {50_000, 50_512, 512}, {100_000, 100_563, 51}}
	if diff := cmp.Diff(want, segments); diff != "" {
		t.Errorf("segments (-want +got):\n%s", diff)
	}
}

func TestTheDocumentIsTheSameWhateverHappensMeanwhile(t *testing.T) {
	a, c, w, m := rows()
	want := metadata(t, a, c, w, &m)
	a.State, a.Claims, a.StartedAt, a.EndedAt, a.CancelRequested, a.Reason = heimdall.Partial, 3, time.Now(), time.Now(), true, "late"
	a.WebSDRIDs = []int64{1, 2, 7}
	c.Attempts, c.Phase, c.EndedAt, c.Elapsed = 2, heimdall.PhaseStoring, time.Now(), time.Minute
	w.Active, w.UpdatedAt, w.Notes = true, time.Now(), "moved"
	if got := metadata(t, a, c, w, &m); !bytes.Equal(got, want) {
		t.Errorf("the document changed:\n%s", cmp.Diff(string(want), string(got)))
	}
}

func TestSecretsAreNotInTheDocument(t *testing.T) {
	a, c, w, m := rows()
	w.Password, w.URL = "hunter2", "http://user:hunter3@kiwi.example:8073/?p=hunter4#hunter5"
	doc := string(metadata(t, a, c, w, &m))
	if strings.Contains(doc, "hunter") || !strings.Contains(doc, `"http://kiwi.example:8073/"`) {
		t.Errorf("the document holds a secret or lost the address:\n%s", doc)
	}
}

func TestNumbersThatJSONCannotHoldAreLeftOut(t *testing.T) {
	a, c, w, m := rows()
	m.SNRdB, m.PowerDBFS, m.ClipFraction, m.SNRBandwidthHz = ptr(math.NaN()), ptr(math.Inf(-1)), math.NaN(), math.Inf(1)
	c.Recording.TimeUncertaintyS, c.Recording.TimeResidualS, c.Recording.SampleRateHz = math.NaN(), math.Inf(1), math.NaN()
	c.Recording.SMeterDBM, c.Recording.PassbandLowHz = ptr(math.NaN()), math.Inf(-1)
	got, err := export.ReadMetadata(metadata(t, a, c, w, &m))
	if err != nil {
		t.Fatal(err)
	}
	if got.Measurement.SNRdB != nil || got.Measurement.PowerDBFS != nil || got.Measurement.CN0dBHz == nil || got.Capture.Recording.SMeterDBM != nil {
		t.Errorf("measurement read back: %+v", got.Measurement)
	}
}

// A dongle is tuned beside the frequency asked for; what was measured lies where it was asked for.
func TestTheAnnotationLiesWhereTheChannelIsOnTheAir(t *testing.T) {
	a, c, w, m := rows()
	c.Recording.FrequencyHz -= 60_000
	doc, err := export.Metadata(a, c, w, &m)
	if err != nil {
		t.Fatal(err)
	}
	meta, err := sigmf.ParseMetadata(doc)
	if err != nil {
		t.Fatal(err)
	}
	note := meta.Annotations[0]
	if low, high := *note.FreqLowerEdgeHz, *note.FreqUpperEdgeHz; low != 145_499_500 || high != 145_502_500 {
		t.Errorf("the annotation reaches from %.0f to %.0f Hz, want 3 kHz about 145.501 MHz", low, high)
	}
	if *meta.Captures[0].FrequencyHz != 145_440_000 {
		t.Errorf("the samples are centred on %.0f Hz, want 145.44 MHz", *meta.Captures[0].FrequencyHz)
	}
}

func TestAnyRowsAreReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, c, w, m := rows()
		rec := c.Recording
		rec.SamplesCount = rapid.Int64Range(0, 1<<40).Draw(t, "samples")
		rec.SampleRateHz = rapid.Float64Range(1, 1e8).Draw(t, "rate")
		rec.NominalRateHz = rapid.Float64Range(0, 1e8).Draw(t, "nominal")
		rec.FrequencyHz = rapid.Int64Range(1, heimdall.MaxFrequencyHz).Draw(t, "frequency")
		rec.Start = time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "start")).UTC()
		rec.StartSkew = time.Duration(rapid.Int64Range(-1e10, 1e10).Draw(t, "skew"))
		rec.GPSAgeMaxS = rapid.IntRange(-1, 1e6).Draw(t, "age")
		rec.TimeUncertaintyS = rapid.Float64Range(0, 10).Draw(t, "sigma")
		rec.Gaps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) heimdall.Gap {
			return heimdall.Gap{Sample: rapid.Int64Range(0, 1<<40).Draw(t, "at"), Missing: rapid.Int64Range(1, 1<<30).Draw(t, "missing")}
		}), 0, 4).Draw(t, "gaps")
		a.Label = rapid.String().Draw(t, "label")
		a.FrequencyHz = rapid.Int64Range(1, heimdall.MaxFrequencyHz).Draw(t, "frequency asked for")
		a.WindowStart = rec.Start.Add(-rec.StartSkew)
		w.Name, w.LocationName = rapid.String().Draw(t, "name"), rapid.String().Draw(t, "location")
		w.LatitudeDeg, w.LongitudeDeg = rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(0.1, 180).Draw(t, "lon")
		if rapid.Bool().Draw(t, "altitude unknown") {
			w.AltitudeM = nil
		}
		m.Timestamp, m.FrequencyHz, m.SampleRateHz, m.SamplesCount, m.TimeUncertaintyS = rec.Start, a.FrequencyHz, rec.SampleRateHz, rec.SamplesCount, rec.TimeUncertaintyS
		m.SNRdB, m.Detected, m.Flags = nil, rapid.Bool().Draw(t, "detected"), rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "flags")
		measurement := &m
		if rec.SamplesCount == 0 || rapid.Bool().Draw(t, "not measured") {
			measurement = nil
		}
		doc, err := export.Metadata(a, c, w, measurement)
		if err != nil {
			t.Fatal(err)
		}
		got, err := export.ReadMetadata(doc)
		if err != nil {
			t.Fatal(err)
		}
		want := &export.Rows{Acquisition: a, Capture: c, WebSDR: w, Measurement: measurement}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("rows (-written +read):\n%s\n%s", diff, doc)
		}
	})
}

func TestDocumentsOfOthersHaveNoRows(t *testing.T) {
	a, c, w, m := rows()
	good := string(metadata(t, a, c, w, &m))
	for name, doc := range map[string]string{
		"nothing":        "",
		"no JSON":        "RIFF",
		"another JSON":   `{"a": 1}`,
		"foreign SigMF":  `{"global": {"core:datatype": "ci16_le", "core:version": "1.0.0"}, "captures": [{"core:sample_start": 0}], "annotations": []}`,
		"no key":         strings.Replace(good, `"heimdall:s3_path"`, `"heimdall:s3_way"`, 1),
		"a slice":        strings.Replace(good, `"heimdall:s3_path"`, `"heimdall:slice_start": 5, "heimdall:s3_path"`, 1),
		"a bad datatype": strings.Replace(good, `"ci16_le"`, `"ci17_le"`, 1),
		"a text for id":  strings.Replace(good, `"heimdall:websdr_id": 7`, `"heimdall:websdr_id": "seven"`, 1),
		"no captures":    good[:strings.Index(good, `"captures"`)] + `"captures": [], "annotations": []}`,
	} {
		if got, err := export.ReadMetadata([]byte(doc)); err == nil {
			t.Errorf("%s: ReadMetadata = %+v, want an error", name, got)
		}
	}
	c.Recording = nil
	if _, err := export.Metadata(a, c, w, nil); err == nil {
		t.Error("Metadata of a capture without a recording succeeds")
	}
}

func FuzzReadMetadata(f *testing.F) {
	a, c, w, m := rows()
	f.Add(metadata(f, a, c, w, &m))
	f.Add([]byte(`{"global": {"heimdall:task_id": "t", "heimdall:websdr_id": 1, "heimdall:s3_path": "k", "core:datatype": "cu8"}, "captures": [{}], "annotations": [{}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		rows, err := export.ReadMetadata(doc)
		if err == nil && (rows.Capture.Recording == nil || rows.Capture.TaskID == "" || rows.Capture.WebSDRID <= 0) {
			t.Errorf("ReadMetadata accepts a document without rows: %+v", rows)
		}
	})
}
