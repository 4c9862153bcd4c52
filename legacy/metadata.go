package legacy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A description is what is said of a recording besides its samples; zero is what nothing says.
type description struct {
	says         int64 // the websdr_id there, for comparison with the name
	frequencyHz  int64
	sampleRateHz float64
	samplesCount int64
	at           time.Time // of its processing, in UTC
}

// A metadataFile is a websdr_{id}_metadata.json, as far as it can be read.
type metadataFile struct {
	description
	metrics heimdall.LegacyMetrics
	odd     []oddity
}

// An oddity is a field that is passed over.
type oddity struct {
	why    Reason
	detail string
}

func (m *metadataFile) strange(why Reason, format string, args ...any) {
	m.odd = append(m.odd, oddity{why, fmt.Sprintf(format, args...)})
}

// parseMetadata reads the JSON that Python writes, in which NaN and Infinity are numbers. Only text that is no object
// at all is an error; a field that cannot be understood is an oddity, and missing.
func parseMetadata(text []byte) (metadataFile, error) {
	var m metadataFile
	var fields map[string]json.RawMessage
	plain := plainJSON(bytes.TrimPrefix(text, []byte("\ufeff")))
	if err := json.Unmarshal(plain, &fields); err != nil {
		return m, fmt.Errorf("read metadata: %w", err)
	}
	if fields == nil {
		return m, errors.New("read metadata: it is null")
	}
	if v := m.number(fields, "websdr_id"); v != nil && *v == math.Trunc(*v) && math.Abs(*v) <= math.MaxInt32 {
		m.says = int64(*v)
	}
	if v := m.number(fields, "frequency_mhz"); v != nil {
		if m.frequencyHz = hertz(*v); m.frequencyHz == 0 {
			m.strange(FieldBad, "frequency_mhz %v is not one", *v)
		}
	}
	if v := m.number(fields, "sample_rate_khz"); v != nil {
		if m.sampleRateHz = rateHz(*v); m.sampleRateHz == 0 {
			m.strange(FieldBad, "sample_rate_khz %v is not one", *v)
		}
	}
	if v := m.number(fields, "samples_count"); v != nil && *v >= 0 && *v < 1<<53 {
		m.samplesCount = int64(*v)
	}
	m.time(fields["timestamp_utc"])
	m.readMetrics(fields["metrics"])
	return m, nil
}

// readMetrics reads both shapes: that of the program, and that of its documents, which has power_dbm.
func (m *metadataFile) readMetrics(raw json.RawMessage) {
	if len(raw) == 0 || string(raw) == "null" {
		return
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		m.strange(FieldBad, "metrics is no object")
		return
	}
	l := &m.metrics
	for _, f := range []struct {
		name string
		into **float64
	}{
		{"snr_db", &l.SNRdB}, {"psd_dbm", &l.PSDdBM}, {"frequency_offset_hz", &l.FrequencyOffsetHz},
		{"signal_power_dbm", &l.SignalPowerDBM}, {"noise_power_dbm", &l.NoisePowerDBM}, {"power_dbm", &l.PowerDBM},
	} {
		if v, ok := fields[f.name]; ok && string(v) == notFinite {
			m.strange(NotFinite, "metrics.%s is NaN or infinite", f.name)
			continue
		}
		*f.into = m.number(fields, f.name)
	}
}

// number is nil for what is missing, null or no number. Some systems write numbers as text.
func (m *metadataFile) number(fields map[string]json.RawMessage, name string) *float64 {
	raw := string(bytes.TrimSpace(fields[name]))
	if raw == "" || raw == "null" {
		return nil
	}
	v, err := strconv.ParseFloat(strings.Trim(raw, `"`), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		m.strange(FieldBad, "%s is no finite number: %.40s", name, raw)
		return nil
	}
	return &v
}

func (m *metadataFile) time(raw json.RawMessage) {
	var text string
	if len(raw) == 0 || string(raw) == "null" {
		return
	}
	if err := json.Unmarshal(raw, &text); err == nil {
		m.at = timeOf(text)
	}
	if m.at.IsZero() {
		m.strange(FieldBad, "timestamp_utc is no time: %.40s", raw)
	}
}

// layouts are those of Python's isoformat and str, and of PostgreSQL; all take a fraction of the second. Without a zone
// they are UTC. One version of the Python system wrote the offset and Z.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07", "2006-01-02T15:04"}

// timeOf is zero for what is no time.
func timeOf(text string) time.Time {
	text = strings.TrimSpace(text)
	if before, twice := strings.CutSuffix(text, "+00:00Z"); twice {
		text = before + "Z"
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Microsecond)
		}
	}
	return time.Time{}
}

// hertz is 0 for what can be no frequency.
func hertz(mhz float64) int64 {
	hz := math.Round(mhz * 1e6)
	if !(hz >= 1 && hz <= heimdall.MaxFrequencyHz) {
		return 0
	}
	return int64(hz)
}

// rateHz is 0 for what can be no sample rate. In binary, 4.001 times 1000 is not 4001.
func rateHz(khz float64) float64 {
	hz := math.Round(khz*1e9) / 1e6
	if !(hz >= 1 && hz <= 1e8) {
		return 0
	}
	return hz
}

// notFinite is what plainJSON puts in the place of numbers that JSON has not.
const notFinite = `"not finite"`

// plainJSON replaces the words NaN, Infinity and -Infinity outside of strings.
func plainJSON(text []byte) []byte {
	out := make([]byte, 0, len(text)+16)
	for inString := false; len(text) > 0; {
		if !inString {
			if n := wordOf(text); n > 0 {
				out, text = append(out, notFinite...), text[n:]
				continue
			}
		}
		n := 1
		switch {
		case text[0] == '"':
			inString = !inString
		case text[0] == '\\' && inString && len(text) > 1:
			n = 2
		}
		out, text = append(out, text[:n]...), text[n:]
	}
	return out
}

// wordOf is the length of the word for a number that is not finite at the beginning of text, or 0.
func wordOf(text []byte) int {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(text, []byte(word)) {
			return len(word)
		}
	}
	return 0
}
