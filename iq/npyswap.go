package iq

import (
	"io"
	"slices"
)

// swapped turns the bytes of each number of that width around, as numpy on a big-endian machine has written them.
// A read may end within a number.
type swapped struct {
	r     io.Reader
	width int

	buf   [4096]byte
	ready []byte // of buf: turned around, and not yet given away
	rest  []byte // of buf, behind those: no whole number yet
	err   error  // of r, once ready is given away
}

func (s *swapped) Read(p []byte) (int, error) {
	if s.width < 2 {
		return s.r.Read(p)
	}
	for len(s.ready) == 0 && s.err == nil && len(p) > 0 {
		s.fill()
	}
	n := copy(p, s.ready)
	s.ready = s.ready[n:]
	if n == 0 && len(p) > 0 {
		return 0, s.err
	}
	return n, nil
}

// fill is called when nothing is ready. A number of which bytes are missing at the end is dropped.
func (s *swapped) fill() {
	held := copy(s.buf[:], s.rest)
	n, err := s.r.Read(s.buf[held:])
	held += n
	whole := held - held%s.width
	for k := 0; k < whole; k += s.width {
		slices.Reverse(s.buf[k : k+s.width])
	}
	s.ready, s.rest, s.err = s.buf[:whole], s.buf[whole:held], err
}
