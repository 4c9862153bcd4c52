package iqfile

import (
	"context"
	"errors"
	"io"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/sigmf"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// Stamps returns the GPS stamps of the blocks that Read has entered since the last call; nil unless KiwiWAV.
func (f *File) Stamps() []iq.KiwiStamp {
	if f.kiwi == nil {
		return nil
	}
	s := f.kiwi.unread
	f.kiwi.unread = nil
	return s
}

// ScanStamps reads through a Kiwi WAV for its stamps alone, so that Clock is as good before the first Read as
// after the last. It does not disturb Read, and has nothing to do for other files. Without an error it is done
// once; ctx ends it.
func (f *File) ScanStamps(ctx context.Context) error {
	if f.kiwi == nil || f.kiwi.ahead {
		return nil
	}
	w, err := iq.NewWAVReader(f.src, f.size)
	if err != nil {
		return err
	}
	scan := &File{
		Format: f.Format, samples: w, wav: w, left: f.Samples,
		kiwi: &kiwiClock{rateHz: f.kiwi.rateHz, near: f.kiwi.near, fitter: stamp.NewFitter(f.kiwi.rateHz)},
	}
	buf := make([]byte, 1<<18)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, err := scan.Read(buf)
		scan.Stamps() // not to pile up
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	unread := f.kiwi.unread
	f.kiwi = scan.kiwi
	f.kiwi.ahead, f.kiwi.unread = true, unread
	return nil
}

// Clock returns the times of the samples, and false when the file says nothing of them. For a Kiwi WAV that is
// the line through the stamps that Read or ScanStamps has come by, so ask again when more has been read; for
// SigMF it is what the metadata says, with the gaps between its captures.
func (f *File) Clock() (stamp.Clock, bool) {
	if f.kiwi != nil {
		if c, ok := f.kiwi.clock(); ok {
			return c, true
		}
	}
	c := stamp.Clock{Start: f.Start, RateHz: f.SampleRateHz, Quality: heimdall.TimeNone, GPSAgeMaxS: -1, Gaps: f.Gaps()}
	if f.Start.IsZero() {
		return c, len(c.Gaps) > 0
	}
	c.Quality = heimdall.TimeHostArrival // at whoever recorded it
	if f.Metadata != nil && len(f.Metadata.Captures) > 0 && f.ownStart {
		believe(&c, f.Metadata.Captures[0].Other)
	}
	return c, true
}

// believe takes over what a recording of Heimdall's own says of its times, in the first capture.
// docs/heimdall.sigmf-ext.md specifies the fields.
func believe(c *stamp.Clock, said sigmf.Fields) {
	var quality heimdall.TimeQuality
	said.Get("heimdall:time_quality", &quality)
	switch quality {
	case heimdall.TimeGPS:
		c.GPSAgeMaxS = 0
		if age := 0; said.Get("heimdall:gps_age_max_s", &age) && age > 0 && age < secondsOfWeek {
			c.GPSAgeMaxS = age
		}
	case heimdall.TimeHostDisciplined, heimdall.TimeHostArrival, heimdall.TimeNone:
	default:
		return
	}
	c.Quality = quality
	if sigma := 0.0; said.Get("heimdall:time_uncertainty_s", &sigma) && sigma > 0 {
		c.StartSigmaS = sigma
	}
}

// StaleSamples returns how many samples at the beginning of a Kiwi WAV come before the first stamp to be
// believed, as far as the stamps are known: the file has them, but whoever plays a KiwiSDR leaves them out, as
// the driver of KiwiSDRs does.
func (f *File) StaleSamples() int64 {
	if f.kiwi == nil {
		return 0
	}
	return f.kiwi.staleSamples()
}
