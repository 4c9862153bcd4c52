// Package loadtest drives acquisitions against a server and says what came of them: how long everything took, what was
// lost, what is there twice, and what it cost.
//
// It exists because a promise such as "1,000 acquisitions at once, and nothing lost" is worth what the command that shows
// it is worth. It asks through the API what a user would ask, so that the figures are those of the whole program.
//
// It leaves out: starting and killing the programs (package main of cmd/heimdall does), and comparing rows with objects,
// which is `heimdall check`.
//
// The surprising part: latencies are not timed here, where polling would blur them. They are differences of what the server
// wrote down, and of the receivers' stamps; that holds as long as all run on one machine's clock.
package loadtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// A Load is what to ask of a server.
type Load struct {
	Server       *client.Client
	Groups       [][]int64     // WebSDRs of an acquisition: the n-th takes group n modulo their number
	Acquisitions int           // how many
	Clients      int           // how many of them are asked for at the same time
	Over         time.Duration // the requests are spread evenly over this time; 0 is as fast as they are accepted
	FrequencyHz  int64         // all record this
	Duration     time.Duration // each as long
	Patience     time.Duration // how long to wait for the end of all, from the last answer on
	Now          func() time.Time

	// Progress, if not nil, is told now and then how many were accepted and how many have ended.
	Progress func(accepted, ended int)
}

// pollInterval is how often the server is asked whether all have ended. No figure depends on it.
const pollInterval = 500 * time.Millisecond

// An accepted is what the server said to a request.
type accepted struct {
	taskID string
	took   time.Duration
}

// Run asks for all acquisitions and waits until all have ended. What the server lost is in the result, and no error.
func (l *Load) Run(ctx context.Context) (*Result, error) {
	begun := l.Now()
	answers, err := l.submit(ctx)
	if err != nil {
		return nil, err
	}
	submitted := l.Now()
	if err := l.wait(ctx, len(answers)); err != nil {
		return nil, err
	}
	r := &Result{Acquisitions: len(answers), Receivers: len(l.Groups[0]), DurationSeconds: l.Duration.Seconds(), SubmitSeconds: submitted.Sub(begun).Seconds()}
	took := make([]time.Duration, len(answers))
	tasks := make(map[string]bool, len(answers))
	for i, a := range answers {
		took[i] = a.took
		tasks[a.taskID] = true
	}
	r.Accept = latencies(took)
	if len(tasks) != len(answers) {
		r.Duplicates += len(answers) - len(tasks)
	}
	return r, l.examine(ctx, begun, tasks, r)
}

// Submit asks for all acquisitions and does not wait for their end.
func (l *Load) Submit(ctx context.Context) error {
	_, err := l.submit(ctx)
	return err
}

// submit asks for all acquisitions, each once however often the connection breaks.
func (l *Load) submit(ctx context.Context) ([]accepted, error) {
	answers := make([]accepted, l.Acquisitions)
	begun := l.Now()
	var mu sync.Mutex
	done := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, l.Clients))
	for i := range answers {
		due := begun.Add(l.Over * time.Duration(i) / time.Duration(len(answers)))
		if err := pause(ctx, due.Sub(l.Now())); err != nil {
			break // g knows why
		}
		g.Go(func() error {
			a, err := l.ask(ctx, i)
			answers[i] = a
			mu.Lock()
			defer mu.Unlock()
			done++
			l.tell(done, 0)
			return err
		})
	}
	return answers, g.Wait()
}

// ask repeats a request that got no answer, or one of class 5xx, under the same key.
func (l *Load) ask(ctx context.Context, i int) (accepted, error) {
	request := wire.AcquisitionRequest{
		FrequencyMHz: wire.MHz(l.FrequencyHz), DurationSeconds: l.Duration.Seconds(), WebSDRs: l.Groups[i%len(l.Groups)],
		Label: fmt.Sprint("load test ", i),
	}
	key := fmt.Sprintf("loadtest-%d-%d", l.Now().UnixNano(), i)
	begun := l.Now()
	for deadline := begun.Add(l.Patience); ; {
		a, _, err := l.Server.CreateAcquisition(ctx, request, key)
		if err == nil {
			return accepted{a.TaskID, l.Now().Sub(begun)}, nil
		}
		if !mayPass(err) || l.Now().After(deadline) || ctx.Err() != nil {
			return accepted{}, fmt.Errorf("ask for acquisition %d: %w", i, err)
		}
		if err := pause(ctx, pollInterval); err != nil {
			return accepted{}, err
		}
	}
}

// mayPass reports whether asking again may help: the server is away, or its database is.
func mayPass(err error) bool {
	p, refused := errors.AsType[*client.Problem](err)
	return !refused || p.Status >= 500 || p.Status == 429
}

// wait returns when no acquisition is left that has not ended, or when patience is at an end.
func (l *Load) wait(ctx context.Context, asked int) error {
	for deadline := l.Now().Add(l.Patience); l.Now().Before(deadline); {
		system, err := l.Server.System(ctx)
		if err == nil {
			left := int(system.Queue.Pending + system.Queue.Running)
			l.tell(asked, asked-left)
			if left == 0 {
				return nil
			}
		} else if !mayPass(err) {
			return err
		}
		if err := pause(ctx, pollInterval); err != nil {
			return err
		}
	}
	return nil // what has not ended is counted as lost
}

func (l *Load) tell(accepted, ended int) {
	if l.Progress != nil {
		l.Progress(accepted, ended)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// page is how many rows are asked for at once.
const page = heimdall.MaxPage
