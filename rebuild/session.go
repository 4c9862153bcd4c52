package rebuild

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/collect"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// A session is the objects of one acquisition: sessions/{task_id}/...
type session struct {
	taskID  string
	objects []blob.Info // in order of their keys
}

// each calls do with every session, in order.
func (b *rebuilding) each(ctx context.Context, prefix string, do func(context.Context, *session) error) error {
	var s *session
	for info, err := range b.Blobs.List(ctx, prefix) {
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		taskID, _, below := strings.Cut(strings.TrimPrefix(info.Key, "sessions/"), "/")
		if !below {
			continue
		}
		if s != nil && s.taskID != taskID {
			if err := do(ctx, s); err != nil {
				return err
			}
			s = nil
		}
		if s == nil {
			s = &session{taskID: taskID}
		}
		s.objects = append(s.objects, info)
	}
	if s == nil {
		return nil
	}
	return do(ctx, s)
}

// A found is what the objects say of one acquisition.
type found struct {
	export.Collected
	fromMetadata bool // and not from a collection
}

// read reads the documents of a session. It is nil when there are none of ours, and what cannot be read is told to r
// unless that is nil.
func (b *rebuilding) read(ctx context.Context, s *session, r *Report) (*found, error) {
	unread := func(key string, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if r != nil && !errors.Is(err, blob.ErrNotFound) {
			r.note(s.taskID, 0, "%s: %v", key, err)
		}
		return nil
	}
	for _, o := range s.objects {
		if !strings.HasSuffix(o.Key, sigmf.CollectionExt) {
			continue
		}
		c, err := collect.Read(ctx, b.Blobs, o.Key)
		if err == nil && c.Acquisition.TaskID != s.taskID {
			err = fmt.Errorf("it is the collection of acquisition %s", c.Acquisition.TaskID)
		}
		if err == nil {
			return &found{Collected: *c}, nil
		}
		if err := unread(o.Key, err); err != nil {
			return nil, err
		}
	}
	rows := map[int64]*export.Rows{}
	for _, o := range s.objects {
		if !strings.HasSuffix(o.Key, sigmf.MetaExt) {
			continue
		}
		doc, err := collect.ReadObject(ctx, b.Blobs, o.Key)
		var row *export.Rows
		if err == nil {
			row, err = export.ReadMetadata(doc)
		}
		if err == nil {
			err = s.fits(o.Key, row)
		}
		if err != nil {
			if err := unread(o.Key, err); err != nil {
				return nil, err
			}
		} else if rows[row.WebSDR.ID] == nil { // of several copies the first that is whole
			rows[row.WebSDR.ID] = row
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return fromMetadata(s.taskID, rows), nil
}

// fits reports why a recording's metadata is not to be believed.
func (s *session) fits(key string, row *export.Rows) error {
	rec := row.Capture.Recording
	if row.Acquisition.TaskID != s.taskID || rec.MetadataPath() != key {
		return fmt.Errorf("it describes %s", rec.S3Path)
	}
	at, there := slices.BinarySearchFunc(s.objects, rec.S3Path, func(o blob.Info, key string) int { return strings.Compare(o.Key, key) })
	switch {
	case !there:
		return fmt.Errorf("the samples that it describes, %s, are not there", rec.S3Path)
	case s.objects[at].Bytes != rec.Bytes:
		return fmt.Errorf("the samples that it describes have %d bytes and should have %d", s.objects[at].Bytes, rec.Bytes)
	}
	return nil
}

// notKnown is the reason of an acquisition that has no collection.
const notKnown = "rebuilt from the metadata of its recordings alone: captures that failed are not known, nor attempts and times of work"

// fromMetadata puts together what the recordings of one acquisition say.
func fromMetadata(taskID string, rows map[int64]*export.Rows) *found {
	f := &found{fromMetadata: true}
	for id, row := range rows {
		c, rec := row.Capture, row.Capture.Recording
		c.EndedAt = rec.Start
		if rec.SampleRateHz > 0 {
			c.EndedAt = rec.Start.Add(time.Duration(float64(rec.SamplesCount) / rec.SampleRateHz * 1e9))
		}
		c.EndedAt = c.EndedAt.Truncate(time.Microsecond)
		if f.Acquisition.TaskID == "" || rec.Start.Before(f.Acquisition.CreatedAt) {
			ended := f.Acquisition.EndedAt
			f.Acquisition = row.Acquisition
			f.Acquisition.CreatedAt, f.Acquisition.EndedAt = rec.Start.Truncate(time.Microsecond), ended
		}
		if c.EndedAt.After(f.Acquisition.EndedAt) {
			f.Acquisition.EndedAt = c.EndedAt
		}
		f.Captures = append(f.Captures, c)
		m := row.Measurement
		if m == nil {
			m = notMeasured(row)
		}
		f.Measurements = append(f.Measurements, *m)
		w := row.WebSDR
		w.Active, w.Timeout = false, heimdall.DefaultTimeout
		w.Notes = "rebuilt from the metadata of recordings: complete it before it is enabled"
		if w.Name == "" {
			w.Name = fmt.Sprint("WebSDR ", id)
		}
		f.WebSDRs = append(f.WebSDRs, export.SnapshotOfWebSDR{WebSDR: w})
	}
	slices.SortFunc(f.Captures, byWebSDR)
	f.Acquisition.WebSDRIDs = nil
	for _, c := range f.Captures {
		f.Acquisition.WebSDRIDs = append(f.Acquisition.WebSDRIDs, c.WebSDRID)
	}
	f.Acquisition.State, f.Acquisition.Reason = heimdall.Success, notKnown
	if at, ok := madeAt(taskID); ok {
		f.Acquisition.CreatedAt = at
	}
	f.Acquisition.WindowStart = f.Acquisition.WindowStart.Truncate(time.Microsecond)
	return f
}

// notMeasured stands for the measurement that a document lacks. Its version is none, so that recomputing finds it.
func notMeasured(row *export.Rows) *heimdall.Measurement {
	rec := row.Capture.Recording
	m := &heimdall.Measurement{TaskID: row.Acquisition.TaskID, WebSDRID: row.WebSDR.ID, Timestamp: rec.Start, FrequencyHz: row.Acquisition.FrequencyHz,
		SampleRateHz: rec.SampleRateHz, SamplesCount: rec.SamplesCount, S3Path: rec.S3Path, TimeQuality: rec.TimeQuality, TimeUncertaintyS: rec.TimeUncertaintyS}
	m.Flags = []string{}
	return m
}

// madeAt is the time in a UUIDv7 (RFC 9562, section 5.7).
func madeAt(taskID string) (time.Time, bool) {
	id, err := uuid.Parse(taskID)
	if err != nil || id.Version() != 7 {
		return time.Time{}, false
	}
	sec, nsec := id.Time().UnixTime()
	return time.Unix(sec, nsec).UTC().Truncate(time.Millisecond), true
}
