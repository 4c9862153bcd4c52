package kiwisdr_test

import (
	"math"
	"testing"

	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

// hear plays frames that change makes, and returns the trailer after all of them.
func hear(t *testing.T, frames int, change func(k int, b *block)) websdr.Trailer {
	t.Helper()
	url := serve(t, func(p *peer) {
		p.greet(usual)
		r := newRadio(monday)
		for k := range frames + 2 {
			b := r.next()
			if k >= 2 {
				change(k-2, &b)
			}
			p.send(b.bytes())
		}
		p.wait()
	})
	s := open(t, &kiwisdr.Driver{Now: fixedClock(monday)}, url)
	read(t, s, frames*blockSize)
	return s.Trailer()
}

// An sMeter is that of the real server: a running average over 10 ms of decibels, before the gain.
type sMeter struct {
	gainDB float64 // dBFS of the samples minus dBm
	avg    float64
	primed bool
}

func (m *sMeter) read(iq []int16) uint16 {
	a := 1 - math.Exp(-1/(0.010*trueRateHz))
	for k := 0; k < len(iq); k += 2 {
		i, q := float64(iq[k])/32768, float64(iq[k+1])/32768
		db := 10*math.Log10(i*i+q*q+1e-30) - m.gainDB
		if !m.primed {
			m.avg, m.primed = db, true
		}
		m.avg += a * (db - m.avg)
	}
	return uint16(math.Round((min(max(m.avg, -127), 3.4) + 127) * 10))
}

// noise fills a frame with noise of that power.
func noise(k int, iq []int16, dbfs float64) {
	src := siggen.NewSource(5, 1)
	amp := math.Pow(10, dbfs/20) * 32768
	for n := 0; n < len(iq); n += 2 {
		z := src.Gauss(uint64(k*len(iq) + n))
		iq[n], iq[n+1] = int16(math.Round(amp*real(z))), int16(math.Round(amp*imag(z)))
	}
}

func TestTheSMeterCalibratesTheSamplesLikeWithLike(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		fill func(k int, iq []int16)
	}{
		// On noise an average of decibels reads 2.51 dB low: comparing it with mean power would be that wrong.
		{"noise", func(k int, iq []int16) { noise(k, iq, -30) }},
		{"a carrier", func(_ int, iq []int16) {
			for n := 0; n < len(iq); n += 2 {
				iq[n], iq[n+1] = 600, -800
			}
		}},
		{"noise that comes and goes", func(k int, iq []int16) { noise(k, iq, -20-float64(k%7)*5) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := sMeter{gainDB: 41.27}
			tr := hear(t, 200, func(k int, b *block) {
				tt.fill(k, b.iq)
				b.smeter = m.read(b.iq)
			})
			if tr.CalibrationDB == nil || math.Abs(*tr.CalibrationDB+41.27) > 0.06 {
				t.Fatalf("calibration %v, want -41.27", deref(tr.CalibrationDB))
			}
			if s := *tr.CalibrationSigmaDB; s < 1 || s > 1.1 {
				t.Errorf("sigma %g dB: the S-meter is set by hand in whole decibels", s)
			}
			if tr.SMeterFrames != 200 || tr.SMeterDBM == nil || tr.Masked || tr.Overloads != 0 {
				t.Errorf("trailer %+v", tr)
			}
		})
	}
}

func deref(p *float64) any {
	if p == nil {
		return nil
	}
	return *p
}

func TestTheMedianSMeterReadingIsReported(t *testing.T) {
	tr := hear(t, 101, func(k int, b *block) {
		b.smeter = uint16(500 + k) // -77.0 to -67.0 dBm
		if k == 7 {
			b.smeter = 65535
		}
	})
	if tr.SMeterDBM == nil || math.Abs(*tr.SMeterDBM+71.9) > 0.11 {
		t.Errorf("median %v dBm, want about -72", deref(tr.SMeterDBM))
	}
}

func TestFramesThatCannotBeComparedDoNotCalibrate(t *testing.T) {
	for name, change := range map[string]func(k int, b *block){
		"an S-meter pinned below":  func(k int, b *block) { b.smeter = 0 },
		"an S-meter pinned above":  func(k int, b *block) { b.smeter = 1304 },
		"clipped samples":          func(k int, b *block) { b.iq[100] = 32767 },
		"samples that wrap around": func(k int, b *block) { b.iq[100], b.iq[102] = 30000, -30000 },
		"samples too small":        func(k int, b *block) { noise(k, b.iq, -85) },
	} {
		t.Run(name, func(t *testing.T) {
			if tr := hear(t, 20, change); tr.CalibrationDB != nil {
				t.Errorf("calibration %g", *tr.CalibrationDB)
			}
		})
	}
}

func TestOverloadsAndSilenceAreReported(t *testing.T) {
	silence := func(b *block) {
		for n := range b.iq {
			b.iq[n] = 1
		}
	}
	t.Run("an overloaded converter", func(t *testing.T) {
		tr := hear(t, 20, func(k int, b *block) {
			if k%5 == 0 {
				b.flags |= 0x02
			}
		})
		if tr.Overloads != 4 || tr.Masked {
			t.Errorf("trailer %+v", tr)
		}
	})
	t.Run("a masked frequency", func(t *testing.T) {
		tr := hear(t, 20, func(_ int, b *block) { silence(b) })
		if !tr.Masked || tr.Overloads != 0 || tr.CalibrationDB != nil {
			t.Errorf("trailer %+v", tr)
		}
	})
	t.Run("an overload that the server mutes", func(t *testing.T) {
		tr := hear(t, 20, func(k int, b *block) {
			if k > 15 {
				silence(b)
			}
		})
		if tr.Masked || tr.Overloads != 4 {
			t.Errorf("trailer %+v", tr)
		}
	})
	t.Run("unknown flags", func(t *testing.T) {
		tr := hear(t, 20, func(_ int, b *block) { b.flags |= 0x01 | 0x04 | 0x20 | 0x40 })
		if tr.Masked || tr.Overloads != 0 {
			t.Errorf("trailer %+v", tr)
		}
	})
}

func TestUberSDRsImitationIsNotCalibrated(t *testing.T) {
	tr := hear(t, 20, func(int, *block) {})
	if tr.CalibrationDB == nil {
		t.Fatal("a KiwiSDR gives no calibration")
	}
	url := serve(t, func(p *peer) {
		p.greet(usual)
		r := newRadio(monday)
		for range 20 {
			b := r.next()
			b.plain, b.flags = true, 0
			p.send(b.bytes())
		}
		p.wait()
	})
	s := open(t, new(kiwisdr.Driver), url)
	read(t, s, 10*blockSize)
	if tr := s.Trailer(); tr.CalibrationDB != nil || tr.SMeterDBM == nil {
		t.Errorf("trailer %+v: its AGC cannot be switched off", tr)
	}
}
