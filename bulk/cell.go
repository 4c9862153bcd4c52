package bulk

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A kind is what a cell holds.
type kind int

const (
	null kind = iota
	text
	whole
	number
	truth
	moment
	texts
)

// A cell is one value of a file. In CSV it is text or null.
type cell struct {
	kind   kind
	text   string
	whole  int64
	number float64
	truth  bool
	moment time.Time
	texts  []string
}

// thousandfold moves the decimal point: in binary, 4.001 times 1000 is not 4001.
func thousandfold(v float64) float64 {
	moved, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', -1, 64)+"e3", 64)
	if err != nil {
		return v * 1e3
	}
	return moved
}

func (c *cell) asWhole() (int64, error) {
	switch c.kind {
	case whole:
		return c.whole, nil
	case number:
		if c.number == math.Trunc(c.number) && math.Abs(c.number) < 1<<53 {
			return int64(c.number), nil
		}
	case text:
		if n, err := strconv.ParseInt(c.text, 10, 64); err == nil {
			return n, nil
		}
		// Tables with gaps often come with whole numbers written as 7.0.
		if v, err := strconv.ParseFloat(c.text, 64); err == nil && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), nil
		}
	}
	return 0, fmt.Errorf("must be a whole number, not %q", c)
}

func (c *cell) asNumber() (float64, error) {
	v, err := c.number, error(nil)
	switch c.kind {
	case whole:
		v = float64(c.whole)
	case number:
	case text:
		v, err = strconv.ParseFloat(c.text, 64)
	default:
		err = errors.New("no number")
	}
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("must be a finite number, not %q", c)
	}
	return v, nil
}

func (c *cell) asTruth() (bool, error) {
	switch {
	case c.kind == truth:
		return c.truth, nil
	case c.kind == whole && (c.whole == 0 || c.whole == 1):
		return c.whole == 1, nil
	case c.kind == text:
		if b, err := strconv.ParseBool(c.text); err == nil {
			return b, nil
		}
	}
	return false, fmt.Errorf("must be true or false, not %q", c)
}

// Times as this program, PostgreSQL, pandas and Python write them. Those without a zone are UTC: the column's name
// says so. All take a fraction of the second.
var layouts = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07"}

func (c *cell) asTime() (time.Time, error) {
	if c.kind == moment {
		return c.moment, nil
	}
	if c.kind == text {
		for _, layout := range layouts {
			if t, err := time.Parse(layout, c.text); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("must be a time such as 2026-03-01T12:00:00.123456Z, not %q", c)
}

// String is the cell as CSV has it.
func (c *cell) String() string {
	switch c.kind {
	case text:
		return c.text
	case whole:
		return strconv.FormatInt(c.whole, 10)
	case number:
		return strconv.FormatFloat(c.number, 'g', -1, 64)
	case truth:
		return strconv.FormatBool(c.truth)
	case moment:
		return c.moment.UTC().Format(time.RFC3339Nano)
	case texts:
		return strings.Join(c.texts, " ")
	}
	return ""
}
