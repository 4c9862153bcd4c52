package client_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
)

// A rig is a client of a real server over a real database and a real object store.
type rig struct {
	*testing.T
	*client.Client
	store  *sqlite.Store
	blobs  *disk.Store
	server *httptest.Server
	mu     sync.Mutex
	called map[string]bool // "GET /healthz", guarded by mu
}

func newRig(t *testing.T, wrap ...func(http.Handler) http.Handler) *rig {
	t.Helper()
	r := &rig{T: t, called: map[string]bool{}}
	var err error
	r.store, err = sqlite.Open(t.Context(), sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db")), sqlite.Options{})
	r.must(err)
	t.Cleanup(func() { r.store.Close() })
	r.blobs, err = disk.Open(t.TempDir())
	r.must(err)
	keeper, err := retention.NewKeeper(retention.Config{Store: r.store, Blobs: r.blobs})
	r.must(err)
	handler := api.New(api.Config{Store: r.store, Blobs: r.blobs, Retention: keeper, EventPoll: time.Millisecond})
	for _, f := range wrap {
		handler = f(handler)
	}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.called[req.Method+" "+req.URL.Path] = true
		r.mu.Unlock()
		handler.ServeHTTP(w, req)
	}))
	t.Cleanup(r.server.Close)
	r.Client, err = client.New(r.server.URL, client.Options{HTTP: r.server.Client()})
	r.must(err)
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// refused fails unless err is a problem of that status.
func (r *rig) refused(err error, status int) *client.Problem {
	r.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != status {
		r.Fatalf("error is %v, want a problem of status %d", err, status)
	}
	return p
}

func input(name string) wire.WebSDRInput {
	return wire.WebSDRInput{Name: name, Kind: "sim", URL: "sim://" + strings.ToLower(name), Latitude: 45, Longitude: 7.5}
}

// finish does a worker's part of the oldest acquisition: every capture succeeds.
func (r *rig) finish() {
	r.Helper()
	job, err := r.store.Claim(r.Context(), "worker", time.Minute, 0)
	r.must(err)
	for _, c := range job.Captures {
		r.finishCapture(job, c)
	}
	r.must(r.store.FinishAcquisition(r.Context(), job.Lease, heimdall.Success, ""))
}

const data = "\x00\x80\x00\x00\xff\x7f\x01\x00"

func (r *rig) finishCapture(job *acquire.Job, c heimdall.Capture) {
	r.Helper()
	c.State, c.Phase, c.StartedAt = heimdall.Running, heimdall.PhaseRecording, time.Now()
	r.must(r.store.SaveProgress(r.Context(), job.Lease, []heimdall.Capture{c}))
	start := time.Date(2026, 3, 1, 12, 0, int(c.WebSDRID), 0, time.UTC)
	snr := float64(c.WebSDRID)
	c.State, c.Phase, c.EndedAt = heimdall.Success, heimdall.PhaseDone, time.Now()
	c.Recording = &heimdall.Recording{
		S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID), Datatype: "ci16_le", SampleRateHz: 12000,
		NominalRateHz: 12000, FrequencyHz: job.Acquisition.FrequencyHz, SamplesCount: 2, ExpectedSamples: 2, Bytes: int64(len(data)),
		SHA256: sha(data), Start: start, TimeQuality: heimdall.TimeHostArrival, GPSAgeMaxS: -1,
	}
	m := &heimdall.Measurement{
		TaskID: c.TaskID, WebSDRID: c.WebSDRID, Timestamp: start, FrequencyHz: job.Acquisition.FrequencyHz, SampleRateHz: 12000,
		SamplesCount: 2, S3Path: c.Recording.S3Path, TimeQuality: heimdall.TimeHostArrival,
		Metrics: heimdall.Metrics{SNRdB: &snr, Detected: true, NoiseSource: "in_band", AlgorithmVersion: "1"},
	}
	r.must(r.store.FinishCapture(r.Context(), job.Lease, c, m))
	r.must(r.blobs.Put(r.Context(), c.Recording.S3Path, strings.NewReader(data), blob.Sum{Bytes: int64(len(data)), SHA256: sha(data)}))
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
