package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/tdoa"
)

// tdoaCmd measures differences of arrival, of files or of the recordings of an acquisition.
type tdoaCmd struct {
	Recordings []string `arg:"" name:"recording" help:"Two or more files (SigMF or Kiwi WAV), or the task id of an acquisition."`

	BandHz             string        `placeholder:"LO,HI" help:"Band of the emission, relative to the first recording's frequency; without it the measured channel, or all that both receivers pass."`
	MaxDelay           time.Duration `default:"20ms" help:"Greatest difference to look for; 1 ms is 300 km (${default})."`
	MaxTimeUncertainty time.Duration `default:"20us" help:"Greatest uncertainty of a recording's times (${default})."`
	AnyClock           bool          `help:"Measure also what is not timed by GPS; the uncertainty then says what it is worth."`
	JSON               bool          `help:"Print JSON."`
}

// Help is the long text of heimdall tdoa --help.
func (tdoaCmd) Help() string {
	return `Measures by how much each recording hears the same emission later than each other one, with its uncertainty, for solvers of your own. No map is made.

This needs receivers that stamp their samples by GPS, such as KiwiSDRs. Ordinary WebSDRs, whose samples are timed when they arrive, cannot be used to locate anything by time: their 10 to 100 ms are 3,000 to 30,000 km. Such pairs are refused unless --any-clock is given.

Below 30 MHz the sky wave adds 50 to 300 us of its own, which no uncertainty printed here includes.

Exit code 4: no pair could be measured.`
}

const kmPerSecond = 299_792.458

func (c *tdoaCmd) Run(a *app) error {
	lowHz, highHz, err := passband(c.BandHz)
	if err != nil {
		return invalid("band_hz", errors.New("must be two numbers such as -1500,1500"))
	}
	if len(c.Recordings) > 1 {
		var list []*tdoaRecording
		for _, path := range c.Recordings {
			list = append(list, &tdoaRecording{Name: filepath.Base(path), File: path})
		}
		return c.run(a, a.ctx, list, lowHz, highHz)
	}
	if _, err := os.Stat(c.Recordings[0]); err == nil {
		return invalid("recording", errors.New("must be two files or more, or the task id of an acquisition"))
	}
	dir, err := os.MkdirTemp("", "heimdall-tdoa-")
	if err != nil {
		return fmt.Errorf("make folder for recordings: %w", err)
	}
	defer os.RemoveAll(dir)
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		list, err := c.download(ctx, a, cl, dir)
		if err != nil {
			return err
		}
		return c.run(a, ctx, list, lowHz, highHz)
	})
}

// download gets the recordings of an acquisition.
func (c *tdoaCmd) download(ctx context.Context, a *app, cl *client.Client, dir string) ([]*tdoaRecording, error) {
	acq, err := cl.Acquisition(ctx, c.Recordings[0])
	if err != nil {
		return nil, err
	}
	names, err := websdrNames(ctx, cl)
	if err != nil {
		return nil, err
	}
	export := recordingsExportCmd{wantedPart: wantedPart{Format: "sigmf", Out: dir}}
	var list []*tdoaRecording
	for _, capture := range acq.Captures {
		if capture.State != heimdall.Success {
			continue
		}
		file, err := export.export(ctx, a, cl, acq, capture.WebSDRID)
		if err != nil {
			return nil, err
		}
		name := names[capture.WebSDRID]
		if name == "" {
			name = fmt.Sprintf("websdr %d", capture.WebSDRID)
		}
		list = append(list, &tdoaRecording{Name: name, File: file.Path})
	}
	if len(list) < 2 {
		return nil, &outcome{code: exitFailed, text: fmt.Sprintf("acquisition %s has %d recordings, and a pair needs two", acq.TaskID, len(list))}
	}
	return list, nil
}

// run measures all pairs and prints them.
func (c *tdoaCmd) run(a *app, ctx context.Context, list []*tdoaRecording, lowHz, highHz float64) error {
	r := tdoaReport{Pairs: []tdoaPair{}, Closures: []tdoaClosure{}}
	for _, rec := range list {
		if err := rec.open(ctx); err != nil {
			return err
		}
		defer rec.source.Close()
		r.Recordings = append(r.Recordings, *rec)
	}
	measured := 0
	for i := range list {
		for j := i + 1; j < len(list); j++ {
			p, err := c.pair(ctx, list[i], list[j], lowHz, highHz)
			if err != nil {
				return err
			}
			p.a, p.b = i, j
			if p.Delay != nil {
				measured++
			}
			r.Pairs = append(r.Pairs, p)
		}
	}
	r.close()
	var err error
	if c.JSON {
		err = printJSON(a.stdout, r)
	} else {
		err = r.print(a)
	}
	if err == nil && measured == 0 {
		err = &outcome{code: exitFailed, text: "no pair could be measured"}
	}
	return err
}

func (c *tdoaCmd) pair(ctx context.Context, a, b *tdoaRecording, lowHz, highHz float64) (tdoaPair, error) {
	if lowHz == 0 && highHz == 0 {
		lowHz, highHz = a.channelLowHz, a.channelHighHz
	}
	p := tdoaPair{A: a.Name, B: b.Name}
	ra, rb := a.record(), b.record()
	if !a.hasCenter || !b.hasCenter { // then both are taken to be tuned alike
		ra.CenterHz, rb.CenterHz = 0, 0
	}
	r, err := tdoa.Delay(ctx, ra, rb, tdoa.Options{
		MaxDelayS: c.MaxDelay.Seconds(), LowHz: lowHz, HighHz: highHz,
		MaxClockSigmaS: c.MaxTimeUncertainty.Seconds(), AnyClock: c.AnyClock,
	})
	if refusal, ok := errors.AsType[*tdoa.Refusal](err); ok {
		if refusal.Reason == tdoa.BadRequest {
			return p, invalid("tdoa", errors.New(refusal.Detail))
		}
		p.Refusal = &tdoaRefusal{Reason: refusal.Reason, Detail: refusal.Detail}
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("measure %s and %s: %w", a.Name, b.Name, err)
	}
	p.Delay = &tdoaDelay{
		DelayS: r.DelayS, SigmaS: known(r.SigmaS), PathDifferenceKm: r.DelayS * kmPerSecond,
		CorrelationSigmaS: r.CorrelationSigmaS, BoundS: r.BoundS, ClockSigmaS: known(r.ClockSigmaS),
		BandwidthHz: r.BandwidthHz, EffectiveSNRdB: r.EffectiveSNRdB, SNRADB: r.SNRADB, SNRBDB: r.SNRBDB,
		OffsetHz: r.OffsetHz, PeakToFloor: r.PeakToFloor, DriftSPerS: r.DriftSPerS, DriftSigmaSPerS: r.DriftSigmaSPerS,
		OverlapS: r.OverlapS, UsedS: r.UsedS, Pieces: r.Pieces,
	}
	return p, nil
}
