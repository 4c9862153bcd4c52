package legacy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
)

// A unit is what becomes one acquisition.
type unit struct {
	name       string // task_id in the Python system, or what is made up of it
	session    string
	chunk      string
	recordings []*recording
}

func (u *unit) taskID() string { return heimdall.TaskIDOf(u.name) }

// apart is the unit of one recording that does not fit into u: that of a receiver whose file came later, or on another
// frequency. Its name always follows from its key, so that a second run finds it.
func (u *unit) apart(r *recording) unit {
	return unit{name: fmt.Sprintf("%s/websdr_%d", u.name, r.websdrID), session: u.session, chunk: u.chunk, recordings: []*recording{r}}
}

// units says which acquisitions a session becomes, and describes its recordings as well as can be. What is there
// already, and what cannot be described, is counted here and left out.
func (i *importer) units(ctx context.Context, s session) ([]unit, error) {
	var list []unit
	for recordings := range s.chunks() {
		first := recordings[0]
		u := unit{name: first.session, session: first.session, chunk: first.chunk}
		if first.chunk != "" {
			u.name += "/" + first.chunk
		}
		more, err := i.split(ctx, u, recordings)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	i.progress()
	return list, nil
}

// split sorts the recordings of one session or chunk into those that share an acquisition and those apart.
func (i *importer) split(ctx context.Context, u unit, recordings []*recording) ([]unit, error) {
	recordings = i.identified(recordings)
	absent, exists, err := i.absent(ctx, u.taskID(), recordings)
	if err != nil {
		return nil, err
	}
	if exists {
		if absent, err = i.notApart(ctx, u, absent); err != nil {
			return nil, err
		}
	}
	if len(absent) == 0 {
		return nil, nil
	}
	described, err := i.describe(ctx, u.session, recordings, absent)
	if err != nil {
		return nil, err
	}
	var apart []*recording
	for _, r := range described {
		if !exists && (len(u.recordings) == 0 || u.recordings[0].frequencyHz == r.frequencyHz) {
			u.recordings = append(u.recordings, r)
		} else {
			apart = append(apart, r)
		}
	}
	if !exists {
		if apart, err = i.notApart(ctx, u, apart); err != nil {
			return nil, err
		}
	}
	var list []unit
	if len(u.recordings) > 0 {
		list = append(list, u)
	}
	for _, r := range apart {
		own := u.apart(r)
		i.note(r.key, Apart, "is an acquisition of its own, %s: that of its session is there already, or has another frequency", own.taskID())
		list = append(list, own)
	}
	return list, nil
}

// identified are those recordings whose WebSDR can be one here, and no two the same: of one WebSDR there, there is one
// recording.
func (i *importer) identified(recordings []*recording) (list []*recording) {
	by := map[int64]int64{} // here to there
	for _, r := range recordings {
		id, err := i.idHere(r.websdrID)
		other, twice := by[id]
		switch {
		case err != nil:
			i.skip(r, BadWebSDR, "%v", err)
		case twice:
			i.skip(r, BadWebSDR, "is of WebSDR %d here, and so is that of WebSDR %d: say another one with --websdr %d=ID", id, other, r.websdrID)
		default:
			by[id], r.here = r.websdrID, id
			list = append(list, r)
		}
	}
	return list
}

// notApart are those recordings that are not here as acquisitions of their own.
func (i *importer) notApart(ctx context.Context, u unit, recordings []*recording) (list []*recording, err error) {
	for _, r := range recordings {
		own := u.apart(r)
		left, exists, err := i.absent(ctx, own.taskID(), own.recordings)
		if err != nil {
			return nil, err
		}
		if len(left) > 0 && exists {
			i.skip(r, Unfit, "the acquisition %s that it would be is there already, without its recording", own.taskID())
			continue
		}
		list = append(list, left...)
	}
	return list, nil
}

// absent asks which recordings an acquisition lacks, and whether there is one. Those of an acquisition that was deleted
// stay deleted.
func (i *importer) absent(ctx context.Context, taskID string, recordings []*recording) (absent []*recording, exists bool, err error) {
	_, captures, err := i.to.Acquisition(ctx, taskID)
	exists = err == nil
	if err != nil && !errors.Is(err, heimdall.ErrNotFound) {
		return nil, false, err
	}
	_, err = i.to.Deletion(ctx, taskID)
	deleted := err == nil
	if err != nil && !errors.Is(err, heimdall.ErrNotFound) {
		return nil, false, err
	}
	for _, r := range recordings {
		switch {
		case deleted:
			i.skip(r, Deleted, "was here as acquisition %s, and was deleted", taskID)
		case slices.ContainsFunc(captures, func(c heimdall.Capture) bool { return c.WebSDRID == r.here && c.Recording != nil }):
			i.count(func(n *Report) { n.Present++; n.Bytes += r.bytes })
		default:
			absent = append(absent, r)
		}
	}
	return absent, exists, nil
}

// unit imports the recordings of one acquisition: all objects, then all rows.
func (i *importer) unit(ctx context.Context, u unit) error {
	defer i.progress()
	var list []taken
	for _, r := range u.recordings {
		t, err := i.take(ctx, r)
		if p, ok := errors.AsType[*problem](err); ok {
			i.skip(r, p.why, "%s", p.detail)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.key, err)
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil
	}
	if i.opt.DryRun {
		for _, t := range list {
			if _, err := i.websdr(ctx, t.here, t.key); err != nil {
				return err
			}
		}
		i.imported(list)
		return nil
	}
	return i.restore(ctx, u, list)
}

// taken is a recording with what its samples gave.
type taken struct {
	*recording
	*samples
}

func (i *importer) take(ctx context.Context, r *recording) (taken, error) {
	if i.opt.DryRun {
		s, err := i.look(ctx, r.key)
		return taken{r, s}, err
	}
	s, err := i.measure(ctx, r.key, r.sampleRateHz)
	return taken{r, s}, err
}

// imported counts recordings, and notes what is odd about them.
func (i *importer) imported(list []taken) {
	for _, t := range list {
		if t.cutOff {
			i.note(t.key, CutOffImported, "ends after %d of %d samples", t.count, t.planned)
		}
		if t.samplesCount != 0 && t.samplesCount != t.planned {
			i.note(t.key, CountDiffers, "has %d samples, %d by its metadata", t.planned, t.samplesCount)
		}
		if t.extra > 0 {
			i.note(t.key, TrailingBytes, "has %d bytes after its samples, which are left out", t.extra)
		}
		if t.format == iq.CF64LE {
			i.note(t.key, KeptAsDouble, "holds values that no float32 holds: it is kept as cf64_le")
		}
	}
	i.count(func(n *Report) {
		n.Acquisitions++
		n.Imported += int64(len(list))
		for _, t := range list {
			n.Bytes += t.bytes
			for _, l := range t.legacy {
				if l.Source == sourceTable {
					i.wouldJoin++
				}
			}
		}
	})
}

// look is what a dry run reads of a recording: its header.
func (i *importer) look(ctx context.Context, key string) (*samples, error) {
	a, err := i.openArray(ctx, key)
	if err != nil {
		return nil, err
	}
	defer a.object.Close()
	if err := i.refuseCutOff(a); err != nil {
		return nil, err
	}
	return &samples{count: a.samples, planned: a.Samples, cutOff: a.cutOff, extra: a.extra}, nil
}

func (i *importer) refuseCutOff(a *array) error {
	if a.cutOff && !i.opt.AllowPartial {
		return problemf(CutOff, "ends after %d of %d samples (--allow-partial imports what is there)", a.samples, a.Samples)
	}
	return nil
}
