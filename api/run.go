package api

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// keepEvents is how many events are kept in memory, for readers that are nearly up to date.
const keepEvents = 2048

// A run is what the feed knows from its first reader to its last.
type run struct {
	mu      sync.Mutex
	changed chan struct{}     // closed when anything below has changed. All of it is guarded by mu
	from    int64             // every event after from, up to last, is in events
	last    int64             // every event up to last could be seen
	events  []heimdall.Event  // the newest, at most keepEvents
	boards  map[string]*board // acquisitions that are watched
	live    bytesVersion      // a wire.Live
	wanted  int               // readers of live
	read    time.Time         // when live was read
}

// A board is one acquisition that is watched.
type board struct {
	readers int
	now     bytesVersion // a wire.Acquisition
	ended   bool
	err     error // why there is nothing more to come
}

// A bytesVersion is a text, and a number that grows when it changes.
type bytesVersion struct {
	text    []byte
	version int
	eventID int64 // of the last event that had happened when it was read
}

// set reports whether the text is another one.
func (v *bytesVersion) set(text []byte, eventID int64) bool {
	if bytes.Equal(v.text, text) {
		return false
	}
	v.text, v.version, v.eventID = text, v.version+1, eventID
	return true
}

func (r *run) lastID() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// tell wakes every reader. Whoever calls it holds mu.
func (r *run) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *run) add(page []heimdall.Event) {
	if len(page) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, page...)
	r.last = page[len(page)-1].ID
	if over := len(r.events) - keepEvents; over > 0 {
		r.from = r.events[over-1].ID
		r.events = append([]heimdall.Event(nil), r.events[over:]...) // what went must not be kept alive
	}
	r.tell()
}

// after returns the events that follow the one given, and what is closed when there are more; known is false when they
// are not all in memory.
func (r *run) after(id int64) (list []heimdall.Event, changed <-chan struct{}, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id < r.from {
		return nil, r.changed, false
	}
	i := len(r.events)
	for i > 0 && r.events[i-1].ID > id {
		i--
	}
	return r.events[i:len(r.events):len(r.events)], r.changed, true
}

// watched are the acquisitions to be read.
func (r *run) watched() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, b := range r.boards {
		if !b.ended && b.err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// show puts an acquisition as it was after an event on its board, or the end of it.
func (r *run) show(id string, a wire.Acquisition, eventID int64, gone error) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.boards[id]
	if b == nil || b.ended {
		return nil // its readers have left meanwhile, or have been told
	}
	if b.err = gone; gone != nil || b.now.set(text, eventID) {
		b.ended = a.State.Ended()
		r.tell()
	}
	return nil
}

// watch begins to watch an acquisition, which was so a moment ago.
func (r *run) watch(a wire.Acquisition) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.boards[a.TaskID]
	if b == nil {
		b = &board{}
		r.boards[a.TaskID] = b
	}
	// A board that others read is the follower's, so that it never goes back in time; but an end is an end.
	if b.readers++; b.readers == 1 || a.State.Ended() {
		b.ended = a.State.Ended()
		b.now.set(text, r.last)
		r.tell()
	}
	return nil
}

func (r *run) unwatch(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.boards[id]; b != nil {
		if b.readers--; b.readers == 0 {
			delete(r.boards, id)
		}
	}
}

// board returns an acquisition that is watched, and what is closed when it may have changed.
func (r *run) board(id string) (board, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *r.boards[id], r.changed
}

func (r *run) wantLive(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanted += n; r.wanted == 0 {
		r.live.text, r.read = nil, time.Time{} // it grows old
	}
}

func (r *run) wantsLive() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wanted > 0 && time.Since(r.read) >= liveEvery
}

func (r *run) liveNow() bytesVersion {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live
}
