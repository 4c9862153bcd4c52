package main

import (
	"fmt"
	"math"

	"github.com/heimdall-sdr/heimdall/tdoa"
)

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
