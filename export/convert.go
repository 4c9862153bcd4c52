package export

import (
	"io"
	"sync"

	"github.com/heimdall-sdr/heimdall/iq"
)

// chunkSamples bounds what a conversion holds.
const chunkSamples = 4096

// samplesPart is samples [first, first+count) of an object in format from, converted to format to.
func samplesPart(from, to iq.Format, first, count int64) part {
	in, out := int64(from.Size()), int64(to.Size())
	begin := first * in
	if from == to {
		return part{size: count * in, grain: 1, readAt: func(object io.ReaderAt, p []byte, off int64) error {
			return readFull(object, p, begin+off)
		}}
	}
	// A reader that takes 32 kB at a time would leave more garbage than samples.
	converters := sync.Pool{New: func() any {
		return &converter{from: from, to: to, src: make([]byte, chunkSamples*in), z: make([]complex64, chunkSamples), dst: make([]byte, chunkSamples*out)}
	}}
	return part{size: count * out, grain: out, readAt: func(object io.ReaderAt, p []byte, off int64) error {
		// Whole samples that cover p, which may begin and end within one.
		sample, skip := off/out, off%out
		c := converters.Get().(*converter)
		defer converters.Put(c)
		for len(p) > 0 {
			n := min(chunkSamples, (skip+int64(len(p))+out-1)/out)
			if err := readFull(object, c.src[:n*in], begin+sample*in); err != nil {
				return err
			}
			p = p[copy(p, c.convert(n)[skip:]):]
			sample, skip = sample+n, 0
		}
		return nil
	}}
}

// A converter holds one chunk. Every format but cf64 goes through complex64 without loss: its 24 bits hold any
// integer of 16.
type converter struct {
	from, to iq.Format
	src      []byte
	z        []complex64
	dst      []byte
}

// convert converts the first n samples of src and returns their bytes.
func (c *converter) convert(n int64) []byte {
	iq.Decode(c.z[:n], c.src, c.from)
	dst := c.dst[:n*int64(c.to.Size())]
	iq.Encode(dst, c.z[:n], c.to)
	return dst
}
