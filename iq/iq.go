// Package iq holds complex samples as receivers and files hold them: the formats, their conversion, and the
// readers and writers of the .npy and WAV files that carry them.
//
// Samples stay in the format in which they were received as long as possible; conversion is the last step.
// Full scale, |z| = 1, is 0 dBFS. The package imports nothing of ours and does no I/O but through the
// readers and writers it is given; none of them holds a whole recording.
package iq

import "fmt"

// A Format is how one complex sample is laid out in bytes, I first.
type Format uint8

const (
	CI16LE Format = iota + 1 // two little-endian int16, full scale 32768
	CI16BE                   // two big-endian int16, full scale 32768
	CU8                      // two uint8, zero at 127.5, full scale 127.5
	CI8                      // two int8, full scale 128
	CF32LE                   // two little-endian float32, full scale 1
	CF64LE                   // two little-endian float64, full scale 1
)

// formats is indexed by Format: SigMF datatype, bytes of one sample, size of one step (0 for floats).
var formats = [...]struct {
	name string
	size int
	lsb  float64
}{
	CI16LE: {"ci16_le", 4, 1.0 / 32768},
	CI16BE: {"ci16_be", 4, 1.0 / 32768},
	CU8:    {"cu8", 2, 1.0 / 127.5},
	CI8:    {"ci8", 2, 1.0 / 128},
	CF32LE: {"cf32_le", 8, 0},
	CF64LE: {"cf64_le", 16, 0},
}

// ParseFormat reads a SigMF datatype, such as "ci16_le". "ci16", "cf32" and "cf64" mean little-endian.
func ParseFormat(s string) (Format, error) {
	switch s {
	case "ci16", "cf32", "cf64":
		s += "_le"
	}
	for f := CI16LE; int(f) < len(formats); f++ {
		if formats[f].name == s {
			return f, nil
		}
	}
	return 0, fmt.Errorf("sample format %q is not known: use ci16_le, ci16_be, cu8, ci8, cf32_le or cf64_le", s)
}

// Valid reports whether f is one of the formats above.
func (f Format) Valid() bool { return f >= CI16LE && int(f) < len(formats) }

// String returns the SigMF datatype.
func (f Format) String() string {
	if !f.Valid() {
		return fmt.Sprintf("Format(%d)", uint8(f))
	}
	return formats[f].name
}

// Size is the number of bytes of one complex sample; 0 unless f is valid.
func (f Format) Size() int {
	if !f.Valid() {
		return 0
	}
	return formats[f].size
}

// LSB is the size of one quantisation step relative to full scale, or 0 for floats.
func (f Format) LSB() float64 {
	if !f.Valid() {
		return 0
	}
	return formats[f].lsb
}
