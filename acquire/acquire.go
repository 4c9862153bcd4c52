// Package acquire is the path of a measurement: one acquisition fans out to its WebSDRs, every stream is cut
// to one common window, what arrives goes to the spool and through the meter in one pass, and then object
// before row. Read capture.go first: it is one WebSDR's part from top to bottom.
//
// The package knows radios, databases and object stores only by their promises. The surprising part: a
// capture is finished by what its spool holds, so a worker that is killed at any instant and started again
// stores what was recorded exactly once.
package acquire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Config is what an Acquirer is made of.
type Config struct {
	Store    Store
	Blobs    blob.Store
	Drivers  map[string]websdr.Driver // by kind
	SpoolDir string                   // on a local disk, for this process alone
	Identity string                   // how we introduce ourselves to receivers' owners
	Gates    []Gate                   // each must let an attempt pass
	Log      *slog.Logger
	Tracer   Tracer // nil: nobody wants to know

	Now    func() time.Time // time.Now if nil
	Jitter func() float64   // in [0, 1); rand.Float64 if nil
}

// An Acquirer runs acquisitions. It is safe for concurrent use.
type Acquirer struct {
	Config
	spool     *Spool
	hosts     *hosts
	measuring chan struct{} // holds one for each recording that is being measured: as many as there are processors
}

// New returns an Acquirer that keeps what it has not yet stored in c.SpoolDir.
func New(c Config) (*Acquirer, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	spool, err := OpenSpool(c.SpoolDir)
	if err != nil {
		return nil, err
	}
	return &Acquirer{Config: c, spool: spool, hosts: newHosts(), measuring: make(chan struct{}, runtime.GOMAXPROCS(0))}, nil
}

// errCancelled is the cause of the end of an acquisition that its user cancelled.
var errCancelled = errors.New("cancelled by request")

// A contactOff is the cause of the end of an acquisition because nobody may be contacted any more.
type contactOff struct{ contact heimdall.Contact }

func (c *contactOff) Error() string { return c.contact.Why() }
func (c *contactOff) Unwrap() error { return errCancelled }

// run takes a claimed acquisition to its end. It returns nil when the acquisition has ended, heimdall.ErrLost
// when the lease was lost, and ctx's cause when it was stopped; then the job is still open. When cancelled says
// why, recording stops and what is complete is kept.
func (a *Acquirer) run(ctx context.Context, job *Job, cancelled <-chan error) error {
	recording, stopRecording := context.WithCancelCause(ctx)
	defer stopRecording(nil)
	go func() {
		select {
		case why := <-cancelled:
			stopRecording(why)
		case <-recording.Done():
		}
	}()

	rows, err := a.Store.WebSDRs(ctx, heimdall.WebSDRFilter{IDs: job.Acquisition.WebSDRIDs})
	if err != nil {
		return fmt.Errorf("load websdrs of %s: %w", job.TaskID, err)
	}
	byID := make(map[int64]*heimdall.WebSDR, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}

	b := newBoard(job.Captures, a.Now())
	// Before anything can end, it must be seen to run: a pending capture cannot succeed.
	err = retryStorage(ctx, a.Jitter, func() error { return a.Store.SaveProgress(ctx, job.Lease, b.takeChanged()) }, b.markAll)
	if err != nil {
		return fmt.Errorf("begin %s: %w", job.TaskID, err)
	}
	stop := a.publish(ctx, job.Lease, b)
	defer stop()

	m := newMeeting(&job.Acquisition, a.Now)
	var wg sync.WaitGroup
	var captures []*capture
	for _, c := range job.Captures {
		if c.State.Ended() {
			continue
		}
		cc := &capture{a: a, job: job, c: c, w: byID[c.WebSDRID], board: b, meeting: m}
		captures = append(captures, cc)
		m.expect(c.WebSDRID)
	}
	if err := a.takeHosts(recording, job.Lease, captures); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, cc := range captures {
		wg.Go(func() { cc.err = cc.run(ctx, recording) })
	}
	wg.Go(func() { a.announceWindow(recording, job.Lease, m) })
	wg.Wait()

	for _, cc := range captures {
		if cc.err != nil {
			return cc.err
		}
	}
	return a.finish(ctx, job, b, context.Cause(recording))
}

// announceWindow tells the database which window was agreed on, for everyone to see.
func (a *Acquirer) announceWindow(ctx context.Context, l Lease, m *meeting) {
	if !m.decide(ctx) {
		return
	}
	err := retryStorage(ctx, a.Jitter, func() error { return a.Store.SetWindow(ctx, l, m.start) }, nil)
	if err != nil && ctx.Err() == nil && !errors.Is(err, heimdall.ErrLost) {
		a.Log.Warn("record the common window", "acquisition", l.TaskID, "err", err)
	}
}

// finish ends the acquisition once every capture has ended. why is the reason for which recording was ended, or nil.
func (a *Acquirer) finish(ctx context.Context, job *Job, b *board, why error) error {
	state := heimdall.Outcome(b.snapshot())
	reason := ""
	switch {
	case why != nil:
		reason = why.Error()
	case state == heimdall.Failed:
		reason = "no receiver gave a recording"
	}
	return retryStorage(ctx, a.Jitter, func() error {
		return a.Store.FinishAcquisition(ctx, job.Lease, state, reason)
	}, nil)
}
