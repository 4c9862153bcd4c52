package check

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/store"
)

// orphans looks for objects that no row speaks of.
func (c *checking) orphans(ctx context.Context, g *group) error {
	c.r.Objects += g.quarantined
	c.r.Quarantined += g.quarantined
	owned, recorded := map[string]bool{}, map[string]bool{}
	own := func(list []heimdall.Capture) {
		for i := range list {
			if rec := list[i].Recording; rec != nil {
				owned[rec.S3Path], owned[rec.MetadataPath()], recorded[captureOf(rec.S3Path)] = true, true, true
				owned[rec.SpectrogramPath()] = true // where there is one
			}
		}
	}
	own(g.recordings)
	var state heimdall.State // "" while there is no such acquisition
	asked := false
	for key := range g.objects {
		c.r.Objects++
		if !owned[key] && !asked {
			asked = true
			a, captures, err := c.Acquisition(ctx, g.taskID)
			if err != nil && !errors.Is(err, heimdall.ErrNotFound) {
				return fmt.Errorf("check object %s: %w", key, err)
			}
			state = a.State
			own(captures) // those that have ended since the rows were read
		}
		switch {
		case owned[key]:
		case recorded[captureOf(key)]:
			c.r.Superseded++
		case state != "" && (!state.Ended() || collectionName.MatchString(key)):
		default:
			if _, err := c.blobs.Stat(ctx, key); errors.Is(err, blob.ErrNotFound) {
				continue // deleted since it was listed
			}
			c.found(store.Problem{Kind: ObjectOrphaned, TaskID: g.taskID, Object: key, Detail: key + " belongs to no recording"})
		}
	}
	return nil
}

// taskOf is the acquisition in a key sessions/{task_id}/...; "" in any other.
func taskOf(key string) string {
	rest, ok := strings.CutPrefix(key, "sessions/")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

var collectionName = regexp.MustCompile(`^sessions/[^/]+/acquisition(-[0-9]+)?\.sigmf-collection$`)

var copyName = regexp.MustCompile(`^(sessions/[^/]+/websdr_[0-9]+)(-[0-9]+)?\.(sigmf-data|sigmf-meta|spectrogram)$`)

// captureOf is what the copies of one capture's recording have in common; the key itself if it is not named as one.
func captureOf(key string) string {
	if m := copyName.FindStringSubmatch(key); m != nil {
		return m[1]
	}
	return key
}
