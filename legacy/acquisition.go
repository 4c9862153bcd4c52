package legacy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
)

// processingDelayS is how much later than the last sample the Python system may have looked at the clock: it waited
// for the slowest receiver, which had three attempts of 30 s, with waits of 1 s and 2 s between them.
const processingDelayS = 93

// maxCopies bounds the search for a free key.
const maxCopies = 100

// restore makes an acquisition of recordings that are measured: all objects, then all rows in one transaction.
func (i *importer) restore(ctx context.Context, u unit, list []taken) error {
	r := i.restored(u, list)
	for k, t := range list {
		w, err := i.websdr(ctx, t.here, t.key)
		if err != nil {
			return err
		}
		err = i.store(ctx, &r, k, w, t)
		if p, ok := errors.AsType[*problem](err); ok {
			// Its document would name recordings that are not there: the others begin anew without it.
			i.skip(t.recording, p.why, "%s", p.detail)
			rest := append(append([]taken{}, list[:k]...), list[k+1:]...)
			if len(rest) == 0 {
				return nil
			}
			return i.restore(ctx, u, rest)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.key, err)
		}
	}
	restored, err := i.to.RestoreAcquisition(ctx, r)
	if errors.Is(err, heimdall.ErrConflict) {
		return i.again(ctx, u, r, list) // another import was quicker, and with other recordings
	}
	if err != nil {
		return fmt.Errorf("%s: %w", u.name, err)
	}
	if !restored { // with the same
		i.count(func(n *Report) {
			n.Present += int64(len(list))
			for _, t := range list {
				n.Bytes += t.bytes
			}
		})
		return nil
	}
	i.imported(list)
	return nil
}

// again imports recordings whose acquisition has come to be in the meantime, without some of them. No row speaks of the
// objects of those, nor ever will: an acquisition that has ended gets no more captures.
func (i *importer) again(ctx context.Context, u unit, r heimdall.RestoredAcquisition, list []taken) error {
	var recordings []*recording
	for _, t := range list {
		recordings = append(recordings, t.recording)
	}
	u.recordings = nil
	units, err := i.split(ctx, u, recordings)
	if err != nil {
		return err
	}
	for _, own := range units {
		for _, c := range r.Captures {
			if own.name == u.name || c.WebSDRID != own.recordings[0].here {
				continue
			}
			if err := errors.Join(i.blobs.Delete(ctx, c.Recording.S3Path), i.blobs.Delete(ctx, c.Recording.MetadataPath())); err != nil {
				return err
			}
		}
		if err := i.unit(ctx, own); err != nil {
			return err
		}
	}
	return nil
}

// restored is everything but the keys of the recordings. It ends now: retention counts its age from then, as that of
// imported measurements.
func (i *importer) restored(u unit, list []taken) heimdall.RestoredAcquisition {
	now := i.opt.Now().UTC().Truncate(time.Microsecond)
	label := i.label()
	if u.chunk != "" {
		label = shortened(label+" "+u.session, heimdall.MaxLabel)
	}
	r := heimdall.RestoredAcquisition{Acquisition: heimdall.Acquisition{
		TaskID: u.taskID(), Label: label, FrequencyHz: list[0].frequencyHz, SampleRateHz: int64(math.Round(list[0].sampleRateHz)),
		State: heimdall.Success, Reason: fmt.Sprintf("imported; in the Python system it is %q", u.name), CreatedAt: now, EndedAt: now,
	}}
	a := &r.Acquisition
	for _, t := range list {
		rec := t.recordingOf()
		c := heimdall.Capture{
			TaskID: a.TaskID, WebSDRID: t.here, State: heimdall.Success, Phase: heimdall.PhaseDone, Attempts: 1,
			BytesReceived: rec.Bytes, Elapsed: seconds(float64(rec.SamplesCount) / rec.SampleRateHz), EndedAt: now, Recording: &rec,
		}
		if t.cutOff {
			c.Reason = fmt.Sprintf("its file ended after %d of %d samples", t.count, t.planned)
		}
		r.Captures = append(r.Captures, c)
		r.Measurements = append(r.Measurements, heimdall.Measurement{
			TaskID: a.TaskID, WebSDRID: t.here, Timestamp: rec.Start, FrequencyHz: a.FrequencyHz, SampleRateHz: rec.SampleRateHz,
			SamplesCount: rec.SamplesCount, TimeQuality: rec.TimeQuality, TimeUncertaintyS: rec.TimeUncertaintyS,
			Metrics: heimdall.Metrics(t.metrics),
		})
		r.Legacy = append(r.Legacy, t.legacyOf(a.TaskID, rec.Start)...)
		a.WebSDRIDs = append(a.WebSDRIDs, t.here)
		a.Duration = max(a.Duration, c.Elapsed)
		if rec.Start.Before(a.CreatedAt) {
			a.CreatedAt = rec.Start
		}
		if int64(math.Round(t.sampleRateHz)) != a.SampleRateHz {
			a.SampleRateHz = 0 // each its own
		}
	}
	return r
}

// DefaultLabel is that of acquisitions whose importer names none.
const DefaultLabel = "python-heimdall"

func (i *importer) label() string { return cmp.Or(i.opt.Label, DefaultLabel) }

// recordingOf describes what is stored.
func (t *taken) recordingOf() heimdall.Recording {
	rec := heimdall.Recording{
		Datatype: t.format.String(), SampleRateHz: t.sampleRateHz, NominalRateHz: t.sampleRateHz, FrequencyHz: t.frequencyHz,
		SamplesCount: t.count, ExpectedSamples: t.planned, PlannedSamples: t.planned, Bytes: t.sum.Bytes, SHA256: t.sum.SHA256,
		Start: t.at, TimeQuality: heimdall.TimeHostArrival, TimeUncertaintyS: float64(t.planned)/t.sampleRateHz + processingDelayS,
		GPSAgeMaxS: -1, Dialect: "python-heimdall npy", ZeroIF: new(false),
	}
	if t.at.IsZero() {
		rec.Start, rec.TimeQuality, rec.TimeUncertaintyS = t.info.Modified.UTC().Truncate(time.Microsecond), heimdall.TimeNone, 0
	}
	return rec
}

// legacyOf are the old numbers, those of one source and time once.
func (t *taken) legacyOf(taskID string, start time.Time) []heimdall.LegacyMetrics {
	type moment struct {
		source string
		at     int64
	}
	var list []heimdall.LegacyMetrics
	seen := map[moment]bool{}
	for _, l := range t.legacy {
		l.TaskID, l.WebSDRID = taskID, t.here
		if l.Timestamp.IsZero() {
			l.Timestamp = start
		}
		if k := (moment{l.Source, l.Timestamp.UnixMicro()}); !seen[k] {
			seen[k] = true
			list = append(list, l)
		}
	}
	return list
}

// store puts the two objects of one recording under the first key that is free or holds the same. Other bytes are there
// only if something of ours once was: an import that broke off, and found a WebSDR renamed when it went on.
func (i *importer) store(ctx context.Context, r *heimdall.RestoredAcquisition, k int, w heimdall.WebSDR, t taken) error {
	c, m := &r.Captures[k], &r.Measurements[k]
	for copy := 1; ; copy++ {
		c.Recording.S3Path = fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID)
		if copy > 1 {
			c.Recording.S3Path = fmt.Sprintf("sessions/%s/websdr_%d-%d.sigmf-data", c.TaskID, c.WebSDRID, copy)
		}
		m.S3Path = c.Recording.S3Path
		err := i.storeUnder(ctx, r.Acquisition, *c, w, m, t)
		if !errors.Is(err, blob.ErrDiffers) || copy == maxCopies {
			return err
		}
	}
}

func (i *importer) storeUnder(ctx context.Context, a heimdall.Acquisition, c heimdall.Capture, w heimdall.WebSDR, m *heimdall.Measurement, t taken) error {
	if err := i.put(ctx, t.key, c.Recording.S3Path, t.samples); err != nil {
		return err
	}
	meta, err := export.Metadata(a, c, w, m)
	if err != nil {
		return err
	}
	return i.blobs.Put(ctx, c.Recording.MetadataPath(), bytes.NewReader(meta), blob.SumOf(meta))
}

func seconds(s float64) time.Duration {
	return time.Duration(min(s*1e9, math.MaxInt64/2))
}

// shortened cuts text to so many bytes, between characters.
func shortened(text string, most int) string {
	for len(text) > most {
		runes := []rune(text)
		text = string(runes[:len(runes)-1])
	}
	return text
}
