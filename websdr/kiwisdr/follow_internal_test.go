package kiwisdr

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// BenchmarkFollow is what the comparison with the S-meter costs, a frame at a time.
func BenchmarkFollow(b *testing.B) {
	iq, rnd := make([]byte, 512*sampleSize), rand.New(rand.NewPCG(1, 2))
	for k := 0; k < len(iq); k += 2 {
		binary.BigEndian.PutUint16(iq[k:], uint16(int16(rnd.NormFloat64()*1000)))
	}
	m := newMeter(12000)
	b.SetBytes(int64(len(iq)))
	for b.Loop() {
		m.follow(iq, binary.BigEndian)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/sample")
}
