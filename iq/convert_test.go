package iq_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/heimdall-sdr/heimdall/iq"
)

var allFormats = []iq.Format{iq.CI16LE, iq.CI16BE, iq.CU8, iq.CI8, iq.CF32LE, iq.CF64LE}

// TestEdgeValuesDecodeToTheirClosedForms takes what each format must mean from its definition.
func TestEdgeValuesDecodeToTheirClosedForms(t *testing.T) {
	le32 := func(v ...float32) (b []byte) {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
		return b
	}
	for _, c := range []struct {
		f    iq.Format
		src  []byte
		want complex64
	}{
		{iq.CI16LE, []byte{0x00, 0x80, 0xFF, 0x7F}, complex(-1, 32767.0/32768)},
		{iq.CI16LE, []byte{0x01, 0x00, 0xFF, 0xFF}, complex(1.0/32768, -1.0/32768)},
		{iq.CI16BE, []byte{0x80, 0x00, 0x7F, 0xFF}, complex(-1, 32767.0/32768)},
		{iq.CI16BE, []byte{0x00, 0x01, 0xFF, 0xFF}, complex(1.0/32768, -1.0/32768)},
		{iq.CU8, []byte{0, 255}, complex(-1, 1)},
		{iq.CU8, []byte{127, 128}, complex(-0.5/127.5, 0.5/127.5)},
		{iq.CI8, []byte{0x80, 0x7F}, complex(-1, 127.0/128)},
		{iq.CI8, []byte{0xFF, 0x00}, complex(-1.0/128, 0)},
		{iq.CF32LE, le32(-1, 1), complex(-1, 1)},
		{iq.CF32LE, le32(math.MaxFloat32, math.SmallestNonzeroFloat32), complex(math.MaxFloat32, math.SmallestNonzeroFloat32)},
	} {
		got := make([]complex64, 1)
		if n := iq.Decode(got, c.src, c.f); n != 1 || got[0] != c.want {
			t.Errorf("%v % x decodes to %v, want %v", c.f, c.src, got[0], c.want)
		}
	}
}

func TestEveryIntegerSampleSurvivesDecodingAndEncoding(t *testing.T) {
	for _, f := range []iq.Format{iq.CI16LE, iq.CI16BE, iq.CU8, iq.CI8} {
		t.Run(f.String(), func(t *testing.T) {
			var src []byte
			for v := range 65536 {
				switch f.Size() {
				case 2:
					src = append(src, byte(v), byte(v>>8)) // every pair
				case 4:
					src = binary.BigEndian.AppendUint16(src, uint16(v))
					src = binary.BigEndian.AppendUint16(src, uint16(v*40503)) // every other value, too
				}
			}
			z := make([]complex64, 65536)
			back := make([]byte, len(src))
			if n := iq.Decode(z, src, f); n != 65536 {
				t.Fatalf("decoded %d", n)
			}
			if n := iq.Encode(back, z, f); n != 65536 || !bytes.Equal(src, back) {
				t.Errorf("encoded %d; the bytes are the same: %v", n, bytes.Equal(src, back))
			}
		})
	}
}

func TestIntegersRoundHalfToEvenAndClip(t *testing.T) {
	for _, c := range []struct {
		f    iq.Format
		z    complex64
		want []byte
	}{
		{iq.CI16BE, complex(0.5/32768, 1.5/32768), []byte{0, 0, 0, 2}},
		{iq.CI16BE, complex(-0.5/32768, -2.5/32768), []byte{0, 0, 0xFF, 0xFE}},
		{iq.CI16BE, complex(1, -1), []byte{0x7F, 0xFF, 0x80, 0}},
		{iq.CI16LE, complex(2, -2), []byte{0xFF, 0x7F, 0, 0x80}},
		{iq.CI16LE, complex(float32(math.Inf(1)), float32(math.Inf(-1))), []byte{0xFF, 0x7F, 0, 0x80}},
		{iq.CI16LE, complex(float32(math.NaN()), 0), []byte{0, 0, 0, 0}},
		{iq.CU8, complex(2, -2), []byte{255, 0}},
		{iq.CU8, complex(0, float32(math.NaN())), []byte{128, 128}},
		{iq.CI8, complex(2, -2), []byte{0x7F, 0x80}},
		{iq.CI8, complex(float32(math.NaN()), 1.0/128), []byte{0, 1}},
	} {
		got := make([]byte, c.f.Size())
		if n := iq.Encode(got, []complex64{c.z}, c.f); n != 1 || !bytes.Equal(got, c.want) {
			t.Errorf("%v %v encodes to % x, want % x", c.f, c.z, got, c.want)
		}
	}
}

func TestFloatsAreKeptToTheBit(t *testing.T) {
	z := []complex64{complex(1e-38, -3e38), complex(float32(math.Inf(-1)), float32(math.Copysign(0, -1))), complex(float32(math.NaN()), 0.1)}
	for _, f := range []iq.Format{iq.CF32LE, iq.CF64LE} {
		b := make([]byte, len(z)*f.Size())
		back := make([]complex64, len(z))
		iq.Encode(b, z, f)
		iq.Decode(back, b, f)
		for k := range z {
			for _, p := range [][2]float32{{real(z[k]), real(back[k])}, {imag(z[k]), imag(back[k])}} {
				if math.Float32bits(p[0]) != math.Float32bits(p[1]) && p[0] == p[0] || (p[0] != p[0]) != (p[1] != p[1]) {
					t.Errorf("%v: %v became %v", f, z[k], back[k])
				}
			}
		}
	}
}

func TestOnlyWholeSamplesThatFitAreConverted(t *testing.T) {
	for _, f := range allFormats {
		src := make([]byte, 10*f.Size()+f.Size()-1)
		for _, c := range []struct{ re, im, want int }{{20, 20, 10}, {3, 20, 3}, {20, 4, 4}, {0, 0, 0}} {
			if n := iq.Split(make([]float32, c.re), make([]float32, c.im), src, f); n != c.want {
				t.Errorf("%v: Split of 10 samples into %d and %d gives %d, want %d", f, c.re, c.im, n, c.want)
			}
		}
		if n := iq.Decode(make([]complex64, 7), src, f); n != 7 {
			t.Errorf("%v: Decode into 7 gives %d", f, n)
		}
		if n := iq.Encode(src, make([]complex64, 20), f); n != 10 {
			t.Errorf("%v: Encode into room for 10 gives %d", f, n)
		}
	}
}

func TestAnInvalidFormatConvertsNothing(t *testing.T) {
	for _, f := range []iq.Format{0, 7, 255} {
		b := make([]byte, 64)
		if iq.Split(make([]float32, 4), make([]float32, 4), b, f)+iq.Decode(make([]complex64, 4), b, f)+iq.Encode(b, make([]complex64, 4), f)+f.Size() != 0 || f.LSB() != 0 {
			t.Errorf("format %d was converted", f)
		}
	}
}

func TestNamesOfFormatsReadBack(t *testing.T) {
	for _, f := range allFormats {
		if got, err := iq.ParseFormat(f.String()); got != f || err != nil {
			t.Errorf("%v reads back as %v, %v", f, got, err)
		}
	}
	for short, f := range map[string]iq.Format{"ci16": iq.CI16LE, "cf32": iq.CF32LE, "cf64": iq.CF64LE} {
		if got, err := iq.ParseFormat(short); got != f || err != nil {
			t.Errorf("%s reads as %v, %v", short, got, err)
		}
	}
	for _, s := range []string{"", "ri16_le", "ci16_me", "CU8", "cf32_be"} {
		if got, err := iq.ParseFormat(s); err == nil {
			t.Errorf("%q reads as %v", s, got)
		}
	}
}

// TestTheStepIsTheDistanceBetweenNeighbours ties LSB, from which quantisation noise is computed, to Decode.
func TestTheStepIsTheDistanceBetweenNeighbours(t *testing.T) {
	for _, f := range []iq.Format{iq.CI16BE, iq.CU8, iq.CI8} {
		a, b := make([]byte, f.Size()), make([]byte, f.Size())
		a[f.Size()/2-1], b[f.Size()/2-1] = 7, 8
		var z [2]complex64
		iq.Decode(z[:1], a, f)
		iq.Decode(z[1:], b, f)
		if d := float64(real(z[1]) - real(z[0])); math.Abs(d-f.LSB()) > 1e-7 {
			t.Errorf("%v: neighbours differ by %g, LSB is %g", f, d, f.LSB())
		}
	}
}

func FuzzSplitAndDecodeAgree(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, uint8(1))
	f.Add(bytes.Repeat([]byte{0x80, 0x7F}, 3000), uint8(2))
	f.Fuzz(func(t *testing.T, src []byte, format uint8) {
		form := allFormats[int(format)%len(allFormats)]
		n := len(src) / form.Size()
		re, im, z := make([]float32, n), make([]float32, n), make([]complex64, n)
		if iq.Split(re, im, src, form) != n || iq.Decode(z, src, form) != n {
			t.Fatal("not all samples were converted")
		}
		for k := range z {
			if math.Float32bits(re[k]) != math.Float32bits(real(z[k])) || math.Float32bits(im[k]) != math.Float32bits(imag(z[k])) {
				t.Fatalf("sample %d of %v: Split gives %v %v, Decode %v", k, form, re[k], im[k], z[k])
			}
		}
		back := make([]byte, n*form.Size())
		if iq.Encode(back, z, form) != n {
			t.Fatal("not all samples were encoded")
		}
		if form.LSB() > 0 && !bytes.Equal(back, src[:len(back)]) {
			t.Fatalf("integers of %v changed", form)
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	for _, f := range allFormats {
		b.Run(f.String(), func(b *testing.B) {
			src := make([]byte, 4096*f.Size())
			re, im := make([]float32, 4096), make([]float32, 4096)
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				iq.Split(re, im, src, f)
			}
		})
	}
}
