package dsp

import "math/bits"

const minDriftRow = 64 // samples of a stretch in the search for drift

// searchDrift cuts the chapter, a known drift taken out, into rows stretches of time and finds the straight slanted
// track through their periodograms that holds the most power. It returns the drift of that track. All slants of up to
// one bin a row are summed by Taylor's tree (J. H. Taylor, A&AS 15, 1974): rows log rows additions a bin. It overwrites
// s.power.
func (c *channel) searchDrift(s *scratch, drift float64, rows int) float64 {
	length := len(c.re) / rows
	n := powerOfTwo(length)
	first, width := c.bins(n)
	a, b, saved := s.track(0, rows*width), s.track(1, rows*width), s.power[:rows*width]
	clear(a)
	for r := range rows {
		z := c.row(s, r*length, length, n, drift)
		for k := range width {
			if i := (first + k) & (n - 1); !c.excluded(first+k, n, length) {
				a[r*width+k] = real(z[i])*real(z[i]) + imag(z[i])*imag(z[i])
			}
		}
	}
	copy(saved, a)
	up, upPower := tallestTrack(a, b, rows, width)
	a = saved
	for r := range rows / 2 { // backwards in time, falling tracks rise
		for k := range width {
			i, j := r*width+k, (rows-1-r)*width+k
			a[i], a[j] = a[j], a[i]
		}
	}
	down, downPower := tallestTrack(a, b, rows, width)
	slant := float64(up)
	if downPower > upPower {
		slant = -float64(down)
	}
	return slant / float64(n) / float64((rows-1)*length)
}

// row transforms one stretch, padded to n.
func (c *channel) row(s *scratch, from, length, n int, drift float64) []complex64 {
	mid := float64(len(c.re)-1) / 2
	z := s.z[:n]
	for k := 0; k < length; k += phasorRun {
		to := min(k+phasorRun, length)
		s.window(z[k:to], c.re[from+k:from+to], c.im[from+k:from+to], k, length)
		if drift != 0 {
			s.turn(z[k:to], drift, float64(from+k)-mid)
		}
	}
	clear(z[length:])
	return fftOf(n).transform(z, s.other[:n])
}

// tallestTrack sums all tracks that rise by 0..rows-1 bins over the rows, a power of two, and returns the rise of the
// one with the most power. It overwrites both buffers.
func tallestTrack(a, b []float32, rows, width int) (rise int, power float32) {
	for stage := 1; stage <= bits.Len(uint(rows))-1; stage++ {
		group := 1 << stage
		for g := 0; g < rows; g += group {
			for d := range group {
				early := a[(g+d/2)*width:][:width]
				late := a[(g+group/2+d/2)*width:][:width]
				out := b[(g+d)*width:][:width]
				shift := min((d+1)/2, width)
				for k, v := range late[shift:] {
					out[k] = early[k] + v
				}
				copy(out[width-shift:], early[width-shift:])
			}
		}
		a, b = b, a
	}
	for d := range rows {
		for _, v := range a[d*width:][:width] {
			if v > power {
				rise, power = d, v
			}
		}
	}
	return rise, power
}
