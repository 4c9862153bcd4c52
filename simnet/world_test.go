package simnet_test

import (
	"math"
	"math/big"
	"math/cmplx"
	"slices"
	"testing"

	"github.com/heimdall-sdr/heimdall/simnet"
)

// at is a position on the ground.
func at(lat, lon float64) simnet.Position {
	return simnet.Position{LatitudeDeg: lat, LongitudeDeg: lon}
}

// pair is one emitter and two receivers, 55 and 78 km away, with good clocks.
func pair(e simnet.Emitter) *simnet.World {
	e.Name, e.Position, e.PowerDBM = "tx", at(45, 7), 40
	if e.FrequencyHz == 0 {
		e.FrequencyHz = 145_500_000
	}
	return &simnet.World{Seed: 7, Emitters: []simnet.Emitter{e}, Receivers: []simnet.Receiver{
		{Name: "near", Kind: "http_iq", Position: at(45.5, 7)},
		{Name: "far", Kind: "http_iq", Position: at(45, 8)},
	}}
}

func samples(t *testing.T, w *simnet.World, receiver string, tune simnet.Tuning, first int64, n int) []complex128 {
	t.Helper()
	f, err := w.Tune(receiver, tune)
	if err != nil {
		t.Fatal(err)
	}
	z := make([]complex128, n)
	f.Samples(z, first)
	return z
}

func meanPower(z []complex128) float64 {
	var sum float64
	for _, v := range z {
		sum += real(v)*real(v) + imag(v)*imag(v)
	}
	return sum / float64(len(z))
}

func dB(power float64) float64 { return 10 * math.Log10(power) }

func TestTimesOfSamplesAreExactForDecades(t *testing.T) {
	// The oracle is rational arithmetic.
	for _, c := range []struct {
		hz, ppm float64
		k       int64
	}{{12000, 0, 12001}, {12000, 95.2, 1}, {240000, -3.4, 240000 * 1_000_000_000}, {12000, 95.2, 12000*1_000_000_000 + 7}, {48000, 12.5, -1}} {
		sec, frac := simnet.TimeOf(c.hz, c.ppm, c.k)
		rate := big.NewInt(int64(math.Round(c.hz * 1e9 * (1 + c.ppm*1e-6))))
		want := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(c.k), big.NewInt(1e9)), rate)
		got := new(big.Rat).Add(new(big.Rat).SetInt64(sec), new(big.Rat).SetFloat64(frac))
		diff, _ := new(big.Rat).Sub(got, want).Float64()
		if math.Abs(diff) > 2e-16 {
			t.Errorf("sample %d of %g Hz %+g ppm is off by %g s", c.k, c.hz, c.ppm, diff)
		}
		if c.k >= 0 {
			if back := simnet.IndexOfTimeOf(c.hz, c.ppm, c.k); back != c.k {
				t.Errorf("the first sample at the time of sample %d is %d", c.k, back)
			}
		}
	}
}

func TestCarrierPhaseIsExactAfterThirtyYears(t *testing.T) {
	const sec, frac, hz = 1_000_000_007, 0.123456789012345, 145_500_000.25
	_, got := simnet.CyclesAt(sec, frac, hz)
	whole := new(big.Rat).Mul(new(big.Rat).SetFloat64(hz), new(big.Rat).Add(new(big.Rat).SetInt64(sec), new(big.Rat).SetFloat64(frac)))
	floor := new(big.Int).Div(whole.Num(), whole.Denom())
	want, _ := new(big.Rat).Sub(whole, new(big.Rat).SetInt(floor)).Float64()
	if d := got - want; math.Abs(d-math.Round(d)) > 1e-9 {
		t.Errorf("phase of %g Hz after %d s is %.12f cycles, want %.12f", hz, sec, got, want)
	}
}

func TestTheSameSeedGivesTheSameSamplesHoweverTheyAreRead(t *testing.T) {
	w := simnet.NorthWestItaly().World
	for name, tune := range map[string]simnet.Tuning{
		"filtered":         {FrequencyHz: 145.5e6, RateHz: 12000, PassbandLowHz: -5000, PassbandHighHz: 5000},
		"filtered askew":   {FrequencyHz: 145.5e6, RateHz: 12000, PassbandLowHz: 300, PassbandHighHz: 2700},
		"without filter":   {FrequencyHz: 145.5e6, RateHz: 48000},
		"fast as a dongle": {FrequencyHz: 145.4e6, RateHz: 240000},
	} {
		t.Run(name, func(t *testing.T) {
			const first = 12_345_678_901
			whole := samples(t, &w, "giovi", tune, first, 3000)
			f, err := w.Tune("giovi", tune)
			if err != nil {
				t.Fatal(err)
			}
			pieces := make([]complex128, 3000)
			for _, cut := range [][2]int{{2900, 3000}, {0, 1}, {1, 700}, {700, 700 + 257}, {957, 2900}} { // back and forth
				f.Samples(pieces[cut[0]:cut[1]], first+int64(cut[0]))
			}
			if !slices.Equal(whole, pieces) {
				t.Error("samples depend on how they are read")
			}
			other := w
			other.Seed++
			if slices.Equal(whole, samples(t, &other, "giovi", tune, first, 3000)) {
				t.Error("another seed gives the same samples")
			}
		})
	}
}

func TestEveryModulationArrivesWithThePowerOfItsPath(t *testing.T) {
	computes(t)
	for _, e := range []simnet.Emitter{
		{Modulation: simnet.Carrier}, {Modulation: simnet.NBFM}, {Modulation: simnet.AM}, {Modulation: simnet.USB},
		{Modulation: simnet.OOK}, {Modulation: simnet.CW, Text: "vvv de i1abc"}, {Modulation: simnet.BPSK, SymbolHz: 1200},
		{Modulation: simnet.QPSK, SymbolHz: 1200}, {Modulation: simnet.Noise, BandwidthHz: 6000},
	} {
		t.Run(string(e.Modulation), func(t *testing.T) {
			w := pair(e)
			w.Receivers[0].NoiseDBMHz = -250
			// 40 s: enough symbols, and whole Morse messages but for one.
			z := samples(t, w, "near", simnet.Tuning{FrequencyHz: 145_500_000, RateHz: 12000}, 0, 12000*40)
			_, want := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
			if got := dB(meanPower(z)); math.Abs(got-want) > 0.15 {
				t.Errorf("power is %.2f dBm, want %.2f", got, want)
			}
		})
	}
}

func TestReceivedPowerIsThatOfFreeSpace(t *testing.T) {
	// 40 dBm over 55.57 km at 145.5 MHz: 32.45 + 20 log 145.5 + 20 log 55.57 = 110.60 dB of loss (ITU-R P.525).
	w := pair(simnet.Emitter{})
	delay, power := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
	if math.Abs(power-(40-110.60)) > 0.02 {
		t.Errorf("received power is %.3f dBm, want -70.60", power)
	}
	if math.Abs(delay-185.4e-6) > 0.2e-6 {
		t.Errorf("delay is %.3f us, want 185.4", delay*1e6)
	}
}

func TestTheCarriersPhaseTellsTheDistance(t *testing.T) {
	w := pair(simnet.Emitter{Modulation: simnet.Carrier})
	w.Receivers[0].NoiseDBMHz, w.Receivers[1].NoiseDBMHz = -250, -250
	tune := simnet.Tuning{FrequencyHz: 145_499_000, RateHz: 48000}
	const first = 48000*86400*365 + 4711
	near := samples(t, w, "near", tune, first, 1)[0]
	far := samples(t, w, "far", tune, first, 1)[0]
	d0, _ := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
	d1, _ := simnet.PathBetween(&w.Emitters[0], &w.Receivers[1])
	want := cmplx.Rect(1, -2*math.Pi*math.Mod(145.5e6*(d1-d0), 1))
	got := far / near / complex(cmplx.Abs(far/near), 0)
	if cmplx.Abs(got-want) > 1e-3 { // 1e-3 rad are 1 ps
		t.Errorf("phase difference is %.5f rad, want %.5f", cmplx.Phase(got), cmplx.Phase(want))
	}
}

// The delay between two receivers is found where their cross-correlation peaks, and is as exact as the
// Cramer-Rao bound allows (docs: 0.390/(B sqrt(g B T)) with g of both signal-to-noise ratios).
func TestTheDelayBetweenTwoReceiversIsThatOfGeometry(t *testing.T) {
	computes(t)
	const rate, n, bandwidth = 48000, 1 << 18, 12000.0
	w := pair(simnet.Emitter{Modulation: simnet.Noise, BandwidthHz: bandwidth})
	tune := simnet.Tuning{FrequencyHz: 145_500_000, RateHz: rate}
	a := samples(t, w, "near", tune, 999, n)
	b := samples(t, w, "far", tune, 999, n)
	d0, p0 := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
	d1, p1 := simnet.PathBetween(&w.Emitters[0], &w.Receivers[1])
	got := delayBetween(a, b, rate, bandwidth/2)
	g0 := math.Pow(10, (p0+165)/10) / bandwidth
	g1 := math.Pow(10, (p1+165)/10) / bandwidth
	g := g0 * g1 / (1 + g0 + g1)
	sigma := 0.390 / (bandwidth * math.Sqrt(g*n/rate*bandwidth))
	t.Logf("delay %.4f us, geometry %.4f us, bound %.4f us", got*1e6, (d1-d0)*1e6, sigma*1e6)
	if math.Abs(got-(d1-d0)) > 4*sigma {
		t.Errorf("delay is %.4f us, want %.4f +- %.4f", got*1e6, (d1-d0)*1e6, sigma*1e6)
	}
}

// delayBetween returns by how much b is later than a, from the peak of the cross-correlation's magnitude.
func delayBetween(a, b []complex128, rateHz, halfBandHz float64) float64 {
	n := len(a)
	split := func(z []complex128) (re, im []float64) {
		re, im = make([]float64, n), make([]float64, n)
		for i, v := range z {
			re[i], im[i] = real(v), imag(v)
		}
		simnet.FFT(re, im)
		return re, im
	}
	ar, ai := split(a)
	br, bi := split(b)
	half := int(halfBandHz / rateHz * float64(n))
	cross := make([]complex128, 0, 2*half+1)
	for k := -half; k <= half; k++ {
		i := (k + n) % n
		cross = append(cross, complex(ar[i], ai[i])*complex(br[i], -bi[i]))
	}
	at := func(tau float64) float64 {
		turn := cmplx.Rect(1, -2*math.Pi*tau*rateHz/float64(n))
		w := cmplx.Rect(1, 2*math.Pi*tau*rateHz/float64(n)*float64(half))
		var sum complex128
		for _, c := range cross {
			sum += c * w
			w *= turn
		}
		return cmplx.Abs(sum)
	}
	best := 0.0
	for step := 10e-6; step > 1e-10; step /= 4 {
		centre := best
		for k := -20; k <= 20; k++ {
			if tau := centre + float64(k)*step; at(tau) > at(best) {
				best = tau
			}
		}
	}
	return best
}

func TestAFastClockShowsAsALowFrequencyAndMoreSamples(t *testing.T) {
	w := pair(simnet.Emitter{Modulation: simnet.Carrier})
	for i := range w.Receivers {
		w.Receivers[i].NoiseDBMHz = -200
	}
	w.Receivers[0].Kind, w.Receivers[0].ClockPPM = "rtl_tcp", 2 // 145.5 MHz is tuned 291 Hz too high
	w.Receivers[1].Kind, w.Receivers[1].ClockPPM = "kiwisdr", 95
	w.Receivers[1].ConverterHz, w.Receivers[1].ConverterPPM = 116_000_000, 0.5 // 58 Hz too high; GPS corrects the rest
	for receiver, want := range map[string]float64{"near": -291, "far": -58} {
		tune := simnet.Tuning{FrequencyHz: 145_500_000, RateHz: 12000}
		f, err := w.Tune(receiver, tune)
		if err != nil {
			t.Fatal(err)
		}
		const n = 12000
		z := make([]complex128, n)
		f.Samples(z, 0)
		var sum complex128
		for i := 1; i < n; i++ {
			sum += z[i] * cmplx.Conj(z[i-1])
		}
		if got := cmplx.Phase(sum) / (2 * math.Pi) * f.RateHz(); math.Abs(got-want) > 0.01 {
			t.Errorf("%s: the carrier is at %.4f Hz, want %.4f", receiver, got, want)
		}
		truth, err := w.Truth(receiver, 145_500_000, 0, 2000)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(truth.FrequencyOffsetHz-want) > 1e-6 {
			t.Errorf("%s: the truth is %.6f Hz, want %.6f", receiver, truth.FrequencyOffsetHz, want)
		}
	}
}

func TestAPassbandPassesInsideAndStopsOutside(t *testing.T) {
	w := pair(simnet.Emitter{Modulation: simnet.Carrier})
	w.Receivers[0].NoiseDBMHz = -250
	_, full := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
	for _, c := range []struct {
		offset, low, high, gainDB, tolerance float64
	}{
		{0, -5000, 5000, 0, 0.01}, {4700, -5000, 5000, 0, 0.05}, {5000, -5000, 5000, -6.02, 0.05}, {-2500, 300, 2700, -75, 0},
		{5500, -5000, 5000, -75, 0}, {7000, -5000, 5000, -75, 0}, {11900, -5000, 5000, -75, 0}, {-13000, -5000, 5000, -75, 0},
	} {
		tune := simnet.Tuning{FrequencyHz: 145_500_000 - c.offset, RateHz: 12000, PassbandLowHz: c.low, PassbandHighHz: c.high}
		got := dB(meanPower(samples(t, w, "near", tune, 0, 1200))+1e-30) - full
		if ok := math.Abs(got-c.gainDB) <= c.tolerance || c.tolerance == 0 && got < c.gainDB; !ok {
			t.Errorf("a carrier at %g Hz comes through a passband of %g to %g Hz with %.2f dB, want %g", c.offset, c.low, c.high, got, c.gainDB)
		}
	}
}

func TestNoiseHasTheDensityOfItsReceiver(t *testing.T) {
	computes(t)
	w := &simnet.World{Receivers: []simnet.Receiver{{Name: "r", Kind: "kiwisdr", NoiseDBMHz: -150}}}
	wide := dB(meanPower(samples(t, w, "r", simnet.Tuning{FrequencyHz: 1e6, RateHz: 240000}, 0, 200000)))
	if want := -150 + dB(240000); math.Abs(wide-want) > 0.05 {
		t.Errorf("white noise has %.2f dBm, want %.2f", wide, want)
	}
	narrow := dB(meanPower(samples(t, w, "r", simnet.Tuning{FrequencyHz: 1e6, RateHz: 12000, PassbandLowHz: -4000, PassbandHighHz: 4000}, 0, 200000)))
	if want := -150 + dB(8000); math.Abs(narrow-want) > 0.1 {
		t.Errorf("noise in a passband of 8 kHz has %.2f dBm, want %.2f", narrow, want)
	}
}
