package export_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// opened is a Kiwi WAV as package iqfile reads it, with its samples and its clock.
func opened(t *testing.T, path string) (data []byte, clock stamp.Clock, stale int64) {
	t.Helper()
	f, err := iqfile.Open(path, iqfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if data, err = io.ReadAll(f); err != nil {
		t.Fatal(err)
	}
	clock, ok := f.Clock()
	if !ok || clock.Quality != heimdall.TimeGPS {
		t.Fatalf("%s has no GPS time: %+v", path, clock)
	}
	return data, clock, f.StaleSamples()
}

func TestAKiwiWAVIsReadBackWithItsTimesAndGaps(t *testing.T) {
	for name, c := range map[string]struct {
		datatype string
		slice    []export.Option
		from, to int64
	}{
		"as received":         {"ci16_le", nil, 0, 30_000},
		"of the other order":  {"ci16_be", nil, 0, 30_000},
		"across both gaps":    {"ci16_le", []export.Option{export.Slice(2_100, 24_000)}, 2_100, 26_100},
		"in the middle":       {"ci16_be", []export.Option{export.Slice(9_000, 10_000)}, 9_000, 19_000},
		"beginning at a gap":  {"ci16_le", []export.Option{export.Slice(8_000, 4_096)}, 8_000, 12_096},
		"ending before a gap": {"ci16_le", []export.Option{export.Slice(3_904, 4_096)}, 3_904, 8_000},
	} {
		t.Run(name, func(t *testing.T) {
			s := store(t, c.datatype, 30_000)
			s.rec.Gaps = []heimdall.Gap{{Sample: 8_000, Missing: 5_120}, {Sample: 20_000, Missing: 1}}
			file := s.open(t, export.KiwiWAV, c.slice...)
			path := filepath.Join(t.TempDir(), file.Name)
			if err := os.WriteFile(path, s.read(t, export.KiwiWAV, c.slice...), 0o644); err != nil {
				t.Fatal(err)
			}
			got, clock, stale := opened(t, path)
			want := bytes.Clone(s.data[4*c.from : 4*c.to])
			if c.datatype == "ci16_be" {
				for k := 0; k < len(want); k += 2 {
					want[k], want[k+1] = want[k+1], want[k]
				}
			}
			if !bytes.Equal(got, want) || stale != 0 {
				t.Errorf("other samples come back, or %d of them as stale", stale)
			}
			truth := stamp.Clock{Start: s.rec.Start, RateHz: s.rec.SampleRateHz, Gaps: s.rec.Gaps}.Rebase(c.from)
			var gaps []heimdall.Gap
			for _, g := range truth.Gaps {
				if g.Sample < c.to-c.from {
					gaps = append(gaps, g)
				}
			}
			if diff := cmp.Diff(gaps, clock.Gaps); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
			// Stamps are whole nanoseconds.
			for _, k := range []int64{0, (c.to - c.from) / 2, c.to - c.from - 1} {
				if off := clock.At(k).Sub(truth.At(k)); off.Abs() > 2 {
					t.Errorf("sample %d is %v off", k, off)
				}
			}
			if math.Abs(clock.RateHz-s.rec.SampleRateHz) > 1e-4 || clock.GPSAgeMaxS != s.rec.GPSAgeMaxS {
				t.Errorf("the rate is %v Hz, want %v; the fix %d s old, want %d", clock.RateHz, s.rec.SampleRateHz, clock.GPSAgeMaxS, s.rec.GPSAgeMaxS)
			}
		})
	}
}

// What a KiwiSDR sent is given away as kiwirecorder wrote it, but for the stamps: those are the clock's, where the
// receiver's scatter, and the first two lie.
func TestARealKiwiWAVComesBackAsItWasButForItsStamps(t *testing.T) {
	root := os.Getenv("HEIMDALL_SHARED")
	if root == "" {
		root = "../../shared"
	}
	paths, err := filepath.Glob(filepath.Join(root, "captures", "*_iq.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("SKIPPED: there are no real recordings in %s: set HEIMDALL_SHARED to their folder", root)
	}
	for _, path := range paths {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data, clock, stale := opened(t, path)
		if len(clock.Gaps) != 0 || stale == 0 {
			t.Errorf("%s has gaps %v and %d stale samples", path, clock.Gaps, stale)
		}
		s := store(t, "ci16_le", 0)
		name := iqfile.ParseName(path)
		s.rec.SamplesCount, s.rec.SampleRateHz, s.rec.Start, s.rec.FrequencyHz = int64(len(data)/4), clock.RateHz, clock.Start, name.FrequencyHz
		s.rec.S3Path = "real.sigmf-data"
		sum := blob.SumOf(data)
		if err := s.store.Put(t.Context(), s.rec.S3Path, bytes.NewReader(data), sum); err != nil {
			t.Fatal(err)
		}
		got := s.read(t, export.KiwiWAV)
		if len(got) != len(want) {
			t.Fatalf("%s has %d bytes, of which %d come back", path, len(want), len(got))
		}
		const header, block, fill = 36, 26 + 2048, 0xEE
		for at := header; at < len(want); at += block {
			gotAt, wantAt := stampIn(got[at:], name.Start), stampIn(want[at:], name.Start)
			if off := gotAt.Sub(wantAt).Abs(); at >= header+2*block && off > 40*time.Microsecond {
				t.Errorf("%s: block %d is stamped %v, which is %v off", path, (at-header)/block, gotAt, off)
			}
			for k := at + 8; k < at+18; k++ {
				got[k], want[k] = fill, fill
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs in more than its stamps", path)
		}
	}
}

func stampIn(block []byte, near time.Time) time.Time {
	sec, nsec := binary.LittleEndian.Uint32(block[10:]), binary.LittleEndian.Uint32(block[14:])
	return stamp.GPSTime(near, sec, nsec, stamp.LeapSeconds)
}

func TestPythonReadsTheStampsOfAKiwiWAV(t *testing.T) {
	t.Parallel()
	s := store(t, "ci16_be", 2000)
	s.rec.Gaps = []heimdall.Gap{{Sample: 700, Missing: 5}}
	clock := stamp.Clock{Start: s.rec.Start, RateHz: s.rec.SampleRateHz, Gaps: s.rec.Gaps}
	sec, nsec := stamp.GPSTimeOfWeek(clock.At(700), stamp.LeapSeconds)
	dir := t.TempDir()
	python(t, `
import struct, sys, numpy as np
b, raw = open(sys.argv[1], 'rb').read(), np.fromfile(sys.argv[2], '>i2')
assert b[:4] == b'RIFF' and struct.unpack('<I', b[4:8])[0] == len(b) - 8 and b[8:16] == b'WAVEfmt '
assert struct.unpack('<IHHIIHH', b[16:36]) == (16, 1, 2, 12001, 48004, 4, 16), b[16:36]
at, stamps, samples, sizes = 36, [], [], []
while at < len(b):
    name, size = struct.unpack('<4sI', b[at:at+8])
    assert name == b'kiwi' and size == 10
    stamps.append(struct.unpack('<BBII', b[at+8:at+18]))
    name, size = struct.unpack('<4sI', b[at+18:at+26])
    assert name == b'data'
    samples.append(np.frombuffer(b, '<i2', size // 2, at + 26))
    sizes.append(size // 4)
    at += 26 + size
assert sizes == [512, 188, 512, 512, 276], sizes
assert (np.concatenate(samples) == raw).all()
assert stamps[2] == (3, 0, int(sys.argv[3]), int(sys.argv[4])), stamps[2]
t = [s[2] + 1e-9 * s[3] for s in stamps]
assert abs(t[2] - t[1] - 193 / 12001.135) < 1e-8, t
`, s.save(t, dir, export.KiwiWAV), s.save(t, dir, export.Raw), fmt.Sprint(sec), fmt.Sprint(nsec))
}

func TestWhatExceedsAKiwiWAVIsRefused(t *testing.T) {
	s := sparse(t, 5<<30/4)
	o, err := s.store.Open(t.Context(), s.rec.S3Path)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := export.Open(o, s.meta, s.rec, export.KiwiWAV); err == nil {
		t.Error("5 GiB are given away as a Kiwi WAV, which ends at 4")
	}
	file, err := export.Open(o, s.meta, s.rec, export.KiwiWAV, export.Slice(1<<30, iq.KiwiBlockSamples))
	if err != nil || file.Size != 36+26+2048 {
		t.Errorf("a block of it is refused: %v", err)
	}
}
