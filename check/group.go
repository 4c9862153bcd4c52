package check

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
)

// A group is what there is of one acquisition, or in one folder that is none's.
type group struct {
	prefix      string // of all its keys: sessions/{task_id}/, or up to the first slash
	taskID      string // "" of a folder that is none's
	recordings  []heimdall.Capture
	objects     map[string]blob.Info
	quarantined int64 // objects of the quarantine, which are only counted
	collected   bool  // its collection was written
}

// prefixOf groups keys: those of one group come one after the other in the order of keys, and the groups, too.
func prefixOf(key string) string {
	const sessions = "sessions/"
	begin := 0
	if strings.HasPrefix(key, sessions) {
		begin = len(sessions)
	}
	if i := strings.IndexByte(key[begin:], '/'); i >= 0 {
		return key[:begin+i+1]
	}
	return key
}

// groups reads what rows and objects there are side by side, each in the order of keys, so that no more than one
// group is held.
func groups(ctx context.Context, s Store, blobs blob.Store) iter.Seq2[group, error] {
	return func(yield func(group, error) bool) {
		recordings := newPulled(s.RecordingKeys(ctx), func(c heimdall.Capture) string { return prefixOf(c.Recording.S3Path) })
		defer recordings.stop()
		objects := newPulled(blobs.List(ctx, ""), func(i blob.Info) string { return prefixOf(i.Key) })
		defer objects.stop()
		collections := newPulled(collectedTasks(ctx, s), func(taskID string) string { return "sessions/" + taskID + "/" })
		defer collections.stop()
		for {
			if err := errors.Join(recordings.failed("list recordings"), objects.failed("list objects"), collections.failed("list collections")); err != nil {
				yield(group{}, err)
				return
			}
			if recordings.done && objects.done && collections.done {
				return
			}
			g := group{prefix: least(recordings.at(), objects.at(), collections.at()), objects: map[string]blob.Info{}}
			g.taskID = taskOf(g.prefix)
			for recordings.in(g.prefix) {
				g.recordings = append(g.recordings, recordings.take())
			}
			for objects.in(g.prefix) {
				if o := objects.take(); strings.HasPrefix(o.Key, QuarantinePrefix) {
					g.quarantined++
				} else {
					g.objects[o.Key] = o
				}
			}
			for collections.in(g.prefix) {
				g.collected = collections.take() != ""
			}
			if !yield(g, nil) {
				return
			}
		}
	}
}

// object is what the list said of a key; what it did not is asked for, since it may be newer.
func (g *group) object(ctx context.Context, blobs blob.Store, key string) (blob.Info, error) {
	if o, ok := g.objects[key]; ok {
		return o, nil
	}
	return blobs.Stat(ctx, key)
}

func (g *group) hasCollection() bool {
	for key := range g.objects {
		if collectionName.MatchString(key) {
			return true
		}
	}
	return false
}

// collectedTasks yields the acquisitions whose collection was written, in order of task_id.
func collectedTasks(ctx context.Context, s Store) iter.Seq2[string, error] {
	const pageSize = 500
	return func(yield func(string, error) bool) {
		for after := ""; ; {
			page, err := s.Collected(ctx, after, pageSize)
			if err != nil {
				yield("", err)
				return
			}
			for _, taskID := range page {
				if !yield(taskID, nil) {
					return
				}
				after = taskID
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}

// A pulled sequence is read one value ahead.
type pulled[T any] struct {
	next   func() (T, error, bool)
	stop   func()
	prefix func(T) string
	value  T
	err    error
	done   bool
}

func newPulled[T any](seq iter.Seq2[T, error], prefix func(T) string) *pulled[T] {
	p := &pulled[T]{prefix: prefix}
	p.next, p.stop = iter.Pull2(seq)
	p.take()
	return p
}

// take returns the value that was read ahead.
func (p *pulled[T]) take() T {
	v := p.value
	var ok bool
	p.value, p.err, ok = p.next()
	p.done = !ok || p.err != nil
	return v
}

func (p *pulled[T]) failed(doing string) error {
	if p.err != nil {
		return fmt.Errorf("%s: %w", doing, p.err)
	}
	return nil
}

// at is the prefix of the next value; "" at the end.
func (p *pulled[T]) at() string {
	if p.done {
		return ""
	}
	return p.prefix(p.value)
}

func (p *pulled[T]) in(prefix string) bool { return !p.done && p.prefix(p.value) == prefix }

// least is the first in order that is not "".
func least(prefixes ...string) (first string) {
	for _, p := range prefixes {
		if p != "" && (first == "" || p < first) {
			first = p
		}
	}
	return first
}
