package replay

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/stamp"
)

const (
	// staleBlocks is how many blocks at the beginning of a connection a KiwiSDR may stamp with an old time.
	staleBlocks = 2
	// unusableFixAge and above say that the receiver had no GPS fix to speak of.
	unusableFixAge = 253
	secondsOfWeek  = 7 * 86400
	// stampSigmaS is the error of a KiwiSDR's stamps that no fit reveals; see package kiwisdr.
	stampSigmaS = 4e-6
)

// clockOf returns the clock of the file and how many samples at its beginning are not to be played. Without
// a time of its own the file begins now.
func clockOf(ctx context.Context, file *iqfile.File, a address, changed time.Time) (stamp.Clock, int64, error) {
	if file.Kind == iqfile.KiwiWAV {
		clock, stale, err := stampedClock(ctx, file, a, changed)
		if err != nil || clock.Quality == heimdall.TimeGPS {
			return clock, stale, err
		}
	}
	clock := stamp.Clock{
		Start: file.Start, RateHz: file.SampleRateHz, Quality: heimdall.TimeHostArrival, // of whoever recorded it
		GPSAgeMaxS: -1, Gaps: file.Gaps(),
	}
	if clock.Start.IsZero() {
		clock.Start = a.named.start
	}
	if clock.Start.IsZero() {
		clock.Start, clock.Quality = time.Now(), heimdall.TimeNone
	}
	clock.Start = clock.Start.UTC().Round(0)
	believe(&clock, file)
	return clock, 0, nil
}

// believe takes over what a recording of Heimdall's own says about its time.
func believe(clock *stamp.Clock, file *iqfile.File) {
	if file.Metadata == nil || len(file.Metadata.Captures) == 0 || clock.Quality == heimdall.TimeNone {
		return
	}
	said := file.Metadata.Captures[0].Other
	var q heimdall.TimeQuality
	said.Get("heimdall:time_quality", &q)
	switch q {
	case heimdall.TimeGPS:
		clock.Quality, clock.GPSAgeMaxS = q, 0
		if age := 0; said.Get("heimdall:gps_age_max_s", &age) && age > 0 && age < secondsOfWeek {
			clock.GPSAgeMaxS = age
		}
	case heimdall.TimeHostDisciplined, heimdall.TimeHostArrival, heimdall.TimeNone:
		clock.Quality = q
	default:
		return
	}
	if sigma := 0.0; said.Get("heimdall:time_uncertainty_s", &sigma) && sigma > 0 {
		clock.StartSigmaS = sigma
	}
}

// stampedClock reads the stamps of a Kiwi WAV through a second opening of it and fits the line. The quality
// is not that of GPS if they have none.
func stampedClock(ctx context.Context, file *iqfile.File, a address, changed time.Time) (stamp.Clock, int64, error) {
	stamps, err := readStamps(ctx, a)
	if err != nil {
		return stamp.Clock{}, 0, err
	}
	near := changed
	if !a.named.start.IsZero() {
		near = a.named.start
	}
	if !a.options.Start.IsZero() {
		near = a.options.Start
	}
	timeOf := func(s iq.KiwiStamp) time.Time {
		elapsed := time.Duration(float64(s.Sample) / file.SampleRateHz * float64(time.Second))
		return stamp.GPSTime(near.Add(elapsed), s.GPSSec, s.GPSNsec, stamp.LeapSeconds)
	}
	fitter := stamp.NewFitter(file.SampleRateHz)
	for k, s := range stamps {
		if k >= staleBlocks && usable(s) {
			fitter.Add(stamp.Block{Sample: s.Sample, At: timeOf(s), GPSAgeS: int(s.AgeS)})
		}
	}
	clock := fitter.Clock()
	if clock.Quality != heimdall.TimeGPS {
		return clock, 0, nil
	}
	clock.StartSigmaS = math.Hypot(clock.StartSigmaS, stampSigmaS)
	var stale int64
	for k := 0; k < staleBlocks && k+1 < len(stamps); k++ {
		off := timeOf(stamps[k]).Sub(clock.At(stamps[k].Sample)).Abs().Seconds()
		if !usable(stamps[k]) || off > 0.5/clock.RateHz {
			stale = stamps[k+1].Sample
		}
	}
	return clock, stale, nil
}

func usable(s iq.KiwiStamp) bool {
	return s.AgeS < unusableFixAge && (s.GPSSec != 0 || s.GPSNsec != 0) && s.GPSSec < secondsOfWeek && s.GPSNsec < 1e9
}

func readStamps(ctx context.Context, a address) ([]iq.KiwiStamp, error) {
	file, err := iqfile.Open(a.path, a.options)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var stamps []iq.KiwiStamp
	buf := make([]byte, 1<<18)
	for {
		_, err := file.Read(buf)
		stamps = append(stamps, file.Stamps()...)
		switch {
		case errors.Is(err, io.EOF):
			return stamps, nil
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
	}
}
