package retention_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/retention"
)

// A killer ends everything at the nth step that changes something: before it is taken, or after, with its answer lost.
type killer struct {
	steps, at int
	after     bool
	kill      context.CancelFunc
}

var errKilled = errors.New("killed")

func (k *killer) step(do func() error) error {
	k.steps++
	if k.steps > k.at {
		k.kill()
		if k.steps == k.at+1 && k.after {
			do()
		}
		return errKilled
	}
	return do()
}

type killedStore struct {
	retention.Store
	*killer
}

func (s killedStore) PlanDeletion(ctx context.Context, plans []heimdall.Deletion) error {
	return s.step(func() error { return s.Store.PlanDeletion(context.WithoutCancel(ctx), plans) })
}

func (s killedStore) PlanExcess(ctx context.Context, plans []heimdall.Deletion, maxBytes int64) (planned []heimdall.Deletion, err error) {
	err = s.step(func() (err error) {
		planned, err = s.Store.PlanExcess(context.WithoutCancel(ctx), plans, maxBytes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return planned, nil
}

func (s killedStore) FinishDeletion(ctx context.Context, ids []string) (done []heimdall.Deletion, err error) {
	err = s.step(func() (err error) {
		done, err = s.Store.FinishDeletion(context.WithoutCancel(ctx), ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

func (s killedStore) Reclaim(ctx context.Context) error {
	return s.step(func() error { return s.Store.Reclaim(context.WithoutCancel(ctx)) })
}

type killedBlobs struct {
	blob.Store
	*killer
}

func (b killedBlobs) Delete(ctx context.Context, key string) error {
	return b.step(func() error { return b.Store.Delete(context.WithoutCancel(ctx), key) })
}

// Of two acquisitions the steps are: plan, four objects, finish, reclaim.
const stepsOfARun = 7

func TestARunKilledAnywhereIsExplainedToCheckAndFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for at := range stepsOfARun {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("at step %d, answer lost %v", at, after), func(t *testing.T) {
				t.Parallel()
				r, _, young := agedOf(t, 2, 1)
				report := r.report()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				k := &killer{at: at, after: after, kill: cancel}
				config := r.config()
				config.Store, config.Blobs = killedStore{r.store, k}, killedBlobs{r.blobs, k}
				if _, err := run(ctx, config); err == nil {
					t.Fatal("the run was not killed")
				}
				if k.steps != at+1 {
					t.Errorf("after the kill %d more steps were taken", k.steps-at-1)
				}
				r.sound("after the kill")

				_, err := run(t.Context(), r.config())
				r.must(err)
				same(t, "acquisitions", r.acquisitions(), young)
				same(t, "objects left", len(r.objects()), objectsOfOne)
				same(t, "report", r.report(), report)
				planned, err := r.store.PlannedDeletions(t.Context(), "", 10)
				r.must(err)
				same(t, "plans left", planned, []heimdall.Deletion{})
				r.sound("in the end")
			})
		}
	}
}

func TestARunThatIsNotKilledTakesTheStepsThatAreKilled(t *testing.T) {
	t.Parallel()
	r, _, _ := agedOf(t, 2, 1)
	k := &killer{at: 1000}
	config := r.config()
	config.Store, config.Blobs = killedStore{r.store, k}, killedBlobs{r.blobs, k}
	_, err := run(t.Context(), config)
	r.must(err)
	same(t, "steps", k.steps, stepsOfARun)
}

// brokenBlobs cannot delete, or list, what contains a word.
type brokenBlobs struct {
	blob.Store
	undeletable, unlisted string
}

var errBroken = errors.New("access denied")

func (b brokenBlobs) Delete(ctx context.Context, key string) error {
	if strings.Contains(key, b.undeletable) {
		return errBroken
	}
	return b.Store.Delete(ctx, key)
}

func (b brokenBlobs) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	if b.unlisted != "" && strings.Contains(prefix, b.unlisted) {
		return func(yield func(blob.Info, error) bool) { yield(blob.Info{}, errBroken) }
	}
	return b.Store.List(ctx, prefix)
}

func TestAnObjectThatCannotBeDeletedKeepsItsRowsAndNoOthers(t *testing.T) {
	t.Parallel()
	r, old, young := aged(t)
	config := r.config()
	config.Blobs = brokenBlobs{r.blobs, old[1] + "/websdr_1.sigmf-meta", ""}
	for round, want := range []retention.Result{
		{Acquisitions: 2, Rows: 2 * rowsOfOne, Objects: 2*objectsOfOne + 1, Bytes: 2*bytesOfOne + dataBytes}, {}} {
		done, err := run(t.Context(), config)
		if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), old[1]) || !strings.Contains(err.Error(), "sigmf-meta") {
			t.Errorf("run %d: the error %v does not name what is broken", round, err)
		}
		same(t, fmt.Sprintf("result of run %d", round), done, want)
		same(t, "acquisitions", r.acquisitions(), append([]string{old[1]}, young...))
		r.sound("while an object stays")
	}
	done, err := run(t.Context(), r.config())
	r.must(err)
	same(t, "result after the repair", done, retention.Result{Acquisitions: 1, Rows: rowsOfOne, Objects: 1, Bytes: metaBytes})
	r.sound("after the repair")
}

func TestAnObjectStoreThatIsDownEndsTheRunEarly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 12 {
		r.record()
	}
	r.now = begin.Add(2 * maxAge)
	all := r.acquisitions()
	config := r.config()
	config.Blobs = brokenBlobs{r.blobs, "sessions", ""}
	done, err := run(t.Context(), config)
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "given up after 10") {
		t.Errorf("got error %v", err)
	}
	same(t, "result", done, retention.Result{})
	same(t, "acquisitions", r.acquisitions(), all)
	config.Blobs = brokenBlobs{r.blobs, "", "sessions"}
	if _, err := run(t.Context(), config); !errors.Is(err, errBroken) {
		t.Errorf("got error %v of a store that lists nothing", err)
	}
	same(t, "acquisitions", r.acquisitions(), all)
	done, err = run(t.Context(), r.config())
	r.must(err)
	same(t, "result after the repair", done, times(12))
}
