package main

import (
	"math"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// curveColumns is how wide a curve may be, in characters.
const curveColumns = 48

// A curve is a number over the range of a question, drawn in one line of characters. Of more steps than characters each
// is the mean of a few; where there was nothing, nothing is drawn.
type curve struct {
	from      time.Time
	width     time.Duration // of a character
	low, high *float64      // at the bottom and at the top; nil means the least and the greatest
	sums      []float64
	weights   []float64
}

func newCurve(b wire.Basis, bucket string) *curve {
	step := wire.Buckets[bucket].Width()
	from := b.From.Truncate(step)
	steps := int((b.To.Sub(from) + step - 1) / step)
	columns := min(max(steps, 1), curveColumns)
	width := step * time.Duration((steps+columns-1)/columns)
	columns = int((b.To.Sub(from) + width - 1) / width)
	return &curve{from: from, width: width, sums: make([]float64, columns), weights: make([]float64, columns)}
}

// add adds the mean of so many values, of the step that begins at start.
func (c *curve) add(start time.Time, value, weight float64) {
	if i := int(start.Sub(c.from) / c.width); i >= 0 && i < len(c.sums) {
		c.sums[i] += value * weight
		c.weights[i] += weight
	}
}

func (c *curve) draw() string {
	least, greatest := math.Inf(1), math.Inf(-1)
	for i, w := range c.weights {
		if w > 0 {
			least, greatest = min(least, c.sums[i]/w), max(greatest, c.sums[i]/w)
		}
	}
	if c.low != nil {
		least = *c.low
	}
	if c.high != nil {
		greatest = *c.high
	}
	var line strings.Builder
	heights := []rune("▁▂▃▄▅▆▇█")
	for i, w := range c.weights {
		switch {
		case w == 0:
			line.WriteByte(' ')
		case greatest <= least:
			line.WriteRune(heights[len(heights)/2])
		default:
			part := min(max((c.sums[i]/w-least)/(greatest-least), 0), 1)
			line.WriteRune(heights[int(math.Round(part*float64(len(heights)-1)))])
		}
	}
	return strings.TrimRight(line.String(), " ")
}
