package retention_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// rules is the config with other rules than age.
func (r *rig) rules(change func(*retention.Config)) retention.Config {
	c := r.config()
	c.MaxAge = 0
	change(&c)
	return c
}

// hold holds an acquisition.
func (r *rig) hold(taskID string) {
	r.Helper()
	r.must(r.store.HoldAcquisition(r.Context(), taskID, heimdall.Hold{By: "IZ1ABC", Reason: "evidence"}))
}

// hear changes what was heard on an acquisition.
func (r *rig) hear(taskID string, snrDB *float64, detected bool) {
	r.Helper()
	list, err := r.store.Measurements(r.Context(), heimdall.MeasurementFilter{TaskID: taskID, Limit: 10})
	r.must(err)
	for _, m := range list {
		metrics := m.Metrics
		metrics.AlgorithmVersion, metrics.SNRdB, metrics.Detected = "2", snrDB, detected
		key := heimdall.MeasurementKey{Timestamp: m.Timestamp, TaskID: m.TaskID, WebSDRID: m.WebSDRID}
		r.must(r.store.ReplaceMetrics(r.Context(), key, m.AlgorithmVersion, metrics))
	}
}

// failed stores an acquisition without recordings, a minute after the one before.
func (r *rig) failed() (taskID string) {
	r.Helper()
	r.now = r.now.Add(time.Minute)
	_, _, err := r.store.CreateAcquisition(r.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: r.ids})
	r.must(err)
	job, err := r.store.Claim(r.Context(), "worker", time.Hour, 0)
	r.must(err)
	for _, c := range job.Captures {
		c.State, c.FailureClass = heimdall.Failed, heimdall.FailBusy
		r.must(r.store.FinishCapture(r.Context(), job.Lease, c, nil))
	}
	r.must(r.store.FinishAcquisition(r.Context(), job.Lease, heimdall.Failed, ""))
	return job.TaskID
}

// bytes are those of all objects.
func (r *rig) bytes() (n int64) {
	r.Helper()
	for info, err := range r.blobs.List(context.Background(), "") {
		r.must(err)
		n += info.Bytes
	}
	return n
}

func TestWhatIsHeldStaysWhateverTheRules(t *testing.T) {
	t.Parallel()
	r, old, young := aged(t)
	for _, id := range append(old, young...) {
		r.hear(id, nil, false)
	}
	r.hold(old[1])
	r.now = r.now.Add(3 * maxAge)
	config := r.rules(func(c *retention.Config) {
		c.MaxAge, c.MaxAgeQuiet, c.MaxBytes, c.MinFreeBytes = 2*maxAge, maxAge, 1, 1<<60
		c.Free = func() (int64, error) { return 0, nil }
	})
	_, err := run(t.Context(), config)
	r.must(err)
	same(t, "acquisitions", r.acquisitions(), []string{old[1]})
	_, err = retention.Delete(t.Context(), config, old[1], "by hand")
	if !errors.Is(err, heimdall.ErrConflict) || !strings.Contains(err.Error(), "IZ1ABC") || !strings.Contains(err.Error(), "evidence") {
		t.Errorf("the error %v does not say who holds it and why", err)
	}
	r.sound("while it is held")
	r.must(r.store.ReleaseAcquisition(t.Context(), old[1]))
	_, err = run(t.Context(), config)
	r.must(err)
	same(t, "acquisitions when it is released", r.acquisitions(), []string{})
}

// holdsLate holds an acquisition at the last moment: after it was listed, before it is planned.
type holdsLate struct {
	retention.Store
	r  *rig
	id string
}

func (h holdsLate) PlanDeletion(ctx context.Context, plans []heimdall.Deletion) error {
	h.r.hold(h.id)
	return h.Store.PlanDeletion(ctx, plans)
}

func TestWhatIsHeldAtTheLastMomentStaysAndTheOthersGo(t *testing.T) {
	t.Parallel()
	r, old, young := aged(t)
	config := r.config()
	config.Store = holdsLate{r.store, r, old[1]}
	done, err := run(t.Context(), config)
	r.must(err)
	same(t, "result", done, times(2))
	same(t, "acquisitions", r.acquisitions(), append([]string{old[1]}, young...))
}

func TestTwoProcessesUnderOneQuotaDeleteNoMoreThanOne(t *testing.T) {
	t.Parallel()
	for round := range 2 {
		r := newRig(t)
		for range 14 {
			r.record()
		}
		all := r.acquisitions()
		second, err := sqlite.Open(t.Context(), r.path, sqlite.Options{Now: func() time.Time { return r.now }}) // as another process
		r.must(err)
		defer second.Close()
		var group sync.WaitGroup
		for i, s := range []*sqlite.Store{r.store, second, r.store, second} {
			group.Go(func() {
				config := r.rules(func(c *retention.Config) { c.MaxBytes = 8*dataBytes + 1 })
				if i > 1 { // the same by room: 6 are missing
					config.MaxBytes, config.MinFreeBytes, config.Free = 0, 7*dataBytes, r.room(15*dataBytes)
				}
				config.Store = s
				if _, err := retention.Run(t.Context(), config); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		left := r.acquisitions()
		if len(left) < 8 {
			t.Errorf("round %d: of 14 stay %d, want the newest 8", round, len(left))
		}
		// Room may be measured while the others delete; then it is for the next run to see what is missing.
		config := r.rules(func(c *retention.Config) { c.MaxBytes = 8*dataBytes + 1 })
		_, err = run(t.Context(), config)
		r.must(err)
		same(t, "acquisitions", r.acquisitions(), all[6:])
		r.sound("after all")
	}
}

func TestARunByQuotaThatIsKilledAnywhereIsFinishedByTheNextWhichDeletesNoMore(t *testing.T) {
	t.Parallel()
	for at := range stepsOfARun {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("at step %d, answer lost %v", at, after), func(t *testing.T) {
				t.Parallel()
				r, _, young := agedOf(t, 2, 2)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				k := &killer{at: at, after: after, kill: cancel}
				config := r.rules(func(c *retention.Config) { c.MaxBytes = 2 * dataBytes })
				config.Store, config.Blobs = killedStore{r.store, k}, killedBlobs{r.blobs, k}
				if _, err := retention.Run(ctx, config); err == nil {
					t.Fatal("the run was not killed")
				}
				if k.steps != at+1 {
					t.Errorf("after the kill %d more steps were taken", k.steps-at-1)
				}
				r.sound("after the kill")
				_, err := retention.Run(t.Context(), r.rules(func(c *retention.Config) { c.MaxBytes = 2 * dataBytes }))
				r.must(err)
				same(t, "acquisitions", r.acquisitions(), young)
				same(t, "objects left", len(r.objects()), 2*objectsOfOne)
				r.sound("in the end")
			})
		}
	}
}

func TestAFullDiskIsLookedAtOnceAndWhatIsPlannedCountsAsFree(t *testing.T) {
	t.Parallel()
	r, old, young := aged(t)
	r.must(r.store.PlanDeletion(t.Context(), []heimdall.Deletion{{TaskID: old[2]}}))
	config := r.rules(func(c *retention.Config) {
		c.MinFreeBytes, c.Free = 2*dataBytes, func() (int64, error) { return 0, nil } // a file system that is slow to give room back
	})
	config.Blobs = brokenBlobs{r.blobs, old[2], ""} // so that it stays planned
	_, err := run(t.Context(), config)
	if !errors.Is(err, errBroken) {
		t.Errorf("got error %v", err)
	}
	same(t, "acquisitions", r.acquisitions(), append([]string{old[1], old[2]}, young...))
}

func TestFilesShrinkByWhatTheQuotaTakes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const all, stay = 30, 5
	for range all {
		r.record()
	}
	database, objects := fileSize(t, r.path), r.bytes()
	config := r.rules(func(c *retention.Config) { c.MaxBytes = stay * dataBytes })
	done, err := run(t.Context(), config)
	r.must(err)
	same(t, "result", done, times(all-stay))
	same(t, "bytes of the objects", r.bytes(), objects-done.Bytes)
	if after := fileSize(t, r.path); after >= database {
		t.Errorf("the file of the database had %d bytes and has %d", database, after)
	}
	same(t, "bytes of the recordings left", r.bytes(), stay*bytesOfOne)
}

// fileSize is that of a database with its log.
func fileSize(t *testing.T, path string) (n int64) {
	t.Helper()
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		n += info.Size()
	}
	return n
}

func TestRulesThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]retention.Config{
		"too short":             {MaxAgeQuiet: 30 * time.Minute},
		"negative":              {MaxBytes: -1},
		"cannot say how much r": {MinFreeBytes: 1},
	} {
		if _, err := retention.NewKeeper(c); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v gives %v, want that it says %q", c, err, what)
		}
	}
}
