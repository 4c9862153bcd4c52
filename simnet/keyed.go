package simnet

import (
	"math"
	"strings"

	"github.com/heimdall-sdr/heimdall/siggen"
)

// edge is the part of a symbol that keying takes to rise or fall, along a raised cosine.
const edge = 0.2

// keyedWave switches a carrier on and off: by random bits, or by a pattern that repeats.
type keyedWave struct {
	src      siggen.Source
	symbolHz float64
	pattern  []bool
	scale    float64
}

func newKeyedWave(src siggen.Source, symbolHz float64, pattern []bool) keyedWave {
	k := keyedWave{src: src, symbolHz: symbolHz, pattern: pattern}
	on, changes := 0.5, 0.5
	if n := len(pattern); n > 0 {
		on, changes = 0, 0
		for i := range pattern {
			if pattern[i] {
				on++
			}
			if pattern[i] != pattern[(i+1)%n] {
				changes++
			}
		}
		on, changes = on/float64(n), changes/float64(n)
	}
	// While the amplitude changes, the mean of its square is 3/8 and not the 1/2 of a mean of on and off.
	k.scale = 1 / math.Sqrt(on-edge*changes/8)
	return k
}

func (k keyedWave) on(n int64) float64 {
	if len(k.pattern) == 0 {
		return float64(k.src.Word(uint64(n)) >> 63)
	}
	m := n % int64(len(k.pattern))
	if m < 0 {
		m += int64(len(k.pattern))
	}
	if k.pattern[m] {
		return 1
	}
	return 0
}

func (k keyedWave) fill(re, im []float64, t0 instant, rateHz float64) {
	n, x := t0.plus(0.5 * edge / k.symbolHz).cycles(k.symbolHz) // edges are centred on the symbol's border
	step := k.symbolHz / rateHz
	before, now := k.on(n-1), k.on(n)
	for i := range re {
		for x >= 1 {
			n, x = n+1, x-1
			before, now = now, k.on(n)
		}
		a := now
		if x < edge && before != now {
			a = before + (now-before)*0.5*(1-math.Cos(math.Pi*x/edge))
		}
		re[i], im[i] = k.scale*a, 0
		x += step
	}
}

func (k keyedWave) widthHz() float64    { return 12 * k.symbolHz }
func (k keyedWave) centroidHz() float64 { return 0 }

// pskWave sends a random symbol each 1/symbolHz as a pulse cos^2(pi t/2T), two symbols long.
type pskWave struct {
	src        siggen.Source
	symbolHz   float64
	quadrature bool
}

// symbol returns a point of the unit circle.
func (p pskWave) symbol(n int64) (re, im float64) {
	w := p.src.Word(uint64(n))
	re = 1 - 2*float64(w>>63)
	if !p.quadrature {
		return re, 0
	}
	return re * math.Sqrt2 / 2, (1 - 2*float64(w>>62&1)) * math.Sqrt2 / 2
}

func (p pskWave) fill(re, im []float64, t0 instant, rateHz float64) {
	scale := math.Sqrt(4.0 / 3) // the pulse's energy is 3/4 of a symbol
	n, x := t0.cycles(p.symbolHz)
	step := p.symbolHz / rateHz
	ar, ai := p.symbol(n)
	br, bi := p.symbol(n + 1)
	for i := range re {
		for x >= 1 {
			n, x = n+1, x-1
			ar, ai = br, bi
			br, bi = p.symbol(n + 1)
		}
		rise := 0.5 * (1 - math.Cos(math.Pi*x))
		re[i] = scale * (ar*(1-rise) + br*rise)
		im[i] = scale * (ai*(1-rise) + bi*rise)
		x += step
	}
}

func (p pskWave) widthHz() float64    { return 3 * p.symbolHz }
func (p pskWave) centroidHz() float64 { return 0 }

// morse turns text into dots: a dash is three, gaps are one, three and seven (Recommendation ITU-R M.1677-1).
// Characters without a code are left out.
func morse(text string) []bool {
	var dots []bool
	add := func(on bool, n int) {
		for range n {
			dots = append(dots, on)
		}
	}
	for _, word := range strings.Fields(strings.ToLower(text)) {
		for _, r := range word {
			code, ok := morseCode[r]
			if !ok {
				continue
			}
			for _, c := range code {
				add(true, map[rune]int{'.': 1, '-': 3}[c])
				add(false, 1)
			}
			add(false, 2)
		}
		add(false, 4)
	}
	if len(dots) == 0 {
		return []bool{true, false}
	}
	return dots
}

var morseCode = map[rune]string{
	'a': ".-", 'b': "-...", 'c': "-.-.", 'd': "-..", 'e': ".", 'f': "..-.", 'g': "--.", 'h': "....", 'i': "..",
	'j': ".---", 'k': "-.-", 'l': ".-..", 'm': "--", 'n': "-.", 'o': "---", 'p': ".--.", 'q': "--.-", 'r': ".-.",
	's': "...", 't': "-", 'u': "..-", 'v': "...-", 'w': ".--", 'x': "-..-", 'y': "-.--", 'z': "--..",
	'0': "-----", '1': ".----", '2': "..---", '3': "...--", '4': "....-", '5': ".....", '6': "-....",
	'7': "--...", '8': "---..", '9': "----.", '.': ".-.-.-", ',': "--..--", '?': "..--..", '/': "-..-.", '-': "-....-",
}
