package iq

import (
	"encoding/binary"
	"math"
)

// Split decodes whole samples of src into re and im and returns how many: as many as fit in src, re and im.
// Separate float32 slices are what signal processing wants: complex64 arithmetic in Go goes through float64.
func Split(re, im []float32, src []byte, f Format) int {
	if !f.Valid() {
		return 0
	}
	n := min(len(re), len(im), len(src)/f.Size())
	re, im, src = re[:n], im[:n], src[:n*f.Size()]
	switch f {
	case CI16LE:
		for k := range re {
			b := src[4*k : 4*k+4]
			re[k] = float32(int16(binary.LittleEndian.Uint16(b))) * (1.0 / 32768)
			im[k] = float32(int16(binary.LittleEndian.Uint16(b[2:]))) * (1.0 / 32768)
		}
	case CI16BE:
		for k := range re {
			b := src[4*k : 4*k+4]
			re[k] = float32(int16(binary.BigEndian.Uint16(b))) * (1.0 / 32768)
			im[k] = float32(int16(binary.BigEndian.Uint16(b[2:]))) * (1.0 / 32768)
		}
	case CU8:
		for k := range re {
			re[k] = (float32(src[2*k]) - 127.5) * (1.0 / 127.5)
			im[k] = (float32(src[2*k+1]) - 127.5) * (1.0 / 127.5)
		}
	case CI8:
		for k := range re {
			re[k] = float32(int8(src[2*k])) * (1.0 / 128)
			im[k] = float32(int8(src[2*k+1])) * (1.0 / 128)
		}
	case CF32LE:
		for k := range re {
			b := src[8*k : 8*k+8]
			re[k] = math.Float32frombits(binary.LittleEndian.Uint32(b))
			im[k] = math.Float32frombits(binary.LittleEndian.Uint32(b[4:]))
		}
	case CF64LE:
		for k := range re {
			b := src[16*k : 16*k+16]
			re[k] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
			im[k] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b[8:])))
		}
	}
	return n
}

// Decode decodes whole samples of src into dst and returns how many: as many as fit in both.
func Decode(dst []complex64, src []byte, f Format) int {
	if !f.Valid() {
		return 0
	}
	n := min(len(dst), len(src)/f.Size())
	var re, im [512]float32
	for k := 0; k < n; {
		m := Split(re[:min(512, n-k)], im[:], src[k*f.Size():], f)
		for j := range m {
			dst[k+j] = complex(re[j], im[j])
		}
		k += m
	}
	return n
}

// Encode encodes samples of src into dst and returns how many: as many as fit in both. Integer formats round
// to the nearest step and clip at full scale; what is not a number becomes silence in them.
func Encode(dst []byte, src []complex64, f Format) int {
	if !f.Valid() {
		return 0
	}
	n := min(len(src), len(dst)/f.Size())
	for k, z := range src[:n] {
		re, im := float64(real(z)), float64(imag(z))
		switch f {
		case CI16LE:
			binary.LittleEndian.PutUint16(dst[4*k:], uint16(step(re*32768, -32768, 32767)))
			binary.LittleEndian.PutUint16(dst[4*k+2:], uint16(step(im*32768, -32768, 32767)))
		case CI16BE:
			binary.BigEndian.PutUint16(dst[4*k:], uint16(step(re*32768, -32768, 32767)))
			binary.BigEndian.PutUint16(dst[4*k+2:], uint16(step(im*32768, -32768, 32767)))
		case CU8:
			dst[2*k] = uint8(step(re*127.5+127.5, 0, 255))
			dst[2*k+1] = uint8(step(im*127.5+127.5, 0, 255))
		case CI8:
			dst[2*k] = uint8(step(re*128, -128, 127))
			dst[2*k+1] = uint8(step(im*128, -128, 127))
		case CF32LE:
			binary.LittleEndian.PutUint32(dst[8*k:], math.Float32bits(real(z)))
			binary.LittleEndian.PutUint32(dst[8*k+4:], math.Float32bits(imag(z)))
		case CF64LE:
			binary.LittleEndian.PutUint64(dst[16*k:], math.Float64bits(re))
			binary.LittleEndian.PutUint64(dst[16*k+8:], math.Float64bits(im))
		}
	}
	return n
}

// step rounds half to even, as numpy does, and clips. NaN becomes the step nearest to silence.
func step(v, low, high float64) int32 {
	if math.IsNaN(v) {
		v = (low + high) / 2 // -0.5 and 127.5: to even it is 0 and 128
	}
	return int32(math.RoundToEven(min(max(v, low), high)))
}
