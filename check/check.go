// Package check verifies that what is stored agrees with itself: the database's own invariants, every
// recording's objects, and every object's owner.
//
// An acquisition whose deletion is planned may lack objects: that is no problem, the next run of retention goes on
// with it.
//
// A second copy of a recording whose row speaks of another one is no problem either, but counted: a worker was killed
// between its object and its row, and another that had not its spool recorded again. It goes with its acquisition.
//
// Run changes nothing. A quick check compares names and sizes; a deep one reads every recording and compares
// its hash, and every collection. On a live system what belongs to acquisitions still running is left out. Repair
// mends what can be mended, and never deletes the only copy of anything.
//
// The surprising part: a recording that is known to be lost is no problem any more. Its capture says so, in the words
// that begin with heimdall.LostRecording, and its measurement stands. That somebody has put it back is one.
package check

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/collect"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/store"
)

// Kinds of problems with objects, beside those of package store.
const (
	ObjectMissing   = "object_missing"   // a recording's data or metadata is not there
	ObjectTruncated = "object_truncated" // it has another size than the row says
	ObjectCorrupt   = "object_corrupt"   // it has another hash than the row says
	ObjectOrphaned  = "object_orphaned"  // no row speaks of it

	CollectionMissing = "collection_missing" // a collection that was written is not there, or cannot be read

	RecordingFound = "recording_found" // samples that were known to be lost are there

	SpoolUnknown = "spool_unknown" // a recording waits in the spool whose acquisition the database does not know
	SpoolDamaged = "spool_damaged" // what waits in the spool cannot be read
)

// QuarantinePrefix is before the keys of objects that Repair has put aside: nothing here reads or deletes them.
const QuarantinePrefix = "quarantine/"

// A Store is what checking asks of a database.
type Store interface {
	// Check returns every broken invariant of the database itself.
	Check(ctx context.Context) ([]store.Problem, error)
	// RecordingKeys yields every capture that has a recording, in order of the recording's key.
	RecordingKeys(ctx context.Context) iter.Seq2[heimdall.Capture, error]
	// Acquisition returns an acquisition and its captures, or heimdall.ErrNotFound.
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	// Capture returns one WebSDR's part of an acquisition, or heimdall.ErrNotFound.
	Capture(ctx context.Context, taskID string, websdrID int64) (heimdall.Capture, error)
	// Deletion returns what the journal of deletions says of an acquisition, or heimdall.ErrNotFound.
	Deletion(ctx context.Context, taskID string) (heimdall.Deletion, error)
	// Collected returns a page of the acquisitions whose collection was written, in order of task_id.
	Collected(ctx context.Context, afterTaskID string, limit int) ([]string, error)
}

// A Report says what was looked at and what was found.
type Report struct {
	Recordings  int64           `json:"recordings"`
	Objects     int64           `json:"objects"`
	Bytes       int64           `json:"bytes"`       // of the recordings' data
	Superseded  int64           `json:"superseded"`  // objects that another copy of the same capture has replaced
	Lost        int64           `json:"lost"`        // recordings that are known to be lost
	Quarantined int64           `json:"quarantined"` // objects that Repair has put aside
	Deep        bool            `json:"deep"`
	Problems    []store.Problem `json:"problems"`
}

// Run checks everything. progress, if not nil, is told after each recording. Memory does not grow with what there is:
// rows and objects are read side by side, acquisition by acquisition (see groups).
func Run(ctx context.Context, s Store, blobs blob.Store, deep bool, progress func(Report)) (Report, error) {
	c := &checking{Store: s, blobs: blobs, progress: progress, r: Report{Deep: deep, Problems: []store.Problem{}}}
	problems, err := s.Check(ctx)
	if err != nil {
		return c.r, fmt.Errorf("check database: %w", err)
	}
	c.r.Problems = append(c.r.Problems, problems...)
	for g, err := range groups(ctx, s, blobs) {
		if err == nil {
			err = c.group(ctx, &g)
		}
		if err != nil {
			return c.r, err
		}
	}
	return c.r, nil
}

// A checking is one Run.
type checking struct {
	Store
	blobs    blob.Store
	progress func(Report)
	r        Report
}

func (c *checking) found(p store.Problem) { c.r.Problems = append(c.r.Problems, p) }

func (c *checking) group(ctx context.Context, g *group) error {
	for i := range g.recordings {
		k := &g.recordings[i]
		c.r.Recordings++
		c.r.Bytes += k.Recording.Bytes
		if err := c.recording(ctx, g, k); err != nil {
			return err
		}
		if c.progress != nil {
			c.progress(c.r)
		}
	}
	if err := c.orphans(ctx, g); err != nil {
		return err
	}
	return c.collection(ctx, g)
}

// collection looks for a collection that was written and is not there. One still to be written is no problem: a worker
// does so.
func (c *checking) collection(ctx context.Context, g *group) error {
	if !g.collected || !c.r.Deep && g.hasCollection() {
		return nil
	}
	err := readable(ctx, c.blobs, g.taskID) // also where it was written since the objects were listed
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		c.found(store.Problem{Kind: CollectionMissing, TaskID: g.taskID, Object: export.CollectionKey(g.taskID, 1), Detail: fmt.Sprintf("its collection: %v", err)})
	}
	return nil
}

// readable is nil when one copy of a collection can be read.
func readable(ctx context.Context, blobs blob.Store, taskID string) error {
	var last error
	for copy := 1; ; copy++ {
		_, err := collect.Read(ctx, blobs, export.CollectionKey(taskID, copy))
		if errors.Is(err, blob.ErrNotFound) && copy > 1 {
			return last
		}
		if err == nil {
			return nil
		}
		last = err
	}
}

// recording looks at the two objects of one recording.
func (c *checking) recording(ctx context.Context, g *group, k *heimdall.Capture) error {
	lost := strings.HasPrefix(k.Reason, heimdall.LostRecording)
	if lost {
		c.r.Lost++
	}
	for _, look := range []struct {
		key string
		at  func(context.Context, blob.Info, *heimdall.Capture) (kind, detail string, err error)
	}{{k.Recording.S3Path, c.samples}, {k.Recording.MetadataPath(), c.metadata}} {
		kind, detail := "", ""
		info, err := g.object(ctx, c.blobs, look.key)
		if err == nil {
			kind, detail, err = look.at(ctx, info, k)
		}
		if errors.Is(err, blob.ErrNotFound) {
			kind, detail = ObjectMissing, look.key+" is not there"
			if _, err = c.Deletion(ctx, k.TaskID); errors.Is(err, heimdall.ErrNotFound) {
				err = nil
			} else if err == nil {
				continue // it is going to be deleted
			}
		}
		if err != nil {
			return fmt.Errorf("check object %s: %w", look.key, err)
		}
		if isSamples := look.key == k.Recording.S3Path; lost && isSamples {
			switch kind {
			case "":
				kind, detail = RecordingFound, look.key+" is there again"
			case ObjectMissing:
				continue
			}
		}
		if kind != "" {
			c.found(store.Problem{Kind: kind, TaskID: k.TaskID, WebSDRID: k.WebSDRID, Object: look.key, Detail: detail})
		}
	}
	return nil
}

func (c *checking) samples(ctx context.Context, info blob.Info, k *heimdall.Capture) (kind, detail string, err error) {
	return damage(ctx, c.blobs, info, k, c.r.Deep)
}

// damage says what is wrong with a data object, if anything is.
func damage(ctx context.Context, blobs blob.Store, info blob.Info, k *heimdall.Capture, deep bool) (kind, detail string, err error) {
	rec := k.Recording
	if info.Bytes != rec.Bytes {
		return ObjectTruncated, fmt.Sprintf("%s has %d bytes, its row says %d", rec.S3Path, info.Bytes, rec.Bytes), nil
	}
	if !deep {
		return "", "", nil
	}
	sum, err := hashOf(ctx, blobs, rec.S3Path)
	if errors.Is(err, blob.ErrDiffers) { // a store that knows the hash proves what it reads
		return ObjectCorrupt, fmt.Sprintf("%s cannot be read whole: %v", rec.S3Path, err), nil
	}
	if err != nil || sum == rec.SHA256 {
		return "", "", err
	}
	return ObjectCorrupt, fmt.Sprintf("%s hashes to %s, its row says %s", rec.S3Path, sum, rec.SHA256), nil
}

// metadata says what is wrong with the document beside it, if anything is.
func (c *checking) metadata(ctx context.Context, info blob.Info, k *heimdall.Capture) (kind, detail string, err error) {
	if !c.r.Deep {
		return "", "", nil
	}
	err = undescribed(ctx, c.blobs, k)
	if err == nil || errors.Is(err, blob.ErrNotFound) || ctx.Err() != nil {
		return "", "", err
	}
	return ObjectCorrupt, fmt.Sprintf("%s does not describe its recording: %v", info.Key, err), nil
}

// undescribed is why the metadata beside a recording is not that of the recording; nil when it is.
func undescribed(ctx context.Context, blobs blob.Store, c *heimdall.Capture) error {
	doc, err := collect.ReadObject(ctx, blobs, c.Recording.MetadataPath())
	if err != nil {
		return err
	}
	rows, err := export.ReadMetadata(doc)
	if err != nil {
		return err
	}
	if got := rows.Capture.Recording; got.SHA256 != c.Recording.SHA256 {
		return fmt.Errorf("it describes %s with SHA-256 %s, its row says %s", got.S3Path, got.SHA256, c.Recording.SHA256)
	}
	return nil
}

func hashOf(ctx context.Context, blobs blob.Store, key string) (string, error) {
	o, err := blobs.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer o.Close()
	h := sha256.New()
	if _, err := io.Copy(h, o); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
