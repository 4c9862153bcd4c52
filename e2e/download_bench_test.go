package e2e_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

var downloadGB = flag.Float64("download-gb", 1, "gigabytes stored for BenchmarkDownload; sparse, so that they need no disk")

// What the resident memory of the server grows by while it gives away gigabytes, and how fast it does.
func BenchmarkDownload(b *testing.B) {
	data := filepath.Join(b.TempDir(), "data")
	const recordings = 2
	task := storeSparse(b, data, recordings, int64(*downloadGB*1e9)/recordings)
	for _, c := range []struct{ name, path string }{
		{"recording-sigmf-data", "/api/v1/recordings/" + task + "/1"},
		{"recording-npy", "/api/v1/recordings/" + task + "/1?format=npy"},
		{"recording-kiwi-wav", "/api/v1/recordings/" + task + "/1?format=kiwi-wav&samples=200000000"},
		{"archive-sigmf", "/api/v1/acquisitions/" + task + "/archive"},
		{"archive-npy", "/api/v1/acquisitions/" + task + "/archive?format=npy"},
	} {
		b.Run(c.name, func(b *testing.B) {
			if strings.Contains(c.name, "kiwi") && *downloadGB*1e9 < 1.6e9 {
				c.path = strings.Replace(c.path, "200000000", "100000", 1)
			}
			address := freeAddress(b)
			server := background(b, "serving", "--data-dir", data, "serve", "--listen", address)
			get(b, "http://"+address+c.path, "bytes=0-100000")
			before := residentBytes(b, server, "VmHWM")
			for b.Loop() {
				b.SetBytes(get(b, "http://"+address+c.path, ""))
			}
			grown := residentBytes(b, server, "VmHWM") - before
			b.ReportMetric(float64(grown)/1e6, "MB-grown")
			if grown > 64<<20 {
				b.Errorf("the server grew by %d bytes, want less than 64 MiB", grown)
			}
			server.kill()
		})
	}
}

// get reads an answer through and returns how long it is.
func get(b *testing.B, url, ranges string) int64 {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	if ranges != "" {
		req.Header.Set("Range", ranges)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, resp.Body, make([]byte, 1<<20))
	if err != nil || resp.StatusCode >= 300 || n != resp.ContentLength {
		b.Fatalf("%s: %s, %d of %d bytes (%v)", url, resp.Status, n, resp.ContentLength, err)
	}
	return n
}

// residentBytes is a figure of the kernel's about a process.
func residentBytes(b *testing.B, p *process, name string) int64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Skipf("SKIPPED: the memory of a process is not known here: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		var kB int64
		if n, _ := fmt.Sscanf(line, name+": %d kB", &kB); n == 1 {
			return kB << 10
		}
	}
	b.Fatalf("there is no %s in %s", name, text)
	return 0
}

// storeSparse makes an acquisition of recordings of so many bytes each, which are nowhere on the disk.
func storeSparse(b *testing.B, data string, recordings int, each int64) (taskID string) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	must(os.MkdirAll(data, 0o755))
	s, err := sqlite.Open(b.Context(), filepath.Join(data, "heimdall.db"), sqlite.Options{})
	must(err)
	defer s.Close()
	objects, err := disk.Open(filepath.Join(data, "objects"))
	must(err)
	defer objects.Close()
	var ids []int64
	for k := range recordings {
		w, err := s.CreateWebSDR(b.Context(), heimdall.WebSDR{Name: fmt.Sprint("sim ", k), Kind: "sim", URL: "sim:///", LatitudeDeg: 45, LongitudeDeg: 7, Active: true, Timeout: time.Second})
		must(err)
		ids = append(ids, w.ID)
	}
	a, _, err := s.CreateAcquisition(b.Context(), heimdall.Acquisition{TaskID: "01957c2e-5d00-7000-8000-0123456789ab", FrequencyHz: 7_100_000, Duration: time.Hour, WebSDRIDs: ids})
	must(err)
	job, err := s.Claim(b.Context(), "worker", time.Hour, 0)
	must(err)
	for _, c := range job.Captures {
		start := time.Now().UTC()
		c.State, c.Phase = heimdall.Running, heimdall.PhaseConnecting
		must(s.SaveProgress(b.Context(), job.Lease, []heimdall.Capture{c}))
		c.State, c.Phase, c.EndedAt = heimdall.Success, heimdall.PhaseDone, start
		c.Recording = &heimdall.Recording{
			S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", a.TaskID, c.WebSDRID), Datatype: "ci16_le", SampleRateHz: 2_400_000,
			FrequencyHz: a.FrequencyHz, SamplesCount: each / 4, Bytes: each / 4 * 4, SHA256: strings.Repeat("ab", 32),
			Start: start, TimeQuality: heimdall.TimeGPS,
		}
		m := heimdall.Measurement{TaskID: a.TaskID, WebSDRID: c.WebSDRID, Timestamp: start, FrequencyHz: a.FrequencyHz, SampleRateHz: 2_400_000,
			SamplesCount: each / 4, S3Path: c.Recording.S3Path, TimeQuality: heimdall.TimeGPS, Metrics: heimdall.Metrics{NoiseSource: "in_band", AlgorithmVersion: "1"}}
		meta, err := export.Metadata(a, c, heimdall.WebSDR{ID: c.WebSDRID}, &m)
		must(err)
		must(objects.Put(b.Context(), c.Recording.MetadataPath(), bytes.NewReader(meta), blob.SumOf(meta)))
		f, err := os.Create(filepath.Join(data, "objects", filepath.FromSlash(c.Recording.S3Path)))
		must(err)
		must(f.Truncate(c.Recording.Bytes))
		must(f.Close())
		must(s.FinishCapture(b.Context(), job.Lease, c, &m))
	}
	must(s.FinishAcquisition(b.Context(), job.Lease, heimdall.Success, ""))
	return a.TaskID
}
