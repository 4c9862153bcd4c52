package spectrogram

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"
)

// A Look says how powers become a picture.
type Look struct {
	Height            int     // rows; the highest frequency is at the top
	LowDBFS, HighDBFS float64 // what is darkest and brightest; LowDBFS is below HighDBFS
	Palette           string  // one of Palettes
	FromBin, ToBin    int     // bins shown, [FromBin, ToBin)
}

// Rows draws a column together to so many rows, from the lowest frequency up: each is the strongest of its bins, and
// where rows are more than bins a bin fills several.
func Rows(column []float32, rows int) []float32 {
	out := make([]float32, rows)
	fillRows(out, column)
	return out
}

func fillRows(out, column []float32) {
	for r := range out {
		from := r * len(column) / len(out)
		to := max(from+1, (r+1)*len(column)/len(out))
		var strongest float32
		for _, p := range column[from:to] {
			if p > strongest {
				strongest = p
			}
		}
		out[r] = strongest
	}
}

// PNG draws a matrix: time to the right, frequency up, transparent where nothing was received.
func PNG(m *Matrix, l Look) ([]byte, error) {
	colors, ok := palettes()[l.Palette]
	if !ok {
		return nil, fmt.Errorf("draw spectrogram: no palette is called %q", l.Palette)
	}
	picture := image.NewPaletted(image.Rect(0, 0, m.Columns, l.Height), colors)
	shades := shadesOf(l)
	inParts(m.Columns, func(from, to int) {
		logarithms, rows := mantissas(), make([]float32, l.Height)
		for c := from; c < to; c++ {
			column := m.Column(c)
			if column == nil {
				continue // colour 0 is transparent
			}
			fillRows(rows, column[l.FromBin:l.ToBin])
			for r, p := range rows {
				picture.Pix[(l.Height-1-r)*picture.Stride+c] = shades[uint16(logarithms.hundredths(p))]
			}
		}
	})
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("draw spectrogram: %w", err)
	}
	return out.Bytes(), nil
}

// shadesOf are the colours of all numbers of hundredths of a decibel, by their bits: 1 to 255, 0 being transparent.
func shadesOf(l Look) *[1 << 16]uint8 {
	var t [1 << 16]uint8
	for i := range t {
		x := (float64(int16(uint16(i)))/100 - l.LowDBFS) / (l.HighDBFS - l.LowDBFS)
		t[i] = uint8(1 + math.Round(254*max(0, min(1, x))))
	}
	return &t
}

// Palettes are the names of the palettes, the usual one first.
func Palettes() []string { return []string{"aurora", "gray"} }

// palettes are made so that equal steps of decibels look equal: each colour has the lightness L* (CIE 1976) that is due
// to it, so that a picture can be read without its colours, too. Aurora turns from violet over green to yellow, as
// colourful as a screen can show it, within reason.
var palettes = sync.OnceValue(func() map[string]color.Palette {
	aurora, gray := color.Palette{color.NRGBA{}}, color.Palette{color.NRGBA{}}
	for i := range 255 {
		x := float64(i) / 254
		shade, _ := ofLab(100*x, 0, 0)
		gray = append(gray, shade)
		hue := (310 - 215*x) * math.Pi / 180
		for chroma := 55.0; ; chroma-- {
			shade, shown := ofLab(8+86*x, chroma*math.Cos(hue), chroma*math.Sin(hue))
			if shown || chroma <= 0 {
				aurora = append(aurora, shade)
				break
			}
		}
	}
	return map[string]color.Palette{"aurora": aurora, "gray": gray}
})

// ofLab is the sRGB colour (IEC 61966-2-1) of CIE L*a*b*, white being D65, or the nearest when a screen cannot show it.
func ofLab(l, a, b float64) (nearest color.NRGBA, shown bool) {
	inverse := func(t float64) float64 {
		if t > 6.0/29 {
			return t * t * t
		}
		return 3 * 36.0 / 841 * (t - 4.0/29)
	}
	fy := (l + 16) / 116
	x, y, z := 0.95047*inverse(fy+a/500), inverse(fy), 1.08883*inverse(fy-b/200)
	shown = true
	channel := func(v float64) uint8 {
		if v < -1e-3 || v > 1+1e-3 {
			shown = false
		}
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		return uint8(math.Round(255 * max(0, min(1, v))))
	}
	nearest = color.NRGBA{
		channel(3.2404542*x - 1.5371385*y - 0.4985314*z),
		channel(-0.9692660*x + 1.8760108*y + 0.0415560*z),
		channel(0.0556434*x - 0.2040259*y + 1.0572252*z), 255,
	}
	return nearest, shown
}
