package siggen

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Quantise turns samples into the bytes of a record, I first, little-endian: ci16, ci8, cu8 or cf32. It rounds from
// float64, half to even, and clips at full scale.
func Quantise(z []complex128, format string) ([]byte, error) {
	var b []byte
	switch format {
	case "ci16":
		for _, v := range z {
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(step(real(v)*32768, -32768, 32767))))
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(step(imag(v)*32768, -32768, 32767))))
		}
	case "ci8":
		for _, v := range z {
			b = append(b, byte(int8(step(real(v)*128, -128, 127))), byte(int8(step(imag(v)*128, -128, 127))))
		}
	case "cu8":
		for _, v := range z {
			b = append(b, byte(step(real(v)*127.5+127.5, 0, 255)), byte(step(imag(v)*127.5+127.5, 0, 255)))
		}
	case "cf32":
		for _, v := range z {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(real(v))))
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(imag(v))))
		}
	default:
		return nil, fmt.Errorf("quantise to %q: use ci16, ci8, cu8 or cf32", format)
	}
	return b, nil
}

func step(v, low, high float64) int { return int(math.RoundToEven(min(max(v, low), high))) }
