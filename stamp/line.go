package stamp

import (
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A run is the stamps between two gaps, as sums about their mean: x is a sample index, y a residual in
// seconds.
type run struct {
	gaps             []heimdall.Gap // what is missing before it; a Missing of 0 is left to the stamps; none before the first run
	n                int64
	mx, my           float64
	xx, xy, yy       float64
	firstX, firstY   float64
	lastX, lastY     float64
	dxdx, dxdy, dydy float64 // of successive stamps
}

func (r *run) add(x, y float64) {
	if r.n == 0 {
		r.firstX, r.firstY = x, y
	} else {
		dx, dy := x-r.lastX, y-r.lastY
		r.dxdx += dx * dx
		r.dxdy += dx * dy
		r.dydy += dy * dy
	}
	r.lastX, r.lastY = x, y
	r.n++
	dx, dy := x-r.mx, y-r.my
	r.mx += dx / float64(r.n)
	r.my += dy / float64(r.n)
	r.xx += dx * (x - r.mx)
	r.xy += dx * (y - r.my)
	r.yy += dy * (y - r.my)
}

// stepSquares is the sum of squares of the steps between successive stamps that a slope b leaves.
func (r *run) stepSquares(b float64) float64 {
	return max(0, r.dydy-2*b*r.dxdy+b*b*r.dxdx)
}

// tilt takes the line y = b x out of all points.
func (r *run) tilt(b float64) {
	r.yy = max(0, r.yy-2*b*r.xy+b*b*r.xx)
	r.xy -= b * r.xx
	r.my -= b * r.mx
	r.firstY -= b * r.firstX
	r.lastY -= b * r.lastX
	r.dydy = r.stepSquares(b)
	r.dxdy -= b * r.dxdx
}

// shift moves all points.
func (r *run) shift(dx, dy float64) {
	r.mx, r.my = r.mx+dx, r.my+dy
	r.firstX, r.firstY = r.firstX+dx, r.firstY+dy
	r.lastX, r.lastY = r.lastX+dx, r.lastY+dy
}

// join adds the points of the next run. The step from the one to the other does not count.
func (r *run) join(o run) {
	if r.n == 0 {
		*r = o
		return
	}
	n, m := float64(r.n), float64(o.n)
	dx, dy := o.mx-r.mx, o.my-r.my
	w := n * m / (n + m)
	r.xx += o.xx + dx*dx*w
	r.xy += o.xy + dx*dy*w
	r.yy += o.yy + dy*dy*w
	r.mx += dx * m / (n + m)
	r.my += dy * m / (n + m)
	r.n += o.n
	r.lastX, r.lastY = o.lastX, o.lastY
	r.dxdx += o.dxdx
	r.dxdy += o.dxdy
	r.dydy += o.dydy
}

// missingBefore is the number of samples missing between two runs, given the slope that they share.
func (f *Fitter) missingBefore(prev, r *run, slope float64) int64 {
	jumpS := (r.my - slope*r.mx) - (prev.my - slope*prev.mx)
	rateHz := 1 / (1/f.refHz + slope)
	measured := jumpS * rateHz
	told := missingIn(r.gaps)
	// While the rate is young, a long gap cannot be measured to one sample; then sequence numbers know better.
	if told > 0 && math.Abs(measured-float64(told)) <= 1+nominalTol*float64(told) && f.blocks < resetBlocks {
		return told
	}
	return max(0, int64(math.Round(measured)))
}

// gapsOf spreads the measured loss before a run over the gaps that were told.
func gapsOf(told []heimdall.Gap, measured int64) []heimdall.Gap {
	if len(told) == 0 || measured <= 0 {
		return nil
	}
	gaps := append([]heimdall.Gap(nil), told...)
	last := &gaps[len(gaps)-1]
	last.Missing += measured - missingIn(told)
	if last.Missing <= 0 {
		return []heimdall.Gap{{Sample: last.Sample, Missing: measured}}
	}
	return gaps
}

// fixFirstGap settles the size of the oldest gap and joins the runs on both sides of it.
func (f *Fitter) fixFirstGap() {
	missing := f.missingBefore(&f.runs[0], &f.runs[1], f.slope())
	f.fixed = append(f.fixed, gapsOf(f.runs[1].gaps, missing)...)
	f.base += missing
	dx, dy := float64(missing), -float64(missing)/f.refHz
	for i := 1; i < len(f.runs); i++ {
		f.runs[i].shift(dx, dy)
	}
	f.runs[0].join(f.runs[1])
	f.runs = append(f.runs[:1], f.runs[2:]...)
}

// Clock returns the clock as well as it is known now; its quality is TimeNone until three stamps in a row
// agree.
func (f *Fitter) Clock() Clock {
	c := Clock{RateHz: f.nominalHz, Quality: heimdall.TimeNone, Blocks: f.blocks, Outliers: f.outliers, GPSAgeMaxS: -1}
	c.Gaps = append(c.Gaps, f.fixed...)
	if len(f.runs) == 0 {
		c.Gaps = append(c.Gaps, f.declared...)
		return c
	}
	all := f.joined(&c.Gaps)
	c.Gaps = append(c.Gaps, f.declared...)

	slope := all.xy / all.xx
	squares := max(0, all.yy-slope*all.xy)
	n := float64(all.n)
	c.Quality = heimdall.TimeGPS
	c.GPSAgeMaxS = f.gpsAgeMaxS
	c.RateHz = 1 / (1/f.refHz + slope)
	c.Start = f.origin.UTC().Round(0).Add(time.Duration(math.Round((all.my - slope*all.mx) * 1e9)))
	c.ResidualRMSS = math.Sqrt(squares / n)

	variance := correlation(&all, slope, squares) * (squares + priorWeight*priorSigmaS*priorSigmaS) / (n - 2 + priorWeight)
	c.StartSigmaS = math.Sqrt(variance * (1/n + all.mx*all.mx/all.xx))
	c.RateSigmaHz = c.RateHz * c.RateHz * math.Sqrt(variance/all.xx)
	return c
}

// joined is all runs in one, the missing samples counted, and appends the gaps between them.
func (f *Fitter) joined(gaps *[]heimdall.Gap) run {
	slope := f.slope()
	all := f.runs[0]
	var missing int64
	for i := 1; i < len(f.runs); i++ {
		r := f.runs[i]
		lost := f.missingBefore(&f.runs[i-1], &r, slope)
		*gaps = append(*gaps, gapsOf(r.gaps, lost)...)
		missing += lost
		r.shift(float64(missing), -float64(missing)/f.refHz)
		all.join(r)
	}
	return all
}

// correlation is the factor by which the variance of the line exceeds that of independent residuals. Those
// of GPS receivers wander (the real recordings stay on one side of the line for seconds), so that a thousand
// stamps may say no more than ten. It takes them as first-order autoregressive, with the correlation that
// the steps between neighbours show (von Neumann's ratio).
func correlation(all *run, slope, squares float64) float64 {
	if squares <= 0 || all.n < confirmBlocks {
		return 1
	}
	rho := 1 - all.stepSquares(slope)/(2*squares)
	if rho <= 0 {
		return 1
	}
	most := float64(all.n) / 3
	return max(1, min(most, (1+rho)/max(1-rho, 1e-9)))
}
