package dsp

import "math"

// blackmanHarris fills w with the periodic 4-term Blackman-Harris window: -92 dB side lobes, so that a
// neighbour 60 dB stronger adds nothing to the noise (F. J. Harris, Proc. IEEE 66, 1978).
func blackmanHarris(w []float32) {
	for k := range w {
		x := 2 * math.Pi * float64(k) / float64(len(w))
		w[k] = float32(0.35875 - 0.48829*math.Cos(x) + 0.14128*math.Cos(2*x) - 0.01168*math.Cos(3*x))
	}
}

// averagesPerSegment is how many independent averages one segment is worth when the next is hop samples on.
func averagesPerSegment(w []float32, hop int) float64 {
	sum, self := 1.0, energy(w)
	for lag := hop; lag < len(w); lag += hop {
		var cross float64
		for k, v := range w[lag:] {
			cross += float64(v) * float64(w[k])
		}
		rho := cross / self
		sum += 2 * rho * rho
	}
	return 1 / sum
}

// noiseExcess is how much more the mean power of noise scatters than it need, because segments hop samples apart weight
// some samples more than others.
func noiseExcess(w []float32, hop int) float64 {
	var sum, square float64
	for k := range hop {
		var weight float64
		for j := k; j < len(w); j += hop {
			weight += float64(w[j]) * float64(w[j])
		}
		sum += weight
		square += weight * weight
	}
	return square * float64(hop) / (sum * sum)
}

// energy is the sum of squares of w.
func energy(w []float32) float64 {
	var e float64
	for _, v := range w {
		e += float64(v) * float64(v)
	}
	return e
}

// taper is the weight of sample k from either end of a record whose ends samples long ends are cosines.
func taper(k, ends int) float64 {
	return 0.5 - 0.5*math.Cos(math.Pi*(float64(k)+0.5)/float64(ends))
}

// taperLength is how many samples at each end of n are weighted, so that the ends of a record do not leak a strong
// neighbour into the channel: 1 %, at most 64, or 16 where a filter has taken the neighbours away. They are kept that
// few because all time must count alike: more take 0.2 dB off a keyed signal that happens to be on at both ends.
func taperLength(n int, filtered bool) int {
	if filtered {
		return min(16, n/4)
	}
	return min(max(16, n/100), 64, n/4)
}

// blackmanHarrisEnergy is the mean square of the window.
const blackmanHarrisEnergy = 0.35875*0.35875 + (0.48829*0.48829+0.14128*0.14128+0.01168*0.01168)/2

// blackmanHarrisOf is the window where the cosine of its phase is c.
func blackmanHarrisOf(c float64) float64 {
	// cos 2x = 2c^2-1, cos 3x = 4c^3-3c
	return 0.35875 - 0.48829*c + 0.14128*(2*c*c-1) - 0.01168*(4*c*c*c-3*c)
}
