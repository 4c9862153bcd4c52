package dsp

import (
	"math"
	"slices"
)

// crowded is the share of used bins under which there is little clean noise in view.
const crowded = 0.25

// mostlyNoise is the share of used bins above which a floor found among signals is as good as one without them.
const mostlyNoise = 0.9

// beside reports whether the floor was found beside the channel with room to spare: the best there is.
func (n noiseFloor) beside() bool { return n.source == NoiseOffChannel && n.used >= crowded }

// findNoise chooses the bins that can be noise and the estimator that sees the cleanest of it (doc.go, Noise).
func (a *analysis) findNoise() {
	s := a.spec
	usable := a.usableBins()
	off := a.offChannel(usable)
	nOff, nAll := count(off), count(usable)
	var n noiseFloor
	if float64(nOff) >= max(24, 0.1*float64(nAll)) {
		n = a.floorOf(off, NoiseOffChannel)
	} else {
		n = a.floorOf(usable, NoiseInBand)
	}
	if !n.beside() && len(s.blocks) >= 8 {
		if t := a.quietFloor(usable); t.density > 0 && t.density < 0.97*n.density {
			n = t
		}
	}
	if !n.beside() && !slices.Contains(a.flags, FlagReceiverFilter) {
		if g := a.gapFloor().floor(a.rateHz); g.density > 0 && g.density < 0.93*n.density {
			g.bins = int(g.used * float64(s.length))
			n = g
		}
	}
	a.noise = n
	if a.noise.density <= 0 {
		a.noise.source = NoiseNone
		a.flag(true, FlagNoiseUnobservable)
		return
	}
	if !slices.Contains(a.flags, FlagNoiseUnobservable) { // else it serves to find lines, and is no number to report
		a.flag(n.used < crowded, FlagNoiseUpperBound)
		a.metrics.NoiseSource = n.source
		a.metrics.NoiseUsedFraction = finite(n.used)
		a.metrics.NoiseDBFSHz = decibels(n.density)
	}
	excess := s.excess
	if !n.beside() {
		excess *= 2
	}
	a.noiseRel = math.Sqrt(excess / (max(float64(n.bins), 1) * s.stepHz * a.seconds))
	if !n.beside() && n.used < mostlyNoise {
		a.noiseDoubt = unevenness // skirts of the signal that do not stand out
	}
}

// usableBins are the bins of the passband in which noise can be seen.
func (a *analysis) usableBins() []bool {
	s, pass := a.spec, a.noisePassband()
	usable := make([]bool, s.length)
	for k := range usable {
		f := s.frequency(k)
		usable[k] = pass.contains(f) && !(a.config.ZeroIF && math.Abs(f) <= dcHalfBins*s.stepHz)
	}
	if lsb := a.config.Format.LSB(); lsb > 0 {
		a.excludeStopband(usable, lsb)
	}
	return usable
}

// noisePassband is the receive filter less a tenth: filters have skirts. Half the sample rate has none of its own
// to spare beyond 0.45.
func (a *analysis) noisePassband() band {
	p, limit := a.config.passband(), 0.45*a.config.SampleRateHz*(1-1e-9)
	margin := 0.05 * p.width()
	if p.low > -limit {
		p.low += margin
	} else {
		p.low = -limit
	}
	if p.high < limit {
		p.high -= margin
	} else {
		p.high = limit
	}
	return p.scale(a.rateHz / a.config.SampleRateHz)
}

// excludeStopband takes the bins that sit on the quantiser's floor out of usable: there the receiver's filter,
// not the air, sets the level. Medians over time blocks, so that a click does not hide the stopband.
func (a *analysis) excludeStopband(usable []bool, lsb float64) {
	s := a.spec
	quantiser := 2 * lsb * lsb / 12 / a.rateHz
	level := s.medianOverTime()
	stop := make([]bool, s.length)
	var inside []float64
	stopped, above, all := 0, false, true
	for k, v := range level {
		stop[k] = v < 2.5*quantiser
		all = all && stop[k]
		above = above || v > 10*quantiser
		if usable[k] {
			inside = append(inside, v)
			if stop[k] {
				stopped++
			}
		}
	}
	switch {
	case len(inside) == 0:
	case all || !above && quantileOf(inside, 0.5) < 2*quantiser:
		a.flag(true, FlagQuantisationLimited)
	case float64(stopped) > 0.03*float64(len(inside)):
		spread(stop, int(math.Ceil(150/s.stepHz))+4)
		if left := countBoth(usable, stop); left >= 12 {
			for k := range usable {
				usable[k] = usable[k] && !stop[k]
			}
			a.flag(true, FlagReceiverFilter)
			a.flag(float64(left) < 0.25*float64(len(inside)), FlagNoiseUnobservable)
		}
	}
}

// offChannel are the usable bins that no signal in the channel reaches.
func (a *analysis) offChannel(usable []bool) []bool {
	s, ch := a.spec, a.config.channel()
	guard := 5*s.stepHz + 0.02*ch.width()
	off := make([]bool, s.length)
	for k := range off {
		f := s.frequency(k)
		off[k] = usable[k] && (f < ch.low-guard || f > ch.high+guard)
	}
	return off
}

func (a *analysis) floorOf(mask []bool, source string) noiseFloor {
	var p []float64
	for k, v := range a.spec.mean {
		if mask[k] {
			p = append(p, v)
		}
	}
	n := noiseFloor{source: source}
	n.density, n.used, n.bins = censoredMean(p, a.spec.averages, 4)
	return n
}

// quietFloor is the floor of the quietest fifth of the time, bin by bin: what is left between the words of speech.
func (a *analysis) quietFloor(mask []bool) noiseFloor {
	s := a.spec
	nb := len(s.blocks)
	lowest := max(1, int(math.RoundToEven(0.2*float64(nb))))
	kb := s.averages / float64(nb)
	correction := 0.0 // mean of the lowest order statistics of Gamma(kb)/kb, by their approximate quantiles
	for r := 1; r <= lowest; r++ {
		correction += meanGammaQuantile(kb, 1-(float64(r)-0.32)/(float64(nb)+0.36)) / float64(lowest)
	}
	var p []float64
	column := make([]float32, nb)
	for k := range s.length {
		if !mask[k] {
			continue
		}
		for i, b := range s.blocks {
			column[i] = b[k]
		}
		slices.Sort(column)
		sum := 0.0
		for _, v := range column[:lowest] {
			sum += float64(v)
		}
		p = append(p, sum/float64(lowest)/correction)
	}
	n := noiseFloor{source: NoiseTimeMin}
	n.density, n.used, n.bins = censoredMean(p, kb*float64(lowest)*0.6, 4)
	return n
}

// medianOverTime is the median of every bin over the time blocks.
func (s *spectrum) medianOverTime() []float64 {
	median := make([]float64, s.length)
	column := make([]float32, len(s.blocks))
	for k := range median {
		for i, b := range s.blocks {
			column[i] = b[k]
		}
		slices.Sort(column)
		h := len(column) / 2
		median[k] = float64(column[h])
		if len(column)%2 == 0 {
			median[k] = (median[k] + float64(column[h-1])) / 2
		}
	}
	return median
}

// gapFloor is that of the head: gone already when the record was streamed.
func (a *analysis) gapFloor() gapFloor {
	if a.gaps == nil {
		return newGapFloor(a.head.re, a.head.im)
	}
	return *a.gaps
}

// A gapFloor holds the noise between the marks of a keyed signal that fills the band: the censored mean over the
// mean power of groups of samples, for two sizes of group, as total power rather than density.
type gapFloor struct{ candidates [2]noiseFloor }

func newGapFloor(re, im []float32) gapFloor {
	var g gapFloor
	r := borrowRanking(len(re) / 4)
	defer r.giveBack()
	for i, size := range []int{4, 16} {
		groups := r.order[:0]
		for k := 0; k+size <= len(re); k += size {
			var p float64
			for j := k; j < k+size; j++ {
				p += float64(re[j])*float64(re[j]) + float64(im[j])*float64(im[j])
			}
			groups = append(groups, p/float64(size))
		}
		n := noiseFloor{source: NoiseTimeGaps}
		n.density, n.used, n.bins = censoredMean(groups, float64(size), 1)
		g.candidates[i] = n
	}
	return g
}

// floor is the lower of the candidates that rest on a tenth of the time; the second must be clearly lower.
func (g gapFloor) floor(rateHz float64) noiseFloor {
	var best noiseFloor
	for _, n := range g.candidates {
		n.density /= rateHz
		if n.used > 0.1 && n.density > 0 && (best.density == 0 || n.density < 0.93*best.density) {
			best = n
		}
	}
	return best
}

func count(mask []bool) (n int) {
	for _, v := range mask {
		if v {
			n++
		}
	}
	return n
}

// countBoth counts the bins that are in mask and not in without.
func countBoth(mask, without []bool) (n int) {
	for k, v := range mask {
		if v && !without[k] {
			n++
		}
	}
	return n
}

// spread widens every marked run by width on both sides.
func spread(mask []bool, width int) {
	last := -width - 1 // index of the last bin that was marked originally
	marked := make([]bool, len(mask))
	copy(marked, mask)
	for k, v := range marked {
		if v {
			last = k
			for j := k - 1; j >= max(0, k-width) && !marked[j]; j-- {
				mask[j] = true
			}
		}
		mask[k] = mask[k] || k-last <= width
	}
}
