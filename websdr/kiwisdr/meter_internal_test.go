package kiwisdr

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// BenchmarkMeter is what the comparison with the S-meter costs, a frame at a time.
func BenchmarkMeter(b *testing.B) {
	iq, rnd := make([]byte, 512*sampleSize), rand.New(rand.NewPCG(1, 2))
	for k := 0; k < len(iq); k += 2 {
		binary.BigEndian.PutUint16(iq[k:], uint16(int16(rnd.NormFloat64()*1000)))
	}
	m, f := newMeter(12000), frame{iq: iq, smeter: 570}
	b.SetBytes(int64(len(iq)))
	frames := 0
	for b.Loop() {
		if frames++; frames > 234 { // a recording of 10 s
			m, frames = newMeter(12000), 0
		}
		m.add(&f, binary.BigEndian)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/sample")
}

func TestFastAndCloseInspectionAgree(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	for n := range 20_000 {
		iq := make([]byte, sampleSize*(1+rnd.IntN(6)))
		level := []float64{1, 1000, 16_000, 17_000, 33_000, 60_000}[n%6]
		for k := 0; k < len(iq); k += 2 {
			v := math.Round(max(-32768, min(32767, (2*rnd.Float64()-1)*level)))
			if n%12 == 0 {
				v = 1 // silence
			}
			binary.BigEndian.PutUint16(iq[k:], uint16(int16(v)))
		}
		for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
			silent, sound := inspect(iq, order)
			if wantSilent, wantSound := inspectClosely(iq, order); silent != wantSilent || sound != wantSound {
				t.Fatalf("%v %x: silent %t, sound %t; closely %t, %t", order, iq, silent, sound, wantSilent, wantSound)
			}
		}
	}
}
