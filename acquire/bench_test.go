package acquire_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// A bench is a whole system in a temporary folder: real database, real objects, simulated receivers.
type bench struct {
	t      testing.TB
	dir    string
	store  *sqlite.Store
	blobs  blob.Store
	worker *acquire.Worker
	driver *sim.Driver
	clock  *jumpy
}

func newBench(t testing.TB) *bench {
	t.Helper()
	dir, clock := t.TempDir(), &jumpy{}
	s, err := sqlite.Open(t.Context(), sqlitetest.Create(t, filepath.Join(dir, "heimdall.db")), sqlite.Options{Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	blobs, err := disk.Open(filepath.Join(dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, dir: dir, store: s, blobs: blobs, driver: &sim.Driver{}, clock: clock}
	b.worker = b.newWorker(s, blobs)
	return b
}

func (b *bench) newWorker(s acquire.Store, blobs blob.Store) *acquire.Worker {
	b.t.Helper()
	a, err := acquire.New(acquire.Config{
		Store: s, Blobs: blobs, Drivers: map[string]websdr.Driver{"sim": b.driver},
		SpoolDir: filepath.Join(b.dir, "spool"), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now: b.clock.now, Jitter: func() float64 { return 0 },
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return &acquire.Worker{Acquirer: a, Name: "test", Concurrency: 4, Lease: time.Second, Ahead: 10 * time.Second, Grace: 0}
}

// start runs w until the returned function is called.
func start(t testing.TB, w *acquire.Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("worker: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// add registers simulated receivers by the queries of their addresses and returns their ids.
func (b *bench) add(queries ...string) []int64 {
	b.t.Helper()
	var ids []int64
	for i, q := range queries {
		w, err := b.store.CreateWebSDR(b.t.Context(), heimdall.WebSDR{
			Name: fmt.Sprintf("sim %d", i), Kind: "sim", URL: "sim:///?" + q, Active: true, SampleRateHz: 12000,
			Timeout: time.Second, RetryCount: 2,
		})
		if err != nil {
			b.t.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	return ids
}

func (b *bench) create(change func(*heimdall.Acquisition), ids ...int64) heimdall.Acquisition {
	b.t.Helper()
	a := heimdall.Acquisition{
		TaskID: uuid.Must(uuid.NewV7()).String(), FrequencyHz: 7_100_000, Duration: 500 * time.Millisecond,
		ChannelBandwidthHz: 5000, JoinTimeout: 10 * time.Second, WebSDRIDs: ids, State: heimdall.Pending, CreatedAt: time.Now().UTC(),
	}
	if change != nil {
		change(&a)
	}
	a, created, err := b.store.CreateAcquisition(b.t.Context(), a)
	if err != nil || !created {
		b.t.Fatalf("create acquisition: created %v, %v", created, err)
	}
	return a
}

// await polls until the acquisition satisfies the condition.
func (b *bench) await(taskID string, what string, ok func(heimdall.Acquisition, []heimdall.Capture) bool) (heimdall.Acquisition, []heimdall.Capture) {
	b.t.Helper()
	deadline := time.Now().Add(2 * time.Minute) // nothing takes so long, whatever else the machine does
	for {
		a, captures, err := b.store.Acquisition(b.t.Context(), taskID)
		if err != nil {
			b.t.Fatal(err)
		}
		if ok(a, captures) {
			return a, captures
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("acquisition never %s: it is %s, captures %+v", what, a.State, captures)
		}
		time.Sleep(20 * time.Millisecond) // asking costs more than the work that it waits for
	}
}

func (b *bench) awaitEnd(taskID string) (heimdall.Acquisition, []heimdall.Capture) {
	b.t.Helper()
	return b.await(taskID, "ended", func(a heimdall.Acquisition, _ []heimdall.Capture) bool { return a.State.Ended() })
}

// awaitRecording waits until the first capture's bytes flow.
func (b *bench) awaitRecording(taskID string) {
	b.t.Helper()
	b.await(taskID, "recorded", func(_ heimdall.Acquisition, captures []heimdall.Capture) bool {
		return captures[0].Phase == heimdall.PhaseRecording && captures[0].BytesReceived > 0
	})
}

// checkWhole verifies the state of everything that is stored, once the worker has stopped.
func (b *bench) checkWhole() {
	b.t.Helper()
	r, err := check.Run(b.t.Context(), b.store, b.blobs, true, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, p := range r.Problems {
		b.t.Errorf("check: %v", p)
	}
	if left, err := filepath.Glob(filepath.Join(b.dir, "spool", "*")); err != nil || len(left) > 0 {
		b.t.Errorf("the spool still holds %v, %v", left, err)
	}
}

func (b *bench) measurements(taskID string) map[int64]heimdall.Measurement {
	b.t.Helper()
	list, err := b.store.Measurements(b.t.Context(), heimdall.MeasurementFilter{TaskID: taskID, Limit: 100})
	if err != nil {
		b.t.Fatal(err)
	}
	byID := map[int64]heimdall.Measurement{}
	for _, m := range list {
		byID[m.WebSDRID] = m
	}
	if len(byID) != len(list) {
		b.t.Errorf("%d measurements of %d websdrs", len(list), len(byID))
	}
	return byID
}

func (b *bench) objects() map[string]blob.Info {
	b.t.Helper()
	all := map[string]blob.Info{}
	for info, err := range b.blobs.List(b.t.Context(), "") {
		if err != nil {
			b.t.Fatal(err)
		}
		all[info.Key] = info
	}
	return all
}
