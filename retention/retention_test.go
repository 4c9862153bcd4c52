package retention_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// aged is a rig with three acquisitions that are too old, then two that are not.
func aged(t *testing.T) (r *rig, old, young []string) { return agedOf(t, 3, 2) }

func agedOf(t *testing.T, tooOld, notOld int) (r *rig, old, young []string) {
	t.Helper()
	r = newRig(t)
	for range tooOld {
		old = append(old, r.record())
	}
	r.now = begin.Add(maxAge - time.Hour)
	for range notOld {
		young = append(young, r.record())
	}
	r.now = begin.Add(maxAge + time.Hour)
	return r, old, young
}

func TestOldAcquisitionsGoWithObjectsAndRowsAndTheirRollupsStay(t *testing.T) {
	t.Parallel()
	r, old, young := aged(t)
	_, _, err := r.store.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: r.ids})
	r.must(err)
	pending := r.acquisitions()[5]
	r.now = begin.Add(maxAge + time.Hour)
	before := r.report()

	done, err := run(t.Context(), r.config())
	r.must(err)
	same(t, "result", done, times(3))
	same(t, "acquisitions", r.acquisitions(), append(slices.Clone(young), pending))
	for _, key := range r.objects() {
		for _, id := range old {
			if strings.Contains(key, id) {
				t.Errorf("%s is still there", key)
			}
		}
	}
	same(t, "objects left", len(r.objects()), 2*objectsOfOne)
	same(t, "report", r.report(), before)
	for _, id := range old {
		d, err := r.store.Deletion(t.Context(), id)
		r.must(err)
		if d.Objects != objectsOfOne || d.Bytes != bytesOfOne || d.Rows != rowsOfOne || d.DoneAt.IsZero() || !strings.Contains(d.Reason, maxAge.String()) {
			t.Errorf("the journal says %+v", d)
		}
	}
	r.sound("after it")
	done, err = run(t.Context(), r.config())
	r.must(err)
	same(t, "result of another run", done, retention.Result{})
}

func TestAgeIsExactAndWhatHasNotEndedHasNone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.record()
	a, _, err := r.store.Acquisition(t.Context(), id)
	r.must(err)
	_, _, err = r.store.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: r.ids})
	r.must(err)
	_, err = r.store.Claim(t.Context(), "worker", time.Hour, 0)
	r.must(err)
	for _, step := range []struct {
		age  time.Duration
		want retention.Result
	}{{maxAge, retention.Result{}}, {maxAge + time.Microsecond, times(1)}, {100 * maxAge, retention.Result{}}} {
		r.now = a.EndedAt.Add(step.age)
		done, err := run(t.Context(), r.config())
		r.must(err)
		same(t, "at an age of "+step.age.String(), done, step.want)
	}
	same(t, "acquisitions left", len(r.acquisitions()), 1)
}

func TestADryRunGivesTheSameNumbersAndChangesNothing(t *testing.T) {
	t.Parallel()
	r, old, _ := aged(t)
	r.must(r.store.PlanDeletion(t.Context(), []heimdall.Deletion{{TaskID: old[1]}})) // as a run would leave it
	acquisitions, objects := r.acquisitions(), r.objects()
	config := r.config()
	config.DryRun = true
	for range 2 {
		done, err := run(t.Context(), config)
		r.must(err)
		same(t, "result of the dry run", done, times(3))
	}
	same(t, "acquisitions", r.acquisitions(), acquisitions)
	same(t, "objects", r.objects(), objects)
	if _, err := r.store.Deletion(t.Context(), old[0]); !errors.Is(err, heimdall.ErrNotFound) {
		t.Errorf("a dry run has made a plan (%v)", err)
	}
	done, err := run(t.Context(), r.config())
	r.must(err)
	same(t, "result of the run", done, times(3))
}

func TestCopiesBesideARecordingAndRecordingsElsewhereGoToo(t *testing.T) {
	t.Parallel()
	r, old, _ := aged(t)
	r.put("sessions/"+old[0]+"/websdr_1-2.sigmf-data", 50)
	r.put("sessions/"+old[0]+"-not/websdr_1.sigmf-data", 60) // of another whose id begins alike
	r.put("imported/17.sigmf-data", dataBytes)
	r.put("imported/17.sigmf-meta", metaBytes)
	db, err := sql.Open("sqlite", "file:"+r.path+"?_busy_timeout=10000")
	r.must(err)
	defer db.Close()
	for _, query := range []string{`UPDATE captures SET s3_path = 'imported/17.sigmf-data' WHERE task_id = ? AND s3_path IS NOT NULL`,
		`UPDATE measurements SET s3_path = 'imported/17.sigmf-data' WHERE task_id = ?`} {
		_, err = db.Exec(query, old[1])
		r.must(err)
	}
	done, err := run(t.Context(), r.config())
	r.must(err)
	want := times(3)
	want.Objects, want.Bytes = want.Objects+3, want.Bytes+50+bytesOfOne
	same(t, "result", done, want)
	left := r.objects()
	same(t, "objects left", len(left), 2*objectsOfOne+1)
	if !slices.Contains(left, "sessions/"+old[0]+"-not/websdr_1.sigmf-data") {
		t.Error("an object of another folder is gone")
	}
}

func TestTwoRunsAtOnceDeleteEverythingOnce(t *testing.T) {
	t.Parallel()
	r, _, young := aged(t)
	second, err := sqlite.Open(t.Context(), r.path, sqlite.Options{Now: func() time.Time { return r.now }}) // as another process
	r.must(err)
	defer second.Close()
	var group sync.WaitGroup
	var results [2]retention.Result
	for i, s := range []*sqlite.Store{r.store, second} {
		group.Go(func() {
			config := r.config()
			config.Store = s
			var err error
			if results[i], err = run(t.Context(), config); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	same(t, "acquisitions deleted by both", results[0].Acquisitions+results[1].Acquisitions, 3)
	same(t, "rows deleted by both", results[0].Rows+results[1].Rows, 3*rowsOfOne)
	same(t, "acquisitions", r.acquisitions(), young)
	same(t, "objects left", len(r.objects()), 2*objectsOfOne)
	r.sound("after both")
}

func TestOneAcquisitionIsDeletedByHandWhateverItsAge(t *testing.T) {
	t.Parallel()
	r, _, young := aged(t)
	before := r.report()
	config := r.config()
	config.DryRun = true
	dry, err := retention.Delete(t.Context(), config, young[0], "by hand")
	r.must(err)
	same(t, "result of a dry run", dry, times(1))
	done, err := retention.Delete(t.Context(), r.config(), young[0], "by hand")
	r.must(err)
	same(t, "result", done, times(1))
	d, err := r.store.Deletion(t.Context(), young[0])
	if err != nil || d.Reason != "by hand" {
		t.Errorf("the journal says %+v (%v)", d, err)
	}
	same(t, "report", r.report(), before)
	r.sound("after it")

	if _, err := retention.Delete(t.Context(), r.config(), young[0], "again"); !errors.Is(err, heimdall.ErrNotFound) {
		t.Errorf("what is deleted is deleted again: %v", err)
	}
	a, _, err := r.store.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: r.ids})
	r.must(err)
	if _, err := retention.Delete(t.Context(), r.config(), a.TaskID, "by hand"); !errors.Is(err, heimdall.ErrConflict) {
		t.Errorf("what is pending is deleted: %v", err)
	}
}

func TestThousandsGoInPagesAndBatches(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	db, err := sql.Open("sqlite", "file:"+r.path+"?_busy_timeout=10000")
	r.must(err)
	defer db.Close()
	_, err = db.Exec(`
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1199)
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
    join_timeout_seconds, state, cancel_requested, reason, created_at, ended_at, claims, fence)
SELECT printf('task-%04d', i), '', 1, 1.0, 0, 0.0, 0.0, 1.0, 'failed', 0, '', 1, 1 + i / 7, 0, 0 FROM n`)
	r.must(err)
	config := r.config()
	config.DryRun = true
	for _, config := range []retention.Config{config, r.config()} {
		done, err := run(t.Context(), config)
		r.must(err)
		same(t, "result", done, retention.Result{Acquisitions: 1200, Rows: 1200})
	}
	same(t, "acquisitions left", r.acquisitions(), []string{})
}

// finishes notes how many acquisitions each transaction deletes.
type finishes struct {
	retention.Store
	sizes []int
}

func (f *finishes) FinishDeletion(ctx context.Context, taskIDs []string) ([]heimdall.Deletion, error) {
	f.sizes = append(f.sizes, len(taskIDs))
	return f.Store.FinishDeletion(ctx, taskIDs)
}

func TestATransactionDeletesNoMoreRowsThanItMay(t *testing.T) {
	t.Parallel()
	for batchRows, want := range map[int64][]int{0: {5}, 2 * rowsOfOne: {2, 2, 1}, 1: {1, 1, 1, 1, 1}} {
		r := newRig(t)
		for range 5 {
			r.record()
		}
		r.now = r.now.Add(2 * maxAge)
		config := r.config()
		seen := &finishes{Store: r.store}
		config.Store, config.BatchRows = seen, batchRows
		done, err := run(t.Context(), config)
		r.must(err)
		same(t, "result", done, times(5))
		same(t, fmt.Sprintf("acquisitions of each transaction of %d rows", batchRows), seen.sizes, want)
	}
}

func TestWhoKeepsDaysKeepsThemWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.now = begin.Truncate(24 * time.Hour).Add(24*time.Hour - 90*time.Second)
	r.record() // ends 30 s before midnight
	after := r.record()
	config := r.config()
	config.MaxAge = 30 * 24 * time.Hour
	for _, step := range []struct {
		at   time.Duration // from midnight
		want retention.Result
	}{{config.MaxAge - time.Second, retention.Result{}}, {config.MaxAge, times(1)}, {config.MaxAge + 23*time.Hour, retention.Result{}}} {
		r.now = begin.Truncate(24 * time.Hour).Add(24*time.Hour + step.at)
		done, err := run(t.Context(), config)
		r.must(err)
		same(t, fmt.Sprintf("%v after midnight", step.at), done, step.want)
	}
	same(t, "acquisitions left", r.acquisitions(), []string{after})
}

func TestRepeatRunsUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	r, _, young := aged(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config, now, runs := r.config(), r.now, 0
	config.Now = func() time.Time {
		if runs++; runs == 10 {
			cancel()
		}
		return now
	}
	keeper, err := retention.NewKeeper(config)
	r.must(err)
	r.must(keeper.Repeat(ctx, time.Millisecond))
	same(t, "acquisitions", r.acquisitions(), young)
}

func TestAnAgeThatLooksLikeAWrongUnitIsRefused(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{-1, 30, 30 * time.Minute} {
		config := retention.Config{MaxAge: age}
		if _, err := run(t.Context(), config); err == nil || !strings.Contains(err.Error(), "too short") {
			t.Errorf("an age of %v gives %v", age, err)
		}
		if _, err := retention.NewKeeper(config); err == nil {
			t.Errorf("an age of %v is kept", age)
		}
	}
}

func TestTheFileShrinksWhenRowsGo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heimdall.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := &rig{T: t, path: path, store: s}
	db, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=10000")
	r.must(err)
	defer db.Close()
	_, err = db.Exec(`
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
    join_timeout_seconds, state, cancel_requested, reason, created_at, ended_at, claims, fence)
SELECT printf('task-%04d', i), '', 1, 1.0, 0, 0.0, 0.0, 1.0, 'failed', 0, hex(zeroblob(1000)), 1, 1, 0, 0 FROM n`)
	r.must(err)
	var before, after int64
	r.must(db.QueryRow(`PRAGMA page_count`).Scan(&before))
	done, err := run(t.Context(), retention.Config{Store: s, Blobs: newRig(t).blobs, MaxAge: maxAge})
	r.must(err)
	r.must(db.QueryRow(`PRAGMA page_count`).Scan(&after))
	if done.Acquisitions != 1000 || after > before/5 {
		t.Errorf("%d acquisitions gone, the file had %d pages and has %d", done.Acquisitions, before, after)
	}
}
