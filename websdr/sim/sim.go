// Package sim is a receiver that exists only in the process: a steady tone in white noise, with exact time
// stamps, and every failure that a receiver can have, on request. It is for trying Heimdall out without a
// radio, and for tests that need a receiver with known truth.
//
// The address says everything, for example
//
//	sim:///?snr_db=20&offset_hz=1000&seed=7
//	sim:///busy?fault=busy&fault_count=2&after_s=5
//
// The path is only a name. The parameters, all optional, each at most once:
//
//	snr_db          20       power of the tone over the noise in the channel that is measured by default
//	                         (heimdall.DefaultBandwidthHz of the sample rate), so snr_db of the result
//	offset_hz       1000     where the tone is transmitted, relative to the frequency tuned
//	noise_dbfs_hz   -90      noise density
//	seed            1        of the noise; the same seed gives the same bytes, sample by sample
//	ppm             0        error of the receiver's frequency reference: its sample rate is high by this
//	                         much, and what it hears is low by this much of the frequency tuned
//	format          ci16_le  of the samples: any SigMF datatype of package iq
//	pace            real     real: samples come as time passes; fast: as they are read
//
//	fault                    Open fails: busy, quota, banned, auth, down, redirect, unsupported,
//	                         out_of_range, transport or protocol
//	after_s         0        the failure of Open asks not to be tried again for this long
//	open_delay_s    0        Open takes this long; beyond the time-out of the receiver it fails
//	stall_after_s            the stream stalls after this many seconds of samples
//	drop_after_s             the connection is lost after this many seconds of samples
//	gap_at_s                 the stream loses samples after this many seconds
//	gap_samples     1        how many
//	fault_count              everything from fault to drop_after_s happens only to the first so many
//	                         opens of this very address by this Driver; without it, to all
//
// A tuning that names no rate gets the WebSDR's own, or 48000 Hz; every rate is possible that the machine can
// keep up with.
//
// The surprising part: sample n is a function of the seed and n alone, so two streams of one address are
// equal byte for byte while their times differ; a gap leaves out the samples that it lost.
package sim

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

const (
	defaultRateHz = 48_000
	maxRateHz     = 10_000_000
)

// A Driver opens simulated receivers. The zero value is ready for use.
type Driver struct {
	mu    sync.Mutex
	opens map[string]int64 // by address: how often one with a fault_count was opened
}

// Open begins a stream, unless the address asks for a failure.
func (d *Driver) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	op := "open " + w.URL
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "sim" || u.User != nil {
		return nil, websdr.Fail(heimdall.FailUnsupported, "open simulated receiver", nil,
			"the address must look like sim:///?snr_db=20")
	}
	set, err := parseParams(u.RawQuery)
	if err != nil {
		return nil, websdr.Fail(heimdall.FailUnsupported, op, nil, "%v", err)
	}
	rate, err := rateHz(w, t, set)
	if err != nil {
		return nil, websdr.Fail(heimdall.FailUnsupported, op, nil, "%v", err)
	}
	if set.faultCount > 0 && d.countOpen(w.URL) > set.faultCount {
		set.heal()
	}
	if err := delay(ctx, op, set.openDelay, w.Timeout); err != nil {
		return nil, err
	}
	if set.fault != "" {
		f := websdr.Fail(set.fault, op, nil, "simulated: %s", faults[set.fault])
		f.After = set.after
		return nil, f
	}
	if low, high := w.TuningRangeHz(); t.FrequencyHz < low || t.FrequencyHz > high {
		return nil, websdr.Fail(heimdall.FailOutOfRange, op, nil,
			"%d Hz is outside its range of %d to %d Hz", t.FrequencyHz, low, high)
	}
	return newStream(ctx, w, t, set, rate), nil
}

// countOpen returns how often the address has been opened, this time included.
func (d *Driver) countOpen(address string) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opens == nil {
		d.opens = make(map[string]int64)
	}
	d.opens[address]++
	return d.opens[address]
}

// delay is the time that Open takes, which may be more than there is.
func delay(ctx context.Context, op string, d, timeout time.Duration) error {
	late := timeout > 0 && d > timeout
	if late {
		d = timeout
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	if d > 0 {
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return cancelled(ctx, op)
	}
	if late {
		return websdr.Fail(heimdall.FailTransport, op, nil, "no sample within %v", timeout)
	}
	return nil
}

func cancelled(ctx context.Context, op string) error {
	return websdr.Fail(heimdall.FailTransport, op, ctx.Err(), "given up")
}
