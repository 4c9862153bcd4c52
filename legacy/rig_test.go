package legacy_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/legacy"
	"github.com/heimdall-sdr/heimdall/recompute"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
)

const (
	taskA = "0b5a1c9e-6d3f-4f0e-9a77-3a1d5b2c7e01"
	taskB = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
)

var (
	now   = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	taken = time.Date(2025, 3, 1, 8, 30, 15, 123456000, time.UTC)
)

// A bucket is a folder that is like the Python system's bucket.
type bucket struct {
	*testing.T
	dir string
}

func newBucket(t *testing.T) *bucket { return &bucket{t, t.TempDir()} }

func (b *bucket) put(key string, content []byte) {
	b.Helper()
	path := filepath.Join(b.dir, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.Chtimes(path, now.AddDate(0, -1, 0), now.AddDate(0, -1, 0)); err != nil {
		b.Fatal(err)
	}
}

// received are samples as the Python system had them: int16 through 32767, a tone in noise.
func received(n int, seed uint64) []complex64 {
	r := rand.New(rand.NewPCG(seed, 1))
	z := make([]complex64, n)
	for k := range z {
		p := 2 * math.Pi * 0.08 * float64(k)
		i := math.Round(9000*math.Cos(p) + 700*r.NormFloat64())
		q := math.Round(9000*math.Sin(p) + 700*r.NormFloat64())
		z[k] = complex(float32(i)/32767, float32(q)/32767)
	}
	return z
}

// npy is what numpy.save writes of complex64.
func npy(z []complex64) []byte {
	body := make([]byte, 8*len(z))
	iq.Encode(body, z, iq.CF32LE)
	return append(iq.NPYHeader(int64(len(z))), body...)
}

// npy128 is what numpy.save writes of complex128.
func npy128(z []complex128) []byte {
	b := bytes.Replace(iq.NPYHeader(int64(len(z))), []byte("<c8', "), []byte("<c16',"), 1)
	for _, v := range z {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(real(v)))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(imag(v)))
	}
	return b
}

// metadata is a websdr_{id}_metadata.json as the program writes it.
func metadata(websdrID int64, samples int, at string) string {
	return fmt.Sprintf(`{
  "websdr_id": %d,
  "frequency_mhz": 145.5,
  "sample_rate_khz": 12.5,
  "samples_count": %d,
  "timestamp_utc": "%s",
  "metrics": {
    "snr_db": 7.25,
    "psd_dbm": -61.5,
    "frequency_offset_hz": 1000.2,
    "signal_power_dbm": -20.5,
    "noise_power_dbm": -27.75
  }
}`, websdrID, samples, at)
}

func (b *bucket) recording(task string, websdrID int64, z []complex64) {
	b.Helper()
	b.put(fmt.Sprintf("sessions/%s/websdr_%d.npy", task, websdrID), npy(z))
	b.put(fmt.Sprintf("sessions/%s/websdr_%d_metadata.json", task, websdrID), []byte(metadata(websdrID, len(z), taken.Format("2006-01-02T15:04:05.000000"))))
}

// A rig is a database and an object store.
type rig struct {
	*testing.T
	store database
	blobs *disk.Store

	findings []legacy.Finding // of the last import
}

// A database is what importing, checking and looking ask of one.
type database interface {
	legacy.Store
	check.Store
	recompute.Store
	CreateWebSDR(ctx context.Context, w heimdall.WebSDR) (heimdall.WebSDR, error)
	WebSDRs(ctx context.Context, f heimdall.WebSDRFilter) ([]heimdall.WebSDR, error)
	PlanDeletion(ctx context.Context, plans []heimdall.Deletion) error
	FinishDeletion(ctx context.Context, taskIDs []string) ([]heimdall.Deletion, error)
	Close() error
}

func newRig(t *testing.T) *rig {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db")), sqlite.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return newRigOn(t, s)
}

func newRigOn(t *testing.T, s database) *rig {
	t.Helper()
	t.Cleanup(func() { s.Close() })
	blobs, err := disk.Open(filepath.Join(t.TempDir(), "objects"))
	if err != nil {
		t.Fatal(err)
	}
	return &rig{T: t, store: s, blobs: blobs}
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (b *bucket) folder() *legacy.Folder {
	b.Helper()
	f, err := legacy.OpenFolder(b.dir)
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// run imports the bucket.
func (r *rig) run(b *bucket, opt legacy.Options) legacy.Report {
	r.Helper()
	r.findings = nil
	opt.Now = func() time.Time { return now }
	opt.Find = func(f legacy.Finding) { r.findings = append(r.findings, f) }
	report, err := legacy.Import(r.Context(), b.folder(), r.store, r.blobs, opt)
	r.must(err)
	return report
}

// expect fails unless the report's counts are those; the reasons are compared by found.
func (r *rig) expect(got, want legacy.Report) {
	r.Helper()
	got.Reasons, want.Reasons, got.Bytes = nil, nil, want.Bytes
	if diff := cmp.Diff(want, got); diff != "" {
		r.Errorf("report (-want +got):\n%s%v", diff, r.findings)
	}
}

// found fails unless the findings are these, each "key reason", in any order; skipped ones begin with a minus.
func (r *rig) found(want ...string) {
	r.Helper()
	got := []string{}
	for _, f := range r.findings {
		text := strings.TrimPrefix(f.Key, "sessions/") + " " + string(f.Reason)
		if f.Skipped {
			text = "-" + text
		}
		if f.Reason != legacy.StandIn {
			got = append(got, text)
		}
		if f.Detail == "" {
			r.Errorf("%s says nothing more", text)
		}
	}
	slices.Sort(got)
	want = append([]string{}, want...)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		r.Errorf("findings (-want +got):\n%s", diff)
	}
}

// sound fails unless everything that is stored agrees with itself.
func (r *rig) sound() {
	r.Helper()
	report, err := check.Run(r.Context(), r.store, r.blobs, true, nil)
	r.must(err)
	for _, p := range report.Problems {
		r.Errorf("check: %v", p)
	}
}

// rows are the captures and measurements of an acquisition.
func (r *rig) rows(task string) (heimdall.Acquisition, []heimdall.Capture, []heimdall.Measurement, []heimdall.LegacyMetrics) {
	r.Helper()
	id := heimdall.TaskIDOf(task)
	a, captures, err := r.store.Acquisition(r.Context(), id)
	r.must(err)
	measurements, err := r.store.Measurements(r.Context(), heimdall.MeasurementFilter{TaskID: id, Limit: 100})
	r.must(err)
	slices.SortFunc(measurements, func(a, b heimdall.Measurement) int { return int(a.WebSDRID - b.WebSDRID) })
	old, err := r.store.LegacyMetrics(r.Context(), id)
	r.must(err)
	return a, captures, measurements, old
}

// state is everything that is stored, as text.
func (r *rig) state() string {
	r.Helper()
	var out strings.Builder
	for c, err := range r.store.RecordingKeys(r.Context()) {
		r.must(err)
		a, captures, measurements, old := r.rows(c.TaskID)
		text, err := json.Marshal([]any{a, captures, measurements, old})
		r.must(err)
		fmt.Fprintf(&out, "%s\n", text)
	}
	for info, err := range r.blobs.List(r.Context(), "") {
		r.must(err)
		fmt.Fprintln(&out, info.Key, info.Bytes, info.SHA256)
	}
	list, err := r.store.WebSDRs(r.Context(), heimdall.WebSDRFilter{})
	r.must(err)
	for _, w := range list {
		fmt.Fprintln(&out, w.ID, w.Name)
	}
	return out.String()
}
