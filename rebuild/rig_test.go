package rebuild_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/collect"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// A rig is a whole system in a temporary folder, whose database may be lost.
type rig struct {
	*testing.T
	dir   string
	store *sqlite.Store
	blobs *disk.Store
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, dir: t.TempDir()}
	var err error
	if r.blobs, err = disk.Open(filepath.Join(r.dir, "objects")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.blobs.Close() })
	r.open("heimdall.db")
	return r
}

// open goes on with another database.
func (r *rig) open(name string) {
	r.Helper()
	s, err := sqlite.Open(r.Context(), sqlitetest.Create(r, filepath.Join(r.dir, name)), sqlite.Options{})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { s.Close() })
	r.store = s
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) addWebSDR(w heimdall.WebSDR) heimdall.WebSDR {
	r.Helper()
	w.Active, w.Timeout = true, 2*time.Second
	w, err := r.store.CreateWebSDR(r.Context(), w)
	r.must(err)
	return w
}

// work runs a worker until all acquisitions have ended and are described.
func (r *rig) work() {
	r.Helper()
	a, err := acquire.New(acquire.Config{Store: r.store, Blobs: r.blobs, Drivers: map[string]websdr.Driver{"sim": &sim.Driver{}},
		SpoolDir: filepath.Join(r.dir, "spool"), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Jitter: func() float64 { return 0 }})
	r.must(err)
	w := &acquire.Worker{Acquirer: a, Name: "test", Concurrency: 4, Lease: time.Minute, Ahead: time.Minute}
	ctx, stop := context.WithCancel(r.Context())
	var group sync.WaitGroup
	group.Go(func() { w.Run(ctx) })
	defer group.Wait()
	defer stop()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) { // asking costs more than the work
		open, err := r.store.Acquisitions(r.Context(), heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Pending, heimdall.Running}, Limit: 1})
		r.must(err)
		left, err := r.store.Uncollected(r.Context(), "", 1)
		r.must(err)
		if len(open) == 0 && len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			r.Fatalf("still open: %v, still to be described: %v", open, left)
		}
	}
}

func (r *rig) request(change func(*heimdall.Acquisition), ids ...int64) heimdall.Acquisition {
	r.Helper()
	a := heimdall.Acquisition{FrequencyHz: 7_100_000, Duration: 200 * time.Millisecond, ChannelBandwidthHz: 5000, JoinTimeout: 10 * time.Second, WebSDRIDs: ids}
	if change != nil {
		change(&a)
	}
	a, _, err := r.store.CreateAcquisition(r.Context(), a)
	r.must(err)
	return a
}

// record plays an acquisition of one WebSDR of any kind to its end, without a radio: row, objects and collection are
// those that a worker would have made of what edit says of its recording.
func (r *rig) record(w heimdall.WebSDR, format iq.Format, edit func(*heimdall.Recording, *heimdall.Measurement)) heimdall.Acquisition {
	r.Helper()
	a := r.request(func(a *heimdall.Acquisition) { a.FrequencyHz = 28_000_000; a.Label = "by " + w.Kind }, w.ID)
	job, err := r.store.Claim(r.Context(), "by hand", time.Minute, 0)
	r.must(err)
	c := job.Captures[0]
	c.State, c.Attempts, c.StartedAt = heimdall.Running, 1, time.Now().UTC()
	r.must(r.store.SaveProgress(r.Context(), job.Lease, []heimdall.Capture{c}))
	samples := make([]byte, 0, 64*format.Size())
	for i := uint64(0); len(samples) < 64*format.Size(); i++ {
		samples = binary.LittleEndian.AppendUint32(samples, uint32(i*2654435761)&0x3f7fffff)
	}
	samples = samples[:64*format.Size()]
	start := time.Date(2026, 11, 21, 12, 0, 0, 123_456_789, time.UTC).Add(time.Duration(w.ID) * time.Second)
	rec := heimdall.Recording{S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", a.TaskID, w.ID), Datatype: format.String(),
		SampleRateHz: 12_000.25, NominalRateHz: 12_000, FrequencyHz: a.FrequencyHz, SamplesCount: 64, ExpectedSamples: 70,
		Bytes: int64(len(samples)), SHA256: blob.SumOf(samples).SHA256, Start: start, StartSkew: 17 * time.Microsecond,
		TimeQuality: heimdall.TimeHostArrival, GPSAgeMaxS: -1, ZeroIF: new(true), PlannedSamples: 69}
	m := heimdall.Measurement{TaskID: a.TaskID, WebSDRID: w.ID, FrequencyHz: a.FrequencyHz, SampleRateHz: rec.SampleRateHz,
		Metrics: heimdall.Metrics{SNRdB: new(12.25), AlgorithmVersion: "1", Detected: true, FrequencyMethod: new("carrier"), FrequencyOffsetHz: new(-3.5)}}
	edit(&rec, &m)
	m.Timestamp, m.SamplesCount, m.S3Path, m.TimeQuality, m.TimeUncertaintyS = rec.Start, rec.SamplesCount, rec.S3Path, rec.TimeQuality, rec.TimeUncertaintyS
	c.State, c.Recording, c.EndedAt, c.BytesReceived, c.Elapsed = heimdall.Success, &rec, time.Now().UTC(), rec.Bytes, 250*time.Millisecond+1
	r.must(r.blobs.Put(r.Context(), rec.S3Path, bytes.NewReader(samples), blob.SumOf(samples)))
	meta, err := export.Metadata(a, c, w, &m)
	r.must(err)
	r.must(r.blobs.Put(r.Context(), rec.MetadataPath(), bytes.NewReader(meta), blob.SumOf(meta)))
	r.must(r.store.FinishCapture(r.Context(), job.Lease, c, &m))
	r.must(r.store.FinishAcquisition(r.Context(), job.Lease, heimdall.Success, ""))
	r.must(collect.Acquisition(r.Context(), r.store, r.blobs, a.TaskID))
	return a
}

// tables are those that hold what happened.
var tables = []string{"websdrs", "acquisitions", "captures", "measurements", "captures_hourly", "captures_daily", "legacy_metrics"}

// dump is every row of every table, but the columns left out, in an order of their own.
func (r *rig) dump(name string, leftOut map[string]bool) map[string][]string {
	r.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.dir, name)+"?_busy_timeout=10000")
	r.must(err)
	defer db.Close()
	out := map[string][]string{}
	for _, table := range tables {
		out[table] = r.dumpTable(db, table, leftOut)
	}
	return out
}

func (r *rig) dumpTable(db *sql.DB, table string, leftOut map[string]bool) []string {
	r.Helper()
	rows, err := db.Query("SELECT * FROM " + table)
	r.must(err)
	defer rows.Close()
	names, err := rows.Columns()
	r.must(err)
	lines := []string{}
	for rows.Next() {
		row := make([]any, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		r.must(rows.Scan(into...))
		var b strings.Builder
		for i, name := range names {
			if !leftOut[table+"."+name] {
				fmt.Fprintf(&b, "%s=%v\n", name, row[i])
			}
		}
		lines = append(lines, b.String())
	}
	r.must(rows.Err())
	sort.Strings(lines)
	return lines
}

func (r *rig) remove(key string) {
	r.Helper()
	r.must(os.Remove(filepath.Join(r.dir, "objects", filepath.FromSlash(key))))
}

func (r *rig) content(key string) []byte {
	r.Helper()
	content, err := os.ReadFile(filepath.Join(r.dir, "objects", filepath.FromSlash(key)))
	r.must(err)
	return content
}
