package spectrogram

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
)

// magic is what a stored pyramid begins with. What it is made of changed: it gets another number, and those stored
// before are made again.
const magic = "heimdall spectrogram 1\n"

// ErrFormat: the bytes are no pyramid that this program can read.
var ErrFormat = errors.New("not a spectrogram of this version")

// Limits on what is read, so that a damaged object cannot ask for all memory.
const maxHeader = 4096

// A header follows magic: its length as a uint32, then this as JSON. The levels follow: of each the weights, as
// float32, then the power, as int16, all little endian.
type header struct {
	SHA256   string  `json:"sha256"` // of the recording
	Bins     int     `json:"bins"`
	Step     float64 `json:"step_samples"`
	LowDBFS  float64 `json:"low_dbfs"`
	HighDBFS float64 `json:"high_dbfs"`
	Columns  []int   `json:"columns"` // of each level
}

// Encode is the pyramid as it is stored.
func (p *Pyramid) Encode() ([]byte, error) {
	h := header{SHA256: p.SHA256, Bins: p.Bins, Step: p.Step, LowDBFS: p.LowDBFS, HighDBFS: p.HighDBFS}
	for _, l := range p.levels {
		h.Columns = append(h.Columns, len(l.weight))
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode spectrogram: %w", err)
	}
	out := make([]byte, 0, len(magic)+4+len(text)+h.bytes())
	out = append(out, magic...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(text)))
	out = append(out, text...)
	for _, l := range p.levels {
		for _, w := range l.weight {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(w))
		}
		for _, v := range l.power {
			out = binary.LittleEndian.AppendUint16(out, uint16(v))
		}
	}
	return out, nil
}

// bytes is how much the levels take.
func (h header) bytes() (n int) {
	for _, c := range h.Columns {
		n += c * (4 + 2*h.Bins)
	}
	return n
}

// check refuses a header of something else.
func (h header) check() error {
	ok := h.Bins > 0 && h.Bins <= maxBins && h.Step > 0 && h.Step < math.MaxInt64 && len(h.Columns) > 0 && len(h.Columns) < 32
	for i, c := range h.Columns {
		ok = ok && c > 0 && c <= mostColumns && (i == 0 || c == (h.Columns[i-1]+1)/2)
	}
	if !ok {
		return fmt.Errorf("%w: its header makes no sense", ErrFormat)
	}
	return nil
}

// Decode reads what Encode wrote.
func Decode(b []byte) (*Pyramid, error) {
	begin := len(magic) + 4
	if len(b) < begin || string(b[:len(magic)]) != magic {
		return nil, ErrFormat
	}
	length := int(binary.LittleEndian.Uint32(b[len(magic):]))
	if length > maxHeader || len(b) < begin+length {
		return nil, fmt.Errorf("%w: its header is cut off", ErrFormat)
	}
	var h header
	if err := json.Unmarshal(b[begin:begin+length], &h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	if b = b[begin+length:]; len(b) != h.bytes() {
		return nil, fmt.Errorf("%w: it has %d bytes of levels instead of %d", ErrFormat, len(b), h.bytes())
	}
	p := &Pyramid{SHA256: h.SHA256, Bins: h.Bins, Step: h.Step, LowDBFS: h.LowDBFS, HighDBFS: h.HighDBFS}
	for _, columns := range h.Columns {
		l := level{weight: make([]float32, columns), power: make([]int16, columns*h.Bins)}
		for i := range l.weight {
			l.weight[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			if w := float64(l.weight[i]); !(w >= 0) || math.IsInf(w, 0) {
				return nil, fmt.Errorf("%w: a weight is %g", ErrFormat, w)
			}
		}
		b = b[4*columns:]
		for i := range l.power {
			l.power[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		b = b[2*len(l.power):]
		p.levels = append(p.levels, l)
	}
	return p, nil
}

// powers is the power of every number of hundredths of a decibel, by its bits.
var powers = sync.OnceValue(func() *[1 << 16]float32 {
	var t [1 << 16]float32
	for i := range t {
		t[i] = float32(math.Pow(10, float64(int16(uint16(i)))/1000))
	}
	return &t
})
