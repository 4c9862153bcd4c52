package iq_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/iq"
)

// kiwiWAV writes samples in blocks and returns the stamps that go with them.
func kiwiWAV(t *testing.T, samples []byte) ([]byte, []iq.KiwiStamp) {
	t.Helper()
	var file bytes.Buffer
	n := int64(len(samples) / 4)
	k, err := iq.NewKiwiWriter(&file, 12001.14, iq.KiwiBlocks(n), n)
	if err != nil {
		t.Fatal(err)
	}
	var stamps []iq.KiwiStamp
	for at := int64(0); at < n; at += iq.KiwiBlockSamples {
		s := iq.KiwiStamp{Sample: at, AgeS: uint8(at / 512), GPSSec: 604_799, GPSNsec: uint32(at) * 83_000}
		stamps = append(stamps, s)
		if err := k.WriteBlock(s, samples[4*at:4*min(at+iq.KiwiBlockSamples, n)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), stamps
}

func TestAKiwiWAVReadsBackWithItsStamps(t *testing.T) {
	samples := counting(1100 * 4)
	file, want := kiwiWAV(t, samples)
	if got := int(binary.LittleEndian.Uint32(file[4:])); got != len(file)-8 {
		t.Errorf("the RIFF size is %d of a file of %d bytes", got, len(file))
	}
	w := openWAV(t, file)
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

func TestAStampIsGivenWithTheFirstSamplesOfItsBlock(t *testing.T) {
	file, want := kiwiWAV(t, counting(1100*4))
	w := openWAV(t, file)
	var got []iq.KiwiStamp
	buf := make([]byte, 100*4)
	var before, after int64 // samples read
	for {
		n, err := w.Read(buf)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		before, after = after, after+int64(n/4)
		got = append(got, w.Stamps()...)
		if last := got[len(got)-1].Sample; before < last || after > last+iq.KiwiBlockSamples {
			t.Fatalf("samples %d to %d came with the stamp of block %d", before, after, last)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stamps (-want +got):\n%s", diff)
	}
}

func TestTheKiwiWriterHoldsToWhatItAnnounced(t *testing.T) {
	write := func(w io.Writer) *iq.KiwiWriter {
		k, err := iq.NewKiwiWriter(w, 12000, 1, 512)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if err := write(io.Discard).Close(); err == nil {
		t.Error("closed without its samples")
	}
	if err := write(io.Discard).WriteBlock(iq.KiwiStamp{}, make([]byte, 513*4)); err == nil {
		t.Error("a block too long was accepted")
	}
	if err := write(io.Discard).WriteBlock(iq.KiwiStamp{}, make([]byte, 5)); err == nil {
		t.Error("a split sample was accepted")
	}
	k := write(io.Discard)
	if err := k.WriteBlock(iq.KiwiStamp{}, make([]byte, 2048)); err != nil {
		t.Fatal(err)
	}
	if err := k.WriteBlock(iq.KiwiStamp{}, nil); err == nil {
		t.Error("a block too many was accepted")
	}
	for _, n := range []int64{-1, 1 << 30, math.MaxInt64} {
		if _, err := iq.NewKiwiWriter(io.Discard, 12000, iq.KiwiBlocks(n), n); err == nil {
			t.Errorf("%d samples were accepted", n)
		}
	}
	if _, err := iq.NewKiwiWriter(io.Discard, 0, 1, 1); err == nil {
		t.Error("a rate of 0 was accepted")
	}
}
