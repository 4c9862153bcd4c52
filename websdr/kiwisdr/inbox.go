package kiwisdr

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"time"
)

// A receiver sends 23 messages a second, and hundreds of receivers are read at a time. A context with a deadline for each
// message costs more than the message, so there is one watch for all of them, which cuts the connection; whoever cancels
// does the same (see sockets).

// An inbox is what receiving needs. The goroutine that reads uses it.
type inbox struct {
	watch *watch
	held  bytes.Buffer // the message that is being read
}

// receiveUntil returns the next message, which is the caller's to keep. late is true when there was none by the deadline:
// then the connection is cut.
func (s *session) receiveUntil(deadline time.Time) (msg []byte, late bool, err error) {
	in := &s.inbox
	in.watch.set(deadline)
	defer in.watch.rest()
	_, r, err := s.conn.Reader(context.Background())
	if err == nil {
		in.held.Reset()
		_, err = in.held.ReadFrom(r)
	}
	if err != nil && err != io.EOF {
		return nil, in.watch.late.Load(), err
	}
	return bytes.Clone(in.held.Bytes()), false, nil
}

// A watch acts when a deadline passes.
type watch struct {
	timer *time.Timer
	late  atomic.Bool // it has
}

func newWatch(act func()) *watch {
	w := &watch{}
	w.timer = time.AfterFunc(time.Hour, func() {
		w.late.Store(true)
		act()
	})
	w.timer.Stop()
	return w
}

func (w *watch) set(deadline time.Time) { w.timer.Reset(time.Until(deadline)) }
func (w *watch) rest()                  { w.timer.Stop() }
