package export

import (
	"fmt"
	"io"
	"math"
	"sort"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// noFixAgeS and above are how a KiwiSDR says that it has no GPS fix to speak of.
const noFixAgeS = 253

// checkKiwi refuses what a Kiwi WAV cannot say.
func (j *job) checkKiwi(bad *heimdall.InvalidError) {
	switch {
	case j.rec.TimeQuality != heimdall.TimeGPS || j.rec.Start.IsZero():
		bad.Add("format", "kiwi-wav cannot be had because this recording has no GPS time: use sigmf or wav")
	case j.stored != iq.CI16LE && j.stored != iq.CI16BE && j.stored != iq.CI8:
		bad.Add("format", "kiwi-wav cannot be had because it holds integers of 16 bits and the samples are %s: use sigmf or wav", j.rec.Datatype)
	}
}

// kiwiWAV is the recording as kiwirecorder would have written it: blocks of 512 samples, each behind a chunk with
// the GPS time of its first. The stamps are those of the clock, not the receiver's own, which are not kept: what
// they scattered about it is time_residual_s. A gap begins a block, so that no stamp is wrong behind it.
//
// Rounded are stamps to nanoseconds, and the rate in the header down to whole hertz, as kiwirecorder does it; the
// stamps have the true one. The age of the GPS fix is the worst of the recording, in every block. Readers distrust
// the first two stamps of a file, and rightly so of a KiwiSDR's: a gap in the first few blocks escapes ours.
func (j *job) kiwiWAV() ([]part, error) {
	k := kiwiBlocks{data: samplesPart(j.stored, iq.CI16LE, 0, j.rec.SamplesCount), clock: clockOf(&j.rec), ageS: uint8(min(max(j.rec.GPSAgeMaxS, 0), noFixAgeS-1))}
	k.layOut(j.from, j.samples)
	header, err := iq.KiwiHeader(math.Floor(j.rec.SampleRateHz), k.blocks, j.samples)
	if err != nil {
		return nil, &heimdall.InvalidError{Fields: []heimdall.FieldError{
			{Field: "format", Message: fmt.Sprintf("kiwi-wav cannot be had: %v", err)}}}
	}
	return []part{fixed(header), {size: k.bytes, grain: 1, readAt: k.readAt}}, nil
}

// kiwiBlocks is everything behind the header.
type kiwiBlocks struct {
	data   part // all samples of the recording
	clock  stamp.Clock
	ageS   uint8
	runs   []kiwiRun
	blocks int64
	bytes  int64
}

// A kiwiRun is samples without a gap between them. All its blocks but the last are full.
type kiwiRun struct {
	first, samples int64
	at             int64 // offset of its first block
}

const (
	kiwiSampleBytes = 4
	kiwiFullBytes   = iq.KiwiBlockHeaderBytes + iq.KiwiBlockSamples*kiwiSampleBytes
)

// layOut finds the runs. No samples are one empty block: a WAV without any data is none.
func (k *kiwiBlocks) layOut(from, samples int64) {
	end := from + samples
	add := func(first, last int64) {
		run := kiwiRun{first: first, samples: last - first, at: k.bytes}
		blocks := max(1, iq.KiwiBlocks(run.samples))
		k.runs = append(k.runs, run)
		k.blocks += blocks
		k.bytes += blocks*iq.KiwiBlockHeaderBytes + run.samples*kiwiSampleBytes
	}
	for _, g := range k.clock.Gaps {
		if g.Sample > from && g.Sample < end {
			add(from, g.Sample)
			from = g.Sample
		}
	}
	add(from, end)
}

// readAt fills p from whatever blocks lie there.
func (k *kiwiBlocks) readAt(object io.ReaderAt, p []byte, off int64) error {
	for len(p) > 0 {
		run := k.runs[sort.Search(len(k.runs), func(i int) bool { return k.runs[i].at > off })-1]
		block := (off - run.at) / kiwiFullBytes
		within := off - run.at - block*kiwiFullBytes
		first := run.first + block*iq.KiwiBlockSamples
		samples := min(iq.KiwiBlockSamples, run.first+run.samples-first)
		var n int
		if within < iq.KiwiBlockHeaderBytes {
			n = copy(p, iq.KiwiBlockHeader(k.stamp(first), samples)[within:])
		} else {
			within -= iq.KiwiBlockHeaderBytes
			n = int(min(int64(len(p)), samples*kiwiSampleBytes-within))
			if err := k.data.readAt(object, p[:n], first*kiwiSampleBytes+within); err != nil {
				return err
			}
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func (k *kiwiBlocks) stamp(sample int64) iq.KiwiStamp {
	sec, nsec := stamp.GPSTimeOfWeek(k.clock.At(sample), stamp.LeapSeconds)
	return iq.KiwiStamp{AgeS: k.ageS, GPSSec: sec, GPSNsec: nsec}
}

// kiwiName is the name that kiwirecorder would give, from which solvers take time, frequency and station:
// 20171127T104156Z_77500_websdr3_iq. The station is a word that Octave takes for a name.
func (j *job) kiwiName(object string) string {
	return fmt.Sprintf("%s_%d_%s_iq", j.rec.Start.UTC().Format("20060102T150405Z"), j.rec.FrequencyHz,
		strings.NewReplacer("_", "", "-", "x").Replace(object))
}
