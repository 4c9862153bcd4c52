package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A byteSize is a number of bytes as people write it: 200GB, 1.5TB, 500MiB, 1000000.
type byteSize int64

// byteUnits are those that can be written, the longer ones first.
var byteUnits = []struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1}, {"", 1},
}

// UnmarshalText reads what somebody wrote. Empty is 0.
func (b *byteSize) UnmarshalText(text []byte) error {
	given := strings.ToLower(strings.TrimSpace(string(text)))
	if given == "" {
		*b = 0
		return nil
	}
	for _, u := range byteUnits {
		number, ok := strings.CutSuffix(given, u.name)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(v >= 0) || v*u.bytes >= math.MaxInt64 {
			break
		}
		*b = byteSize(math.Round(v * u.bytes))
		return nil
	}
	return fmt.Errorf("%q is no number of bytes: write it like 200GB, 1.5TB or 500MiB", text)
}

// showBytes is a number of bytes for people.
func showBytes(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1000, 0
	for ; v >= 999.95 && i < len(units)-1; i++ {
		v /= 1000
	}
	return fmt.Sprintf("%.1f %cB", v, units[i])
}
