package dsp

import "math"

const (
	ncoLength   = 1 << 13 // the oscillator's period: the channel is shifted by a multiple of rate/ncoLength
	stopbandDB  = 100     // of the decimating filter
	tapsPerStep = 13      // filter length over decimation that gives it
)

// A decimator shifts a channel to 0 Hz, filters it and keeps every factor-th sample. The shift is rounded to the
// oscillator's grid so that its table is exact for ever; the channel then sits slightly off 0 Hz, which shift tells.
type decimator struct {
	factor     int
	shift      float64 // cycles per sample taken away
	taps       []float32
	ncoR, ncoI []float32
	phase      int

	lineR, lineI []float32 // mixed samples, the oldest first
	have         int
	next         int     // index in line of the newest sample of the next output
	noise        float64 // power gain for white noise
	outR, outI   []float32
}

// decimation is the factor that leaves a channel of relative bandwidth bw at least half of the new rate.
func decimation(bw float64) int {
	return max(1, int(1/(2*(bw+1.0/ncoLength))))
}

func newDecimator(factor int, center float64) *decimator {
	turns := int(math.RoundToEven(center * ncoLength))
	d := &decimator{factor: factor, shift: float64(turns) / ncoLength, taps: kaiserLowpass(tapsPerStep*factor|1, 0.5/float64(factor))}
	for _, h := range d.taps {
		d.noise += float64(h) * float64(h)
	}
	d.ncoR, d.ncoI = make([]float32, ncoLength), make([]float32, ncoLength)
	for k := range d.ncoR {
		s, c := math.Sincos(-2 * math.Pi * float64(turns*k%ncoLength) / ncoLength)
		d.ncoR[k], d.ncoI[k] = float32(c), float32(s)
	}
	n := len(d.taps) + max(len(d.taps), chunkSamples)
	d.lineR, d.lineI = make([]float32, n), make([]float32, n)
	d.outR, d.outI = make([]float32, n/factor+1), make([]float32, n/factor+1)
	d.have = len(d.taps) - 1 // the record is preceded by zeros
	d.next = d.have
	return d
}

// delay is how many samples an output lags behind the middle of the samples it is made of.
func (d *decimator) delay() int { return (len(d.taps) - 1) / 2 }

// skip leaves out the outputs of the next n samples.
func (d *decimator) skip(n int) { d.next += n }

// push filters the next samples and hands the outputs to take.
func (d *decimator) push(re, im []float32, take func(re, im []float32)) {
	for len(re) > 0 {
		n := min(len(re), len(d.lineR)-d.have)
		d.mix(re[:n], im[:n])
		re, im = re[n:], im[n:]
		take(d.filter())
		keep := len(d.taps) - 1
		if drop := d.have - keep; d.have == len(d.lineR) {
			copy(d.lineR, d.lineR[drop:])
			copy(d.lineI, d.lineI[drop:])
			d.have, d.next = keep, d.next-drop
		}
	}
}

// pushZeros pushes n zeros: what follows the record.
func (d *decimator) pushZeros(n int, take func(re, im []float32)) {
	zero := make([]float32, min(n, chunkSamples))
	for ; n > 0; n -= len(zero) {
		zero = zero[:min(n, len(zero))]
		d.push(zero, zero, take)
	}
}

func (d *decimator) mix(re, im []float32) {
	for len(re) > 0 {
		n := min(len(re), ncoLength-d.phase)
		cr, ci := d.ncoR[d.phase:][:n], d.ncoI[d.phase:][:n]
		or, oi := d.lineR[d.have:][:n], d.lineI[d.have:][:n]
		zr, zi := re[:n], im[:n]
		for k, c := range cr {
			or[k] = c*zr[k] - ci[k]*zi[k]
			oi[k] = c*zi[k] + ci[k]*zr[k]
		}
		d.have += n
		d.phase = (d.phase + n) % ncoLength
		re, im = re[n:], im[n:]
	}
}

// filter computes the outputs whose samples are all there.
func (d *decimator) filter() (re, im []float32) {
	n, taps := 0, d.taps
	for ; d.next < d.have; d.next += d.factor {
		from := d.next - len(taps) + 1
		d.outR[n], d.outI[n] = dot(taps, d.lineR[from:][:len(taps)], d.lineI[from:][:len(taps)])
		n++
	}
	return d.outR[:n], d.outI[:n]
}

// dot is the product of real taps with complex samples, in four chains so that the additions overlap.
func dot(h, re, im []float32) (sumRe, sumIm float32) {
	var r0, r1, i0, i1 float32
	re, im = re[:len(h)], im[:len(h)]
	k := 0
	for ; k+4 <= len(h); k += 4 {
		h, a, b := h[k:k+4:k+4], re[k:k+4:k+4], im[k:k+4:k+4]
		r0 += h[0]*a[0] + h[2]*a[2]
		i0 += h[0]*b[0] + h[2]*b[2]
		r1 += h[1]*a[1] + h[3]*a[3]
		i1 += h[1]*b[1] + h[3]*b[3]
	}
	for ; k < len(h); k++ {
		r0 += h[k] * re[k]
		i0 += h[k] * im[k]
	}
	return r0 + r1, i0 + i1
}

// kaiserLowpass designs n taps with the given cut-off in cycles per sample and gain 1 at 0 Hz (Kaiser and Schafer,
// IEEE ASSP 28, 1980).
func kaiserLowpass(n int, cutoff float64) []float32 {
	const beta = 0.1102 * (stopbandDB - 8.7)
	taps := make([]float32, n)
	h := make([]float64, n)
	sum, mid := 0.0, float64(n-1)/2
	for k := range h {
		x := float64(k) - mid
		h[k] = 2 * cutoff
		if x != 0 {
			h[k] = math.Sin(2*math.Pi*cutoff*x) / (math.Pi * x)
		}
		if mid > 0 {
			h[k] *= besselI0(beta * math.Sqrt(max(0, 1-(x/mid)*(x/mid))))
		}
		sum += h[k]
	}
	for k, v := range h {
		taps[k] = float32(v / sum)
	}
	return taps
}

// besselI0 is the modified Bessel function of order 0 (Abramowitz and Stegun 9.6.12).
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}
