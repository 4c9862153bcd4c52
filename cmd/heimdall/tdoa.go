package main

import (
	"context"
	"errors"
	"fmt"
	"math"
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

// A tdoaReport is all recordings, all pairs of them, and all threes whose pairs were measured.
type tdoaReport struct {
	Recordings []tdoaRecording `json:"recordings"`
	Pairs      []tdoaPair      `json:"pairs"`
	Closures   []tdoaClosure   `json:"closures"`
}

// A tdoaPair is one pair: either what was measured or why it was refused.
type tdoaPair struct {
	A       string       `json:"a"`
	B       string       `json:"b"`
	Delay   *tdoaDelay   `json:"delay"`
	Refusal *tdoaRefusal `json:"refusal"`

	a, b int
}

type tdoaRefusal struct {
	Reason tdoa.Reason `json:"reason"`
	Detail string      `json:"detail"`
}

// A tdoaDelay is what package tdoa measured; its Result documents the fields. What is not known is null.
type tdoaDelay struct {
	DelayS            float64  `json:"delay_s"`
	SigmaS            *float64 `json:"sigma_s"`
	PathDifferenceKm  float64  `json:"path_difference_km"`
	CorrelationSigmaS float64  `json:"correlation_sigma_s"`
	BoundS            float64  `json:"bound_s"`
	ClockSigmaS       *float64 `json:"clock_sigma_s"`
	BandwidthHz       float64  `json:"bandwidth_hz"`
	EffectiveSNRdB    float64  `json:"effective_snr_db"`
	SNRADB            *float64 `json:"snr_a_db"`
	SNRBDB            *float64 `json:"snr_b_db"`
	OffsetHz          float64  `json:"offset_hz"`
	PeakToFloor       float64  `json:"peak_to_floor"`
	DriftSPerS        float64  `json:"drift_s_per_s"`
	DriftSigmaSPerS   *float64 `json:"drift_sigma_s_per_s"`
	OverlapS          float64  `json:"overlap_s"`
	UsedS             float64  `json:"used_s"`
	Pieces            int      `json:"pieces"`
}

// A tdoaClosure is the sum of the delays around three recordings. Clocks cancel in it, so that it should be zero
// within what the correlations leave open; more is the doing of echoes, which each pair weighs otherwise.
type tdoaClosure struct {
	A        string  `json:"a"`
	B        string  `json:"b"`
	C        string  `json:"c"`
	ClosureS float64 `json:"closure_s"`
	SigmaS   float64 `json:"sigma_s"`
}

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

// known is nil for what is not a number.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// close adds the closure of every three recordings whose pairs were measured.
func (r *tdoaReport) close() {
	delays := map[[2]int]*tdoaDelay{}
	for _, p := range r.Pairs {
		delays[[2]int{p.a, p.b}] = p.Delay
	}
	n := len(r.Recordings)
	for a := range n {
		for b := a + 1; b < n; b++ {
			for c := b + 1; c < n; c++ {
				ab, bc, ac := delays[[2]int{a, b}], delays[[2]int{b, c}], delays[[2]int{a, c}]
				if ab == nil || bc == nil || ac == nil {
					continue
				}
				r.Closures = append(r.Closures, tdoaClosure{
					A: r.Recordings[a].Name, B: r.Recordings[b].Name, C: r.Recordings[c].Name,
					ClosureS: ab.DelayS + bc.DelayS - ac.DelayS,
					SigmaS:   math.Hypot(math.Hypot(ab.CorrelationSigmaS, bc.CorrelationSigmaS), ac.CorrelationSigmaS),
				})
			}
		}
	}
}

// print shows the report as tables.
func (r *tdoaReport) print(a *app) error {
	t := newTable(a.stdout, "A", "B", "B AFTER A us", "PATH km", "BAND Hz", "SNR dB", "TIME", "NOTE")
	for _, p := range r.Pairs {
		quality := string(r.Recordings[p.a].TimeQuality)
		if other := string(r.Recordings[p.b].TimeQuality); other != quality {
			quality += ", " + other
		}
		if p.Refusal != nil {
			t.row(p.A, p.B, "-", "-", "-", "-", quality, "refused: "+p.Refusal.Detail)
			continue
		}
		d := p.Delay
		t.row(p.A, p.B, microseconds(d.DelayS, d.SigmaS), kilometres(d.PathDifferenceKm, d.SigmaS),
			fmt.Sprintf("%.0f", d.BandwidthHz), fmt.Sprintf("%.1f", d.EffectiveSNRdB), quality, d.note())
	}
	if err := t.end(); err != nil || len(r.Closures) == 0 {
		return err
	}
	fmt.Fprintln(a.stdout)
	t = newTable(a.stdout, "A", "B", "C", "CLOSURE us")
	for _, c := range r.Closures {
		t.row(c.A, c.B, c.C, microseconds(c.ClosureS, &c.SigmaS))
	}
	return t.end()
}

func microseconds(v float64, sigmaS *float64) string {
	v *= 1e6
	if sigmaS == nil {
		return fmt.Sprintf("%.1f ±?", v)
	}
	return plusMinus(&v, new(*sigmaS*1e6), 1)
}

func kilometres(v float64, sigmaS *float64) string {
	if sigmaS == nil {
		return fmt.Sprintf("%.2f ±?", v)
	}
	return plusMinus(&v, new(*sigmaS*kmPerSecond), 2)
}

// note is what a reader must know besides the numbers.
func (d *tdoaDelay) note() string {
	const evident = 5 // sigmas
	switch {
	case d.SigmaS == nil:
		return "a recording does not say how uncertain its times are"
	case d.DriftSigmaSPerS != nil && math.Abs(d.DriftSPerS) > evident**d.DriftSigmaSPerS && math.Abs(d.DriftSPerS)*d.OverlapS > *d.SigmaS:
		return fmt.Sprintf("drifts by %.2f us/s: a sample rate is wrong, or something moves", d.DriftSPerS*1e6)
	}
	return ""
}
