package spectrogram_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/spectrogram"
)

const rateHz = 12_000

// A record is a recording made up: of each sample held, by its position.
type record struct {
	heimdall.Recording
	data []byte
	spectrogram.Shape
}

func newRecord(t testing.TB, samples int, gaps []heimdall.Gap, at func(position int64) complex128) *record {
	t.Helper()
	r := &record{Recording: heimdall.Recording{Datatype: "cf32_le", SampleRateHz: rateHz, SamplesCount: int64(samples), Gaps: gaps}}
	held, missing := make([]complex64, samples), int64(0)
	for i, k := 0, 0; i < samples; i++ {
		for ; k < len(gaps) && gaps[k].Sample == int64(i); k++ {
			missing += gaps[k].Missing
		}
		held[i] = complex64(at(int64(i) + missing))
	}
	r.data = make([]byte, 8*samples)
	iq.Encode(r.data, held, iq.CF32LE)
	sum := sha256.Sum256(r.data)
	r.SHA256 = hex.EncodeToString(sum[:])
	var err error
	if r.Shape, err = spectrogram.ShapeOf(&r.Recording); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *record) build(t testing.TB) *spectrogram.Pyramid {
	t.Helper()
	p, err := spectrogram.Build(t.Context(), bytes.NewReader(r.data), iq.CF32LE, r.Shape, int64(len(r.data)), r.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (r *record) compute(t testing.TB, g spectrogram.Grid) *spectrogram.Matrix {
	t.Helper()
	m, err := spectrogram.Compute(bytes.NewReader(r.data), iq.CF32LE, r.Shape, g)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tone(hz, amplitude float64) func(int64) complex128 {
	return func(n int64) complex128 {
		return cmplx.Rect(amplitude, 2*math.Pi*math.Mod(hz/rateHz*float64(n), 1))
	}
}

func whole(r *record, columns int) spectrogram.Grid {
	return spectrogram.Grid{Step: float64(r.Positions) / float64(columns), Columns: columns}
}

// binOf is the bin whose centre is nearest to a frequency.
func binOf(r *record, hz float64) int { return int(math.Round((hz - r.LowHz()) / r.StepHz())) }

func TestAToneReadsItsPowerAtItsBinInEveryColumn(t *testing.T) {
	computes(t)
	for _, dbfs := range []float64{0, -20, -73.5} {
		for _, bin := range []int{100, 512, 1000} {
			hz := -rateHz/2 + float64(bin)*rateHz/1024
			r := newRecord(t, 1_000_000, nil, tone(hz, math.Pow(10, dbfs/20)))
			p := r.build(t)
			for how, m := range map[string]*spectrogram.Matrix{
				"from the pyramid":     p.Draw(whole(r, 300)),
				"from a coarser level": p.Draw(whole(r, 37)),
				"from samples":         r.compute(t, spectrogram.Grid{From: 12_345, Step: 100, Columns: 50}),
			} {
				for c := range m.Columns {
					column := m.Column(c)
					if column == nil {
						t.Fatalf("%s: column %d is empty", how, c)
					}
					if got := dsp.DB(column[bin]); math.Abs(got-dbfs) > 0.1 {
						t.Fatalf("%s: a tone of %g dBFS reads %.3f in column %d", how, dbfs, got, c)
					}
					if at := slices.Index(column, slices.Max(column)); at != bin || binOf(r, hz) != bin {
						t.Fatalf("%s: a tone of bin %d is in bin %d", how, bin, at)
					}
				}
			}
		}
	}
}

func TestNoiseReadsItsDensityTimesTheNoiseBandwidth(t *testing.T) {
	computes(t)
	random := rand.New(rand.NewPCG(1, 2))
	const dbfs = -30 // in all of the band
	sigma := math.Pow(10, dbfs/20.0) / math.Sqrt2
	r := newRecord(t, 2_000_000, nil, func(int64) complex128 {
		return complex(sigma*random.NormFloat64(), sigma*random.NormFloat64())
	})
	want := dbfs + 10*math.Log10(dsp.NewToneSpectrum(r.Bins).NoiseBandwidthHz(rateHz)/rateHz)
	var mean float64
	column := r.build(t).Draw(whole(r, 1)).Column(0)
	for _, p := range column {
		mean += float64(p) / float64(len(column))
	}
	if got := 10 * math.Log10(mean); math.Abs(got-want) > 0.02 {
		t.Errorf("noise reads %.3f dBFS, want %.3f", got, want)
	}
}

// The time axis is the recording's clock: a burst is where it was, behind a gap, too, and the gap is empty.
func TestTimeIsThatOfTheClockAndGapsAreEmpty(t *testing.T) {
	gap := heimdall.Gap{Sample: 400_000, Missing: 300_000}
	burst := func(n int64) complex128 { // seconds 75 to 80
		if n >= 75*rateHz && n < 80*rateHz {
			return tone(3000, 0.5)(n)
		}
		return tone(-1500, 1e-3)(n)
	}
	r := newRecord(t, 900_000, []heimdall.Gap{gap}, burst)
	if r.Positions != 1_200_000 {
		t.Fatalf("%d positions", r.Positions)
	}
	const perSecond = 10
	for how, m := range map[string]*spectrogram.Matrix{
		"from the pyramid": r.build(t).Draw(whole(r, 100*perSecond)),
		"from samples":     r.compute(t, whole(r, 100*perSecond)),
	} {
		for c := range m.Columns {
			second := (float64(c) + 0.5) / perSecond
			column := m.Column(c)
			const edge = 0.2 // a segment lasts 0.085 s, a column of the picture 0.1
			switch {
			case second > 400.0/12+edge && second < 700.0/12-edge:
				if column != nil {
					t.Fatalf("%s: at %.2f s nothing was received, and something is shown", how, second)
				}
			case second > 400.0/12-edge && second < 700.0/12+edge:
			case column == nil:
				t.Fatalf("%s: at %.2f s something was received, and nothing is shown", how, second)
			case second > 75+edge && second < 80-edge && dsp.DB(column[binOf(r, 3000)]) < -6.3,
				(second < 75-edge || second > 80+edge) && dsp.DB(column[binOf(r, 3000)]) > -80:
				t.Fatalf("%s: at %.2f s the burst reads %.1f dBFS", how, second, dsp.DB(column[binOf(r, 3000)]))
			}
		}
	}
}

func TestEveryColumnInWhichSomethingWasReceivedIsShown(t *testing.T) {
	for _, samples := range []int{64, 100, 1000, 1024, 1025, 4000, 70_000} {
		r := newRecord(t, samples, nil, tone(0, 1))
		p := r.build(t)
		for _, columns := range []int{1, 3, 64, 1000} {
			g := whole(r, columns)
			m := r.compute(t, g)
			if _, ok := p.LevelFor(g.Step); ok {
				m = p.Draw(g)
			}
			for c := range columns {
				if column := m.Column(c); column == nil || math.Abs(dsp.DB(column[r.Bins/2])) > 0.1 {
					t.Fatalf("of %d samples column %d of %d lacks its tone", samples, c, columns)
				}
			}
		}
	}
}

func TestRunsShorterThanASegmentAreShown(t *testing.T) {
	var gaps []heimdall.Gap
	for i := int64(200); i < 20_000; i += 200 {
		gaps = append(gaps, heimdall.Gap{Sample: i, Missing: 50})
	}
	r := newRecord(t, 20_000, gaps, tone(1500, 0.1))
	m := r.build(t).Draw(whole(r, 10))
	for c := range m.Columns {
		if column := m.Column(c); column == nil || math.Abs(dsp.DB(column[binOf(r, 1500)])+20) > 0.1 {
			t.Fatalf("column %d is %v", c, column != nil)
		}
	}
}

func TestAPyramidIsStoredAndReadBack(t *testing.T) {
	r := newRecord(t, 300_000, []heimdall.Gap{{Sample: 5, Missing: 70_000}}, tone(100, 0.3))
	p := r.build(t)
	text, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := spectrogram.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("it changed on the way: %v", err)
	}
	if back.SHA256 != r.SHA256 {
		t.Errorf("it is of %s", back.SHA256)
	}
	g := whole(r, 50)
	if diff := cmp.Diff(p.Draw(g), back.Draw(g)); diff != "" {
		t.Errorf("it draws otherwise (-before +after):\n%s", diff)
	}
	for _, n := range []int{0, 10, 60, len(text) - 1} {
		if _, err := spectrogram.Decode(text[:n]); !errors.Is(err, spectrogram.ErrFormat) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

func TestOtherSamplesThanThoseRecordedAreRefused(t *testing.T) {
	r := newRecord(t, 5000, nil, tone(100, 0.3))
	for what, data := range map[string][]byte{
		"changed": append(slices.Clone(r.data[:39_999]), r.data[39_999]^1),
		"short":   r.data[:39_999],
		"long":    append(slices.Clone(r.data), 0),
	} {
		_, err := spectrogram.Build(t.Context(), bytes.NewReader(data), iq.CF32LE, r.Shape, int64(len(data)), r.SHA256)
		if !errors.Is(err, spectrogram.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := spectrogram.ShapeOf(&heimdall.Recording{SamplesCount: 63, SampleRateHz: 1}); !errors.Is(err, spectrogram.ErrShort) {
		t.Errorf("63 samples: %v", err)
	}
}

func TestAPictureShowsPowerAsColourAndGapsNotAtAll(t *testing.T) {
	r := newRecord(t, 600_000, []heimdall.Gap{{Sample: 300_000, Missing: 300_000}}, tone(3000, 0.1))
	p := r.build(t)
	for _, palette := range spectrogram.Palettes() {
		text, err := spectrogram.PNG(p.Draw(whole(r, 90)), spectrogram.Look{Height: 64, LowDBFS: -100, HighDBFS: -20, Palette: palette, ToBin: r.Bins})
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(text))
		if err != nil || picture.Bounds() != image.Rect(0, 0, 90, 64) {
			t.Fatalf("%v: %v", picture.Bounds(), err)
		}
		if _, _, _, alpha := picture.At(45, 30).RGBA(); alpha != 0 {
			t.Errorf("%s: the gap is shown", palette)
		}
		top := int(math.Floor(63 - (3000.0+6000)/12_000*64 + 1)) // 3 kHz is three quarters up
		brightest := lightness(picture.At(10, top))
		if got := lightness(picture.At(10, 50)); got > brightest/3 || brightest < 90 {
			t.Errorf("%s: the tone is as light as %.0f, the rest %.0f", palette, brightest, got)
		}
	}
	if _, err := spectrogram.PNG(p.Draw(whole(r, 1)), spectrogram.Look{Height: 1, Palette: "rainbow", ToBin: 1}); err == nil {
		t.Error("an unknown palette is drawn with")
	}
}

// lightness is CIE L* of an sRGB colour.
func lightness(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		x := float64(v) / 65535
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	y := 0.2126729*linear(r) + 0.7151522*linear(g) + 0.0721750*linear(b)
	if y <= 216.0/24389 {
		return y * 24389 / 27
	}
	return 116*math.Cbrt(y) - 16
}

func TestPalettesGetLighterByEqualSteps(t *testing.T) {
	m := &spectrogram.Matrix{Columns: 255, Bins: 1}
	for i := range 255 {
		m.Power, m.Weight = append(m.Power, float32(math.Pow(10, (float64(i)/254*100-100)/10))), append(m.Weight, 1)
	}
	for palette, whole := range map[string]float64{"aurora": 86, "gray": 100} {
		text, err := spectrogram.PNG(m, spectrogram.Look{Height: 1, LowDBFS: -100, HighDBFS: 0, Palette: palette, ToBin: 1})
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		first := lightness(picture.At(0, 0))
		for i := range 255 {
			if got, want := lightness(picture.At(i, 0)), first+whole*float64(i)/254; math.Abs(got-want) > 2 {
				t.Errorf("%s: colour %d is as light as %.1f, want %.1f", palette, i, got, want)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	r := newRecord(f, 2000, nil, tone(100, 0.3))
	text, err := r.build(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:100])
	f.Add([]byte("heimdall spectrogram 1\n\x02\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := spectrogram.Decode(b)
		if err != nil {
			if !errors.Is(err, spectrogram.ErrFormat) {
				t.Errorf("another error: %v", err)
			}
			return
		}
		m := p.Draw(spectrogram.Grid{Step: p.Step * 3, Columns: 10})
		if len(m.Power) != 10*p.Bins {
			t.Errorf("%d powers", len(m.Power))
		}
	})
}

// 300 s at 12 kHz, from samples to a picture.
func BenchmarkBuildAndDraw300s(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	r := newRecord(b, 300*rateHz, nil, func(int64) complex128 { return complex(random.NormFloat64()/100, random.NormFloat64()/100) })
	data := make([]byte, 4*r.SamplesCount)
	held := make([]complex64, r.SamplesCount)
	iq.Decode(held, r.data, iq.CF32LE)
	iq.Encode(data, held, iq.CI16LE)
	for b.Loop() {
		p, err := spectrogram.Build(b.Context(), bytes.NewReader(data), iq.CI16LE, r.Shape, int64(len(data)), "")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := spectrogram.PNG(p.Draw(whole(r, 1024)), spectrogram.Look{Height: 512, LowDBFS: -100, Palette: "aurora", ToBin: r.Bins}); err != nil {
			b.Fatal(err)
		}
	}
}
