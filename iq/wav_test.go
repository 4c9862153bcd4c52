package iq

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func openWAV(t *testing.T, b []byte) *WAVReader {
	t.Helper()
	w, err := NewWAVReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAWAVReadsBackAsItWasWritten(t *testing.T) {
	for _, f := range []Format{CI16LE, CU8, CF32LE, CF64LE} {
		t.Run(f.String(), func(t *testing.T) {
			h := WAVHeader{Format: f, SampleRateHz: 12001.14, Samples: 700,
				Start: time.Date(2026, 8, 1, 12, 30, 15, 250e6, time.UTC), CenterHz: 145_500_000}
			head, err := h.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			samples := counting(700 * f.Size())
			w := openWAV(t, append(head, samples...))
			if w.Format != f || w.SampleRateHz != 12001 || w.Samples != 700 || w.CenterHz != 145_500_000 ||
				!w.HasCenter || !w.Start.Equal(h.Start) || len(w.Notes) != 0 || w.TrailingBytes != 0 || w.Stamped {
				t.Errorf("header read as %+v", w)
			}
			got, err := io.ReadAll(w)
			if err != nil || !bytes.Equal(got, samples) {
				t.Errorf("read %d bytes, error %v; wrote %d", len(got), err, len(samples))
			}
		})
	}
}

// counting returns n bytes that differ from their neighbours.
func counting(n int) []byte {
	b := make([]byte, n)
	for k := range b {
		b[k] = byte(k*7 + k>>8)
	}
	return b
}

func TestAKiwiWAVReadsBackWithItsStamps(t *testing.T) {
	var file bytes.Buffer
	samples := counting(1100 * 4)
	k, err := NewKiwiWriter(&file, 12001.14, KiwiBlocks(1100), 1100)
	if err != nil {
		t.Fatal(err)
	}
	var want []KiwiStamp
	for n := 0; n < 1100; n += KiwiBlockSamples {
		s := KiwiStamp{Sample: int64(n), AgeS: uint8(n / 512), GPSSec: 604_799, GPSNsec: uint32(n) * 83_000}
		want = append(want, s)
		if err := k.WriteBlock(s, samples[4*n:min(4*(n+KiwiBlockSamples), len(samples))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	w := openWAV(t, file.Bytes())
	if !w.Stamped || w.Samples != 1100 || w.SampleRateHz != 12001 {
		t.Errorf("header read as %+v", w)
	}
	got, err := io.ReadAll(w)
	if err != nil || !bytes.Equal(got, samples) {
		t.Errorf("read %d bytes, error %v; wrote %d", len(got), err, len(samples))
	}
	if diff := cmp.Diff(want, w.Stamps()); diff != "" {
		t.Errorf("stamps (-want +got):\n%s", diff)
	}
	if again := w.Stamps(); again != nil {
		t.Errorf("stamps were given twice: %v", again)
	}
}
