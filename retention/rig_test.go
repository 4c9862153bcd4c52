package retention_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
)

const maxAge = 40 * time.Hour // below that of whole days

var begin = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// A rig is a database and an object store, and the clock of both the database and retention.
type rig struct {
	*testing.T
	now   time.Time
	path  string // of the database
	store *sqlite.Store
	blobs *disk.Store
	ids   []int64 // of the WebSDRs
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, now: begin, path: sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db"))}
	var err error
	r.store, err = sqlite.Open(t.Context(), r.path, sqlite.Options{Now: func() time.Time { return r.now }})
	r.must(err)
	t.Cleanup(func() { r.store.Close() })
	r.blobs, err = disk.Open(filepath.Join(t.TempDir(), "objects"))
	r.must(err)
	for i := range 2 {
		w, err := r.store.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: fmt.Sprint("kiwi ", i), Kind: "kiwisdr",
			URL: fmt.Sprintf("http://kiwi%d.example:8073", i), Active: true, Timeout: time.Second})
		r.must(err)
		r.ids = append(r.ids, w.ID)
	}
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) config() retention.Config {
	return retention.Config{Store: r.store, Blobs: r.blobs, MaxAge: maxAge, Now: func() time.Time { return r.now }}
}

// run is one run, of which what it did in all is wanted.
func run(ctx context.Context, c retention.Config) (retention.Result, error) {
	done, err := retention.Run(ctx, c)
	return done.Result, err
}

// put stores an object of n bytes.
func (r *rig) put(key string, n int) blob.Sum {
	r.Helper()
	content := bytes.Repeat([]byte{7}, n)
	r.must(r.blobs.Put(r.Context(), key, bytes.NewReader(content), blob.SumOf(content)))
	return blob.SumOf(content)
}

const (
	dataBytes, metaBytes = 1000, 100
	rowsOfOne            = 4 // an acquisition, two captures, one measurement
	objectsOfOne         = 2
	bytesOfOne           = dataBytes + metaBytes
)

// record stores an acquisition one capture of which succeeded and the other failed, a minute after the one before.
func (r *rig) record() (taskID string) {
	r.Helper()
	r.now = r.now.Add(time.Minute)
	_, _, err := r.store.CreateAcquisition(r.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: r.ids})
	r.must(err)
	job, err := r.store.Claim(r.Context(), "worker", time.Hour, 0)
	r.must(err)
	won, lost := job.Captures[0], job.Captures[1]
	won.State = heimdall.Running
	r.must(r.store.SaveProgress(r.Context(), job.Lease, []heimdall.Capture{won}))
	won.State, won.StartedAt = heimdall.Success, r.now
	won.Recording = &heimdall.Recording{S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", job.TaskID, won.WebSDRID),
		Datatype: "ci16_le", SampleRateHz: 12_000, FrequencyHz: 7_074_000, SamplesCount: dataBytes / 4, Start: r.now}
	sum := r.put(won.Recording.S3Path, dataBytes)
	r.put(won.Recording.MetadataPath(), metaBytes)
	won.Recording.Bytes, won.Recording.SHA256 = sum.Bytes, sum.SHA256
	m := heimdall.Measurement{TaskID: job.TaskID, WebSDRID: won.WebSDRID, Timestamp: r.now, FrequencyHz: 7_074_000,
		SampleRateHz: 12_000, SamplesCount: dataBytes / 4, S3Path: won.Recording.S3Path,
		Metrics: heimdall.Metrics{SNRdB: new(12.5), AlgorithmVersion: "1"}}
	r.must(r.store.FinishCapture(r.Context(), job.Lease, won, &m))
	lost.State, lost.FailureClass = heimdall.Failed, heimdall.FailBusy
	r.must(r.store.FinishCapture(r.Context(), job.Lease, lost, nil))
	r.must(r.store.FinishAcquisition(r.Context(), job.Lease, heimdall.Partial, ""))
	return job.TaskID
}

// acquisitions are the ids of those that there are, oldest first.
func (r *rig) acquisitions() []string {
	r.Helper()
	list, err := r.store.Acquisitions(context.Background(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage})
	r.must(err)
	out := []string{}
	for _, a := range list {
		out = append(out, a.TaskID)
	}
	slices.Reverse(out)
	return out
}

// objects are the keys of those that there are.
func (r *rig) objects() []string {
	r.Helper()
	out := []string{}
	for info, err := range r.blobs.List(context.Background(), "") {
		r.must(err)
		out = append(out, info.Key)
	}
	return out
}

// report is what retention must never change.
func (r *rig) report() heimdall.PerformanceReport {
	r.Helper()
	report, err := r.store.PerformanceReport(context.Background(), heimdall.AnalyticsFilter{From: begin.Truncate(24 * time.Hour), To: begin.AddDate(0, 3, 0).Truncate(24 * time.Hour)})
	r.must(err)
	return report
}

// sound fails unless heimdall check finds nothing amiss.
func (r *rig) sound(when string) {
	r.Helper()
	found, err := check.Run(context.Background(), r.store, r.blobs, false, nil)
	r.must(err)
	for _, p := range found.Problems {
		r.Errorf("%s: %v", when, p)
	}
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// times is what n acquisitions of record amount to.
func times(n int64) retention.Result {
	return retention.Result{Acquisitions: n, Rows: n * rowsOfOne, Objects: n * objectsOfOne, Bytes: n * bytesOfOne}
}
