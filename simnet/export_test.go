package simnet

// ApplyKiwi applies commands to fresh settings and reports whether samples would flow.
func ApplyKiwi(commands []string) (complete bool, lowHz, highHz, gainDB float64) {
	var s kiwiSettings
	for _, text := range commands {
		if c, err := parseKiwiCommand(text); err == nil {
			_ = s.apply(c) // what is refused changes nothing
		}
	}
	return s.complete(), s.lowHz, s.highHz, s.gainDB
}

func ApplyRTL(b [5]byte) (frequencyHz, rateHz uint32, gainDB float64) {
	s := rtlSettings{frequencyHz: 100_000_000, rateHz: 2_048_000, gainDB: 30, manual: true}
	s.apply(parseRTLCommand(b), 30)
	return s.frequencyHz, s.rateHz, s.gainDB
}

func ParseIQRequest(tune, rate, duration string) error {
	_, err := parseIQRequest(tune, rate, duration, &Receiver{Kind: kindHTTP})
	return err
}

func CyclesAt(sec int64, frac, hz float64) (int64, float64) { return instant{sec, frac}.cycles(hz) }

func TimeOf(nominalHz, ppm float64, k int64) (sec int64, frac float64) {
	t := rateOf(nominalHz, ppm).timeOf(k)
	return t.sec, t.frac
}

func IndexOfTimeOf(nominalHz, ppm float64, k int64) int64 {
	r := rateOf(nominalHz, ppm)
	return r.indexAt(r.timeOf(k))
}

// PathBetween returns delay and received power.
func PathBetween(e *Emitter, r *Receiver) (delayS, powerDBM float64) {
	p := pathBetween(e, r)
	return p.delayS, p.powerDBM
}

func FFT(re, im []float64) { fft(re, im) }
