package legacy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// What the Python system recorded with, wherever it does not say otherwise.
const defaultRateHz = 12_500

// describe finds out what is said of recordings: by their own metadata, by their rows, by the other receivers of the
// session, by the options, in this order. Those without a frequency are skipped. all are those of the session or chunk.
func (i *importer) describe(ctx context.Context, session string, all, absent []*recording) ([]*recording, error) {
	wanted := map[*recording]bool{}
	for _, r := range absent {
		wanted[r] = true
	}
	for _, r := range all {
		r.description, r.legacy = description{}, nil
		if err := i.readMetadata(ctx, r, wanted[r]); err != nil {
			return nil, err
		}
	}
	if i.opt.Rows != nil {
		if err := i.joinRows(ctx, session, absent); err != nil {
			return nil, err
		}
	}
	said := make([]description, len(all)) // before anything is guessed
	for k, r := range all {
		said[k] = r.description
	}
	var described []*recording
	for _, r := range absent {
		if i.complete(r, said) {
			described = append(described, r)
		}
	}
	return described, nil
}

// maxMetadata is far above the 374 bytes that the Python system writes.
const maxMetadata = 1 << 20

// readMetadata fills r from the JSON beside it. loud says whether what is odd about it is noted.
func (i *importer) readMetadata(ctx context.Context, r *recording, loud bool) error {
	note := func(key string, why Reason, format string, args ...any) {
		if loud {
			i.note(key, why, format, args...)
		}
	}
	if r.metadataKey == "" {
		note(r.key, MetadataMissing, "has no JSON file beside it")
		return nil
	}
	text, err := i.readAll(ctx, r.metadataKey)
	if p, ok := errors.AsType[*problem](err); ok {
		note(r.metadataKey, p.why, "%s", p.detail)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.metadataKey, err)
	}
	m, err := parseMetadata(text)
	if err != nil {
		note(r.metadataKey, MetadataBad, "%v", err)
		return nil
	}
	if !m.at.IsZero() && !i.mayBe(m.at) {
		m.strange(FieldBad, "timestamp_utc %s cannot be", m.at.Format(time.RFC3339))
		m.at = time.Time{}
	}
	for _, o := range m.odd {
		note(r.metadataKey, o.why, "%s", o.detail)
	}
	if m.says != 0 && m.says != r.websdrID {
		note(r.metadataKey, WebSDRDiffers, "says that it is of WebSDR %d", m.says)
	}
	r.description = m.description
	if m.hasMetrics() {
		m.metrics.Source, m.metrics.Timestamp, m.metrics.S3Path = sourceMetadata, m.at, r.key
		r.legacy = append(r.legacy, m.metrics)
	}
	return nil
}

func (i *importer) readAll(ctx context.Context, key string) ([]byte, error) {
	obj, err := i.from.Open(ctx, key)
	if err != nil {
		return nil, sourceError(err)
	}
	defer obj.Close()
	text, err := io.ReadAll(io.LimitReader(obj, maxMetadata+1))
	if err != nil {
		return nil, sourceError(err)
	}
	if len(text) > maxMetadata {
		return nil, problemf(MetadataTooLong, "has more than %d bytes", maxMetadata)
	}
	return text, nil
}

// mayBe is false for times before any network receiver, and for the future. Clocks may differ by a day.
func (i *importer) mayBe(t time.Time) bool {
	return t.Year() >= 1990 && t.Before(i.opt.Now().AddDate(0, 0, 1))
}

// complete fills in what r does not say itself, and is false if it cannot be imported. others is what is said of the
// recordings of its session.
func (i *importer) complete(r *recording, others []description) bool {
	if what := r.borrow(others); len(what) > 0 {
		i.note(r.key, Borrowed, "has from the other receivers of its session: %s", strings.Join(what, ", "))
	}
	if r.frequencyHz == 0 && i.opt.FrequencyHz != 0 {
		r.frequencyHz = i.opt.FrequencyHz
		i.note(r.key, FrequencyGiven, "is said to be of %g MHz", float64(r.frequencyHz)/1e6)
	}
	if r.frequencyHz == 0 {
		i.skip(r, FrequencyLost, "nothing says its frequency: give one for all such recordings with --frequency-mhz")
		return false
	}
	if r.sampleRateHz == 0 {
		r.sampleRateHz = defaultRateHz
		i.note(r.key, RateAssumed, "is taken to have the Python system's %d samples per second", defaultRateHz)
	}
	if r.at.IsZero() {
		if !i.mayBe(r.info.Modified) {
			i.skip(r, TimeLost, "nothing says when it was made")
			return false
		}
		i.note(r.key, TimeOfObject, "is taken to be of %s, when its object was stored", r.info.Modified.UTC().Format(time.RFC3339))
	}
	return true
}

// borrow takes what r lacks from other receivers: a session had one frequency and one rate, and ended for all at once.
func (r *recording) borrow(others []description) (what []string) {
	for _, other := range others {
		if r.frequencyHz == 0 && other.frequencyHz != 0 {
			r.frequencyHz, what = other.frequencyHz, append(what, "frequency")
		}
		if r.sampleRateHz == 0 && other.sampleRateHz != 0 {
			r.sampleRateHz, what = other.sampleRateHz, append(what, "sample rate")
		}
		if r.at.IsZero() && !other.at.IsZero() {
			r.at, what = other.at, append(what, "time")
		}
	}
	return what
}

// Where old numbers come from.
const (
	sourceMetadata = "python-heimdall metadata"
	sourceTable    = "python-heimdall measurements"
)

func (m *metadataFile) hasMetrics() bool { return hasNumbers(&m.metrics) }

func hasNumbers(l *heimdall.LegacyMetrics) bool {
	for _, v := range []*float64{l.SNRdB, l.PSDdBM, l.FrequencyOffsetHz, l.SignalPowerDBM, l.NoisePowerDBM, l.PowerDBM} {
		if v != nil {
			return true
		}
	}
	return false
}
