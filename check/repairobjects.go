package check

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/collect"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/rebuild"
	"github.com/heimdall-sdr/heimdall/store"
)

// rows makes rows of objects that no row speaks of. Those whose acquisition was deleted stay deleted.
func (r *repairing) rows(ctx context.Context) error {
	seen := map[string]bool{}
	for _, p := range r.found.Problems {
		if p.Kind != ObjectOrphaned || p.TaskID == "" || seen[p.TaskID] {
			continue
		}
		seen[p.TaskID] = true
		report, err := rebuild.Acquisition(ctx, rebuild.Config{Store: r.Store, Blobs: r.Blobs, DryRun: true}, p.TaskID)
		if err != nil {
			return err
		}
		if report.Restored == 0 {
			continue
		}
		err = r.take(ctx, Action{Kind: RestoreRows, TaskID: p.TaskID, Detail: fmt.Sprintf("its %d objects describe %d recordings, and no row does", report.Objects, report.Recordings),
			do: func(ctx context.Context) error { return r.restore(ctx, p.TaskID) }})
		if err != nil {
			return err
		}
	}
	return nil
}

// tooMany is how many recordings may be without samples before that is taken for another object store than the one
// that the rows speak of: half of them, if there are at least a few.
func (r *repairing) tooMany() bool {
	const few = 4
	var missing int64
	for _, p := range r.found.Problems {
		if p.Kind == ObjectMissing && !strings.HasSuffix(p.Object, "meta") {
			missing++
		}
	}
	return r.found.Recordings >= few && missing*2 > r.found.Recordings
}

// recordings mends those whose objects are lost or damaged.
func (r *repairing) recordings(ctx context.Context) error {
	wrongStore := r.tooMany()
	for _, p := range r.found.Problems {
		if p.WebSDRID == 0 || p.Object == "" || r.respool[p.Object] {
			continue
		}
		c, err := r.Store.Capture(ctx, p.TaskID, p.WebSDRID)
		if errors.Is(err, heimdall.ErrNotFound) || err == nil && c.Recording == nil {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		a := Action{TaskID: p.TaskID, WebSDRID: p.WebSDRID, Object: p.Object, Detail: p.Detail}
		isData := p.Object == c.Recording.S3Path
		switch {
		case wrongStore && p.Kind == ObjectMissing:
			a.Kind, a.Detail = Leave, p.Detail+": most recordings are missing, so that this may not be the object store that the rows speak of"
		case isData && p.Kind == RecordingFound:
			a.Kind, a.do = NoteFound, func(ctx context.Context) error { return r.noteFound(ctx, &c) }
		case isData && p.Kind == ObjectMissing:
			a.Kind, a.do = NoteLoss, func(ctx context.Context) error { return r.noteLoss(ctx, &c, "its samples are gone") }
		case isData:
			a.Kind, a.do = QuarantineDamaged, func(ctx context.Context) error { return r.quarantineDamaged(ctx, &c, p) }
		default:
			a.Kind, a.do = WriteMetadata, func(ctx context.Context) error { return r.writeMetadata(ctx, &c, p.Kind != ObjectMissing) }
		}
		if err := r.take(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// noteLoss keeps what the capture said before.
func (r *repairing) noteLoss(ctx context.Context, c *heimdall.Capture, how string) error {
	reason := fmt.Sprintf("%s%s, as was noticed %s", heimdall.LostRecording, how, r.Now().UTC().Format(time.RFC3339))
	if before := reasonBefore(c.Reason); before != "" {
		reason += beforeThat + before
	}
	return r.Store.NoteLoss(ctx, c.TaskID, c.WebSDRID, reason)
}

// beforeThat is between the words about a loss and what the capture said before it.
const beforeThat = "; before: "

// reasonBefore is what a capture said before its recording was lost.
func reasonBefore(reason string) string {
	if !strings.HasPrefix(reason, heimdall.LostRecording) {
		return reason
	}
	_, before, _ := strings.Cut(reason, beforeThat)
	return before
}

// noteFound takes the words about a loss back, once the samples are proven to be those that were recorded.
func (r *repairing) noteFound(ctx context.Context, c *heimdall.Capture) error {
	info, err := r.Blobs.Stat(ctx, c.Recording.S3Path)
	if err != nil {
		return err
	}
	if kind, detail, err := damage(ctx, r.Blobs, info, c, true); err != nil {
		return err
	} else if kind != "" {
		return fmt.Errorf("%s: %s", kind, detail)
	}
	return r.Store.NoteLoss(ctx, c.TaskID, c.WebSDRID, reasonBefore(c.Reason))
}

func (r *repairing) quarantineDamaged(ctx context.Context, c *heimdall.Capture, p store.Problem) error {
	where, err := quarantine(ctx, r.Blobs, p.Object)
	if err != nil {
		return err
	}
	return r.noteLoss(ctx, c, fmt.Sprintf("its samples were damaged (%s) and are kept as %s", p.Kind, where))
}

// writeMetadata makes the document of a recording again from its rows. What is in its place is put aside.
func (r *repairing) writeMetadata(ctx context.Context, c *heimdall.Capture, damaged bool) error {
	a, _, err := r.Store.Acquisition(ctx, c.TaskID)
	if err != nil {
		return err
	}
	w, err := r.Store.WebSDR(ctx, c.WebSDRID)
	if err != nil {
		return err
	}
	list, err := r.Store.Measurements(ctx, heimdall.MeasurementFilter{TaskID: c.TaskID, WebSDRIDs: []int64{c.WebSDRID}, Limit: 1})
	if err != nil {
		return err
	}
	var m *heimdall.Measurement
	if len(list) > 0 {
		m = &list[0]
	}
	doc, err := export.Metadata(a, *c, w, m)
	if err != nil {
		return err
	}
	key := c.Recording.MetadataPath()
	if damaged {
		if _, err := quarantine(ctx, r.Blobs, key); err != nil {
			return err
		}
	}
	return r.Blobs.Put(ctx, key, bytes.NewReader(doc), blob.SumOf(doc))
}

// orphans puts aside what nothing can be made of, and deletes what a deletion left behind. What is younger than the
// grace time may be on its way, and what is not named as ours is somebody else's.
func (r *repairing) orphans(ctx context.Context) error {
	restored := map[string]bool{}
	for _, a := range r.actions {
		if a.Kind == RestoreRows || a.Kind == StoreSpooled {
			restored[a.TaskID] = true
		}
	}
	for _, p := range r.found.Problems {
		if p.Kind != ObjectOrphaned || restored[p.TaskID] {
			continue
		}
		a, err := r.orphan(ctx, p)
		if err != nil {
			return err
		}
		if err := r.take(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (r *repairing) orphan(ctx context.Context, p store.Problem) (Action, error) {
	a := Action{Kind: Leave, TaskID: p.TaskID, Object: p.Object, Detail: p.Detail}
	info, err := r.Blobs.Stat(ctx, p.Object)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		a.Detail = p.Object + " is gone by now"
		return a, nil
	case err != nil:
		return a, err
	case !copyName.MatchString(p.Object) && !collectionName.MatchString(p.Object):
		a.Detail += ", and is not named as ours: import it, or delete it yourself"
		return a, nil
	case r.Now().Sub(info.Modified) < r.Grace:
		a.Detail += fmt.Sprintf(", but is younger than %v: it may be on its way", r.Grace)
		return a, nil
	}
	d, err := r.Store.Deletion(ctx, p.TaskID)
	switch {
	case err == nil:
		a.Kind, a.Detail = DeleteLeftover, p.Object+" was to be deleted: "+d.Reason
		a.do = func(ctx context.Context) error { return r.Blobs.Delete(ctx, p.Object) }
	case errors.Is(err, heimdall.ErrNotFound):
		a.Kind = QuarantineOrphan
		a.do = func(ctx context.Context) error { _, err := quarantine(ctx, r.Blobs, p.Object); return err }
	default:
		return a, err
	}
	return a, nil
}

// collections writes those again that are lost. One that cannot be read is put aside first.
func (r *repairing) collections(ctx context.Context) error {
	for _, p := range r.found.Problems {
		if p.Kind != CollectionMissing {
			continue
		}
		err := r.take(ctx, Action{Kind: WriteCollection, TaskID: p.TaskID, Object: p.Object, Detail: p.Detail, do: func(ctx context.Context) error {
			_, err := r.Blobs.Stat(ctx, p.Object)
			if err == nil {
				_, err = quarantine(ctx, r.Blobs, p.Object)
			}
			if err != nil && !errors.Is(err, blob.ErrNotFound) {
				return err
			}
			return collect.Acquisition(ctx, r.Store, r.Blobs, p.TaskID)
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// others are problems inside the database, which objects do not mend.
func (r *repairing) others() {
	for _, p := range r.found.Problems {
		if p.Object == "" && p.Kind != SpoolUnknown && p.Kind != SpoolDamaged {
			r.actions = append(r.actions, Action{Kind: Leave, TaskID: p.TaskID, WebSDRID: p.WebSDRID,
				Detail: fmt.Sprintf("%s: %s: restore a backup of the database, or begin a new one with heimdall rebuild", p.Kind, p.Detail)})
		}
	}
}

const quarantineBuffer = 4 << 20 // a range of an object in a bucket is a request

// quarantine moves an object to where nothing touches it, and returns its new key. It may be repeated.
func quarantine(ctx context.Context, blobs blob.Store, key string) (string, error) {
	o, err := blobs.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer o.Close()
	// As it is: reading it from end to end, a store may refuse to give what is damaged.
	content := func() io.Reader {
		return bufio.NewReaderSize(io.NewSectionReader(o, 0, o.Info().Bytes), quarantineBuffer)
	}
	h := sha256.New()
	if _, err := io.Copy(h, content()); err != nil {
		return "", fmt.Errorf("read object %s: %w", key, err)
	}
	want := blob.Sum{Bytes: o.Info().Bytes, SHA256: hex.EncodeToString(h.Sum(nil))}
	const maxCopies = 100
	for copy := 1; ; copy++ {
		where := QuarantinePrefix + key
		if copy > 1 {
			where = fmt.Sprintf("%s-%d", where, copy)
		}
		err := blobs.Put(ctx, where, content(), want)
		if errors.Is(err, blob.ErrDiffers) && copy < maxCopies {
			continue // what was put aside before
		}
		if err != nil {
			return "", err
		}
		return where, blobs.Delete(ctx, key)
	}
}
