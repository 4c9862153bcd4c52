package siggen_test

import (
	"math/cmplx"
	"testing"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// The golden values come from an independent implementation of the same definition.
func TestStreamsAreTheOnesOfTheDefinition(t *testing.T) {
	s := siggen.NewSource(7001, 1)
	if got := uint64(s); got != 0xafa8f6f87ea6595c {
		t.Errorf("state of stream 1 of seed 7001 = %#x, want 0xafa8f6f87ea6595c", got)
	}
	for i, want := range []uint64{0x3b3f8fe99e511210, 0x67239ed01ecc6115, 0xd4179d2904430148, 0xc5fa2a15bb7d875e} {
		if got := s.Word(uint64(i)); got != want {
			t.Errorf("word %d = %#x, want %#x", i, got, want)
		}
	}
	for k, want := range []complex128{-0.99142786 + 0.69318925i, 0.06340717 - 0.42911035i} {
		if got := s.Gauss(uint64(k)); cmplx.Abs(got-want) > 1e-8 {
			t.Errorf("noise sample %d = %v, want %v", k, got, want)
		}
	}
}
