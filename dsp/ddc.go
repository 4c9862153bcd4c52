package dsp

import "math"

const (
	ncoLength   = 1 << 13 // the oscillator's period: the channel is shifted by a multiple of rate/ncoLength
	stopbandDB  = 100     // of the decimating filter
	tapsPerStep = 13      // filter length over decimation that gives it
)

// A decimator shifts a channel to 0 Hz, filters it and keeps every factor-th sample. The shift is rounded to the
// oscillator's grid so that its table is exact for ever; the channel then sits slightly off 0 Hz, which shift tells.
// Where the factor has small divisors, short filters take them out first, so that the long one has less to do.
type decimator struct {
	factor     int
	shift      float64 // cycles per sample taken away
	ncoR, ncoI []float32
	phase      int
	stages     []fir
	noise      float64 // power gain for white noise
}

// decimation is the factor that leaves a channel of relative bandwidth bw at least half of the new rate.
func decimation(bw float64) int {
	return max(1, int(1/(2*(bw+1.0/ncoLength))))
}

// filterLength is that of the filter that takes out the factor in one step.
func filterLength(factor int) int { return tapsPerStep*factor | 1 }

// newDecimator makes a decimator whose first output has its middle at sample first of the record.
func newDecimator(factor int, center float64, first int) *decimator {
	turns := int(math.RoundToEven(center * ncoLength))
	d := &decimator{factor: factor, shift: float64(turns) / ncoLength}
	d.ncoR, d.ncoI = make([]float32, ncoLength), make([]float32, ncoLength)
	for k := range d.ncoR {
		s, c := math.Sincos(-2 * math.Pi * float64(turns*k%ncoLength) / ncoLength)
		d.ncoR[k], d.ncoI[k] = float32(c), float32(s)
	}
	taps, factors := designCascade(factor)
	d.noise = energyOfCascade(taps, factors)
	room := chunkSamples
	for i := range taps {
		d.stages = append(d.stages, newFIR(taps[i], factors[i], room))
		room = room/factors[i] + 2
	}
	d.align(first)
	return d
}

// align sets the stages so that the first output of all has its middle at sample first.
func (d *decimator) align(first int) {
	for i := range d.stages {
		f := &d.stages[i]
		last := i == len(d.stages)-1
		at := first
		if !last { // the earliest that reaches into the record, on the grid that leads to first
			at = first%f.factor - f.factor*((f.delay()+first%f.factor)/f.factor)
			first = (first - at) / f.factor
		}
		f.next += at + f.delay()
	}
}

// delay is how many samples an output lags behind the middle of the samples it is made of.
func (d *decimator) delay() int {
	delay, step := 0, 1
	for i := range d.stages {
		delay += step * d.stages[i].delay()
		step *= d.stages[i].factor
	}
	return delay
}

// push filters the next samples and hands the outputs to take. It needs no more than chunkSamples at a time for its
// work, and takes any number.
func (d *decimator) push(re, im []float32, take func(re, im []float32)) {
	for len(re) > 0 {
		n := min(len(re), chunkSamples, ncoLength-d.phase)
		f := &d.stages[0]
		or, oi := f.room(n)
		d.mix(or, oi, re[:n], im[:n])
		re, im = re[n:], im[n:]
		r, i := f.filter()
		for k := range d.stages[1:] {
			f = &d.stages[k+1]
			or, oi := f.room(len(r))
			copy(or, r)
			copy(oi, i)
			r, i = f.filter()
		}
		if len(r) > 0 {
			take(r, i)
		}
	}
}

// pushZeros pushes n zeros: what follows the record.
func (d *decimator) pushZeros(n int, take func(re, im []float32)) {
	zero := make([]float32, max(0, min(n, chunkSamples)))
	for ; n > 0; n -= len(zero) {
		zero = zero[:min(n, len(zero))]
		d.push(zero, zero, take)
	}
}

// mix shifts samples, not beyond the end of the oscillator's table.
func (d *decimator) mix(or, oi, re, im []float32) {
	cr, ci := d.ncoR[d.phase:][:len(re)], d.ncoI[d.phase:][:len(re)]
	or, oi, im = or[:len(re)], oi[:len(re)], im[:len(re)]
	for k, r := range re {
		or[k] = cr[k]*r - ci[k]*im[k]
		oi[k] = cr[k]*im[k] + ci[k]*r
	}
	d.phase = (d.phase + len(re)) % ncoLength
}
