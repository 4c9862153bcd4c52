package dsp

import "math"

const (
	occupiedTail   = 0.005 // on each side of the 99 % bandwidth (ITU-R SM.443, annex 1)
	occupiedMinSNR = 10    // inside it, for it to be valid
)

// A centroid is the centre of gravity of the signal's spectrum.
type centroid struct {
	frequencyHz, sigmaHz float64
	widthHz              float64 // that holds 99 % of the power
	found                bool
}

// measureOccupied finds the 99 % bandwidth and the centroid over it. Bins that could be noise count as empty.
func (a *analysis) measureOccupied(overlap []float64) centroid {
	s, n0 := a.spec, a.noise.density
	floor := n0 * (1 + 4/math.Sqrt(s.averages))
	excess, total := make([]float64, s.length), 0.0
	for k, share := range overlap {
		if s.mean[k] > floor {
			excess[k] = (s.mean[k] - n0) * share
			total += excess[k]
		}
	}
	if total <= 0 {
		return centroid{}
	}
	low := a.crossing(excess, occupiedTail*total)
	high := a.crossing(excess, (1-occupiedTail)*total)
	width := max(high-low, s.stepHz)
	m := &a.metrics
	m.OBWLowHz, m.OBWHighHz, m.OBWHz = finite(low), finite(high), finite(high-low)
	m.OBWValid = a.signal.power/(n0*width) > occupiedMinSNR && a.metrics.SNRdB != nil
	var moment, sum float64
	for k, share := range overlap {
		if f := s.frequency(k); f >= low-2*s.stepHz && f <= high+2*s.stepHz {
			p := (s.mean[k] - n0) * share
			moment += f * p
			sum += p
		}
	}
	if sum <= 0 {
		return centroid{}
	}
	noise := width / math.Sqrt(12) * math.Sqrt(width/a.seconds) * n0 / a.signal.power
	return centroid{moment / sum, max(noise, a.wander(overlap, low, high)), width, true}
}

// wander is how far the centroid scatters over the blocks of time, noise and uneven modulation together: one sigma of their
// mean, weighted by power.
func (a *analysis) wander(overlap []float64, low, high float64) float64 {
	s, n0 := a.spec, a.noise.density
	var moments, powers []float64
	var moment, sum float64
	for _, b := range s.blocks {
		var m, p float64
		for k, share := range overlap {
			if f := s.frequency(k); f >= low-2*s.stepHz && f <= high+2*s.stepHz {
				e := (float64(b[k]) - n0) * share
				m, p = m+f*e, p+e
			}
		}
		moments, powers = append(moments, m), append(powers, p)
		moment, sum = moment+m, sum+p
	}
	if len(powers) < 2 || sum <= 0 {
		return 0
	}
	center, scatter := moment/sum, 0.0
	for i, p := range powers {
		e := moments[i] - center*p
		scatter += e * e
	}
	n := float64(len(powers))
	return math.Sqrt(scatter*n/(n-1)) / sum
}

// crossing is the frequency below which the given power lies, interpolated inside its bin.
func (a *analysis) crossing(excess []float64, power float64) float64 {
	var sum float64
	edge := a.spec.frequency(0) - a.spec.stepHz/2
	for k, p := range excess {
		if p > 0 && sum+p >= power {
			return edge + a.spec.stepHz*(float64(k)+(power-sum)/p)
		}
		sum += p
	}
	return edge + a.spec.stepHz*float64(a.spec.length)
}

// measureTexture tells noise from lines and bursts in the channel, without needing to know the noise: flatness is the
// geometric over the arithmetic mean of the spectrum, less what averaging K periodograms leaves of it on white noise;
// kurtosis is the mean over the bins, weighted by their power.
func (a *analysis) measureTexture(overlap []float64) {
	s := a.spec
	var logs, sum, kurtosis, weight float64
	bins := 0.0
	for k, share := range overlap {
		if share <= 0.5 {
			continue
		}
		bins++
		logs += math.Log(s.mean[k])
		sum += s.mean[k]
		if v := s.kurtosis[k]; !math.IsNaN(v) {
			kurtosis += v * s.mean[k]
			weight += s.mean[k]
		}
	}
	if bins > 1 {
		a.metrics.FlatnessDB = decibels(math.Exp(logs/bins-(digamma(s.averages)-math.Log(s.averages))) / (sum / bins))
	}
	if weight > 0 {
		a.metrics.SpectralKurtosis = finite(kurtosis / weight)
	}
}
