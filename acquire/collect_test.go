package acquire_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/collect"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// awaitCollected waits until the row says that the collection is there.
func (b *bench) awaitCollected(taskID string) *export.Collected {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		list, err := b.store.Collected(b.t.Context(), "", 100)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, id := range list {
			if id == taskID {
				c, err := collect.Read(b.t.Context(), b.blobs, export.CollectionKey(taskID, 1))
				if err != nil {
					b.t.Fatal(err)
				}
				return c
			}
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("acquisition %s is never collected", taskID)
		}
		time.Sleep(20 * time.Millisecond) // asking costs more than the work that it waits for
	}
}

// wantRows checks that a collection says what the rows say.
func (b *bench) wantRows(c *export.Collected) {
	b.t.Helper()
	a, captures, err := b.store.Acquisition(b.t.Context(), c.Acquisition.TaskID)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range c.Captures {
		if rec := c.Captures[i].Recording; rec != nil && rec.Gaps == nil {
			rec.Gaps = []heimdall.Gap{}
		}
	}
	if diff := cmp.Diff(a, c.Acquisition); diff != "" {
		b.t.Errorf("acquisition (-row +collection):\n%s", diff)
	}
	if diff := cmp.Diff(captures, c.Captures); diff != "" {
		b.t.Errorf("captures (-rows +collection):\n%s", diff)
	}
	found := b.measurements(a.TaskID)
	if len(found) != len(c.Measurements) {
		b.t.Errorf("%d measurements, the collection has %d", len(found), len(c.Measurements))
	}
	for _, m := range c.Measurements {
		if diff := cmp.Diff(found[m.WebSDRID], m); diff != "" {
			b.t.Errorf("measurement (-row +collection):\n%s", diff)
		}
	}
}

func TestAnAcquisitionThatHasEndedIsDescribedAmongTheObjects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=fast&seed=1", "pace=fast&fault=busy", "pace=fast&seed=3")
	stop := start(t, b.worker)
	a := b.create(func(a *heimdall.Acquisition) { a.Label = "for the collection" }, ids[2], ids[0], ids[1])
	c := b.awaitCollected(a.TaskID)
	stop()
	b.wantRows(c)
	if c.Acquisition.State != heimdall.Partial || len(c.WebSDRs) != 3 || len(c.Streams) != 2 {
		t.Errorf("it is %s with %d WebSDRs and %d streams", c.Acquisition.State, len(c.WebSDRs), len(c.Streams))
	}
	doc, err := collect.ReadObject(t.Context(), b.blobs, export.CollectionKey(a.TaskID, 1))
	if err != nil {
		t.Fatal(err)
	}
	err = sigmf.CheckCollection(doc, func(name string) ([]byte, error) {
		return collect.ReadObject(t.Context(), b.blobs, "sessions/"+a.TaskID+"/"+name+".sigmf-meta")
	})
	if err != nil {
		t.Error(err)
	}
	b.checkWhole()
}

func TestWhatWasCancelledBeforeAnyWorkerHadBegunIsDescribedToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.create(nil, b.add("pace=fast")...)
	if _, err := b.store.CancelAcquisition(t.Context(), a.TaskID); err != nil {
		t.Fatal(err)
	}
	stop := start(t, b.worker)
	c := b.awaitCollected(a.TaskID)
	stop()
	b.wantRows(c)
	if c.Acquisition.State != heimdall.Cancelled {
		t.Errorf("it is %s", c.Acquisition.State)
	}
	b.checkWhole()
}

// closed refuses collections.
type closed struct{ blob.Store }

func (c closed) Put(ctx context.Context, key string, r io.Reader, want blob.Sum) error {
	if strings.HasSuffix(key, sigmf.CollectionExt) {
		return errors.New("killed")
	}
	return c.Store.Put(ctx, key, r, want)
}

// forgetful dies between the object and the row that says that it is there.
type forgetful struct{ acquire.Store }

func (forgetful) SetCollected(context.Context, string, bool) error { return errors.New("killed") }

func TestACollectionThatADyingWorkerLeftUndoneIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for name, dying := range map[string]func(*bench) *acquire.Worker{
		"before the object":              func(b *bench) *acquire.Worker { return b.newWorker(b.store, closed{b.blobs}) },
		"between the object and its row": func(b *bench) *acquire.Worker { return b.newWorker(forgetful{b.store}, b.blobs) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ids := b.add("pace=fast")
			stop := start(t, dying(b))
			a := b.create(nil, ids...)
			b.awaitEnd(a.TaskID)
			stop()
			b.checkWhole() // what is still to be written is no problem
			if list, err := b.store.Uncollected(t.Context(), "", 10); err != nil || len(list) != 1 {
				t.Errorf("still to be written: %v (%v)", list, err)
			}
			// Whatever changed meanwhile, the collection that is there stays.
			w, err := b.store.WebSDR(t.Context(), ids[0])
			if err != nil {
				t.Fatal(err)
			}
			w.Notes = "changed"
			if _, err := b.store.UpdateWebSDR(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			before := b.objects()
			stop = start(t, b.worker)
			b.wantRows(b.awaitCollected(a.TaskID))
			stop()
			after := b.objects()
			for key, info := range before {
				if after[key].SHA256 != info.SHA256 {
					t.Errorf("%s changed", key)
				}
			}
			if _, err := b.blobs.Stat(t.Context(), export.CollectionKey(a.TaskID, 2)); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("there is a second collection: %v", err)
			}
			b.checkWhole()
		})
	}
}

func TestACollectionThatCannotBeReadIsWrittenBesideIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=fast")
	stop := start(t, b.newWorker(b.store, closed{b.blobs}))
	a := b.create(nil, ids...)
	b.awaitEnd(a.TaskID)
	stop()
	rubbish := []byte("not a collection")
	if err := b.blobs.Put(t.Context(), export.CollectionKey(a.TaskID, 1), strings.NewReader(string(rubbish)), blob.SumOf(rubbish)); err != nil {
		t.Fatal(err)
	}
	if err := collect.Acquisition(t.Context(), b.store, b.blobs, a.TaskID); err != nil {
		t.Fatal(err)
	}
	c, err := collect.Read(t.Context(), b.blobs, export.CollectionKey(a.TaskID, 2))
	if err != nil {
		t.Fatal(err)
	}
	b.wantRows(c)
	b.checkWhole()
}

func TestAnAcquisitionThatGoesOnIsNotDescribed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.create(nil, b.add("pace=fast")...)
	if err := collect.Acquisition(t.Context(), b.store, b.blobs, a.TaskID); !errors.Is(err, heimdall.ErrConflict) {
		t.Errorf("got error %v, want ErrConflict", err)
	}
	if err := collect.Acquisition(t.Context(), b.store, b.blobs, "01957c2e-5d00-7000-8000-0123456789ab"); !errors.Is(err, heimdall.ErrNotFound) {
		t.Errorf("got error %v, want ErrNotFound", err)
	}
}

// racing plans the deletion of an acquisition at the last moment before its collection is noted.
type racing struct{ *sqlite.Store }

func (r racing) SetCollected(ctx context.Context, taskID string, collected bool) error {
	if err := r.PlanDeletion(ctx, []heimdall.Deletion{{TaskID: taskID, Reason: "a test"}}); err != nil {
		return err
	}
	return r.Store.SetCollected(ctx, taskID, collected)
}

func TestACollectionOfWhatIsBeingDeletedDoesNotStay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.create(nil, b.add("pace=fast")...)
	if _, err := b.store.CancelAcquisition(t.Context(), a.TaskID); err != nil {
		t.Fatal(err)
	}
	if err := collect.Acquisition(t.Context(), racing{b.store}, b.blobs, a.TaskID); !errors.Is(err, heimdall.ErrNotFound) {
		t.Errorf("got error %v, want ErrNotFound", err)
	}
	if left := b.objects(); len(left) > 0 {
		t.Errorf("there are still %v", left)
	}
}
