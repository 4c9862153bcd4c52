package sim

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// faults is every class that a receiver can fail with, and what it says then.
var faults = map[heimdall.FailureClass]string{
	heimdall.FailBusy:        "all listening slots are taken",
	heimdall.FailQuota:       "your share of the day is used up",
	heimdall.FailBanned:      "your address is shut out",
	heimdall.FailAuth:        "the password is wrong",
	heimdall.FailDown:        "switched off by its owner",
	heimdall.FailRedirect:    "moved to another address",
	heimdall.FailUnsupported: "this receiver gives no samples",
	heimdall.FailOutOfRange:  "this frequency cannot be tuned",
	heimdall.FailTransport:   "connection refused",
	heimdall.FailProtocol:    "the answer makes no sense",
}

// params are what an address says; the package comment explains them.
type params struct {
	snrDB       float64
	offsetHz    float64
	noiseDBFSHz float64
	seed        uint64
	ppm         float64
	format      iq.Format
	fast        bool

	fault      heimdall.FailureClass
	after      time.Duration
	openDelay  time.Duration
	stallAfter float64 // seconds of samples; +Inf means never
	dropAfter  float64
	gapAt      float64
	gapSamples int64
	faultCount int64 // 0 means that faults never heal
}

// heal takes away the faults that fault_count counts.
func (p *params) heal() {
	p.fault, p.after, p.openDelay = "", 0, 0
	p.stallAfter, p.dropAfter = math.Inf(1), math.Inf(1)
}

const day = 86400 // seconds: the most that any duration may be

// parseParams reads the query of an address. Its error names the parameter at fault.
func parseParams(query string) (params, error) {
	p := params{
		snrDB: 20, offsetHz: 1000, noiseDBFSHz: -90, seed: 1, format: iq.CI16LE, gapSamples: 1,
		stallAfter: math.Inf(1), dropAfter: math.Inf(1), gapAt: math.Inf(1),
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return p, fmt.Errorf("the parameters after ? are malformed: %w", err)
	}
	readers := p.readers()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		read, known := readers[name]
		if !known {
			return p, fmt.Errorf("parameter %q is not known: use %s", name, strings.Join(slices.Sorted(maps.Keys(readers)), ", "))
		}
		if len(values[name]) > 1 {
			return p, fmt.Errorf("parameter %s is given %d times", name, len(values[name]))
		}
		if err := read(values[name][0]); err != nil {
			return p, fmt.Errorf("parameter %s=%q %w", name, values[name][0], err)
		}
	}
	if values.Has("gap_samples") && !values.Has("gap_at_s") {
		return p, fmt.Errorf("parameter gap_samples needs gap_at_s, which says where")
	}
	return p, nil
}

// readers is, for every parameter, what reads its value into p.
func (p *params) readers() map[string]func(string) error {
	return map[string]func(string) error{
		"snr_db":        number(&p.snrDB, -300, 300),
		"offset_hz":     number(&p.offsetHz, -maxRateHz/2, maxRateHz/2),
		"noise_dbfs_hz": number(&p.noiseDBFSHz, -300, 100),
		"ppm":           number(&p.ppm, -1000, 1000),
		"stall_after_s": number(&p.stallAfter, 0, day),
		"drop_after_s":  number(&p.dropAfter, 0, day),
		"gap_at_s":      number(&p.gapAt, 0, day),
		"after_s":       duration(&p.after),
		"open_delay_s":  duration(&p.openDelay),
		"gap_samples":   count(&p.gapSamples),
		"fault_count":   count(&p.faultCount),
		"seed": func(s string) (err error) {
			if p.seed, err = strconv.ParseUint(s, 10, 64); err != nil {
				return fmt.Errorf("must be a whole number from 0 to 2^64-1")
			}
			return nil
		},
		"format": func(s string) (err error) {
			p.format, err = iq.ParseFormat(s)
			return err
		},
		"pace": func(s string) error {
			if s != "fast" && s != "real" {
				return fmt.Errorf("must be fast or real")
			}
			p.fast = s == "fast"
			return nil
		},
		"fault": func(s string) error {
			if _, ok := faults[heimdall.FailureClass(s)]; !ok {
				return fmt.Errorf("must be one of %s", faultNames())
			}
			p.fault = heimdall.FailureClass(s)
			return nil
		},
	}
}

func number(to *float64, low, high float64) func(string) error {
	return func(s string) error {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v >= low && v <= high) { // also refuses NaN
			return fmt.Errorf("must be a number from %g to %g", low, high)
		}
		*to = v
		return nil
	}
}

func duration(to *time.Duration) func(string) error {
	return func(s string) error {
		var seconds float64
		if err := number(&seconds, 0, day)(s); err != nil {
			return err
		}
		*to = time.Duration(seconds * float64(time.Second))
		return nil
	}
}

func count(to *int64) func(string) error {
	return func(s string) error {
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil || v < 1 || v > 1_000_000_000 {
			return fmt.Errorf("must be a whole number from 1 to 1000000000")
		}
		*to = v
		return nil
	}
}

func faultNames() string {
	var names []string
	for class := range faults {
		names = append(names, string(class))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// rateHz is the sample rate that the stream claims.
func rateHz(w *heimdall.WebSDR, t websdr.Tuning, p params) (int64, error) {
	rate := t.SampleRateHz
	if rate == 0 {
		rate = w.SampleRateHz
	}
	if rate == 0 {
		rate = defaultRateHz
	}
	if rate < 1 || rate > maxRateHz {
		return 0, fmt.Errorf("a sample rate of %d Hz is not possible: ask for 1 to %d", rate, maxRateHz)
	}
	if 2*math.Abs(p.offsetHz) >= float64(rate) {
		return 0, fmt.Errorf("parameter offset_hz=%g is outside the band of a sample rate of %d Hz: ask for more than %g Hz",
			p.offsetHz, rate, 2*math.Abs(p.offsetHz))
	}
	return rate, nil
}
