package export_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
)

func TestASliceHoldsItsSamplesAndNoOthers(t *testing.T) {
	const n, from, samples = 1000, 123, 456
	for _, datatype := range datatypes {
		s := store(t, datatype, n)
		size := len(s.data) / n
		if got := s.read(t, export.Raw, export.Slice(from, samples)); !bytes.Equal(got, s.data[from*size:(from+samples)*size]) {
			t.Errorf("raw slice of %s differs", datatype)
		}
		if got, want := s.read(t, export.NPY, export.Slice(from, samples))[128:], s.read(t, export.NPY)[128:]; !bytes.Equal(got, want[8*from:8*(from+samples)]) {
			t.Errorf("npy slice of %s differs", datatype)
		}
		if got := s.read(t, export.Raw, export.Slice(0, n)); !bytes.Equal(got, s.data) {
			t.Errorf("the slice of all of %s differs", datatype)
		}
		if got := s.read(t, export.Raw, export.Slice(n, 0)); len(got) != 0 {
			t.Errorf("the slice of nothing of %s has %d bytes", datatype, len(got))
		}
	}
}

func TestASliceOfAWAVBeginsAtItsOwnTime(t *testing.T) {
	s := store(t, "ci16_le", 100_000)
	b := s.read(t, export.WAV, export.Slice(60_000, 10))
	w, err := iq.NewWAVReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	clock := stamp.Clock{Start: s.rec.Start, RateHz: s.rec.SampleRateHz, Gaps: s.rec.Gaps}
	if want := clock.At(60_000).Truncate(time.Millisecond); !w.Start.Equal(want) || w.Samples != 10 {
		t.Errorf("the WAV has %d samples from %v, want 10 from %v", w.Samples, w.Start, want)
	}
}

func TestTheDocumentOfASliceIsThatOfARecordingOfItsOwn(t *testing.T) {
	a, c, w, m := rows() // gaps of 512 at 50000 and of 51 at 100000, of 120000 samples at 12001.135 Hz
	rec := c.Recording
	s := store(t, "ci16_le", 120_000)
	s.rec.Gaps, s.meta = rec.Gaps, metadata(t, a, c, w, &m)

	type segment struct{ Start, Index, Dropped int64 }
	for name, c := range map[string]struct {
		from, samples int64
		segments      []segment
		gaps          string
	}{
		"inside a run":           {1000, 5000, []segment{{0, 1000, 0}}, ""},
		"across a gap":           {49_000, 2000, []segment{{0, 49_000, 0}, {1000, 50_512, 512}}, `[{"sample":1000,"missing":512}]`},
		"from a gap on":          {50_000, 100, []segment{{0, 50_512, 512}}, ""},
		"up to a gap":            {49_900, 100, []segment{{0, 49_900, 0}}, ""},
		"in the last run":        {110_000, 10_000, []segment{{0, 110_563, 0}}, ""},
		"everything":             {0, 120_000, []segment{{0, 0, 0}, {50_000, 50_512, 512}, {100_000, 100_563, 51}}, `[{"sample":50000,"missing":512},{"sample":100000,"missing":51}]`},
		"nothing, at the end":    {120_000, 0, []segment{{0, 120_563, 0}}, ""},
		"nothing, at the start":  {0, 0, []segment{{0, 0, 0}}, ""},
		"nothing, in the middle": {70_000, 0, []segment{{0, 70_512, 0}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			doc := parse(t, s.read(t, export.SigMFMeta, export.Slice(c.from, c.samples)))
			var got []segment
			clock := stamp.Clock{Start: rec.Start, RateHz: rec.SampleRateHz, Gaps: rec.Gaps}
			for _, capture := range doc.Captures {
				g := segment{capture.SampleStart, *capture.GlobalIndex, dropped(t, capture)}
				got = append(got, g)
				if at, ok := capture.Start(); !ok || !at.Equal(clock.At(c.from+capture.SampleStart)) {
					t.Errorf("sample %d begins at %v, want %v", capture.SampleStart, at, clock.At(c.from+capture.SampleStart))
				}
			}
			if diff := cmp.Diff(c.segments, got); diff != "" {
				t.Errorf("segments (-want +got):\n%s", diff)
			}
			first := doc.Captures[0]
			if string(first.Other["heimdall:time_quality"]) != `"gps"` || string(first.Other["heimdall:time_uncertainty_s"]) != "2e-7" {
				t.Errorf("the first capture does not say how far its time can be trusted: %+v", first)
			}
			var gaps bytes.Buffer
			if b := doc.Global.Other["heimdall:gaps"]; len(b) > 0 {
				if err := json.Compact(&gaps, b); err != nil {
					t.Fatal(err)
				}
			}
			if gaps.String() != c.gaps {
				t.Errorf("gaps are %s, want %s", gaps.String(), c.gaps)
			}
			for _, name := range []string{"data_sha256", "data_bytes", "expected_samples", "start_skew_s"} {
				if v, ok := doc.Global.Other["heimdall:"+name]; ok {
					t.Errorf("%s of the whole recording is still there: %s", name, v)
				}
			}
		})
	}
}

func TestASliceKeepsTheMetricsOfWhatItHoldsWhole(t *testing.T) {
	s := store(t, "ci16_le", 1000)
	doc := parse(t, s.read(t, export.SigMFMeta, export.Slice(0, 1000)))
	if len(doc.Annotations) != 1 || doc.Annotations[0].Other["heimdall:snr_db"] == nil || *doc.Annotations[0].SampleCount != 1000 {
		t.Errorf("the slice of everything lost its measurement: %+v", doc.Annotations)
	}
	doc = parse(t, s.read(t, export.SigMFMeta, export.Slice(100, 50)))
	if len(doc.Annotations) != 1 {
		t.Fatalf("annotations: %+v", doc.Annotations)
	}
	a := doc.Annotations[0]
	if len(a.Other) != 0 || a.SampleStart != 0 || *a.SampleCount != 50 || a.FreqLowerEdgeHz == nil || a.Label != "beacon" {
		t.Errorf("a cut annotation is %+v, want the channel over 50 samples without metrics", a)
	}
}

func TestEverySliceOfADocumentIsProperSigMF(t *testing.T) {
	t.Parallel()
	s := store(t, "cu8", 300)
	rapid.Check(t, func(rt *rapid.T) {
		s := *s
		s.rec.Gaps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) heimdall.Gap {
			return heimdall.Gap{Sample: rapid.Int64Range(0, 310).Draw(t, "at"), Missing: rapid.Int64Range(1, 5).Draw(t, "missing")}
		}), 0, 4).Draw(rt, "gaps")
		a, c, w, m := rows()
		c.Recording = &s.rec
		s.meta = metadata(t, a, c, w, &m)
		from := rapid.Int64Range(0, 300).Draw(rt, "from")
		samples := rapid.Int64Range(0, 300-from).Draw(rt, "samples")
		checkSigMF(rt, s.read(t, export.SigMFMeta, export.Slice(from, samples)), max(samples, 1))
	})
}

// HDSDR, SDR# and SDRuno look for the times in two SYSTEMTIMEs at the beginning of the auxi chunk, and for the
// frequency 32 bytes into it.
func TestAWAVSaysItsTimesAndFrequencyWhereSDRProgramsLook(t *testing.T) {
	s := store(t, "ci16_le", 12001)
	s.rec.SampleRateHz, s.rec.Gaps = 12001, nil
	b := s.read(t, export.WAV)
	at := bytes.Index(b, []byte("auxi"))
	if at < 0 || at > 100 || b[at+4] != 164 {
		t.Fatalf("there is no auxi chunk of 164 bytes in % x", b[:100])
	}
	var fields [8]uint16 // year, month, day of the week (a Sunday), day, hour, minute, second, millisecond
	for name, want := range map[string][8]uint16{"start": {2026, 3, 0, 1, 12, 0, 0, 123}, "stop": {2026, 3, 0, 1, 12, 0, 1, 123}} {
		from := at + 8
		if name == "stop" {
			from += 16
		}
		for k := range fields {
			fields[k] = binary.LittleEndian.Uint16(b[from+2*k:])
		}
		if fields != want {
			t.Errorf("the %s is %v, want %v", name, fields, want)
		}
	}
	if hz := binary.LittleEndian.Uint32(b[at+8+32:]); hz != 145_500_000 {
		t.Errorf("the frequency is %d Hz", hz)
	}
}
