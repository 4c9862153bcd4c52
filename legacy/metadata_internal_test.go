package legacy

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestKeysAreReadStrictly(t *testing.T) {
	for key, want := range map[string]name{
		"sessions/a/websdr_1.npy":                      {session: "a", websdrID: 1},
		"sessions/a/websdr_12_metadata.json":           {session: "a", websdrID: 12, metadata: true},
		"sessions/a b/chunk_001_websdr_7.npy":          {session: "a b", chunk: "chunk_001", websdrID: 7},
		"copy/heimdall-raw-iq/sessions/a/websdr_1.npy": {session: "a", websdrID: 1},
		"sessions/a/websdr_0.npy":                      {session: "a"},
		"sessions/ä/chunk_1000_websdr_2.npy":           {session: "ä", chunk: "chunk_1000", websdrID: 2},
		"sessions/a/websdr_9223372036854775807.npy":    {session: "a", websdrID: math.MaxInt64},
		"sessions/sessions/websdr_1.npy":               {session: "sessions", websdrID: 1},
		"sessions/a/chunk_001_websdr_7_metadata.json":  {session: "a", chunk: "chunk_001", websdrID: 7, metadata: true},
		"sessions/a/websdr_x.npy":                      {},
		"sessions/a/websdr_-1.npy":                     {},
		"sessions/a/websdr_01.npy":                     {},
		"sessions/a/websdr_1.npy.bak":                  {},
		"sessions/a/websdr_1.NPY":                      {},
		"sessions/a/b/websdr_1.npy":                    {},
		"sessions/websdr_1.npy":                        {},
		"websdr_1.npy":                                 {},
		"mysessions/a/websdr_1.npy":                    {},
		"sessions/a/chunk_websdr_1.npy":                {},
		"sessions/a/websdr_9223372036854775808.npy":    {},
		"sessions/a/websdr_1_metadata.json/xl.meta":    {},
		"sessions/a/websdr_1.sigmf-data":               {},
		"sessions/\xff/websdr_1.npy":                   {},
		"sessions/a/websdr_1.npy\n":                    {},
	} {
		got, ok := nameOf(key)
		if got != want || ok != (want != name{}) {
			t.Errorf("%q is %+v, %v, want %+v", key, got, ok, want)
		}
	}
}

func TestTimesWithoutAZoneAreUTC(t *testing.T) {
	want := time.Date(2025, 3, 1, 8, 30, 15, 123456000, time.UTC)
	for _, text := range []string{"2025-03-01T08:30:15.123456", "2025-03-01 08:30:15.123456", "2025-03-01T08:30:15.123456Z", "2025-03-01T08:30:15.123456+00:00",
		"2025-03-01T10:30:15.123456+02:00", "2025-03-01T08:30:15.123456+00:00Z", "2025-03-01 08:30:15.123456+00", "2025-03-01T08:30:15.123456789Z"} {
		if got := timeOf(text); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "now", "2025-13-01T00:00:00", "1740817815.1", "2025-03-01"} {
		if got := timeOf(text); !got.IsZero() {
			t.Errorf("%q is %v, want no time", text, got)
		}
	}
}

func TestMegahertzAreRoundedToHertz(t *testing.T) {
	for mhz, want := range map[float64]int64{145.5: 145_500_000, 7.074: 7_074_000, 433.9200004: 433_920_000, 0: 0, -1: 0, 1e300: 0, math.Inf(1): 0, math.NaN(): 0} {
		if got := hertz(mhz); got != want {
			t.Errorf("%v MHz are %d Hz, want %d", mhz, got, want)
		}
	}
	for khz, want := range map[float64]float64{12.5: 12_500, 4.001: 4001, 12: 12_000, 0: 0, -1: 0, 1e300: 0, math.NaN(): 0} {
		if got := rateHz(khz); got != want {
			t.Errorf("%v kHz are %v Hz, want %v", khz, got, want)
		}
	}
}

func TestPythonsNumbersAreReplacedOutsideOfStringsOnly(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": NaN, "b": [Infinity, -Infinity]}`: `{"a": "not finite", "b": ["not finite", "not finite"]}`,
		`{"NaN": "a \" NaN \\", "b": NaN}`:       `{"NaN": "a \" NaN \\", "b": "not finite"}`,
		`"NaN`:                                   `"NaN`,
		`"\`:                                     `"\`,
		``:                                       ``,
	} {
		if got := string(plainJSON([]byte(text))); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// FuzzMetadata wants every number that comes out to be finite and in range, and JSON that is plain to be left alone.
func FuzzMetadata(f *testing.F) {
	for _, s := range []string{
		`{"websdr_id": 1, "frequency_mhz": 145.5, "sample_rate_khz": 12.5, "samples_count": 9, "timestamp_utc": "2025-03-01T08:30:15", "metrics": {"snr_db": NaN, "power_dbm": -80}}`,
		`{"metrics": {"snr_db": "7.5", "psd_dbm": null}}`, `{"metrics": [NaN]}`, `{"timestamp_utc": 7}`, `null`, `[]`, `{"frequency_mhz": 1e999}`, "\ufeff{}", `{"websdr_id": 1e300}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseMetadata(text)
		if err != nil {
			return
		}
		for _, v := range []*float64{m.metrics.SNRdB, m.metrics.PSDdBM, m.metrics.FrequencyOffsetHz, m.metrics.SignalPowerDBM, m.metrics.NoisePowerDBM, m.metrics.PowerDBM, &m.sampleRateHz} {
			if v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0)) {
				t.Errorf("a number is %v", *v)
			}
		}
		if m.frequencyHz < 0 || m.sampleRateHz < 0 || m.samplesCount < 0 || m.says > math.MaxInt32 || m.says < -math.MaxInt32 {
			t.Errorf("%+v", m.description)
		}
		if json.Valid(text) && string(plainJSON(text)) != string(text) {
			t.Errorf("%q was changed", text)
		}
	})
}
