package dsp

const dcHalfBins = 4.5 // half the width of the DC spike in Welch bins

type signal struct{}

type channel struct{}

func newChannel(c Config, length int, samples int64) *channel { return &channel{} }
func (c *channel) push(re, im []float32)                      {}
func (c *channel) whole(re, im []float32)                     {}
func (a *analysis) measureChannel() {
	ch, s := a.config.channel(), a.spec
	var p, width float64
	for k, v := range s.mean {
		if ch.contains(s.frequency(k)) {
			p += v * s.stepHz
			width += s.stepHz
		}
	}
	a.metrics.ChannelPowerDBFS = decibels(p)
	noise := a.noise.density * width
	if noise > 0 && p > 1.1*noise {
		a.metrics.Detected = true
		a.metrics.SNRdB = decibels((p - noise) / noise)
		a.metrics.SignalDBFS = decibels(p - noise)
		a.metrics.CN0dBHz = decibels((p - noise) / a.noise.density)
	}
	if noise > 0 {
		a.metrics.SNRUpperDB = decibels(max(p-noise, 0)/noise + 0.05)
	}
}
