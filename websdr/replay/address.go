package replay

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
)

// An address is what a URL says.
type address struct {
	path    string
	fast    bool
	options iqfile.Options
	named   iqfile.Name
}

// parseAddress reads a URL. Its error names the parameter at fault.
func parseAddress(s string) (address, error) {
	var a address
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "file" || u.User != nil {
		return a, fmt.Errorf("the address must look like file:///path/to/recording.sigmf-meta?pace=fast")
	}
	if u.Host != "" && u.Host != "localhost" {
		return a, fmt.Errorf("the address names a machine, %q: write file:///%s%s for an absolute path, file:%s%s for a relative one",
			u.Host, u.Host, u.Path, u.Host, u.Path)
	}
	a.path = u.Path
	if u.Opaque != "" {
		if a.path, err = url.PathUnescape(u.Opaque); err != nil {
			return a, fmt.Errorf("the path is malformed: write %%25 for a percent sign")
		}
	}
	if a.path == "" {
		return a, fmt.Errorf("the address names no file")
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return a, fmt.Errorf("the parameters after ? are malformed: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) > 1 {
			return a, fmt.Errorf("parameter %s is given %d times", name, len(values[name]))
		}
		if err := a.set(name, values[name][0]); err != nil {
			return a, err
		}
	}
	a.named = iqfile.ParseName(a.path)
	return a, nil
}

func (a *address) set(name, value string) (err error) {
	switch name {
	case "pace":
		if value != "fast" && value != "real" {
			return fmt.Errorf("parameter pace=%q must be fast or real", value)
		}
		a.fast = value == "fast"
	case "format":
		if a.options.Format, err = iq.ParseFormat(value); err != nil {
			return fmt.Errorf("parameter format: %w", err)
		}
	case "rate":
		a.options.SampleRateHz, err = hertz(name, value, 1e9)
	case "center":
		a.options.CenterHz, err = hertz(name, value, 300e9)
	case "start":
		if a.options.Start, err = time.Parse(time.RFC3339Nano, value); err != nil {
			return fmt.Errorf("parameter start=%q must be a time such as 2026-11-21T18:30:00Z", value)
		}
		a.options.Start = a.options.Start.UTC()
	default:
		return fmt.Errorf("parameter %q is not known: use pace, format, rate, center or start", name)
	}
	return err
}

func hertz(name, value string, most float64) (float64, error) {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || !(v >= 1 && v <= most) { // also refuses NaN
		return 0, fmt.Errorf("parameter %s=%q must be hertz from 1 to %.0f", name, value, most)
	}
	return v, nil
}
